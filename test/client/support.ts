import type {
  Clock,
  Concurrency,
  DataOptions,
  OwnerIndex,
  PolicyContract,
  SessionError,
  SessionHooks,
  SessionKey,
  SessionStore,
} from 'cdk-sessions-client';
import { FakeClock, MemoryStore, type StoreCall } from 'cdk-sessions-client/testing';
import { type EngineKeys, SessionEngine } from '../../lib/client/engine';
import { HookCaller } from '../../lib/client/hooks';
import type { SessionDraft } from '../../lib/client/session-draft';
import { keyOf } from '../../lib/client/session-id';
import { STANDARD_POLICY } from '../../lib/contract/policy';

/** 2030-01-01, where every clock of these tests begins. */
export const START = Date.UTC(2030, 0, 1);
export const SECOND = 1000;
export const MINUTE = 60 * SECOND;
export const HOUR = 60 * MINUTE;

/** Passes calls on, counts them, and lets a test do something just before one. */
export class ObservedStore implements SessionStore {
  /** The calls that it got, in order. */
  calls: StoreCall[] = [];
  /** Runs once, before the next call of its kind reaches the store. */
  before: Partial<Record<StoreCall, () => Promise<void>>> = {};

  readonly owners?: OwnerIndex;

  constructor(private readonly inner: SessionStore) {
    if (inner.owners !== undefined) {
      this.owners = this.#watchOwners(inner.owners);
    }
  }

  read: SessionStore['read'] = async (...args) => {
    await this.#observe('read');
    return this.inner.read(...args);
  };
  write: SessionStore['write'] = async (...args) => {
    await this.#observe('write');
    return this.inner.write(...args);
  };
  touch: SessionStore['touch'] = async (...args) => {
    await this.#observe('touch');
    return this.inner.touch(...args);
  };
  destroy: SessionStore['destroy'] = async (...args) => {
    await this.#observe('destroy');
    return this.inner.destroy(...args);
  };

  /** Does something just before the write of a number, of those to come, reaches the store. */
  beforeWrite(number: number, act: () => Promise<void>): void {
    this.before.write = number === 1 ? act : async () => this.beforeWrite(number - 1, act);
  }

  /** The calls since the last time that this was asked. */
  taken(): StoreCall[] {
    const calls = this.calls;
    this.calls = [];
    return calls;
  }

  #watchOwners(inner: OwnerIndex): OwnerIndex {
    return {
      readOwner: async (...args) => {
        await this.#observe('readOwner');
        return inner.readOwner(...args);
      },
      enter: async (...args) => {
        await this.#observe('enter');
        return inner.enter(...args);
      },
      leave: async (...args) => {
        await this.#observe('leave');
        return inner.leave(...args);
      },
      revoke: async (...args) => {
        await this.#observe('revoke');
        return inner.revoke(...args);
      },
      block: async (...args) => {
        await this.#observe('block');
        return inner.block(...args);
      },
    };
  }

  async #observe(call: StoreCall): Promise<void> {
    this.calls.push(call);
    const act = this.before[call];
    delete this.before[call];
    await act?.();
  }
}

/** What a test's sessions hold. */
export interface Data {
  cart?: Record<string, number>;
  list?: number[];
  user?: string;
  count?: number;
  a?: unknown;
  b?: unknown;
}

export interface EngineUnderTest {
  readonly store: SessionStore;
  readonly clock: FakeClock;
  readonly policy?: Partial<PolicyContract>;
  readonly callTimeout?: number;
  readonly concurrency?: Concurrency;
  readonly data?: DataOptions<Data>;
  readonly keys?: EngineKeys;
  readonly hooks?: SessionHooks;
}

export function engineOf(parts: EngineUnderTest): SessionEngine<Data> {
  const { clock, policy, callTimeout = 1000, hooks } = parts;
  return new SessionEngine<Data>({
    ...parts,
    policy: { ...STANDARD_POLICY, ...policy },
    clock: clock.read,
    callTimeout,
    hooks: new HookCaller({ storeError: unexpected, ...hooks }),
  });
}

function unexpected(error: SessionError): never {
  throw new Error(`reported without being expected: ${error.message}`);
}

/** A browser with one cookie, which it keeps as browsers do. */
export class Visitor {
  cookie: string | undefined;

  constructor(private readonly engine: SessionEngine<Data>) {}

  /** One request from beginning to end. Returns the Set-Cookie line, if the reply carried one. */
  async request(act: (session: SessionDraft<Data>) => unknown = () => undefined): Promise<string | undefined> {
    const session = await this.load();
    await act(session);
    return this.commit(session);
  }

  load(): Promise<SessionDraft<Data>> {
    return this.engine.load(this.cookie === undefined ? [] : [`other=1; ${this.cookie}`]);
  }

  async commit(session: SessionDraft<Data>): Promise<string | undefined> {
    const { setCookie } = await this.engine.commit(session);
    if (setCookie !== undefined) {
      this.cookie = /Max-Age=0/.test(setCookie) ? undefined : setCookie.slice(0, setCookie.indexOf(';'));
    }
    return setCookie;
  }

  /** The same browser at this moment, for a request that is under way while others are made. */
  tab(engine: SessionEngine<Data> = this.engine): Visitor {
    const tab = new Visitor(engine);
    tab.cookie = this.cookie;
    return tab;
  }

  /** Reads what the session holds, without leaving a trace. */
  async see<K extends keyof Data & string>(key: K): Promise<Data[K] | undefined> {
    return (await this.load()).get(key);
  }
}

/** A visitor of an engine on a store in memory that is watched, all by one clock. */
export function newScene() {
  const clock = new FakeClock();
  const memory = new MemoryStore({ clock: clock.read });
  const store = new ObservedStore(memory);
  return { clock, memory, store, visitor: new Visitor(engineOf({ store, clock })) };
}

/** The key under which a visitor's session is stored. */
export function keyOfSession({ cookie }: Visitor): SessionKey {
  return keyOf(cookie?.split('.')[1] ?? '');
}

/** The calls of a store, for a test to spoil some of them. */
export function bind(inner: SessionStore): SessionStore {
  return {
    read: (...args) => inner.read(...args),
    write: (...args) => inner.write(...args),
    touch: (...args) => inner.touch(...args),
    destroy: (...args) => inner.destroy(...args),
    ...(inner.owners && { owners: bindOwners(inner.owners) }),
  };
}

/** The calls of an index of owners, for a test to spoil some of them. */
export function bindOwners(inner: OwnerIndex): OwnerIndex {
  return {
    readOwner: (...args) => inner.readOwner(...args),
    enter: (...args) => inner.enter(...args),
    leave: (...args) => inner.leave(...args),
    revoke: (...args) => inner.revoke(...args),
    block: (...args) => inner.block(...args),
  };
}

/** A call to a store that is down. */
export function down(): Promise<never> {
  return Promise.reject(new Error('down'));
}

/** Fifty tabs of one visitor count in one key of one session, all at once: every one of them is counted. */
export async function expectFiftyCounted(storeOf: (clock: Clock) => SessionStore): Promise<void> {
  const clock = new FakeClock();
  const visitor = new Visitor(engineOf({ store: storeOf(clock.read), clock, callTimeout: 5000 }));
  await visitor.request((session) => session.set('user', 'ada'));
  const tabs = Array.from({ length: 50 }, () => visitor.tab());
  await Promise.all(tabs.map((tab) => tab.request((session) => session.update('count', (count = 0) => count + 1))));
  expect(await visitor.see('count')).toBe(50);
  expect(await visitor.see('user')).toBe('ada');
}
