import type { Construct, IConstruct } from 'constructs';

/**
 * Where a warning of a construct is put: the oldest aws-cdk-lib that we support overlooks what was acknowledged on the
 * very construct that is warned of, and heeds it on what is inside.
 */
export function warnedOf(construct: Construct): IConstruct {
  return construct.node.defaultChild ?? construct;
}
