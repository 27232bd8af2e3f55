import type { RemovalPolicy } from 'aws-cdk-lib';
import type * as ec2 from 'aws-cdk-lib/aws-ec2';
import type * as iam from 'aws-cdk-lib/aws-iam';
import type * as kms from 'aws-cdk-lib/aws-kms';
import type { IDependable } from 'constructs';
import type { CacheAuthenticationContract } from '../../contract/environment.js';
import type { CacheEngine } from './cache-engine.js';

/**
 * What an authentication is told of the cache that it is made for, before the cache is there.
 *
 * @internal
 */
export interface CacheAccessOptions {
  readonly engine: CacheEngine;
  /** Whether the cache publishes keyspace events, which clients may then listen to. */
  readonly sessionEvents?: boolean;
  /** What becomes of secrets and users when they are removed from the stack. */
  readonly removalPolicy?: RemovalPolicy;
  /** The customer-managed key that encrypts secrets. */
  readonly encryptionKey?: kms.IKey;
}

/**
 * A cache as those who connect to it see it.
 *
 * @internal
 */
export interface CacheTarget {
  /** The id of a replication group, the name of a serverless cache: what a token of IAM is signed for. */
  readonly name: string;
  readonly arn: string;
  readonly endpoint: string;
  readonly port: number;
  readonly serverless: boolean;
  readonly vpc: ec2.IVpc;
  readonly vpcSubnets?: ec2.SubnetSelection;
  readonly connections: ec2.Connections;
}

/**
 * Who may connect to a cache, and how.
 *
 * @internal
 */
export interface CacheAccess {
  /** The user groups of the cache. */
  readonly userGroupIds?: string[];
  /** A dynamic reference to the AUTH token, which CloudFormation resolves. Never the token itself. */
  readonly authToken?: string;
  /** What must be there before the cache. */
  readonly dependency?: IDependable;
  /** Makes what needs the cache itself, such as the rotation of its token. Called once, when the cache is there. */
  attach?(cache: CacheTarget): void;
  /** Grants what it takes to connect to the cache with this ARN. */
  grantConnect(grantee: iam.IGrantable, cacheArn: string): iam.Grant;
  /** What a client must be told; nothing if nobody authenticates. */
  contract(cache: Pick<CacheTarget, 'name' | 'serverless'>): CacheAuthenticationContract | undefined;
}
