import { randomBytes } from 'node:crypto';
import { nameOf } from '../stores/key-name.js';
import type { SessionKey, SessionStore } from '../stores/store.js';
import { MINUTE, same, stored, type Trial } from './contract-trial.js';

/** One run of a case about listing. */
export interface KeysTrial extends Trial {
  readonly keys: NonNullable<SessionStore['keys']>;
}

/** What is required of a store that lists its sessions. */
export const KEYS_CASES: Readonly<Record<string, (trial: KeysTrial) => Promise<void>>> = {
  'keys gives each key that begins as asked, once': async (trial) => {
    const { store, start } = trial;
    const [prefix, other] = [randomBytes(7), randomBytes(7)];
    const [keys, others] = [keysWith(prefix), keysWith(other)];
    for (const key of [...keys, ...others]) {
      await store.write(key, stored(start), 'absent');
    }
    await listed(trial, prefix, keys);
  },

  'keys gives none of what has expired or was destroyed': async (trial) => {
    const { store, clock, start } = trial;
    const prefix = randomBytes(6);
    const [first, second, third] = keysWith(prefix) as [SessionKey, SessionKey, SessionKey];
    await store.write(first, stored(start), 'absent');
    await store.write(second, stored(start, { expiresAt: start + 2 * MINUTE }), 'absent');
    await store.write(third, stored(start, { expiresAt: start + 2 * MINUTE }), 'absent');
    await store.destroy(third);
    clock.advance(MINUTE);
    await listed(trial, prefix, [second]);
  },

  'keys gives none of owners': async (trial) => {
    const { store, start } = trial;
    const owner = randomBytes(32);
    const session = { key: randomBytes(32), handle: 'aGFuZGxl', enteredAt: start, deadline: start + MINUTE };
    await store.owners?.enter(owner, session, start + MINUTE);
    await listed(trial, owner.subarray(0, 6), []);
  },
};

function keysWith(prefix: Uint8Array): SessionKey[] {
  return Array.from({ length: 3 }, () => Buffer.concat([prefix, randomBytes(32 - prefix.length)]));
}

async function listed({ keys }: KeysTrial, prefix: Uint8Array, expected: readonly SessionKey[]): Promise<void> {
  const found: string[] = [];
  for await (const some of keys(prefix)) {
    found.push(...some.map(nameOf));
  }
  same(found.sort(), expected.map(nameOf).sort());
}
