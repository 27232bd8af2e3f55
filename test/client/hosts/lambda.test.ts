import type {
  ALBEvent,
  ALBHandler,
  APIGatewayProxyEvent,
  APIGatewayProxyEventV2,
  APIGatewayProxyHandler,
  APIGatewayProxyHandlerV2,
  Context,
  LambdaFunctionURLEvent,
} from 'aws-lambda';
import { SessionError, type SessionErrorCode } from '../../../lib/client/errors.js';
import type { CommitResult, GateOptions, SessionGate } from '../../../lib/client/hosts/host.js';
import { lambdaHost } from '../../../lib/client/hosts/lambda.js';
import type { LambdaContext, LambdaHttpEvent } from '../../../lib/client/hosts/lambda-event.js';
import type { HttpReply } from '../../../lib/client/hosts/lambda-reply.js';
import { sentByAws, valuesOf } from './aws.js';
import { SAMPLES, type Sample, sampleEvent } from './events.js';

const SAMPLE_NAMES = Object.keys(SAMPLES) as Sample[];
const context: LambdaContext = { awsRequestId: 'id', getRemainingTimeInMillis: () => 2500 };

interface CartSession {
  cart: string[];
}

/** A gate that notes what the host asks of it, in order. */
class RecordingGate implements SessionGate<CartSession> {
  readonly calls: string[] = [];
  readonly options: (GateOptions | undefined)[] = [];
  readonly session: CartSession = { cart: [] };

  constructor(
    private readonly fate: { load?: Error; commit?: Error; setCookie?: string } = { setCookie: 'id=1; Path=/' },
  ) {}

  async load(cookieHeaders: readonly string[], options?: GateOptions): Promise<CartSession> {
    this.calls.push(`load ${cookieHeaders.join(' | ')}`.trim());
    this.options.push(options);
    if (this.fate.load) {
      throw this.fate.load;
    }
    return this.session;
  }

  async commit(session: CartSession, options?: GateOptions): Promise<CommitResult> {
    this.calls.push(`commit ${session.cart.join()}`.trim());
    this.options.push(options);
    if (this.fate.commit) {
      throw this.fate.commit;
    }
    return { setCookie: this.fate.setCookie };
  }
}

describe.each(SAMPLE_NAMES)('a request as in the %s sample', (sample) => {
  const source = SAMPLES[sample];

  test("reaches the handler with Lambda's own event and context", async () => {
    const gate = new RecordingGate();
    const event = sampleEvent(sample);
    const seen: unknown[] = [];
    await lambdaHost(gate, (...received) => {
      seen.push(...received);
      return { statusCode: 200 };
    })(event, context);

    expect(seen).toHaveLength(3);
    expect(seen[0]).toBe(event);
    expect(seen[1]).toBe(gate.session);
    expect(seen[2]).toBe(context);
    expect(event).toEqual(sampleEvent(sample));
  });

  test("is answered with the session's cookie among the handler's, and a binary body", async () => {
    const image = Buffer.from([0xff, 0xd8, 0x00]);
    const result = await lambdaHost(new RecordingGate(), async () => ({
      statusCode: 200,
      headers: { 'Content-Type': 'image/jpeg', 'Set-Cookie': 'theme=dark', 'set-cookie': 'lang=en' },
      body: image.toString('base64'),
      isBase64Encoded: true,
    }))(sampleEvent(sample), context);

    const sent = sentByAws(source, result);
    expect(sent.status).toBe(200);
    expect(sent.body).toEqual(image);
    expect([...valuesOf(sent, 'set-cookie')].sort()).toEqual(['id=1; Path=/', 'lang=en', 'theme=dark']);
    expect(valuesOf(sent, 'content-type')).toEqual(['image/jpeg']);
  });

  test.each(['ERR_SESSION_STORE_UNAVAILABLE', 'ERR_SESSION_STORE_TIMEOUT', 'ERR_SESSION_CONFLICT'] as const)(
    'is answered with 503 on %s, with the cookie kept',
    async (code) => {
      const outage = new SessionError(code, 'the table does not answer');
      for (const fate of [{ load: outage }, { commit: outage, setCookie: 'id=1' }]) {
        const sent = sentByAws(source, await lambdaHost(new RecordingGate(fate), ok)(sampleEvent(sample), context));
        expect(sent.status).toBe(503);
        expect(valuesOf(sent, 'retry-after')).toEqual(['1']);
        expect(valuesOf(sent, 'cache-control')).toEqual(['no-store']);
        expect(valuesOf(sent, 'set-cookie')).toEqual([]);
        expect(sent.body.toString()).not.toContain('table');
      }
    },
  );
});

