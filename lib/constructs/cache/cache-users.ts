import { ArnFormat, Names, type RemovalPolicy, Stack } from 'aws-cdk-lib';
import * as elasticache from 'aws-cdk-lib/aws-elasticache';
import { Construct } from 'constructs';
import type { CacheEngine } from './cache-engine.js';

/** How to make the users of a cache. */
export interface CacheUsersProps {
  readonly engine: CacheEngine;
  /** What the user that clients connect as may do. */
  readonly accessString: string;
  /** How that user authenticates. */
  readonly authenticationMode: AuthenticationMode;
  /** What becomes of users and group when they are removed from the stack. */
  readonly removalPolicy: RemovalPolicy;
}

/** As CloudFormation spells it: CDK passes it on as it is. https://github.com/aws/aws-cdk/issues/28780 */
export interface AuthenticationMode {
  readonly Type: 'iam' | 'password' | 'no-password-required';
  readonly Passwords?: readonly string[];
}

/** The most characters that the ids of users and groups have. */
const LONGEST_ID = 40;

/** The longest of what is appended to ids. */
const LONGEST_SUFFIX = '-default';

/**
 * Of all users. A group of Valkey takes users of Redis OSS who authenticate, and so the user stays as it is, and is who it
 * is, when a cache goes from Redis OSS to Valkey.
 * https://docs.aws.amazon.com/AmazonElastiCache/latest/dg/Clusters.RBAC.html
 */
const USER_ENGINE = 'redis';

/**
 * The user that clients connect as, in a user group. Whoever does not authenticate is the user named `default`, who can do
 * nothing.
 *
 * Only the group's id has the engine in it, as a cache of Redis OSS takes no group of Valkey: a cache that goes from one to
 * the other takes a new group at the same time as the engine, and the old one is deleted afterwards.
 */
export class CacheUsers extends Construct {
  /** The user's id, which is its name as well: IAM wants them equal. */
  public readonly userName: string;
  public readonly userArn: string;
  public readonly groupId: string;
  /** What a cache with this group must wait for. */
  public readonly group: elasticache.CfnUserGroup;

  constructor(scope: Construct, id: string, props: CacheUsersProps) {
    super(scope, id);
    const engine = props.engine.name;
    this.userName = this.idFor();
    const user = new elasticache.CfnUser(this, 'User', {
      engine: USER_ENGINE,
      userId: this.userName,
      userName: this.userName,
      accessString: props.accessString,
      authenticationMode: props.authenticationMode,
    });
    // A group of Valkey turns the default user off by itself, and takes none without a password. One of Redis OSS must have
    // a default user, and unless it is another, that may do everything.
    // https://docs.aws.amazon.com/AmazonElastiCache/latest/dg/Clusters.RBAC.html
    const defaultUser =
      engine === 'redis'
        ? new elasticache.CfnUser(this, 'DefaultUser', {
            engine: USER_ENGINE,
            userId: this.idFor('-default'),
            userName: 'default',
            accessString: 'off -@all',
            authenticationMode: { Type: 'no-password-required' } satisfies AuthenticationMode,
          })
        : undefined;
    // CloudFormation makes the users first, as the group refers to them.
    this.group = new elasticache.CfnUserGroup(this, 'Group', {
      engine,
      userGroupId: this.idFor(`-${engine}`),
      userIds: [user.ref, ...(defaultUser ? [defaultUser.ref] : [])],
    });
    // Made of the plain name, as stacks that import an attribute of a user would keep it from ever being replaced or removed.
    this.userArn = Stack.of(this).formatArn({
      service: 'elasticache',
      resource: 'user',
      resourceName: this.userName,
      arnFormat: ArnFormat.COLON_RESOURCE_NAME,
    });
    this.groupId = this.group.ref;
    for (const resource of [user, defaultUser, this.group]) {
      resource?.applyRemovalPolicy(props.removalPolicy);
    }
  }

  private idFor(suffix = ''): string {
    const maxLength = LONGEST_ID - LONGEST_SUFFIX.length;
    return `${Names.uniqueResourceName(this, { maxLength }).toLowerCase()}${suffix}`;
  }
}
