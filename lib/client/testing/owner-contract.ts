import assert from 'node:assert/strict';
import type { OwnedSession, Owner } from '../stores/owner-index.js';
import { MINUTE, same } from './contract-trial.js';
import { anyOwnerSequence } from './owner-sequence.js';
import { agree, entryText, keepUntil, type OwnerTrial, session } from './owner-trial.js';

const UNKNOWN: Owner = { sessions: [], notBefore: 0 };

/** What is required of a store that has `owners`. */
export const OWNER_CASES: Readonly<Record<string, (trial: OwnerTrial) => Promise<void>>> = {
  'nothing is kept of who is unknown': async ({ owners, owner, start }) => {
    same(await owners.readOwner(owner), UNKNOWN);
    await owners.leave(owner, [session(start)]);
    same(await owners.readOwner(owner), UNKNOWN);
  },

  'enter answers with all that were entered': async ({ owners, owner, start }) => {
    const [first, second] = [session(start), session(start, 5 * MINUTE)];
    agree(await owners.enter(owner, first, keepUntil(start)), [first]);
    agree(await owners.enter(owner, second, keepUntil(start)), [first, second]);
    agree(await owners.readOwner(owner), [first, second]);
  },

  'enter of the same again changes nothing': async ({ owners, owner, start }) => {
    const [first, second] = [session(start), session(start)];
    await owners.enter(owner, first, keepUntil(start));
    await owners.enter(owner, second, keepUntil(start));
    agree(await owners.enter(owner, first, keepUntil(start)), [first, second]);
    agree(await owners.readOwner(owner), [first, second]);
  },

  'what was entered is not changed by what the caller does to its buffer': async ({ owners, owner, start }) => {
    const entered = session(start);
    const key = Uint8Array.from(entered.key);
    await owners.enter(owner, { ...entered, key }, keepUntil(start));
    key.fill(9);
    agree(await owners.readOwner(owner), [entered]);
  },

  'owners that differ in one bit are different owners': async ({ owners, owner, start }) => {
    const neighbour = Uint8Array.from(owner, (byte, index) => (index === 31 ? byte ^ 1 : byte));
    const entered = session(start);
    await owners.enter(owner, entered, keepUntil(start));
    await owners.revoke(neighbour, start, keepUntil(start));
    await owners.leave(neighbour, [entered]);
    agree(await owners.readOwner(owner), [entered]);
    agree(await owners.readOwner(neighbour), [], start);
  },

  'leave takes out exactly those that are named': async ({ owners, owner, start }) => {
    const [first, second, third] = await entered({ owners, owner, start });
    await owners.leave(owner, [first, third]);
    agree(await owners.readOwner(owner), [second]);
    await owners.leave(owner, [second]);
    same(await owners.readOwner(owner), UNKNOWN);
  },

  'leave may name one twice, one that is not there, or none': async ({ owners, owner, start }) => {
    const [first, second, third] = await entered({ owners, owner, start });
    await owners.leave(owner, []);
    agree(await owners.readOwner(owner), [first, second, third]);
    await owners.leave(owner, [first, session(start), first]);
    agree(await owners.readOwner(owner), [second, third]);
  },

  'a session is listed up to the last millisecond before its deadline': async ({ owners, owner, clock, start }) => {
    const [short, long] = [session(start, MINUTE), session(start, 2 * MINUTE)];
    await owners.enter(owner, short, keepUntil(start));
    await owners.enter(owner, long, keepUntil(start));
    clock.now = start + MINUTE - 1;
    agree(await owners.readOwner(owner), [short, long]);
    clock.now = start + MINUTE;
    agree(await owners.readOwner(owner), [long]);
    agree(await owners.enter(owner, long, keepUntil(start)), [long]);
  },

  'many that are past their deadline are in nobody’s way': async ({ owners, owner, clock, start }) => {
    const long = session(start, 2 * MINUTE);
    await owners.enter(owner, long, keepUntil(start));
    await Promise.all(Array.from({ length: 40 }, () => owners.enter(owner, session(start, MINUTE), keepUntil(start))));
    clock.advance(MINUTE);
    const next = session(clock.now);
    agree(await owners.enter(owner, next, keepUntil(start)), [long, next]);
    agree(await owners.readOwner(owner), [long, next]);
  },

  'revoke moves forward': async ({ owners, owner, start }) => {
    await owners.revoke(owner, start, keepUntil(start));
    agree(await owners.readOwner(owner), [], start);
    await owners.revoke(owner, start + 1, keepUntil(start));
    agree(await owners.readOwner(owner), [], start + 1);
  },

  'revoke never moves back': async ({ owners, owner, start }) => {
    await owners.revoke(owner, start, keepUntil(start));
    await owners.revoke(owner, start, keepUntil(start));
    await owners.revoke(owner, start - 1, keepUntil(start));
    agree(await owners.readOwner(owner), [], start);
  },

  'revoke keeps what was entered, and enter answers with what was revoked': async ({ owners, owner, start }) => {
    const [before, after] = [session(start), session(start)];
    await owners.enter(owner, before, keepUntil(start));
    await owners.revoke(owner, start, keepUntil(start));
    agree(await owners.enter(owner, after, keepUntil(start)), [before, after], start);
    await owners.leave(owner, [before, after]);
    agree(await owners.readOwner(owner), [], start);
  },

  'enter by many at once loses none, and each sees all before it': async ({ owners, owner, start }) => {
    const rivals = Array.from({ length: 20 }, () => session(start));
    const answers = await Promise.all(rivals.map((rival) => owners.enter(owner, rival, keepUntil(start))));
    agree(await owners.readOwner(owner), rivals);
    const seen = answers.map(({ sessions }) => new Set(sessions.map(entryText)));
    for (const [index, rival] of rivals.entries()) {
      assert(seen[index]?.has(entryText(rival)), 'the answer to an entry lacks that very entry');
    }
    // In the order in which they took place each answer holds the one before it.
    seen.sort((one, other) => one.size - other.size);
    for (const [index, all] of seen.entries()) {
      const missing = [...(seen[index - 1] ?? [])].filter((entry) => !all.has(entry));
      assert.deepEqual(missing, [], 'of two entries at once neither saw the other');
    }
  },

  'enter, leave and revoke at once undo nothing of each other': async ({ owners, owner, start }) => {
    const gone = await entered({ owners, owner, start });
    const came = Array.from({ length: 10 }, () => session(start));
    await Promise.all([
      ...came.map((each) => owners.enter(owner, each, keepUntil(start))),
      ...gone.map((each) => owners.leave(owner, [each])),
      ...[3, 9, 6].map((later) => owners.revoke(owner, start + later, keepUntil(start))),
    ]);
    agree(await owners.readOwner(owner), came, start + 9);
  },

  'any sequence of calls does what the text says': anyOwnerSequence,
};

async function entered({
  owners,
  owner,
  start,
}: Pick<OwnerTrial, 'owners' | 'owner' | 'start'>): Promise<readonly [OwnedSession, OwnedSession, OwnedSession]> {
  const all = [session(start), session(start), session(start)] as const;
  for (const each of all) {
    await owners.enter(owner, each, keepUntil(start));
  }
  return all;
}
