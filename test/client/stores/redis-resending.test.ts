import { setTimeout as pause } from 'node:timers/promises';
import { RedisFailure, RedisStore, type RedisTransport } from 'cdk-sessions-client/redis';
import { resending } from '../../../lib/client/stores/redis-resending';

const GET = ['GET', 'key'] as const;
const LOST = new RedisFailure('lost', 'the connection is closed');

/** A way to a server on which the first commands fail like this, and the others are answered. */
function failing(...failures: readonly unknown[]) {
  const send = jest.fn<Promise<unknown>, Parameters<RedisTransport['send']>>(async () => 'answer');
  for (const failure of failures) {
    send.mockRejectedValueOnce(failure);
  }
  return { send };
}

test('a command that was answered is sent once', async () => {
  const transport = failing();
  expect(await resending(transport).send('key', GET)).toBe('answer');
  expect(transport.send).toHaveBeenCalledTimes(1);
});

test('one of which nobody knows what became is sent once more, as it was', async () => {
  const transport = failing(LOST);
  const options = { signal: new AbortController().signal };
  expect(await resending(transport).send('key', GET, options)).toBe('answer');
  expect(transport.send.mock.calls).toEqual([
    ['key', GET, options],
    ['key', GET, options],
  ]);
});

test('and not a third time', async () => {
  const transport = failing(LOST, LOST);
  await expect(resending(transport).send('key', GET)).rejects.toBe(LOST);
  expect(transport.send).toHaveBeenCalledTimes(2);
});

test.each([
  new RedisFailure('refused', 'OOM command not allowed'),
  new RedisFailure('unsent', 'no connection within 1000 ms'),
  new TypeError('a transport of somebody else'),
])('one that failed otherwise is not sent again: %s', async (failure) => {
  const transport = failing(failure);
  await expect(resending(transport).send('key', GET)).rejects.toBe(failure);
  expect(transport.send).toHaveBeenCalledTimes(1);
});

test('nor is one whose caller does not wait any more', async () => {
  const transport = failing(LOST);
  await expect(resending(transport).send('key', GET, { signal: AbortSignal.abort() })).rejects.toBe(LOST);
  expect(transport.send).toHaveBeenCalledTimes(1);
});

test('nor one for which a server was silent for long', async () => {
  const send = jest.fn(async () => {
    await pause(600);
    throw LOST;
  });
  await expect(resending({ send }).send('key', GET)).rejects.toBe(LOST);
  expect(send).toHaveBeenCalledTimes(1);
});

describe('a store in Redis', () => {
  const key = new Uint8Array(32);

  test('reads, saves and touches once more', async () => {
    const session = {
      value: new Uint8Array(),
      version: '1',
      expiresAt: Date.now() + 1000,
      deadline: Date.now() + 1000,
    };
    for (const call of [
      (store: RedisStore) => store.read(key),
      (store: RedisStore) => store.write(key, session, 'absent'),
      (store: RedisStore) => store.touch(key, session.expiresAt, '1'),
      (store: RedisStore) => store.owners.readOwner(key),
    ]) {
      const transport = failing(LOST);
      await call(new RedisStore({ transport }));
      expect(transport.send).toHaveBeenCalledTimes(2);
    }
  });

  test('removes once: nothing would be there the second time, and it tells what was', async () => {
    const transport = failing(LOST);
    await expect(new RedisStore({ transport }).destroy(key)).rejects.toBe(LOST);
    expect(transport.send).toHaveBeenCalledTimes(1);
  });
});
