import { randomBytes } from 'node:crypto';
import type { StoredSession } from '../stores/store.js';
import { MINUTE, repeat, same, stored, type Trial } from './contract-trial.js';
import { pick, type Random } from './random.js';

const NO_VALUE = new Uint8Array();
const CALLS = ['wait', 'write', 'touch', 'destroy'] as const;
const VERSIONS = ['a', 'b', 'c'] as const;

/** Random calls on one session after the other. */
export async function anySessionSequence(trial: Trial): Promise<void> {
  await repeat(trial, (random, origin) => sequence({ ...trial, key: randomBytes(32) }, random, origin));
}

/** Up to twelve random calls, each compared with what a single variable would do. */
async function sequence({ store, clock, key }: Trial, random: Random, origin: string): Promise<void> {
  const { owners } = store;
  let kept: StoredSession | undefined;
  const story: string[] = [];
  const alive = () => (kept !== undefined && kept.expiresAt > clock.now ? kept : undefined);
  const tell = (step: string) => story.push(step);
  const agree = (actual: unknown, expected: unknown) => same(actual, expected, `${origin}: ${story.join(', ')}`);

  for (let length = Math.floor(random() * 13); length > 0; length--) {
    const version = pick(random, VERSIONS);
    const time = 1 + Math.floor(random() * 2 * MINUTE);
    const expiresAt = clock.now + time;
    const current = alive();
    switch (pick(random, owners === undefined ? CALLS : [...CALLS, 'block' as const])) {
      case 'wait':
        tell(`wait ${time} ms`);
        clock.advance(time);
        break;
      case 'write': {
        const expected = pick(random, [...VERSIONS, 'absent']);
        const accepted = (current?.version ?? 'absent') === expected;
        const next = stored(clock.now, { version, expiresAt });
        tell(`write ${version} in place of ${expected} for ${time} ms`);
        agree(await store.write(key, next, expected), accepted ? { written: true } : { written: false, current });
        kept = accepted ? next : kept;
        break;
      }
      case 'touch': {
        tell(`touch ${version} for ${time} ms`);
        const matches = current?.version === version;
        agree(await store.touch(key, expiresAt, version), current === undefined ? 'gone' : matches ? 'ok' : 'changed');
        kept = current && matches ? { ...current, expiresAt: Math.max(current.expiresAt, expiresAt) } : kept;
        break;
      }
      case 'destroy':
        tell('destroy');
        agree(await store.destroy(key), current);
        kept = undefined;
        break;
      case 'block': {
        // What has expired may stay as it is, or become a place that is kept.
        if (kept !== undefined && current === undefined) {
          break;
        }
        tell(`block as ${version} for ${time} ms`);
        await owners?.block(key, version, expiresAt);
        const times = current ?? { expiresAt, deadline: expiresAt };
        // What value there is then is left to the store.
        const value = (await store.read(key))?.value ?? NO_VALUE;
        kept = { ...times, version, value };
        break;
      }
    }
    agree(await store.read(key), alive());
  }
}
