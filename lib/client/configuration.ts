import { type PolicyContract, SESSIONS_VARIABLE, type SessionContract } from '../contract/environment.js';
import { type ContractError, parseContract, parsePolicy } from '../contract/parse.js';
import { STANDARD_POLICY } from '../contract/policy.js';
import { systemClock } from './clock.js';
import type { DataOptions } from './data-model.js';
import type { EngineOptions } from './engine.js';
import { SessionError } from './errors.js';
import { openKeys } from './open-keys.js';
import { openStore } from './open-store.js';
import type { SessionsOptions } from './options.js';
import type { Concurrency } from './session.js';
import type { SessionStore } from './stores/store.js';

const CALL_TIMEOUT = 2000;
const LONGEST_CALL_TIMEOUT = 60_000;
const CONCURRENCIES: readonly Concurrency[] = ['merge', 'optimistic', 'last-write-wins'];

/** What an engine works with, of what the application and the deployment say. Opens the store. */
export async function configure<Data extends object>(
  options: SessionsOptions<Data>,
): Promise<Omit<EngineOptions<Data>, 'hooks'>> {
  const { clock = systemClock, callTimeout = CALL_TIMEOUT, concurrency = 'merge' } = options;
  if (!(callTimeout >= 1 && callTimeout <= LONGEST_CALL_TIMEOUT)) {
    throw misconfigured(`callTimeout must be 1 to ${LONGEST_CALL_TIMEOUT} milliseconds, received ${callTimeout}`);
  }
  if (!CONCURRENCIES.includes(concurrency)) {
    throw misconfigured(`concurrency must be ${CONCURRENCIES.join(', ')}, received ${concurrency}`);
  }
  assertDataOptions(options);
  const common = { clock, callTimeout, concurrency, data: options };
  if (options.store !== undefined) {
    assertStore(options.store);
    return { store: options.store, policy: explicitPolicy(options.policy), ...common };
  }
  if (options.policy !== undefined) {
    throw misconfigured(
      'a policy for the store of the stack is set in the stack: leave it out here, or give createSessions a store as well',
    );
  }
  const { stores, policy, keys, access } = readEnvironment(
    options.env ?? SESSIONS_VARIABLE,
    options.redis !== undefined,
  );
  return {
    store: await openStore(stores.primary, clock, options.redis),
    policy,
    ...(keys !== undefined && { keys: await openKeys(keys) }),
    revokesOnly: access === 'revoke',
    ...common,
  };
}

function readEnvironment(variable: string, withRedis: boolean): SessionContract {
  const text = process.env[variable];
  if (text === undefined || text === '') {
    if (withRedis) {
      throw misconfigured(
        `redis is a way to the store of a stack, and the environment variable ${variable} is missing: attach the function to a store, ` +
          'or give createSessions one, as in store: new RedisStore({ transport: redisTransport(redis) })',
      );
    }
    throw misconfigured(
      `the environment variable ${variable} is missing: attach the function, service or group to a store in its stack, ` +
        'as in sessions.attachFunction(fn), or give createSessions a store',
    );
  }
  return parsed(`the environment variable ${variable} cannot be used`, () => parseContract(text));
}

function explicitPolicy(given: Partial<PolicyContract> = {}): PolicyContract {
  const unknown = Object.keys(given).filter((name) => !POLICY_FIELDS.includes(name));
  if (unknown.length > 0) {
    throw misconfigured(`a policy has the fields ${POLICY_FIELDS.join(', ')}, received ${unknown.join(', ')}`);
  }
  const { idleTimeout } = { ...STANDARD_POLICY, ...given };
  const policy = { ...STANDARD_POLICY, touchAfter: Math.floor(idleTimeout / 10), ...given };
  return parsed('the policy that createSessions was given cannot be used', () => parsePolicy(policy));
}

const POLICY_FIELDS: readonly string[] = [
  'idleTimeout',
  'absoluteTimeout',
  'renewalTimeout',
  'touchAfter',
  'sessionsPerOwner',
  'whenFull',
  'revocationCheck',
  'cookie',
] satisfies readonly (keyof PolicyContract)[];

function assertDataOptions<Data extends object>({
  dataVersion = 1,
  migrate,
  schema,
  onInvalidData,
}: DataOptions<Data>): void {
  if (!Number.isSafeInteger(dataVersion) || dataVersion < 1) {
    throw misconfigured(`dataVersion must be a whole number of at least 1, received ${dataVersion}`);
  }
  if (dataVersion > 1 && migrate === undefined) {
    throw misconfigured(`dataVersion ${dataVersion} needs migrate, to make today's data of what older versions left`);
  }
  if (schema !== undefined && typeof schema['~standard']?.validate !== 'function') {
    throw misconfigured('schema must follow Standard Schema 1, as those of Zod 3.24, Valibot 1 and ArkType 2 do');
  }
  if (onInvalidData !== undefined && onInvalidData !== 'throw' && onInvalidData !== 'reset') {
    throw misconfigured(`onInvalidData must be throw or reset, received ${onInvalidData}`);
  }
}

/** A class in place of its instance is an easy mistake, and would look like a store that is down. */
function assertStore(store: SessionStore): void {
  const missing = (['read', 'write', 'touch', 'destroy'] as const).filter((name) => typeof store[name] !== 'function');
  if (missing.length > 0) {
    throw misconfigured(`store must have the methods of a SessionStore, received one without ${missing.join(', ')}`);
  }
}

/** @param parse throws ContractError and nothing else */
function parsed<T>(what: string, parse: () => T): T {
  try {
    return parse();
  } catch (error) {
    throw misconfigured(`${what}: ${(error as ContractError).message}`);
  }
}

function misconfigured(message: string): SessionError {
  return new SessionError('ERR_SESSION_CONFIG', message);
}
