import fc from 'fast-check';
import type { LambdaSource } from '../../../lib/client/hosts/lambda-event.js';
import { ownReplyFor, replyFor } from '../../../lib/client/hosts/lambda-reply.js';
import { UNAVAILABLE } from '../../../lib/client/hosts/own-reply.js';
import { type Received, sentByAws, valuesOf } from './aws.js';

const SOURCES: readonly LambdaSource[] = ['payload-2.0', 'payload-1.0', 'alb', 'alb-multi-value'];
const SESSION_COOKIE = '__Host-id=v1.abc.1; Path=/; Secure; HttpOnly; SameSite=Lax';

describe.each(SOURCES)('replyFor for %s', (source) => {
  test('adds the cookie and keeps the reply out of shared caches', () => {
    const sent = sentByAws(source, replyFor(source, { statusCode: 201, body: 'made' }, SESSION_COOKIE));
    expect(sent).toEqual({
      status: 201,
      headers: expect.arrayContaining([
        ['cache-control', 'private, no-store'],
        ['set-cookie', SESSION_COOKIE],
      ]),
      body: Buffer.from('made'),
    });
    expect(sent.headers).toHaveLength(2);
  });

  test.each([
    ['cookies', { cookies: ['a=1', 'b=2'] }],
    ['headers', { headers: { 'Set-Cookie': 'a=1', 'set-cookie': 'b=2' } }],
    ['multiValueHeaders', { multiValueHeaders: { 'SET-cookie': ['a=1', 'b=2'] } }],
    [
      'all of them, mirrored',
      { cookies: ['a=1'], headers: { 'set-cookie': 'a=1' }, multiValueHeaders: { 'Set-Cookie': ['a=1', 'b=2'] } },
    ],
  ])("lets the handler's own cookies arrive from %s", (_, fields) => {
    const sent = sentByAws(source, replyFor(source, { statusCode: 200, ...fields }, SESSION_COOKIE));
    expect(cookiesOf(sent)).toEqual(['a=1', 'b=2', SESSION_COOKIE].sort());
  });

  test('leaves a binary body as it is', () => {
    const image = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x00, 0xff]);
    const result = { statusCode: 200, body: image.toString('base64'), isBase64Encoded: true, cookies: ['a=1', 'b=2'] };
    const sent = sentByAws(source, replyFor(source, result, SESSION_COOKIE));
    expect(sent.body).toEqual(image);
    expect(cookiesOf(sent)).toHaveLength(3);
  });

  test.each(['Cache-Control', 'cache-control', 'CACHE-CONTROL'])("takes the place of the handler's %s", (name) => {
    const fields = {
      headers: { [name]: 'public, max-age=60' },
      multiValueHeaders: { [name]: ['public', 'max-age=60'] },
    };
    const sent = sentByAws(source, replyFor(source, { statusCode: 200, ...fields }, SESSION_COOKIE));
    expect(valuesOf(sent, 'cache-control')).toEqual(['private, no-store']);
  });

  test('brings a header with several values to the visitor, whatever the spelling of its name', () => {
    const result = { statusCode: 200, multiValueHeaders: { Vary: ['Accept'], vary: ['Origin', 'Cookie'] } };
    const sent = sentByAws(source, replyFor(source, result, SESSION_COOKIE));
    expect(valuesOf(sent, 'vary').join(', ')).toBe('Accept, Origin, Cookie');
  });

  test('copes with the gaps that plain JavaScript leaves', () => {
    const result = {
      statusCode: 200,
      headers: null,
      multiValueHeaders: { Vary: undefined, ETag: [] },
      cookies: undefined,
      body: null,
    };
    const reply = replyFor(source, result, SESSION_COOKIE);
    expect(reply).toHaveProperty('body', '');
    const sent = sentByAws(source, reply);
    expect(sent.headers.map(([name]) => name).sort()).toEqual(['cache-control', 'set-cookie']);
    expect(cookiesOf(sent)).toEqual([SESSION_COOKIE]);
  });

  test('takes a header without a value in one field from the other', () => {
    const gaps = [
      { headers: { Vary: undefined }, multiValueHeaders: { Vary: ['Origin'] } },
      { headers: { Vary: 'Origin' }, multiValueHeaders: { Vary: [] } },
      { headers: { Vary: 'Origin' }, multiValueHeaders: { vary: undefined } },
    ];
    for (const fields of gaps) {
      const sent = sentByAws(source, replyFor(source, { statusCode: 200, ...fields }, SESSION_COOKIE));
      expect(valuesOf(sent, 'vary')).toEqual(['Origin']);
    }
  });

  test('loses nothing of any reply and does not change it', () => {
    fc.assert(
      fc.property(anyReply, (reply) => {
        const before = structuredClone(reply);
        const sent = sentByAws(source, replyFor(source, reply, SESSION_COOKIE));

        expect(reply).toEqual(before);
        expect(sent.status).toBe(reply.statusCode);
        expect(sent.body).toEqual(Buffer.from(reply.body));
        expect(cookiesOf(sent)).toEqual([...new Set([...handlersCookies(reply), SESSION_COOKIE])].sort());
        expect(valuesOf(sent, 'cache-control')).toEqual(['private, no-store']);
        expect(otherHeadersOf(sent)).toEqual(handlersOtherHeaders(source, reply));
      }),
    );
  });
});

