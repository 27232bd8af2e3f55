import { MemoryStore } from 'cdk-sessions-client/memory';
import { storeContract } from 'cdk-sessions-client/testing';

describe('the memory store keeps the contract of a store', () => {
  for (const { name, run } of storeContract((clock) => new MemoryStore({ clock }), { sequences: 500 })) {
    test(name, run);
  }
});

test('the memory store throws away the owners of whom nothing needs to be kept', async () => {
  let now = 0;
  const { owners } = new MemoryStore({ clock: () => now });
  const [session, gone, kept] = [
    { key: Uint8Array.of(1), handle: 'aGFuZGxl', enteredAt: 0, deadline: 1_000_000 },
    Uint8Array.of(2),
    Uint8Array.of(3),
  ];
  await owners.enter(gone, session, 1000);
  await owners.revoke(kept, 1, 1000);
  now = 999;
  await owners.enter(kept, session, 200_000);
  now = 100_000;
  await owners.enter(Uint8Array.of(4), session, 200_000);
  now = 0;
  expect(await owners.readOwner(gone)).toEqual({ sessions: [], notBefore: 0 });
  expect(await owners.readOwner(kept)).toEqual({ sessions: [session], notBefore: 1 });
});

test('the memory store throws away the sessions that nobody came back for', async () => {
  let now = 0;
  const store = new MemoryStore({ clock: () => now });
  const session = { value: Uint8Array.of(1), version: 'a', expiresAt: 1000, deadline: 1000 };
  await store.write(Uint8Array.of(1), session, 'absent');
  now = 100_000;
  await store.write(Uint8Array.of(2), { ...session, expiresAt: now + 1 }, 'absent');
  now = 0;
  expect(await store.read(Uint8Array.of(1))).toBeUndefined();
  expect(await store.read(Uint8Array.of(2))).toBeDefined();
});
