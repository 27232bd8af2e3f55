import { createServer, type IncomingMessage } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import { selfSignedCertificate } from '../../lib/local/certificate.js';
import { checkOnce, type HealthCheck, matcherOf } from '../../lib/local/health-check.js';
import { close, listen } from '../../lib/local/http.js';
import { serverGroup, startServer, stopAll } from './load-balancers.js';

const CHECK: HealthCheck = serverGroup().healthCheck;
const NEVER = new AbortController().signal;

afterEach(stopAll);

test.each([
  ['200', [200], [199, 201, 404]],
  ['200,301', [200, 301], [201, 300]],
  ['200-299', [200, 250, 299], [199, 300]],
  ['200-204,302', [200, 204, 302], [205, 301]],
])('the matcher %s', (codes, passing, failing) => {
  expect([...passing, ...failing].filter(matcherOf(codes))).toEqual(passing);
});

test('a check is a request of its own for the path, on a connection of its own', async () => {
  const server = await startServer('a');
  const check = { ...CHECK, path: '/up?x=1' };
  expect(await checkOnce(check, server, NEVER)).toBeUndefined();
  expect(server.requests[0]).toMatchObject({
    method: 'GET',
    url: '/up?x=1',
    headers: { host: `127.0.0.1:${server.port}`, 'user-agent': 'ELB-HealthChecker/2.0', connection: 'close' },
  });
});

test('a status that does not pass is a fault', async () => {
  const server = await startServer('a');
  server.health = 503;
  expect(await checkOnce(CHECK, server, NEVER)).toBe('/health answers 503');
});

test('so is a connection that is refused', async () => {
  const server = await startServer('a');
  await server.kill();
  expect(await checkOnce(CHECK, server, NEVER)).toMatch(/^connect ECONNREFUSED/);
});

test('and an answer that does not come in time', async () => {
  const silent = await startServer('a', () => {});
  const check = { ...CHECK, path: '/', timeout: 20 };
  expect(await checkOnce(check, silent, NEVER)).toBe('/ does not answer within 0.02 s');
});

test('and a path that HTTP does not permit', async () => {
  const server = await startServer('a');
  expect(await checkOnce({ ...CHECK, path: '/is it up' }, server, NEVER)).toBe(
    'Request path contains unescaped characters',
  );
});

test('over HTTPS any certificate will do', async () => {
  const answer = (_: IncomingMessage, response: { end(): void }) => response.end();
  const secure = createSecureServer(await selfSignedCertificate(), answer);
  const plain = createServer(answer);
  const address = { host: '127.0.0.1', port: await listen(secure, 0) };
  const other = { host: '127.0.0.1', port: await listen(plain, 0) };
  const check = { ...CHECK, protocol: 'HTTPS' } as const;
  expect(await checkOnce(check, address, NEVER)).toBeUndefined();
  expect(await checkOnce(check, other, NEVER)).toMatch(/ssl|EPROTO/i);
  await Promise.all([close(secure), close(plain)]);
});

test('who stops a check does not wait for its answer', async () => {
  const silent = await startServer('a', () => {});
  expect(await checkOnce({ ...CHECK, path: '/' }, silent, AbortSignal.timeout(10))).toEqual(expect.any(String));
});