describe('replyFor for a result that is no reply', () => {
  test.each([
    ['a string', 'Hello from Lambda!', 'Hello from Lambda!'],
    ['an object', { message: 'Hello from Lambda!' }, '{"message":"Hello from Lambda!"}'],
    ['an object that only looks like a reply', { headers: {}, body: 'x' }, '{"headers":{},"body":"x"}'],
    ['an object whose status is undefined', { statusCode: undefined, body: 'x' }, '{"body":"x"}'],
    ['an array', [1, 2], '[1,2]'],
    ['a number', 42, '42'],
    ['null', null, 'null'],
    ['nothing', undefined, 'null'],
  ])('says of %s what payload 2.0 infers', (_, result, body) => {
    const sent = sentByAws('payload-2.0', replyFor('payload-2.0', result, SESSION_COOKIE));
    const inferred = sentByAws('payload-2.0', result);
    expect(sent.body.toString()).toBe(body);
    expect({ ...sent, headers: otherHeadersOf(sent) }).toEqual({ ...inferred, headers: otherHeadersOf(inferred) });
    expect(cookiesOf(sent)).toEqual([SESSION_COOKIE]);
  });

  test.each(['payload-1.0', 'alb', 'alb-multi-value'] as const)('leaves it to %s, which answers 502', (source) => {
    for (const result of ['text', 42, null, undefined, [1, 2]]) {
      expect(replyFor(source, result, SESSION_COOKIE)).toBe(result);
    }
  });
});

describe('the form of the reply', () => {
  const reply = {
    statusCode: 200,
    headers: { 'Content-Type': 'text/html', 'Content-Length': 5 },
    multiValueHeaders: { Link: ['</a>', '</b>'] },
    body: 'hello',
  };

  test('payload 2.0: headers and cookies', () => {
    expect(replyFor('payload-2.0', reply, 'a=1')).toEqual({
      statusCode: 200,
      headers: {
        'Content-Type': 'text/html',
        'Content-Length': 5,
        Link: '</a>, </b>',
        'Cache-Control': 'private, no-store',
      },
      cookies: ['a=1'],
      body: 'hello',
    });
  });

  test('payload 1.0: the headers stay in their fields', () => {
    expect(replyFor('payload-1.0', reply, 'a=1')).toEqual({
      statusCode: 200,
      headers: { 'Content-Type': 'text/html', 'Content-Length': 5, 'Cache-Control': 'private, no-store' },
      multiValueHeaders: { Link: ['</a>', '</b>'], 'Set-Cookie': ['a=1'] },
      body: 'hello',
    });
  });

  test('load balancer: headers, with a spelling of set-cookie for each cookie', () => {
    expect(replyFor('alb', { ...reply, cookies: ['b=2', 'c=3'] }, 'a=1')).toEqual({
      statusCode: 200,
      headers: {
        'Content-Type': 'text/html',
        'Content-Length': 5,
        Link: '</a>, </b>',
        'Cache-Control': 'private, no-store',
        'set-cookie': 'b=2',
        'Set-cookie': 'c=3',
        'sEt-cookie': 'a=1',
      },
      body: 'hello',
    });
  });

  test('load balancer with multi-value headers: multiValueHeaders', () => {
    expect(replyFor('alb-multi-value', reply, 'a=1')).toEqual({
      statusCode: 200,
      multiValueHeaders: {
        'Content-Type': ['text/html'],
        'Content-Length': ['5'],
        Link: ['</a>', '</b>'],
        'Cache-Control': ['private, no-store'],
        'Set-Cookie': ['a=1'],
      },
      body: 'hello',
    });
  });

  test('a load balancer without multi-value headers carries 512 cookies and refuses more aloud', () => {
    const cookies = Array.from({ length: 511 }, (_, index) => `c${index}=1`);
    const most = sentByAws('alb', replyFor('alb', { statusCode: 200, cookies }, 'a=1'));
    expect(cookiesOf(most)).toEqual([...cookies, 'a=1'].sort());
    expect(() => replyFor('alb', { statusCode: 200, cookies: [...cookies, 'b=2'] }, 'a=1')).toThrow(
      new RangeError(
        'received 513 cookies for a load balancer that takes at most 512: enable multi-value headers on its target group',
      ),
    );
  });
});

