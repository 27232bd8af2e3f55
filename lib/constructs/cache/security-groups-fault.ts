/**
 * Why a cache cannot have these security groups, or `undefined`. With an empty list ElastiCache would take the default group
 * of the VPC, which everything else there may have as well, and no rule for clients would be made.
 */
export function securityGroupsFault(securityGroups: readonly unknown[] | undefined): string | undefined {
  return securityGroups?.length === 0
    ? 'a cache has at least one security group, received an empty list of securityGroups: give those that the cache is to have, or has'
    : undefined;
}