describe('lambdaHost', () => {
  test('answers with 409 to who signs in and may have no more sessions', async () => {
    for (const sample of SAMPLE_NAMES) {
      const gate = new RecordingGate({ commit: new SessionError('ERR_SESSION_LIMIT', 'the user has 3 sessions') });
      const sent = sentByAws(SAMPLES[sample], await lambdaHost(gate, ok)(sampleEvent(sample), context));
      expect(sent.status).toBe(409);
      expect(valuesOf(sent, 'set-cookie')).toEqual([]);
      expect(valuesOf(sent, 'cache-control')).toEqual(['no-store']);
      expect(sent.body.toString()).toBe(
        'You have reached the number of places where you may be signed in at the same time. Please sign out of one of them first.\n',
      );
    }
  });

  test('answers that as the application wants it, and with nothing saved', async () => {
    const onLimit = jest.fn(async () => ({ statusCode: 303, headers: { location: '/places' }, body: '' }));
    for (const sample of SAMPLE_NAMES) {
      const gate = new RecordingGate({ commit: new SessionError('ERR_SESSION_LIMIT', 'the user has 3 sessions') });
      const event = sampleEvent(sample);
      const sent = sentByAws(SAMPLES[sample], await lambdaHost(gate, ok, { onLimit })(event, context));
      expect(sent.status).toBe(303);
      expect(valuesOf(sent, 'set-cookie')).toEqual([]);
      expect(onLimit).toHaveBeenLastCalledWith(event, expect.objectContaining({ cart: [] }), context);
    }
    const down = async () => {
      throw new SessionError('ERR_SESSION_STORE_TIMEOUT', 'too late');
    };
    const limit = new RecordingGate({ commit: new SessionError('ERR_SESSION_LIMIT', 'the user has 3 sessions') });
    expect(await lambdaHost(limit, ok, { onLimit: down })(sampleEvent('rest-api'), context)).toMatchObject({
      statusCode: 503,
    });
    const outage = new RecordingGate({ commit: new SessionError('ERR_SESSION_STORE_TIMEOUT', 'too late') });
    expect(await lambdaHost(outage, ok, { onLimit })(sampleEvent('rest-api'), context)).toMatchObject({
      statusCode: 503,
    });
  });

  test('loads, runs the handler, then commits, and answers only after that', async () => {
    const gate = new RecordingGate();
    let acknowledge: (() => void) | undefined;
    gate.commit = (session) => {
      gate.calls.push(`commit ${session.cart.join()}`);
      return new Promise((resolve) => {
        acknowledge = () => resolve({});
      });
    };
    let answered = false;
    const answer = lambdaHost(gate, async (_, session) => {
      gate.calls.push('handler');
      session.cart.push('sku-1');
      return { statusCode: 200 };
    })(sampleEvent('alb-multi-value'), context).then(() => {
      answered = true;
    });

    await new Promise((resolve) => setImmediate(resolve));
    expect(gate.calls).toEqual(['load name1=value1 | name2=value2', 'handler', 'commit sku-1']);
    expect(answered).toBe(false);
    acknowledge?.();
    await answer;
    expect(answered).toBe(true);
  });

  test("passes an API's result on as it is when there is no cookie to set", async () => {
    const result = { statusCode: 200, headers: { 'Cache-Control': 'public' }, multiValueHeaders: { Vary: ['a'] } };
    const handler = lambdaHost(new RecordingGate({}), async () => result);
    for (const sample of SAMPLE_NAMES.filter((name) => !SAMPLES[name].startsWith('alb'))) {
      expect(await handler(sampleEvent(sample), context)).toBe(result);
    }
  });

  test('commits nothing when the handler throws, and rethrows its error', async () => {
    const fault = new Error('of the handler');
    const gate = new RecordingGate();
    const handler = lambdaHost(gate, () => {
      throw fault;
    });
    await expect(handler(sampleEvent('rest-api'), context)).rejects.toBe(fault);
    expect(gate.calls).toEqual(['load']);
  });

  test('commits nothing when the handler lets an outage through, and answers as it does to one of its own', async () => {
    const gate = new RecordingGate();
    const handler = lambdaHost(gate, () => {
      throw new SessionError('ERR_SESSION_STORE_UNAVAILABLE', 'the table does not answer');
    });
    expect(await handler(sampleEvent('rest-api'), context)).toMatchObject({ statusCode: 503 });
    expect(gate.calls).toEqual(['load']);
  });

  test('does not run the handler when the session cannot be loaded', async () => {
    const gate = new RecordingGate({ load: new SessionError('ERR_SESSION_STORE_TIMEOUT', 'too late') });
    const handler = jest.fn(ok);
    await lambdaHost(gate, handler)(sampleEvent('alb'), context);
    expect(handler).not.toHaveBeenCalled();
    expect(gate.calls).toEqual(['load name2=value2']);
  });

  test.each<SessionErrorCode>([
    'ERR_SESSION_CONFIG',
    'ERR_SESSION_DESTROYED',
    'ERR_SESSION_CLOSED',
    'ERR_SESSION_NOT_SERIALIZABLE',
    'ERR_SESSION_TOO_LARGE',
    'ERR_SESSION_RECORD',
  ])('leaves %s to Lambda to report', async (code) => {
    const fault = new SessionError(code, 'a fault');
    for (const fate of [{ load: fault }, { commit: fault }]) {
      await expect(lambdaHost(new RecordingGate(fate), ok)(sampleEvent('alb'), context)).rejects.toBe(fault);
    }
  });

  test('rejects what is not an HTTP request before it asks for a session', async () => {
    const gate = new RecordingGate();
    const handler = lambdaHost(gate, ok);
    const queueEvent = JSON.parse('{"Records":[]}');
    await expect(handler(queueEvent, context)).rejects.toMatchObject({ code: 'ERR_SESSION_EVENT' });
    expect(gate.calls).toEqual([]);
  });

  test('tells the gate how much time is left at each step, where the context knows', async () => {
    const gate = new RecordingGate();
    const remaining = [900, 300];
    const counting: LambdaContext = { getRemainingTimeInMillis: () => remaining.shift() ?? 0 };
    await lambdaHost(gate, ok)(sampleEvent('alb'), counting);
    await lambdaHost(gate, ok)(sampleEvent('alb'), {});
    expect(gate.options).toStrictEqual([{ remainingMs: 900 }, { remainingMs: 300 }, {}, {}]);
  });
});

