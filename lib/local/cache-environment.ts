import { ContractError, parseContract } from '../contract/parse.js';
import type { RunningCache } from './cache-servers.js';
import { objectAt, parseObject } from './json.js';

type Variables = Readonly<Record<string, string>>;

/**
 * The name that stands for a cache until it is known what is made of it: the addresses of all caches are `localhost`, and
 * in a contract the port is a number of the template's.
 */
export function aliasOf({ stack, logicalId }: RunningCache): string {
  // Nobody can have a name in this domain (RFC 6761, section 6.4).
  return `cache-${logicalId}.${stack}.invalid`.toLowerCase();
}

/**
 * What the template sets, with the addresses of the caches. A session contract that names one is given its port and, where
 * clients would sign with IAM, the password of their user; all else in it stays as it was synthesized.
 */
export function withCaches(variables: Variables, caches: readonly RunningCache[]): Variables {
  return Object.fromEntries(Object.entries(variables).map(([name, value]) => [name, withAddresses(value, caches)]));
}

/** Whether clients are told to read a password that stands in for IAM. */
export function readsIamSecret(variables: Variables, caches: readonly RunningCache[]): boolean {
  const secrets = caches.flatMap(({ definition }) => definition.users.flatMap(({ iamSecret }) => iamSecret?.arn ?? []));
  return Object.values(variables).some((value) => secrets.some((arn) => value.includes(arn)));
}

function withAddresses(value: string, caches: readonly RunningCache[]): string {
  const named = caches.filter((cache) => value.includes(aliasOf(cache)));
  return named.reduce((text, cache) => contractWith(text, cache).replaceAll(aliasOf(cache), cache.host), value);
}

function contractWith(text: string, cache: RunningCache): string {
  const store = storeOf(text);
  if (store?.kind !== 'redis' || store.endpoint !== aliasOf(cache)) {
    return text;
  }
  const { authentication } = store;
  const secret =
    authentication?.kind === 'iam'
      ? cache.definition.users.find(({ name }) => name === authentication.user)?.iamSecret
      : undefined;
  const document = parseObject(text) ?? {};
  const stores = objectAt(document, 'stores');
  const primary = {
    ...objectAt(stores, 'primary'),
    port: cache.port,
    ...(authentication?.kind === 'iam' &&
      secret !== undefined && {
        authentication: { kind: 'password', user: authentication.user, secret: secret.arn },
      }),
  };
  return JSON.stringify({ ...document, stores: { ...stores, primary } });
}

/** The store of a contract; `undefined` of what is no contract. */
function storeOf(text: string) {
  try {
    return parseContract(text).stores.primary;
  } catch (error) {
    if (error instanceof ContractError) {
      return undefined;
    }
    throw error;
  }
}
