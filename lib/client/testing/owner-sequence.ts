import { randomBytes } from 'node:crypto';
import type { OwnedSession, Owner } from '../stores/owner-index.js';
import { MINUTE, repeat } from './contract-trial.js';
import { agree, keepUntil, type OwnerTrial, session } from './owner-trial.js';
import { pick, type Random } from './random.js';

/** Random calls for one owner after the other. */
export async function anyOwnerSequence(trial: OwnerTrial): Promise<void> {
  await repeat(trial, (random, origin) => sequence({ ...trial, owner: randomBytes(32) }, random, origin));
}

/** Up to twelve random calls, each compared with what a set and a variable would do. */
async function sequence({ owners, owner, clock }: OwnerTrial, random: Random, origin: string): Promise<void> {
  const kept = new Set<OwnedSession>();
  let notBefore = 0;
  const story: string[] = [];
  const compare = (actual: Owner) => agree(actual, alive(), notBefore, `${origin}: ${story.join(', ')}`);
  const alive = () => [...kept].filter(({ deadline }) => deadline > clock.now);
  const candidates = [
    session(clock.now, MINUTE),
    session(clock.now, 2 * MINUTE),
    session(clock.now, 5 * MINUTE),
  ] as const;

  for (let length = Math.floor(random() * 13); length > 0; length--) {
    const time = 1 + Math.floor(random() * MINUTE);
    const chosen = pick(random, candidates);
    const name = candidates.indexOf(chosen);
    const before = clock.now + Math.floor(random() * MINUTE);
    switch (pick(random, ['wait', 'enter', 'leave', 'revoke'])) {
      case 'wait':
        story.push(`wait ${time} ms`);
        clock.advance(time);
        break;
      case 'enter':
        story.push(`enter session ${name}`);
        kept.add(chosen);
        compare(await owners.enter(owner, chosen, keepUntil(clock.now)));
        break;
      case 'leave':
        story.push(`leave session ${name}`);
        kept.delete(chosen);
        await owners.leave(owner, [chosen]);
        break;
      case 'revoke':
        story.push(`revoke before ${before}`);
        notBefore = Math.max(notBefore, before);
        await owners.revoke(owner, before, keepUntil(clock.now));
        break;
    }
    compare(await owners.readOwner(owner));
  }
}
