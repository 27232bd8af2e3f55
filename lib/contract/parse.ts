import { cookieFault } from './cookie.js';
import {
  type CacheAuthenticationContract,
  CONTRACT_VERSION,
  type CookieContract,
  type DynamoDBStoreContract,
  type KeysContract,
  type PolicyContract,
  type RedisStoreContract,
  type SessionContract,
  type StoreContract,
} from './environment.js';
import { ContractError, Field, parseJson, readVersion } from './field.js';
import { sessionsPerOwnerFault, timesFault } from './policy.js';

export { ContractError };

/**
 * Reads the contract out of the text of an environment variable.
 *
 * @throws ContractError if it is not JSON, of a newer version, or has a field that is missing or wrong.
 */
export function parseContract(text: string): SessionContract {
  const root = Field.root(parseJson(text));
  const keys = root.field('keys');
  const access = root.field('access');
  return {
    version: readVersion(root, CONTRACT_VERSION),
    stores: { primary: readStore(root.field('stores').field('primary')) },
    policy: readPolicy(root.field('policy')),
    ...(keys.present && { keys: readKeys(keys) }),
    ...(access.present && { access: access.oneOf('revoke') }),
  };
}

function readStore(store: Field): StoreContract {
  const kind = store.field('kind').oneOf('dynamodb', 'redis');
  return kind === 'dynamodb' ? readTable(store, kind) : readRedis(store, kind);
}

function readTable(store: Field, kind: 'dynamodb'): DynamoDBStoreContract {
  const region = store.field('region');
  return {
    kind,
    table: store.field('table').text(),
    ...(region.present && { region: region.text() }),
  };
}

function readRedis(store: Field, kind: 'redis'): RedisStoreContract {
  const region = store.field('region');
  const authentication = store.field('authentication');
  return {
    kind,
    endpoint: store.field('endpoint').text(),
    port: store.field('port').integer(1, 65_535),
    cluster: store.field('cluster').boolean(),
    tls: store.field('tls').boolean(),
    ...(region.present && { region: region.text() }),
    ...(authentication.present && { authentication: readAuthentication(authentication) }),
  };
}

function readAuthentication(authentication: Field): CacheAuthenticationContract {
  const kind = authentication.field('kind').oneOf('iam', 'password', 'token');
  switch (kind) {
    case 'iam': {
      const serverless = authentication.field('serverless');
      return {
        kind,
        user: authentication.field('user').text(),
        cache: authentication.field('cache').text(),
        ...(serverless.present && { serverless: serverless.boolean() }),
      };
    }
    case 'password':
      return { kind, user: authentication.field('user').text(), secret: authentication.field('secret').text() };
    case 'token':
      return { kind, secret: authentication.field('secret').text() };
  }
}

function readKeys(keys: Field): KeysContract {
  const region = keys.field('region');
  const encryptsData = keys.field('encryptsData');
  const acceptsUnprotected = keys.field('acceptsUnprotected');
  return {
    secret: keys.field('secret').text(),
    ...(region.present && { region: region.text() }),
    ...(encryptsData.present && { encryptsData: encryptsData.boolean() }),
    ...(acceptsUnprotected.present && { acceptsUnprotected: acceptsUnprotected.boolean() }),
  };
}

/** Checks a policy that did not come out of an environment variable. @throws ContractError as `parseContract` does. */
export function parsePolicy(value: unknown): PolicyContract {
  return readPolicy(Field.root(value));
}

function readPolicy(policy: Field): PolicyContract {
  const renewal = policy.field('renewalTimeout');
  const sessionsPerOwner = policy.field('sessionsPerOwner');
  const whenFull = policy.field('whenFull');
  const revocationCheck = policy.field('revocationCheck');
  const parsed: PolicyContract = {
    idleTimeout: policy.field('idleTimeout').integer(1),
    absoluteTimeout: policy.field('absoluteTimeout').integer(1),
    ...(renewal.present && { renewalTimeout: renewal.integer(1) }),
    touchAfter: policy.field('touchAfter').integer(0),
    ...(sessionsPerOwner.present && { sessionsPerOwner: sessionsPerOwner.integer(1) }),
    ...(whenFull.present && { whenFull: whenFull.oneOf('evict-oldest', 'refuse') }),
    ...(revocationCheck.present && { revocationCheck: revocationCheck.oneOf('touch', 'request') }),
    cookie: readCookie(policy.field('cookie')),
  };
  refuse('policy', timesFault(parsed));
  refuse('policy', parsed.sessionsPerOwner === undefined ? undefined : sessionsPerOwnerFault(parsed.sessionsPerOwner));
  return parsed;
}

function readCookie(cookie: Field): CookieContract {
  const domain = cookie.field('domain');
  const parsed: CookieContract = {
    name: cookie.field('name').text(),
    sameSite: cookie.field('sameSite').oneOf('strict', 'lax', 'none'),
    secure: cookie.field('secure').boolean(),
    persistent: cookie.field('persistent').boolean(),
    ...(domain.present && { domain: domain.text() }),
  };
  refuse('policy.cookie', cookieFault(parsed));
  return parsed;
}

function refuse(path: string, fault: string | undefined): void {
  if (fault !== undefined) {
    throw new ContractError(`${path}: ${fault}`);
  }
}
