import { SessionError } from '../../../lib/client/errors.js';
import { cookieHeaders, lambdaSource } from '../../../lib/client/hosts/lambda-event.js';
import { SAMPLES, type Sample, sampleEvent } from './events.js';

describe('lambdaSource', () => {
  test.each(Object.entries(SAMPLES))('recognises the %s sample as %s', (sample, source) => {
    expect(lambdaSource(sampleEvent(sample as Sample))).toBe(source);
  });

  test("recognises the REST API console's test event, which has null for headers", () => {
    const event = { ...sampleEvent('rest-api'), headers: null, multiValueHeaders: null };
    expect(lambdaSource(event)).toBe('payload-1.0');
    expect(cookieHeaders(event)).toEqual([]);
  });

  test.each([
    ['a queue', { Records: [{ body: 'secret', eventSource: 'aws:sqs' }] }, 'an event with the keys Records'],
    [
      'a schedule',
      { version: '0', source: 'aws.events', detail: {} },
      'an event with the keys version, source, detail',
    ],
    ['a WebSocket API', { requestContext: { connectionId: 'secret', eventType: 'MESSAGE' } }, 'requestContext'],
    ['VPC Lattice', { version: '2.0', method: 'GET', path: '/', requestContext: { serviceArn: 'secret' } }, 'method'],
    ['a Lambda authorizer of an HTTP API', { ...sampleEvent('http-api-2.0'), type: 'REQUEST' }, 'type'],
    ['a Lambda authorizer of a REST API', { ...sampleEvent('rest-api'), type: 'REQUEST', methodArn: 'a' }, 'methodArn'],
    ['an empty test event', {}, 'an event without keys'],
    ['an array', [1], 'an event that is an array'],
    ['null', null, 'an event that is null'],
    ['nothing', undefined, 'an event that is of type undefined'],
    ['text', 'secret', 'an event that is of type string'],
  ])('refuses the event of %s and says what it got, but no value', (_, event, got) => {
    const refused = errorOf(() => lambdaSource(event));
    expect(refused).toMatchObject({ code: 'ERR_SESSION_EVENT' });
    expect(refused.message).toContain(got);
    expect(refused.message).toContain('invoke the function through a function URL');
    expect(refused.message).not.toContain('secret');
  });

  test('keeps the message short, however many keys there are', () => {
    const event = Object.fromEntries(Array.from({ length: 10_000 }, (_, index) => [`key${index}`, 1]));
    expect(errorOf(() => lambdaSource(event)).message.length).toBeLessThan(500);
  });
});

describe('cookieHeaders', () => {
  test.each([
    ['function-url', ['cookie1', 'cookie2']],
    ['http-api-2.0', ['cookie1', 'cookie2']],
    ['http-api-1.0', []],
    ['rest-api', []],
    ['alb', ['name2=value2']],
    ['alb-multi-value', ['name1=value1', 'name2=value2']],
    ['alb-health-check', []],
  ] as const)('reads the %s sample', (sample, lines) => {
    expect(cookieHeaders(sampleEvent(sample))).toEqual(lines);
  });

  test('falls back to the Cookie header where payload 2.0 comes without cookies', () => {
    const { cookies: _, ...event } = sampleEvent('function-url');
    expect(cookieHeaders({ ...event, headers: { cookie: 'a=1; b=2' } })).toEqual(['a=1; b=2']);
    expect(cookieHeaders({ ...event, cookies: [], headers: { cookie: 'a=1; b=2' } })).toEqual(['a=1; b=2']);
  });

  test('prefers every value of a header to its last one', () => {
    const event = {
      ...sampleEvent('rest-api'),
      headers: { Cookie: 'b=2' },
      multiValueHeaders: { Cookie: ['a=1', 'b=2'] },
    };
    expect(cookieHeaders(event)).toEqual(['a=1', 'b=2']);
  });

  test.each(['cookie', 'Cookie', 'COOKIE', 'cOOkie'])('reads the header when its name is spelled %s', (name) => {
    const event = sampleEvent('rest-api');
    expect(cookieHeaders({ ...event, headers: { [name]: 'a=1' }, multiValueHeaders: null })).toEqual(['a=1']);
    expect(cookieHeaders({ ...event, headers: null, multiValueHeaders: { [name]: ['a=1', 'b=2'] } })).toEqual([
      'a=1',
      'b=2',
    ]);
  });
});

function errorOf(run: () => unknown): SessionError {
  try {
    run();
  } catch (error) {
    if (error instanceof SessionError) {
      return error;
    }
    throw error;
  }
  throw new Error('nothing was thrown');
}

test.each([{ cookies: 'a=1' }, { cookies: [1] }, { headers: { cookie: 3 } }, { multiValueHeaders: { cookie: 'a=1' } }])(
  'whatever somebody who invokes the function directly puts in place of cookies is read as texts or not at all: %j',
  (fields) => {
    for (const line of cookieHeaders({ requestContext: {}, ...fields } as never)) {
      expect(line).toBe('a=1');
    }
  },
);
