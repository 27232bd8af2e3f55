import { Token } from 'aws-cdk-lib';
import { ClusterMode } from './cluster-mode.js';

/**
 * The ids that ElastiCache gives the nodes of a new group: `id-0001-001`, without cluster mode `id-001`. None where only
 * the deployment knows how many there are. Shards that are added after others were removed may get other numbers.
 */
export function nodeIds(
  groupId: string,
  {
    clusterMode,
    shards,
    replicasPerShard,
  }: { readonly clusterMode: ClusterMode; readonly shards: number; readonly replicasPerShard: number },
): string[] {
  if (Token.isUnresolved(shards) || Token.isUnresolved(replicasPerShard)) {
    return [];
  }
  const prefixes =
    clusterMode === ClusterMode.ENABLED
      ? numbered(shards).map((shard) => `${groupId}-${String(shard).padStart(4, '0')}`)
      : [groupId];
  return prefixes.flatMap((prefix) =>
    numbered(1 + replicasPerShard).map((node) => `${prefix}-${String(node).padStart(3, '0')}`),
  );
}

function numbered(count: number): number[] {
  return Array.from({ length: count }, (_, index) => index + 1);
}
