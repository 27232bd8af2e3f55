import { once } from 'node:events';
import { createConnection, createServer } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { whenOverdue } from '../../../lib/client/redis/overdue';

test('calls back once the time is over', async () => {
  const act = jest.fn();
  whenOverdue(20, act);
  await pause(10);
  expect(act).not.toHaveBeenCalled();
  await pause(50);
  expect(act).toHaveBeenCalledTimes(1);
});

test('not if it is taken back before', async () => {
  const act = jest.fn();
  whenOverdue(10, act)();
  await pause(50);
  expect(act).not.toHaveBeenCalled();
});

test('after a busy time what arrived meanwhile is read first, and may take it back', async () => {
  const server = createServer((socket) => socket.write('answer')).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const socket = createConnection({ host: '127.0.0.1', port: typeof address === 'object' ? (address?.port ?? 0) : 0 });
  await once(socket, 'connect');
  const act = jest.fn();
  const takeBack = whenOverdue(10, act);
  const read = once(socket, 'data').then(takeBack);
  const busyUntil = performance.now() + 50;
  while (performance.now() < busyUntil) {
    // Neither reads nor runs timers.
  }
  await read;
  await pause(50);
  expect(act).not.toHaveBeenCalled();
  socket.destroy();
  server.close();
});

test('keeps no process alive', () => {
  const timeout = jest.spyOn(globalThis, 'setTimeout');
  const takeBack = whenOverdue(1000, () => {});
  expect(timeout.mock.results[0]?.value.hasRef()).toBe(false);
  takeBack();
  timeout.mockRestore();
});
