import type { Clock, OwnerIndex, SessionStore, WriteResult } from 'cdk-sessions-client';
import { MemoryStore, storeContract } from 'cdk-sessions-client/testing';
import { bind, bindOwners } from '../support';

/** Stores with one mistake each, and the requirement that finds it. */
const MISTAKES: Readonly<Record<string, (sound: SessionStore, clock: Clock) => Partial<SessionStore>>> = {
  'write is refused if another version is there, and answers with that': (sound) => ({
    write: async (key, next, expected) => {
      const current = await sound.read(key);
      return sound.write(key, next, expected === 'absent' ? expected : (current?.version ?? expected));
    },
  }),
  "write is refused if 'absent' is expected and something is there, and answers with that": (sound) => ({
    write: async (key, next, expected) => {
      const result = await sound.write(key, next, expected);
      return result.written ? result : { written: false, current: undefined };
    },
  }),
  'write is refused if a version is expected and nothing is there: a destroyed session stays destroyed': (sound) => ({
    write: async (key, next, expected) =>
      sound.write(key, next, (await sound.read(key)) === undefined ? 'absent' : expected),
  }),
  'write by many at once succeeds for exactly one, and each of the others is told of that one': (sound) => ({
    write: async (key, next, expected) => {
      const current = await sound.read(key);
      if ((current?.version ?? 'absent') !== expected) {
        return { written: false, current };
      }
      let result: WriteResult;
      do {
        result = await sound.write(key, next, (await sound.read(key))?.version ?? 'absent');
      } while (!result.written);
      return result;
    },
  }),
  'touch never moves it back': (sound) => ({
    touch: async (key, expiresAt, expected) => {
      const current = await sound.read(key);
      if (current === undefined || current.version !== expected) {
        return current === undefined ? 'gone' : 'changed';
      }
      await sound.write(key, { ...current, expiresAt }, expected);
      return 'ok';
    },
  }),
  "touch of what has expired revives nothing and says 'gone'": (sound) => ({
    touch: async (...args) => {
      const result = await sound.touch(...args);
      return result === 'gone' ? 'ok' : result;
    },
  }),
  'destroy removes the session and answers with it': (sound) => ({
    destroy: async (key) => {
      await sound.destroy(key);
      return undefined;
    },
  }),
};

/** The same for what a store keeps of owners. */
const MISTAKES_WITH_OWNERS: Readonly<Record<string, (sound: MemoryStore, clock: Clock) => Partial<OwnerIndex>>> = {
  'enter answers with all that were entered': ({ owners }) => ({
    enter: async (owner, session, keepUntil) => ({
      ...(await owners.enter(owner, session, keepUntil)),
      sessions: [session],
    }),
  }),
  'enter by many at once loses none, and each sees all before it': ({ owners }) => ({
    enter: async (owner, session, keepUntil) => {
      const { sessions, notBefore } = await owners.readOwner(owner);
      await owners.enter(owner, session, keepUntil);
      return { sessions: [...sessions, session], notBefore };
    },
  }),
  'leave takes out exactly those that are named': ({ owners }) => ({
    leave: (owner, sessions) => owners.leave(owner, sessions.slice(0, 1)),
  }),
  'a session is listed up to the last millisecond before its deadline': ({ owners }, clock) => ({
    readOwner: async (owner) => {
      const { sessions, notBefore } = await owners.readOwner(owner);
      return { sessions: sessions.filter(({ deadline }) => deadline > clock() + 1), notBefore };
    },
  }),
  'revoke never moves back': ({ owners }) => {
    let last = 0;
    return {
      revoke: async (_owner, notBefore) => {
        last = notBefore;
      },
      readOwner: async (owner) => ({ ...(await owners.readOwner(owner)), notBefore: last }),
    };
  },
  'revoke keeps what was entered, and enter answers with what was revoked': ({ owners }) => ({
    enter: async (...args) => ({ ...(await owners.enter(...args)), notBefore: 0 }),
  }),
  'any sequence of calls does what the text says': ({ owners }) => ({
    enter: async (owner, session, keepUntil) => {
      const { sessions } = await owners.readOwner(owner);
      return sessions.length < 2
        ? owners.enter(owner, session, keepUntil)
        : { ...(await owners.readOwner(owner)), sessions: [...sessions, session] };
    },
  }),
  'block lets no write through that expects what was there': (sound) => ({
    block: async (key) => {
      await sound.destroy(key);
    },
  }),
  'block of what is absent keeps the place until its end, and lets a write through then': (sound) => ({
    block: async (key, version, until) => {
      const current = await sound.read(key);
      await (current && sound.owners.block(key, version, until));
    },
  }),
  'block puts off no end': (sound) => ({
    block: async (key, version, until) => {
      const current = await sound.read(key);
      const next = { value: Uint8Array.of(), version, expiresAt: until, deadline: until };
      await sound.write(key, next, current?.version ?? 'absent');
    },
  }),
  'block and writes at once: the block wins': (sound) => ({
    block: async (key, version, until) => {
      const current = await sound.read(key);
      const times = current ?? { expiresAt: until, deadline: until };
      await sound.write(key, { ...times, value: Uint8Array.of(), version }, current?.version ?? 'absent');
    },
  }),
};

