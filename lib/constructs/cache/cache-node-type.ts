import { Token } from 'aws-cdk-lib';
import { SessionConstructError } from '../errors.js';

/** The classes of nodes that ElastiCache calls current, as far as `CacheNodeType.of()` knows them. */
export enum CacheNodeClass {
  /** Burstable, AWS Graviton2. For trying things out, and for small loads. */
  T4G = 't4g',
  /** Burstable. */
  T3 = 't3',
  /** General purpose, AWS Graviton3. */
  M7G = 'm7g',
  /** General purpose, AWS Graviton2. */
  M6G = 'm6g',
  /** General purpose. */
  M5 = 'm5',
  /** Memory optimized, AWS Graviton3. */
  R7G = 'r7g',
  /** Memory optimized, AWS Graviton2. */
  R6G = 'r6g',
  /** Memory optimized, AWS Graviton2, and what is seldom asked for is moved to an SSD: data tiering. */
  R6GD = 'r6gd',
  /** Memory optimized. */
  R5 = 'r5',
  /** Network optimized, AWS Graviton3. */
  C7GN = 'c7gn',
}

/** The sizes of nodes. Not every class has each. */
export enum CacheNodeSize {
  /** micro */
  MICRO = 'micro',
  /** small */
  SMALL = 'small',
  /** medium */
  MEDIUM = 'medium',
  /** large */
  LARGE = 'large',
  /** xlarge */
  XLARGE = 'xlarge',
  /** 2xlarge */
  XLARGE2 = '2xlarge',
  /** 4xlarge */
  XLARGE4 = '4xlarge',
  /** 8xlarge */
  XLARGE8 = '8xlarge',
  /** 12xlarge */
  XLARGE12 = '12xlarge',
  /** 16xlarge */
  XLARGE16 = '16xlarge',
  /** 24xlarge */
  XLARGE24 = '24xlarge',
}

const { MICRO, SMALL, MEDIUM, LARGE, XLARGE, XLARGE2, XLARGE4, XLARGE8, XLARGE12, XLARGE16, XLARGE24 } = CacheNodeSize;
const BURSTABLE = [MICRO, SMALL, MEDIUM];
const GRAVITON = [LARGE, XLARGE, XLARGE2, XLARGE4, XLARGE8, XLARGE12, XLARGE16];
const INTEL = [LARGE, XLARGE, XLARGE2, XLARGE4, XLARGE12, XLARGE24];

/** https://docs.aws.amazon.com/AmazonElastiCache/latest/dg/CacheNodes.SupportedTypes.html */
const SIZES: Readonly<Record<CacheNodeClass, readonly CacheNodeSize[]>> = {
  [CacheNodeClass.T4G]: BURSTABLE,
  [CacheNodeClass.T3]: BURSTABLE,
  [CacheNodeClass.M7G]: GRAVITON,
  [CacheNodeClass.M6G]: GRAVITON,
  [CacheNodeClass.M5]: INTEL,
  [CacheNodeClass.R7G]: GRAVITON,
  [CacheNodeClass.R6G]: GRAVITON,
  [CacheNodeClass.R6GD]: [XLARGE, XLARGE2, XLARGE4, XLARGE8, XLARGE12, XLARGE16],
  [CacheNodeClass.R5]: INTEL,
  [CacheNodeClass.C7GN]: GRAVITON,
};

/** Of these there are only old nodes: ElastiCache makes no new ones. */
const PREVIOUS_GENERATION = ['t1', 'm1', 'm2', 'm3', 'c1', 'r3', 't2'];

/** What a cache's nodes are: how much memory each has, and what it costs by the hour. */
export class CacheNodeType {
  /** 2 vCPUs, 0.5 GiB, burstable. */
  public static readonly T4G_MICRO = CacheNodeType.of(CacheNodeClass.T4G, MICRO);
  /** 2 vCPUs, 1.37 GiB, burstable. */
  public static readonly T4G_SMALL = CacheNodeType.of(CacheNodeClass.T4G, SMALL);
  /** 2 vCPUs, 3.09 GiB, burstable. */
  public static readonly T4G_MEDIUM = CacheNodeType.of(CacheNodeClass.T4G, MEDIUM);
  /** 2 vCPUs, 6.38 GiB. */
  public static readonly M7G_LARGE = CacheNodeType.of(CacheNodeClass.M7G, LARGE);
  /** 4 vCPUs, 12.93 GiB. */
  public static readonly M7G_XLARGE = CacheNodeType.of(CacheNodeClass.M7G, XLARGE);
  /** 2 vCPUs, 13.07 GiB. */
  public static readonly R7G_LARGE = CacheNodeType.of(CacheNodeClass.R7G, LARGE);
  /** 4 vCPUs, 26.32 GiB. */
  public static readonly R7G_XLARGE = CacheNodeType.of(CacheNodeClass.R7G, XLARGE);
  /** 4 vCPUs, 26.32 GiB, and 99.33 GiB of SSD. */
  public static readonly R6GD_XLARGE = CacheNodeType.of(CacheNodeClass.R6GD, XLARGE);

  /**
   * A type by its class and size.
   *
   * @throws if the class has no such size.
   */
  public static of(nodeClass: CacheNodeClass, nodeSize: CacheNodeSize): CacheNodeType {
    const sizes = SIZES[nodeClass];
    if (!sizes.includes(nodeSize)) {
      throw new SessionConstructError(
        'ERR_SESSION_CACHE',
        `nodes of the class ${nodeClass} come as ${sizes.join(', ')}, received ${nodeSize}: take one of these, or CacheNodeType.custom('cache.${nodeClass}.${nodeSize}')`,
      );
    }
    return new CacheNodeType(`cache.${nodeClass}.${nodeSize}`);
  }

  /**
   * A type by its name, for those that are newer than this library: `cache.r8g.large`.
   *
   * @throws if it is not the name of a type, or that of a type of which ElastiCache makes no new nodes.
   */
  public static custom(name: string): CacheNodeType {
    if (!Token.isUnresolved(name)) {
      if (!/^cache\.[a-z]+\d+[a-z]*\.[a-z0-9]+$/.test(name)) {
        throw new SessionConstructError(
          'ERR_SESSION_CACHE',
          `a node type must look like cache.r7g.large, received ${JSON.stringify(name)}`,
        );
      }
      if (PREVIOUS_GENERATION.includes(classOf(name))) {
        throw new SessionConstructError(
          'ERR_SESSION_CACHE',
          `ElastiCache makes no new nodes of previous generations, received ${name}: take a current type, like CacheNodeType.T4G_MICRO`,
        );
      }
    }
    return new CacheNodeType(name);
  }

  private constructor(private readonly name: string) {}

  /**
   * The class: `r7g`. Nothing where only the deployment knows the type.
   *
   * @internal
   */
  public get _class(): string | undefined {
    return Token.isUnresolved(this.name) ? undefined : classOf(this.name);
  }

  /** The name of the type: `cache.r7g.large`. */
  public toString(): string {
    return this.name;
  }
}

function classOf(name: string): string {
  return name.split('.')[1] ?? '';
}
