import { USUAL_ATTRIBUTES } from '../../lib/local/load-balancer-attributes.js';
import { loadBalancerEvent, loadBalancerReply } from '../../lib/local/load-balancer-event.js';
import { request } from './requests.js';

const NOW = new Date('2020-03-12T19:03:58.390Z');
const FROM = { targetGroupArn: 'arn:tg', protocol: 'HTTPS', port: 443, loadBalancer: USUAL_ATTRIBUTES };
const REQUEST = request({
  method: 'POST',
  path: '/a%20b',
  query: 'myKey=val%201&myKey=val2&flag&empty=',
  headers: [
    ['host', 'localhost:3000'],
    ['cookie', 'name1=value1'],
    ['cookie', 'name2=value2'],
    ['content-type', 'application/json'],
    ['x-forwarded-for', '203.0.113.9'],
    ['x-forwarded-proto', 'gopher'],
  ],
  body: Buffer.from('{}'),
});

test('without multi-value headers the last value counts, and nothing is decoded', () => {
  expect(loadBalancerEvent(REQUEST, { ...FROM, multiValueHeaders: false }, NOW)).toEqual({
    requestContext: { elb: { targetGroupArn: 'arn:tg' } },
    httpMethod: 'POST',
    path: '/a%20b',
    queryStringParameters: { myKey: 'val2', flag: '', empty: '' },
    headers: {
      host: 'localhost:3000',
      cookie: 'name2=value2',
      'content-type': 'application/json',
      'x-forwarded-for': '203.0.113.9, 127.0.0.1',
      'x-forwarded-port': '443',
      'x-forwarded-proto': 'https',
      'x-amzn-trace-id': expect.stringMatching(/^Root=1-5e6a879e-[0-9a-f]{24}$/),
    },
    body: '{}',
    isBase64Encoded: false,
  });
});

test('with multi-value headers all values count', () => {
  const event = loadBalancerEvent(REQUEST, { ...FROM, multiValueHeaders: true }, NOW);
  expect(event).toMatchObject({
    multiValueQueryStringParameters: { myKey: ['val%201', 'val2'], flag: [''] },
    multiValueHeaders: { cookie: ['name1=value1', 'name2=value2'], 'x-forwarded-port': ['443'] },
  });
  expect(event).not.toHaveProperty('headers');
  expect(event).not.toHaveProperty('queryStringParameters');
});

test('a request without a body has an empty one', () => {
  const event = loadBalancerEvent(request(), { ...FROM, multiValueHeaders: false }, NOW);
  expect(event).toMatchObject({ body: '', isBase64Encoded: false, queryStringParameters: {} });
});

test('a trace that was begun goes on', () => {
  const traced = request({ headers: [['x-amzn-trace-id', 'Root=1-0-0']] });
  expect(loadBalancerEvent(traced, { ...FROM, multiValueHeaders: false }, NOW)).toMatchObject({
    headers: { 'x-amzn-trace-id': 'Root=1-0-0' },
  });
});

describe('the reply', () => {
  test('sends names that differ in letter case apart, without multi-value headers', () => {
    const answer = { statusCode: 200, headers: { 'Set-Cookie': 'a=1', 'set-cookie': 'b=2' }, body: 'x' };
    expect(loadBalancerReply(answer, false)).toEqual({
      status: 200,
      headers: [
        ['Set-Cookie', 'a=1'],
        ['set-cookie', 'b=2'],
      ],
      body: 'x',
    });
  });

  test('sends every value, with multi-value headers', () => {
    const answer = { statusCode: 200, multiValueHeaders: { 'Set-Cookie': ['a=1', 'b=2'] } };
    expect(loadBalancerReply(answer, true)?.headers).toEqual([
      ['Set-Cookie', 'a=1'],
      ['Set-Cookie', 'b=2'],
    ]);
  });

  test('has only the headers of the kind that is enabled', () => {
    const answer = { statusCode: 200, headers: { a: '1' }, multiValueHeaders: { b: ['2'] } };
    expect(loadBalancerReply(answer, true)?.headers).toEqual([['b', '2']]);
    expect(loadBalancerReply(answer, false)?.headers).toEqual([['a', '1']]);
  });

  test('decodes a body in Base64', () => {
    const answer = { statusCode: 200, body: '//8=', isBase64Encoded: true };
    expect(loadBalancerReply(answer, false)?.body).toEqual(Buffer.from([255, 255]));
  });

  test.each([[null], ['text'], [{}], [{ statusCode: '200' }], [{ statusCode: 200, body: 1 }]])(
    'there is none to %j',
    (answer) => {
      expect(loadBalancerReply(answer, false)).toBeUndefined();
    },
  );

  test('there is none to a single value among multi-value headers', () => {
    expect(loadBalancerReply({ statusCode: 200, multiValueHeaders: { a: '1' } }, true)).toBeUndefined();
  });
});
