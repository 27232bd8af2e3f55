import { Token } from 'aws-cdk-lib';
import type { ListenerCondition } from 'aws-cdk-lib/aws-elasticloadbalancingv2';

/** https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-limits.html, which is not adjustable. */
const MOST_VALUES = 5;

/** Why a rule cannot have these conditions, or `undefined`. Lists that only the deployment knows count as one value. */
export function conditionsFault(conditions: readonly ListenerCondition[]): string | undefined {
  const values = conditions.reduce((sum, condition) => sum + valuesOf(condition), 0);
  return values >= 1 && values <= MOST_VALUES
    ? undefined
    : `conditions take 1 to ${MOST_VALUES} values together, received ${values}: leave conditions out for every request, or add several targets`;
}

/** Each kind of condition has its values in lists of a part of its own. */
function valuesOf(condition: ListenerCondition): number {
  const rendered: Readonly<Record<string, unknown>> = condition.renderRawCondition();
  return Object.values(rendered)
    .filter((part): part is object => typeof part === 'object' && part !== null)
    .flatMap((part) => Object.values<unknown>({ ...part }))
    .filter(Array.isArray)
    .reduce((sum, list) => sum + (Token.isUnresolved(list) ? 1 : list.length), 0);
}
