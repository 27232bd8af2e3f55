import { setTimeout as sleep } from 'node:timers/promises';
import { CallBudget } from '../../lib/client/call-budget';
import { SessionError } from '../../lib/client/errors';

const NEVER = new Promise<never>(() => undefined);

test('a call gives what the store answers', async () => {
  await expect(new CallBudget(1000, 1000).call('read', async () => 'answer')).resolves.toBe('answer');
});

test('a call that the store does not answer ends at its deadline', async () => {
  await expect(new CallBudget(20, 1000).call('read', () => NEVER)).rejects.toMatchObject({
    code: 'ERR_SESSION_STORE_TIMEOUT',
    message: 'the session store did not answer a read within 20 ms',
  });
});

test('all calls together end at the deadline of the budget', async () => {
  const budget = new CallBudget(1000, 30);
  await expect(budget.call('read', () => NEVER)).rejects.toMatchObject({ code: 'ERR_SESSION_STORE_TIMEOUT' });
  // Timers are right to the millisecond, and may be early by one.
  await sleep(5);
  const run = jest.fn();
  await expect(budget.call('write', run)).rejects.toMatchObject({
    code: 'ERR_SESSION_STORE_TIMEOUT',
    message: 'no time is left for a write of the session store',
  });
  expect(run).not.toHaveBeenCalled();
});

test('the store is told to stop at the deadline', async () => {
  let signal: AbortSignal | undefined;
  const call = new CallBudget(20, 1000).call('read', (options) => {
    signal = options.signal;
    return NEVER;
  });
  expect(signal?.aborted).toBe(false);
  await expect(call).rejects.toThrow(SessionError);
  expect(signal?.aborted).toBe(true);
});

test('a store that asks only later whether to stop is told, too, by a copy of the options as well', async () => {
  let later: (() => AbortSignal | undefined) | undefined;
  const call = new CallBudget(20, 1000).call('read', (options) => {
    later = () => ({ ...options }).signal;
    return NEVER;
  });
  await expect(call).rejects.toThrow(SessionError);
  expect(later?.()?.aborted).toBe(true);
});

test('a call that ended in time is not told to stop', async () => {
  let signal: AbortSignal | undefined;
  await new CallBudget(20, 1000).call('read', async (options) => {
    signal = options.signal;
  });
  await new Promise((resolve) => setTimeout(resolve, 40));
  expect(signal?.aborted).toBe(false);
});

test('a failure after the deadline is nobody’s any more', async () => {
  const unhandled = jest.fn();
  process.on('unhandledRejection', unhandled);
  let fail: ((error: Error) => void) | undefined;
  const answer = new Promise<never>((_, reject) => {
    fail = reject;
  });
  await expect(new CallBudget(20, 1000).call('read', () => answer)).rejects.toThrow(SessionError);
  fail?.(new Error('too late'));
  await new Promise((resolve) => setTimeout(resolve, 20));
  process.off('unhandledRejection', unhandled);
  expect(unhandled).not.toHaveBeenCalled();
});

test.each([
  ['rejects', () => Promise.reject(new TypeError('broken'))],
  [
    'throws',
    () => {
      throw new TypeError('broken');
    },
  ],
] as const)('a store that %s is unavailable', async (_, run) => {
  await expect(new CallBudget(1000, 1000).call('read', run)).rejects.toMatchObject({
    code: 'ERR_SESSION_STORE_UNAVAILABLE',
    message: 'the session store failed a read: TypeError: broken',
    cause: expect.any(TypeError),
  });
});

test('a store’s own SessionError passes as it is', async () => {
  const error = new SessionError('ERR_SESSION_TOO_LARGE', 'too large');
  await expect(new CallBudget(1000, 1000).call('write', () => Promise.reject(error))).rejects.toBe(error);
});
