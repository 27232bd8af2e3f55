import { Token } from 'aws-cdk-lib';
import { SessionConstructError } from '../errors.js';

/** All that there are with users, and all that there will be: ElastiCache goes on with Valkey. */
const REDIS_VERSIONS = ['6.0', '6.2', '7.0', '7.1'];

/** The first that ElastiCache has. */
const FIRST_VALKEY = '7.2';

/**
 * The engine of a cache and its version. For a version that has no constant: `CacheEngine.valkey('9.2')`. A cache can be
 * upgraded in place, from Redis OSS to Valkey too, and never downgraded.
 *
 * https://docs.aws.amazon.com/AmazonElastiCache/latest/dg/engine-versions.html
 */
export class CacheEngine {
  /** Valkey 7.2, which takes the place of Redis OSS 7. */
  public static readonly VALKEY_7_2 = CacheEngine.valkey('7.2');
  /** Valkey 8.0. */
  public static readonly VALKEY_8_0 = CacheEngine.valkey('8.0');
  /** Valkey 8.1, which keeps the same keys in up to 20 % less memory. */
  public static readonly VALKEY_8_1 = CacheEngine.valkey('8.1');
  /** Valkey 8.2. */
  public static readonly VALKEY_8_2 = CacheEngine.valkey('8.2');
  /** Valkey 9.0, the first whose writes can be durable. */
  public static readonly VALKEY_9_0 = CacheEngine.valkey('9.0');
  /** Valkey 9.1. */
  public static readonly VALKEY_9_1 = CacheEngine.valkey('9.1');
  /** Redis OSS 6.2, which knows users with passwords, and none of IAM. */
  public static readonly REDIS_6_2 = CacheEngine.redis('6.2');
  /** Redis OSS 7.0. */
  public static readonly REDIS_7_0 = CacheEngine.redis('7.0');
  /** Redis OSS 7.1, the last that ElastiCache has. */
  public static readonly REDIS_7_1 = CacheEngine.redis('7.1');

  /**
   * A version of Valkey, 7.2 or later.
   *
   * @param version major and minor version, like `8.1`.
   * @param family the family of its parameter groups, where only the deployment knows the version.
   * @throws if ElastiCache has no such version.
   */
  public static valkey(version: string, family?: string): CacheEngine {
    return new CacheEngine('valkey', version, family);
  }

  /**
   * A version of Redis OSS: 6.0, 6.2, 7.0 or 7.1. Older ones know no users, and newer ones ElastiCache will not have.
   *
   * @param version major and minor version, like `7.1`.
   * @param family the family of its parameter groups, where only the deployment knows the version.
   * @throws if ElastiCache has no such version.
   */
  public static redis(version: string, family?: string): CacheEngine {
    return new CacheEngine('redis', version, family);
  }

  /** The engine as ElastiCache calls it: `valkey` or `redis`. */
  public readonly name: string;
  /** Major and minor version. */
  public readonly version: string;
  /** The family of the parameter groups that fit this version, like `valkey8`. */
  public readonly family: string;

  private constructor(name: EngineName, version: string, family?: string) {
    this.name = name;
    this.version = version;
    this.family = familyOf(name, version, family);
  }

  /**
   * Whether this is at least the version named for its engine; it is not if none is named. A version that only the
   * deployment knows is taken to be new enough: the deployment tells.
   *
   * @internal
   */
  public _isAtLeast(versions: EngineVersions): boolean {
    const least = this.name === 'valkey' ? versions.valkey : versions.redis;
    return least !== undefined && (Token.isUnresolved(this.version) || !isOlder(this.version, least));
  }

  /** Engine and version: `valkey 9.1`. */
  public toString(): string {
    return `${this.name} ${this.version}`;
  }
}

type EngineName = 'valkey' | 'redis';

/**
 * A version of each engine.
 *
 * @internal
 */
export interface EngineVersions {
  /** @default - no version of Valkey */
  readonly valkey?: string;
  /** @default - no version of Redis OSS */
  readonly redis?: string;
}

function familyOf(name: EngineName, version: string, family?: string): string {
  if (Token.isUnresolved(version)) {
    if (family === undefined) {
      throw new SessionConstructError(
        'ERR_SESSION_CACHE',
        `the parameter group of ${name} follows from its version, received one that only the deployment knows: give the family too, CacheEngine.${name}(version, '${name}7')`,
      );
    }
    return family;
  }
  const exists =
    name === 'redis'
      ? REDIS_VERSIONS.includes(version)
      : /^\d{1,2}\.\d{1,2}$/.test(version) && !isOlder(version, FIRST_VALKEY);
  if (!exists) {
    const known =
      name === 'redis'
        ? `one of ${REDIS_VERSIONS.join(', ')}`
        : `a major and a minor version, at least ${FIRST_VALKEY}`;
    throw new SessionConstructError(
      'ERR_SESSION_CACHE',
      `a version of ${name} must be ${known}, received ${JSON.stringify(version)}`,
    );
  }
  const [major = ''] = version.split('.');
  const own = name === 'redis' && major === '6' ? 'redis6.x' : `${name}${major}`;
  if (family !== undefined && !Token.isUnresolved(family) && family !== own) {
    throw new SessionConstructError(
      'ERR_SESSION_CACHE',
      `the parameter groups of ${name} ${version} are of the family ${own}, received ${JSON.stringify(family)}: leave the family out`,
    );
  }
  return own;
}

function isOlder(version: string, least: string): boolean {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  const [leastMajor = 0, leastMinor = 0] = least.split('.').map(Number);
  return major < leastMajor || (major === leastMajor && minor < leastMinor);
}
