import { randomUUID } from 'node:crypto';
import { CACHE_SECRET } from '../contract/cache-secret.js';
import type { Resource } from './assembly.js';
import { LocalError } from './errors.js';
import type { Resolver } from './intrinsics.js';
import { isObject, listAt, textAt } from './json.js';
import { ACCOUNT, physicalName } from './physical.js';
import { randomPassword } from './random-password.js';
import { EVERYTHING, type RedisUser } from './redis-settings.js';
import type { SecretDefinition } from './secrets-manager.js';

/** A secret with the password of a user whom IAM lets in on AWS. */
export interface IamSecret extends SecretDefinition {
  /** The `AWS::ElastiCache::User`. */
  readonly resource: Resource;
  readonly password: string;
}

/** A user of a cache, with its passwords among the rules. */
export interface CacheUser extends RedisUser {
  /** Where clients find the password that stands in for signatures of IAM, if the user signs on AWS. */
  readonly iamSecret?: IamSecret;
}

/** Of nobody in particular: whoever connects is this user until they authenticate as another. */
const DEFAULT = 'default';

/**
 * What no user of a cache may call, whatever its rules say, since ElastiCache does it.
 * https://docs.aws.amazon.com/AmazonElastiCache/latest/dg/ClientConfig.RestrictedCommands.html
 */
const RESTRICTED = 'bgrewriteaof,bgsave,config,debug,migrate,replicaof,save,slaveof,shutdown,sync'
  .split(',')
  .map((command) => `-${command}`);

/** The password in place of IAM, if this user is let in by IAM. */
export function iamSecret(resource: Resource, resolver: Resolver): IamSecret | undefined {
  const read = (name: string) => resolver.property(resource, name);
  if (authenticationOf(read).type !== 'iam') {
    return undefined;
  }
  const name = `elasticache-iam/${physicalName(resource, read)}`;
  const password = randomPassword({ PasswordLength: CACHE_SECRET.length, ExcludePunctuation: true });
  return {
    resource,
    password,
    name,
    arn: `arn:aws:secretsmanager:${resource.stack.region}:${ACCOUNT}:secret:${name}-Local1`,
    text: JSON.stringify({ [CACHE_SECRET.field]: password }),
    versionId: randomUUID(),
    createdAt: Date.now() / 1000,
  };
}

/** Whoever connects, with a token if there is one (ElastiCache user guide, "Authenticating with the AUTH command"). */
export function defaultUser(token: string | undefined): CacheUser {
  return userWith(DEFAULT, ['on', ...EVERYTHING], token === undefined ? ['nopass'] : [`>${token}`]);
}

/**
 * The users of a group (ElastiCache user guide, "Role-Based Access Control"). The user named `default` is off unless it is
 * in the group, as with Valkey; a group of Redis OSS always has one.
 *
 * @param resources what there is in the stacks that run.
 * @throws LocalError ERR_LOCAL_TEMPLATE if the group, or one of its users, is not among them.
 */
export function usersOf(
  groupId: string,
  resources: readonly Resource[],
  resolver: Resolver,
  iamSecrets: readonly IamSecret[],
): readonly CacheUser[] {
  const named = (type: string, id: string) => {
    const found = resources.find(
      (resource) =>
        resource.type === type && physicalName(resource, (property) => resolver.property(resource, property)) === id,
    );
    if (found === undefined) {
      throw new LocalError('ERR_LOCAL_TEMPLATE', `its users are not known: there is no ${type} ${id} in what runs`);
    }
    return found;
  };
  const group = named('AWS::ElastiCache::UserGroup', groupId);
  return listAt(resolver.properties(group), 'UserIds')
    .map(String)
    .map((id) =>
      // There is one in every account, which may do everything.
      id === DEFAULT ? defaultUser(undefined) : userOf(named('AWS::ElastiCache::User', id), resolver, iamSecrets),
    );
}

function userOf(resource: Resource, resolver: Resolver, iamSecrets: readonly IamSecret[]): CacheUser {
  const read = (name: string) => resolver.property(resource, name);
  const rules = String(read('AccessString') ?? '').split(/\s+/);
  const secret = iamSecrets.find((candidate) => candidate.resource === resource);
  const { type, passwords } = authenticationOf(read);
  const known = secret === undefined ? passwords : [secret.password];
  const user = userWith(
    String(read('UserName') ?? ''),
    rules.filter((rule) => rule !== ''),
    type?.startsWith('no-password') ? ['nopass'] : known.map((password) => `>${password}`),
  );
  return { ...user, ...(secret !== undefined && { iamSecret: secret }) };
}

function userWith(name: string, rules: readonly string[], passwords: readonly string[]): CacheUser {
  return { name, rules: [...rules, ...RESTRICTED, ...passwords] };
}

/** By the newer property, or by the older ones beside it. */
function authenticationOf(read: (name: string) => unknown): {
  readonly type?: string;
  readonly passwords: readonly string[];
} {
  const mode = read('AuthenticationMode');
  if (isObject(mode)) {
    const type = textAt(mode, 'Type');
    return { ...(type !== undefined && { type }), passwords: listAt(mode, 'Passwords').map(String) };
  }
  const passwords = read('Passwords');
  return {
    ...(String(read('NoPasswordRequired')) === 'true' && { type: 'no-password-required' }),
    passwords: Array.isArray(passwords) ? passwords.map(String) : [],
  };
}
