import { serverHeaders } from '../../lib/local/load-balancer-headers.js';
import { request } from './requests.js';

const NOW = new Date('2020-03-12T19:03:58.390Z');
const USUAL = { forwardedFor: 'append', dropInvalidHeaders: false } as const;

/** What a server gets of a request with these headers. */
function forwarded(
  headers: readonly (readonly [string, string])[],
  attributes: Parameters<typeof serverHeaders>[2] = USUAL,
  method = 'GET',
) {
  return serverHeaders(request({ headers, method }), { protocol: 'HTTPS', port: 443 }, attributes, NOW);
}

/** The values of a header that a server gets. */
function received(name: string, ...of: Parameters<typeof forwarded>) {
  return forwarded(...of).flatMap(([candidate, value]) => (candidate === name ? [value] : []));
}

test('a server gets the headers of the request, Host and repeated ones included, and those of the load balancer', () => {
  const headers = [
    ['host', 'shop.test:8080'],
    ['cookie', 'a=1'],
    ['cookie', 'b=2'],
  ] as const;
  expect(forwarded(headers)).toEqual([
    ...headers,
    ['x-amzn-trace-id', expect.stringMatching(/^Root=1-5e6a879e-[0-9a-f]{24}$/)],
    ['x-forwarded-for', '127.0.0.1'],
    ['x-forwarded-port', '443'],
    ['x-forwarded-proto', 'https'],
  ]);
});

test('it gets none that concerns the connection of the client alone', () => {
  const headers = forwarded([
    ['connection', 'keep-alive, X-Mine'],
    ['x-mine', '1'],
    ['keep-alive', 'timeout=5'],
    ['te', 'trailers'],
    ['upgrade', 'h2c'],
    ['expect', '100-continue'],
    ['x-yours', '1'],
  ]);
  expect(headers.map(([name]) => name).filter((name) => !name.startsWith('x-forwarded'))).toEqual([
    'x-yours',
    'x-amzn-trace-id',
  ]);
});

test('a client cannot take from it what it needs, by naming that in Connection', () => {
  const headers = [
    ['host', 'shop.test'],
    ['connection', 'host, x-forwarded-for, X-Forwarded-Proto, x-forwarded-port, x-amzn-trace-id, content-length'],
    ['content-length', '3'],
  ] as const;
  expect(forwarded(headers).map(([name]) => name)).toEqual([
    'host',
    'x-amzn-trace-id',
    'x-forwarded-for',
    'x-forwarded-port',
    'x-forwarded-proto',
    'content-length',
  ]);
});

test.each([
  ['append', ['203.0.113.9, 127.0.0.1'], ['127.0.0.1']],
  ['preserve', ['203.0.113.9'], []],
  ['remove', [], []],
] as const)('X-Forwarded-For in the mode %s', (forwardedFor, there, absent) => {
  const attributes = { ...USUAL, forwardedFor };
  expect(received('x-forwarded-for', [['x-forwarded-for', '203.0.113.9']], attributes)).toEqual(there);
  expect(received('x-forwarded-for', [], attributes)).toEqual(absent);
});

test('what a client says of protocol and port does not count', () => {
  const headers = [
    ['x-forwarded-proto', 'gopher'],
    ['x-forwarded-port', '70'],
  ] as const;
  expect([received('x-forwarded-proto', headers), received('x-forwarded-port', headers)]).toEqual([['https'], ['443']]);
});

test.each([
  ['Root=1-0-a', /^Self=1-5e6a879e-[0-9a-f]{24};Root=1-0-a$/],
  ['Self=1-0-b;Root=1-0-a;CalledFrom=app', /^Self=1-5e6a879e-[0-9a-f]{24};Root=1-0-a;CalledFrom=app$/],
])('the trace %s goes on', (trace, expected) => {
  expect(received('x-amzn-trace-id', [['x-amzn-trace-id', trace]])).toEqual([expect.stringMatching(expected)]);
});

test('headers with other characters in their names are dropped where the load balancer says so', () => {
  const headers = [['x_odd', '1']] as const;
  expect(received('x_odd', headers)).toEqual(['1']);
  expect(received('x_odd', headers, { ...USUAL, dropInvalidHeaders: true })).toEqual([]);
});

test.each<[string, string, readonly (readonly [string, string])[], readonly string[]]>([
  ['GET', 'without a body', [], []],
  ['POST', 'without a body', [], ['content-length: 0']],
  ['POST', 'with a length', [['content-length', '3']], ['content-length: 3']],
  ['POST', 'in chunks', [['transfer-encoding', 'chunked']], ['transfer-encoding: chunked']],
  ['DELETE', 'in chunks', [['transfer-encoding', 'Chunked']], ['transfer-encoding: chunked']],
])('a %s %s is framed as it came', (method, _, headers, expected) => {
  const framing = forwarded(headers, USUAL, method).filter(([name]) => /^(?:content-length|transfer-enc)/.test(name));
  expect(framing.map((header) => header.join(': '))).toEqual(expected);
});