test.each(Object.entries(MISTAKES))('finds a store that breaks: %s', async (name, mistake) => {
  const broken = (clock: Clock): SessionStore => {
    const sound = new MemoryStore({ clock });
    return { ...bind(sound), ...mistake(sound, clock) };
  };
  expect(await failures(broken)).toContain(name);
});

test.each(Object.entries(MISTAKES_WITH_OWNERS))('finds a store that breaks, with owners: %s', async (name, mistake) => {
  const broken = (clock: Clock): SessionStore => {
    const sound = new MemoryStore({ clock });
    return { ...bind(sound), owners: { ...bindOwners(sound.owners), ...mistake(sound, clock) } };
  };
  expect(await failures(broken)).toContain(`with owners: ${name}`);
});

test('asks nothing about owners of a store that keeps none', async () => {
  expect(await failures((clock) => ({ ...bind(new MemoryStore({ clock })), owners: undefined }))).toEqual([]);
});

test('a failed sequence names its seed and its calls, and comes again with that seed', async () => {
  const forgetful = (clock: Clock): SessionStore => {
    return { ...bind(new MemoryStore({ clock })), destroy: async () => undefined };
  };
  const message = async (seed?: number) => {
    const sequences = storeContract(forgetful, { seed }).find(({ name }) => name.startsWith('any sequence'));
    return String(await sequences?.run().catch((error: unknown) => error));
  };
  const first = await message();
  const [, seed] = /seed (\d+), sequence \d+: .*destroy/.exec(first) ?? [];
  expect(seed).toBeDefined();
  expect(await message(Number(seed))).toBe(first);
});

/** The names of the cases that a store does not pass. */
async function failures(subject: (clock: Clock) => SessionStore): Promise<string[]> {
  const failed: string[] = [];
  for (const { name, run } of storeContract(subject)) {
    await run().catch(() => failed.push(name));
  }
  return failed;
}

/** The same for a store that lists its sessions. */
const MISTAKES_WITH_KEYS: Readonly<Record<string, (sound: MemoryStore, clock: Clock) => SessionStore['keys']>> = {
  'keys gives each key that begins as asked, once': (sound) =>
    async function* (prefix) {
      yield* sound.keys(prefix);
      yield* sound.keys(prefix);
    },
  'keys gives none of what has expired or was destroyed': (sound) => {
    const written: Uint8Array[] = [];
    const { write } = sound;
    sound.write = (key, ...rest) => {
      written.push(key);
      return Reflect.apply(write, sound, [key, ...rest]);
    };
    return async function* (prefix) {
      yield written.filter((key) => prefix.every((byte, index) => key[index] === byte));
    };
  },
  'keys gives none of owners': (sound) => {
    const owners: Uint8Array[] = [];
    const { enter } = sound.owners;
    sound.owners.enter = (owner, ...rest) => {
      owners.push(owner);
      return Reflect.apply(enter, sound.owners, [owner, ...rest]);
    };
    return async function* (prefix) {
      yield* sound.keys(prefix);
      yield owners;
    };
  },
};

test.each(Object.entries(MISTAKES_WITH_KEYS))('finds a store that breaks, with keys: %s', async (name, mistake) => {
  const broken = (clock: Clock): SessionStore => {
    const sound = new MemoryStore({ clock });
    const keys = mistake(sound, clock);
    return { ...bind(sound), ...(keys && { keys }) };
  };
  expect(await failures(broken)).toContain(`with keys: ${name}`);
});
