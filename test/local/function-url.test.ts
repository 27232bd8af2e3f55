import { answerFunctionUrl, functionUrlEvent, functionUrlReply } from '../../lib/local/function-url.js';
import type { Invocation } from '../../lib/local/instance.js';
import { request } from './requests.js';

const NOW = new Date('2020-03-12T19:03:58.390Z');

describe('the event of payload format 2.0', () => {
  test('has everything that AWS documents', () => {
    const event = functionUrlEvent(
      request({
        method: 'POST',
        path: '/my/path%20',
        query: 'parameter1=value%201&parameter1=value2&parameter2=value',
        headers: [
          ['host', 'localhost:3000'],
          ['User-Agent'.toLowerCase(), 'agent'],
          ['header2', 'value1'],
          ['header2', 'value2'],
          ['cookie', 'cookie1=a; cookie2=b'],
          ['cookie', 'cookie3=c'],
          ['content-type', 'text/plain'],
        ],
        body: Buffer.from('Hello from client!'),
      }),
      NOW,
    );
    expect(event).toEqual({
      version: '2.0',
      routeKey: '$default',
      rawPath: '/my/path%20',
      rawQueryString: 'parameter1=value%201&parameter1=value2&parameter2=value',
      cookies: ['cookie1=a', 'cookie2=b', 'cookie3=c'],
      headers: {
        host: 'localhost:3000',
        'user-agent': 'agent',
        header2: 'value1,value2',
        'content-type': 'text/plain',
        'x-forwarded-for': '127.0.0.1',
        'x-forwarded-port': '443',
        'x-forwarded-proto': 'https',
        'x-amzn-trace-id': expect.stringMatching(/^Root=1-5e6a879e-[0-9a-f]{24}$/),
      },
      queryStringParameters: { parameter1: 'value 1,value2', parameter2: 'value' },
      requestContext: {
        accountId: 'anonymous',
        apiId: 'local',
        domainName: 'localhost',
        domainPrefix: 'localhost',
        http: { method: 'POST', path: '/my/path%20', protocol: 'HTTP/1.1', sourceIp: '127.0.0.1', userAgent: 'agent' },
        requestId: expect.any(String),
        routeKey: '$default',
        stage: '$default',
        time: '12/Mar/2020:19:03:58 +0000',
        timeEpoch: 1584039838390,
      },
      body: 'Hello from client!',
      isBase64Encoded: false,
    });
  });

  test('leaves out what the request does not have', () => {
    const event = functionUrlEvent(request(), NOW);
    expect(event).toMatchObject({ rawQueryString: '', isBase64Encoded: false });
    for (const absent of ['cookies', 'queryStringParameters', 'body']) {
      expect(event).not.toHaveProperty(absent);
    }
  });

  test.each([
    ['text/html; charset=utf-8', undefined, false],
    ['application/json', undefined, false],
    ['application/json', 'gzip', true],
    ['application/x-www-form-urlencoded', undefined, true],
    ['image/png', undefined, true],
    [undefined, undefined, true],
  ])('a body of type %s and encoding %s is in Base64: %s', (type, encoding, isBase64Encoded) => {
    const headers = [
      ...(type === undefined ? [] : [['content-type', type] as const]),
      ...(encoding === undefined ? [] : [['content-encoding', encoding] as const]),
    ];
    const body = Buffer.from('naïve');
    expect(functionUrlEvent(request({ headers, body }), NOW)).toMatchObject({
      isBase64Encoded,
      body: body.toString(isBase64Encoded ? 'base64' : 'utf8'),
    });
  });
});

describe('the reply', () => {
  test('has the status, the headers, each cookie and the body', () => {
    const answer = {
      statusCode: 201,
      headers: { 'Content-Type': 'text/plain', 'X-Count': 3 },
      cookies: ['a=1; Path=/', 'b=2'],
      body: 'Hi',
    };
    expect(functionUrlReply(answer)).toEqual({
      status: 201,
      headers: [
        ['Content-Type', 'text/plain'],
        ['X-Count', '3'],
        ['set-cookie', 'a=1; Path=/'],
        ['set-cookie', 'b=2'],
      ],
      body: 'Hi',
    });
  });

  test('decodes a body in Base64', () => {
    const answer = { statusCode: 200, body: Buffer.from([0, 255]).toString('base64'), isBase64Encoded: true };
    expect(functionUrlReply(answer)?.body).toEqual(Buffer.from([0, 255]));
  });

  test.each([[{ message: 'Hello' }], ['Hello, world!'], [null], [[1, 2]]])(
    'makes JSON of %j, which has no status',
    (answer) => {
      expect(functionUrlReply(answer)).toEqual({
        status: 200,
        headers: [['content-type', 'application/json']],
        body: JSON.stringify(answer),
      });
    },
  );

  test.each([
    { statusCode: '200' },
    { statusCode: 20 },
    { statusCode: 1000 },
    { statusCode: 200, body: { a: 1 } },
    { statusCode: 200, headers: ['a'] },
    { statusCode: 200, headers: { a: { b: 1 } } },
    { statusCode: 200, cookies: 'a=1' },
    { statusCode: 200, cookies: [1] },
  ])('there is none to %j', (answer) => {
    expect(functionUrlReply(answer)).toBeUndefined();
  });
});

describe('answers', () => {
  const error: Invocation = { kind: 'error', errorType: 'Error', errorMessage: 'secret', stack: 'secret' };

  test.each<[string, Invocation, number]>([
    ['that cannot be understood', { kind: 'result', payload: '{"statusCode":"x"}' }, 502],
    ['of a function that failed', error, 502],
    ['of a throttled request', { kind: 'throttled', errorMessage: 'busy' }, 429],
  ])('%s', async (_, outcome, status) => {
    const reply = await answerFunctionUrl(
      request(),
      async () => outcome,
      () => {},
    );
    expect(reply.status).toBe(status);
    expect(String(reply.body)).not.toContain('secret');
  });

  test('to an event beyond 6 MB is 413, and the function does not see it', async () => {
    const invoke = jest.fn();
    // In Base64 it is a third longer.
    const reply = await answerFunctionUrl(request({ body: Buffer.alloc(5e6) }), invoke, () => {});
    expect(reply.status).toBe(413);
    expect(invoke).not.toHaveBeenCalled();
  });

  test('that cannot be understood are told', async () => {
    const log = jest.fn();
    await answerFunctionUrl(request(), async () => ({ kind: 'result', payload: '{"statusCode":9}' }), log);
    expect(log).toHaveBeenCalledWith(
      'the answer is not one that a function URL understands, which is 502: {"statusCode":9}',
    );
  });
});
