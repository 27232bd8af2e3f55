import type { Resource } from './assembly.js';
import { PORT_VARIABLE } from './fleet-member.js';
import type { Resolver } from './intrinsics.js';
import { numberAt } from './json.js';
import type { SecretDefinition } from './secrets-manager.js';

/** What services are read with. */
export interface FleetSurroundings {
  readonly resolver: Resolver;
  /** Those of all stacks that run. */
  readonly resources: readonly Resource[];
  readonly secrets: readonly SecretDefinition[];
}

/** The resource of one of these types to which `Ref` refers by this value. */
export function referredTo(
  value: unknown,
  types: readonly string[],
  { resolver, resources }: FleetSurroundings,
): Resource | undefined {
  return resources.find(
    ({ type, stack, logicalId }) => types.includes(type) && resolver.resolve(stack, { Ref: logicalId }) === value,
  );
}

/** The port of the targets of a target group, in AWS. */
export function targetPort(targetGroupArn: string, surroundings: FleetSurroundings): number | undefined {
  const group = referredTo(targetGroupArn, ['AWS::ElasticLoadBalancingV2::TargetGroup'], surroundings);
  return group && numberAt({ port: surroundings.resolver.property(group, 'Port') }, 'port');
}

/** What is said of a template that sets the variable itself. */
export function portLimit(given: string | undefined): readonly string[] {
  return given === undefined
    ? []
    : [`its variable ${PORT_VARIABLE} is not ${given} here: it names a free port, another one for each process`];
}
