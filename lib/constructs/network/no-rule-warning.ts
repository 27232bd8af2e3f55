import { Annotations } from 'aws-cdk-lib';
import type * as ec2 from 'aws-cdk-lib/aws-ec2';
import type { Construct } from 'constructs';
import { warnedOf } from './warned-of.js';

/** What `Annotations.of(consumer).acknowledgeWarning()` takes. */
const NO_RULE_WARNING = 'cdk-sessions:noRule';

/** Warns that a consumer was not let in, as the groups of what it connects to were imported as not to be changed. */
export function warnOfNoRule(consumer: Construct, what: string, { securityGroups }: ec2.Connections): void {
  const groups = securityGroups.map(({ node }) => node.path).join(', ');
  Annotations.of(warnedOf(consumer)).addWarningV2(
    NO_RULE_WARNING,
    `${consumer.node.path} may not be let in by ${what}: no rule was made in ${groups}, imported with mutable: false. Import it without, or acknowledge this if it has such a rule`,
  );
}