/** What the compiler checks here counts as much as what runs. */
describe('types', () => {
  const awsContext: Context = {
    ...JSON.parse('{"functionName":"web","callbackWaitsForEmptyEventLoop":true}'),
    getRemainingTimeInMillis: () => 1000,
  };

  test('an event without annotation has what all senders share', async () => {
    const handler = lambdaHost(new RecordingGate({}), async (event, session) => {
      session.cart.push(event.rawPath ?? event.path ?? '');
      return session.cart.length;
    });
    const count: number | HttpReply = await handler(sampleEvent('function-url'), context);
    expect(count).toBe(1);
  });

  test.each<[Sample, (event: LambdaHttpEvent) => Promise<unknown>]>([
    ['function-url', (event) => handles<LambdaFunctionURLEvent>(event, ({ rawPath }) => rawPath)],
    ['http-api-2.0', (event) => handles<APIGatewayProxyEventV2>(event, ({ rawPath }) => rawPath)],
    ['http-api-1.0', (event) => handles<APIGatewayProxyEvent>(event, ({ path }) => path)],
    ['rest-api', (event) => handles<APIGatewayProxyEvent>(event, ({ path }) => path)],
    ['alb', (event) => handles<ALBEvent>(event, ({ path }) => path)],
    ['alb-multi-value', (event) => handles<ALBEvent>(event, ({ path }) => path)],
  ])('the handler of the %s sample may take the event and context of @types/aws-lambda', async (sample, run) => {
    const event = sampleEvent(sample);
    expect(await run(event)).toBe(`web ${event.rawPath ?? event.path}`);
  });

  async function handles<Event extends LambdaHttpEvent>(event: LambdaHttpEvent, path: (event: Event) => string) {
    const handler = lambdaHost(
      new RecordingGate({}),
      async (received: Event, _session, { functionName }: Context) => `${functionName} ${path(received)}`,
    );
    return handler(event as Event, awsContext);
  }

  test("the host's handler is a handler of @types/aws-lambda", async () => {
    const gate = new RecordingGate();
    const reply = { statusCode: 200, body: '' };
    const v2: APIGatewayProxyHandlerV2 = lambdaHost(gate, async () => reply);
    const v1: APIGatewayProxyHandler = lambdaHost(gate, async () => reply);
    const alb: ALBHandler = lambdaHost(gate, async () => reply);
    expect(await v2(sampleEvent<APIGatewayProxyEventV2>('http-api-2.0'), awsContext, refuse)).toHaveProperty('cookies');
    expect(await v1(sampleEvent<APIGatewayProxyEvent>('rest-api'), awsContext, refuse)).toHaveProperty(
      'multiValueHeaders',
    );
    expect(await alb(sampleEvent<ALBEvent>('alb'), awsContext, refuse)).toHaveProperty('headers.set-cookie');
  });

  test('an event that is not an HTTP request does not compile', () => {
    // @ts-expect-error a queue's event has no requestContext
    const handler = lambdaHost(new RecordingGate(), async (event: { Records: string[] }) => event.Records);
    expect(handler).toHaveLength(2);
  });

  function refuse(): never {
    throw new Error('the callback must not be used');
  }
});

async function ok(): Promise<{ statusCode: number }> {
  return { statusCode: 200 };
}
