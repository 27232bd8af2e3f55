import { type Size, SizeRoundingBehavior, Token } from 'aws-cdk-lib';
import type { CfnServerlessCache } from 'aws-cdk-lib/aws-elasticache';

/** Between which limits a serverless cache grows and shrinks. */
export interface ServerlessLimits {
  readonly minimumDataStorage?: Size;
  readonly maximumDataStorage?: Size;
  readonly minimumEcpuPerSecond?: number;
  readonly maximumEcpuPerSecond?: number;
}

/** A limit as ElastiCache counts it: a number of gibibytes, or of ECPUs by the second. */
type Limit = readonly [name: keyof ServerlessLimits, value: number | undefined];

/** What ElastiCache takes: https://docs.aws.amazon.com/AmazonElastiCache/latest/dg/quota-limits.html */
const STORAGE = { unit: 'a whole number of gibibytes', least: 1, most: 5000 };
const ECPU = { unit: 'a whole number', least: 1000, most: 15_000_000 };

/** Why ElastiCache would refuse these limits, or `undefined`. What only the deployment knows is not judged. */
export function limitsFault(limits: ServerlessLimits): string | undefined {
  return (
    rangeFault(
      ['minimumDataStorage', gibibytes(limits.minimumDataStorage)],
      ['maximumDataStorage', gibibytes(limits.maximumDataStorage)],
      STORAGE,
    ) ??
    rangeFault(
      ['minimumEcpuPerSecond', limits.minimumEcpuPerSecond],
      ['maximumEcpuPerSecond', limits.maximumEcpuPerSecond],
      ECPU,
    )
  );
}

/** The limits as CloudFormation takes them, or `undefined` where there are none. */
export function cacheUsageLimits(limits: ServerlessLimits): CfnServerlessCache.CacheUsageLimitsProperty | undefined {
  const storage = range(gibibytes(limits.minimumDataStorage), gibibytes(limits.maximumDataStorage));
  const ecpuPerSecond = range(limits.minimumEcpuPerSecond, limits.maximumEcpuPerSecond);
  return storage || ecpuPerSecond
    ? { ...(storage && { dataStorage: { ...storage, unit: 'GB' } }), ...(ecpuPerSecond && { ecpuPerSecond }) }
    : undefined;
}

function rangeFault(minimum: Limit, maximum: Limit, { unit, least, most }: typeof STORAGE): string | undefined {
  for (const [name, value] of [minimum, maximum]) {
    if (isKnown(value) && !(Number.isInteger(value) && value >= least && value <= most)) {
      return `${name} must be ${unit} from ${least} to ${most}, received ${value}`;
    }
  }
  const [[lower, from], [upper, to]] = [minimum, maximum];
  return isKnown(from) && isKnown(to) && from > to
    ? `${lower} must not be above ${upper}, received ${from} and ${to}`
    : undefined;
}

function range(
  minimum: number | undefined,
  maximum: number | undefined,
): { minimum?: number; maximum?: number } | undefined {
  return minimum === undefined && maximum === undefined
    ? undefined
    : { ...(minimum !== undefined && { minimum }), ...(maximum !== undefined && { maximum }) };
}

function gibibytes(size: Size | undefined): number | undefined {
  return size?.toGibibytes({ rounding: SizeRoundingBehavior.NONE });
}

function isKnown(value: number | undefined): value is number {
  return value !== undefined && !Token.isUnresolved(value);
}
