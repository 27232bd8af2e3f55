import type { Clock, SessionStore, WriteResult } from 'cdk-sessions-client';
import { MemoryStore, storeContract } from 'cdk-sessions-client/testing';

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

test.each(Object.entries(MISTAKES))('finds a store that breaks: %s', async (name, mistake) => {
  const broken = (clock: Clock): SessionStore => {
    const sound = new MemoryStore({ clock });
    const bound = bind(sound);
    return { ...bound, ...mistake(sound, clock) };
  };
  const failed: string[] = [];
  for (const each of storeContract(broken)) {
    await each.run().catch(() => failed.push(each.name));
  }
  expect(failed).toContain(name);
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

function bind(store: SessionStore): SessionStore {
  return {
    read: (...args) => store.read(...args),
    write: (...args) => store.write(...args),
    touch: (...args) => store.touch(...args),
    destroy: (...args) => store.destroy(...args),
  };
}
