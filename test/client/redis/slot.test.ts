import { tmpdir } from 'node:os';
import fc from 'fast-check';
import { SLOTS, slotOf } from '../../../lib/client/redis/slot';
import { RedisServer } from '../../../lib/local/redis-server';
import { connectionsTo } from '../../support/redis-connections';

test('the key that the Redis Cluster specification gives as an example is in the slot of its CRC-16', () => {
  expect(slotOf('123456789')).toBe(0x31c3);
});

test('a checksum above the number of slots wraps around', () => {
  // 0xaf96 and 16,384 slots.
  expect(slotOf('foo')).toBe(12_182);
});

test('a key with other than ASCII letters, which none of ours has, is in a slot, whose node knows better', () => {
  expect(slotOf('€uro')).toBeLessThan(SLOTS);
});

test('every key without braces is in the slot in which a server has it', async () => {
  const server = await RedisServer.start({ folder: tmpdir(), cluster: true });
  try {
    const transport = connectionsTo(server);
    const letters = fc.integer({ min: 0x20, max: 0x7e }).map((code) => String.fromCharCode(code));
    const keys = fc.string({ unit: letters, minLength: 1, maxLength: 80 }).filter((key) => !key.includes('{'));
    await fc.assert(
      fc.asyncProperty(keys, async (key) => {
        expect(await transport.send(key, ['CLUSTER', 'KEYSLOT', key])).toBe(slotOf(key));
      }),
      { numRuns: 1000 },
    );
  } finally {
    await server.stop();
  }
});