test.each(SOURCES)('unavailable for %s is a 503 to try again soon, without a cookie', (source) => {
  const sent = sentByAws(source, ownReplyFor(source, UNAVAILABLE));
  expect(sent.status).toBe(503);
  expect(Object.fromEntries(sent.headers)).toEqual({
    'content-type': 'text/plain; charset=utf-8',
    'retry-after': '1',
    'cache-control': 'no-store',
  });
  expect(sent.body.toString()).toBe('The service is unavailable for a moment. Please try again.\n');
});

interface AnyReply {
  statusCode: number;
  headers?: Record<string, string>;
  multiValueHeaders?: Record<string, string[]>;
  cookies?: string[];
  body: string;
}

const cookie = fc.stringMatching(/^[a-z]{1,3}=[a-z0-9]{0,3}$/);
const otherName = fc.mixedCase(
  fc.constantFrom('content-type', 'vary', 'link', 'etag', 'location', 'x-cookie', '__proto__'),
);
const cookieName = fc.mixedCase(fc.constant('set-cookie'));
const cacheName = fc.mixedCase(fc.constant('cache-control'));
const text = fc.stringMatching(/^[a-zA-Z0-9/;=]{1,8}$/);

/** Headers in which names of ours occur in several spellings and any other name in one. */
function headersOf<Value>(value: fc.Arbitrary<Value>, cookieValue: fc.Arbitrary<Value>) {
  return fc
    .tuple(
      fc.uniqueArray(fc.tuple(otherName, value), { selector: ([name]) => name.toLowerCase() }),
      fc.uniqueArray(fc.tuple(cookieName, cookieValue), { selector: ([name]) => name, maxLength: 3 }),
      fc.uniqueArray(fc.tuple(cacheName, value), { selector: ([name]) => name, maxLength: 2 }),
    )
    .map((entries) => Object.fromEntries(entries.flat()));
}

const anyReply: fc.Arbitrary<AnyReply> = fc.record(
  {
    statusCode: fc.constantFrom(200, 302, 404),
    headers: headersOf(text, cookie),
    multiValueHeaders: headersOf(fc.array(text, { minLength: 1, maxLength: 3 }), fc.array(cookie, { maxLength: 3 })),
    cookies: fc.array(cookie, { maxLength: 3 }),
    body: fc.string(),
  },
  { requiredKeys: ['statusCode', 'body'] },
);

function handlersCookies({ cookies = [], headers = {}, multiValueHeaders = {} }: AnyReply): string[] {
  const named = [...Object.entries(headers), ...Object.entries(multiValueHeaders)];
  return [...cookies, ...named.filter(([name]) => /^set-cookie$/i.test(name)).flatMap(([, value]) => value)];
}

/** The handler's headers as one list a name; of a name in both fields, the field that the source reads. */
function handlersOtherHeaders(source: LambdaSource, { headers = {}, multiValueHeaders = {} }: AnyReply) {
  const readsSingle = source === 'payload-2.0' || source === 'alb';
  const fields = readsSingle ? [multiValueHeaders, headers] : [headers, multiValueHeaders];
  const lines = fields
    .flatMap((field) => Object.entries(field))
    .map(([name, value]) => [name.toLowerCase(), [value].flat().join(', ')] as const);
  return new Map(lines.filter(([name]) => name !== 'set-cookie' && name !== 'cache-control'));
}

function otherHeadersOf(received: Received): Map<string, string> {
  const names = received.headers
    .map(([name]) => name)
    .filter((name) => name !== 'set-cookie' && name !== 'cache-control');
  return new Map(names.map((name) => [name, valuesOf(received, name).join(', ')]));
}

function cookiesOf(received: Received): string[] {
  return [...valuesOf(received, 'set-cookie')].sort();
}

test.each(SOURCES)('without a cookie to set, every header of the handler reaches the visitor through %s', (source) => {
  const result = {
    statusCode: 200,
    headers: {
      'Content-Type': 'text/html',
      'Cache-Control': 'public',
      ...(source.startsWith('alb') && { 'Set-Cookie': 'a=1' }),
    },
    body: 'page',
  };
  const sent = sentByAws(source, replyFor(source, result, undefined));
  expect(valuesOf(sent, 'content-type')).toEqual(['text/html']);
  expect(valuesOf(sent, 'cache-control')).toEqual(['public']);
  expect(cookiesOf(sent)).toEqual(source.startsWith('alb') ? ['a=1'] : []);
});

test.each(SOURCES)('no cache is told anything else of a reply with a cookie, through %s', (source) => {
  const names = ['CDN-Cache-Control', 'Surrogate-Control', 'Edge-Control', 'Cloudflare-CDN-Cache-Control'];
  const headers = Object.fromEntries(names.map((name) => [name, 'max-age=600']));
  const sent = sentByAws(source, replyFor(source, { statusCode: 200, headers }, SESSION_COOKIE));
  expect(sent.headers.map(([name]) => name).sort()).toEqual(['cache-control', 'set-cookie']);
});
