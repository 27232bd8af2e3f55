import { MemoryStore } from 'cdk-sessions-client/memory';
import { storeContract } from 'cdk-sessions-client/testing';

describe('the memory store keeps the contract of a store', () => {
  for (const { name, run } of storeContract((clock) => new MemoryStore({ clock }), { sequences: 500 })) {
    test(name, run);
  }
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
