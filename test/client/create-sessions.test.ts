import { createSessions, type SessionError, type SessionsOptions } from 'cdk-sessions-client';
import { MemoryStore } from 'cdk-sessions-client/memory';

const POLICY = {
  idleTimeout: 1800,
  absoluteTimeout: 43200,
  touchAfter: 180,
  cookie: { name: '__Host-session', sameSite: 'lax', secure: true, persistent: false },
};
const CONTRACT = { version: 1, stores: { primary: { kind: 'dynamodb', table: 'sessions' } }, policy: POLICY };

/** One request by function URL, without a cookie unless one is given. */
function request(options: SessionsOptions, cookie?: string) {
  const handler = createSessions(options).lambda(async (_event, session) => {
    session.update('count', (count) => (typeof count === 'number' ? count + 1 : 1));
    return { statusCode: 200, body: String(session.get('count')) };
  });
  const event = {
    version: '2.0',
    headers: {},
    requestContext: { http: { method: 'GET', path: '/' } },
    ...(cookie !== undefined && { cookies: [cookie] }),
  };
  return handler(event as never, {});
}

test('without options it reads the environment', async () => {
  await expect(createSessions().transact(undefined, () => undefined)).rejects.toMatchObject({
    code: 'ERR_SESSION_CONFIG',
    message: expect.stringContaining('CDK_SESSIONS is missing'),
  });
});

describe('the environment', () => {
  const variable = 'CDK_SESSIONS_UNDER_TEST';

  afterEach(() => {
    delete process.env[variable];
  });

  test.each<[string, string | undefined, string]>([
    [
      'missing',
      undefined,
      `the environment variable ${variable} is missing: attach the function, service or group to a store in its stack, as in sessions.attachFunction(fn), or give createSessions a store`,
    ],
    ['not JSON', '{', `the environment variable ${variable} cannot be used: it is not JSON`],
    [
      'of a future version',
      JSON.stringify({ ...CONTRACT, version: 2 }),
      `the environment variable ${variable} cannot be used: it has version 2, and this client reads versions up to 1: update cdk-sessions-client`,
    ],
    [
      'with a wrong field',
      JSON.stringify({ ...CONTRACT, policy: { ...POLICY, idleTimeout: '30m' } }),
      `the environment variable ${variable} cannot be used: policy.idleTimeout must be a whole number of at least 1, received "30m"`,
    ],
    [
      'of a kind of store that this client does not know',
      JSON.stringify({ ...CONTRACT, stores: { primary: { kind: 'tape' } } }),
      `the environment variable ${variable} cannot be used: stores.primary.kind must be "dynamodb" or "redis", received "tape"`,
    ],
  ])('%s gives one exact message at the first request', async (_, value, message) => {
    if (value !== undefined) {
      process.env[variable] = value;
    }
    await expect(request({ env: variable })).rejects.toMatchObject({ code: 'ERR_SESSION_CONFIG', message });
  });

  test('with keys opens their secret, and reads it when there is something to sign or to verify', async () => {
    const keys = { secret: 'arn:aws:secretsmanager:us-east-1:123456789012:secret:Keys-AbCdEf', region: 'us-east-1' };
    process.env[variable] = JSON.stringify({ ...CONTRACT, keys });
    expect(await createSessions({ env: variable }).transact(undefined, ({ isNew }) => isNew)).toEqual({ result: true });
  });

  test('of a function that ends sessions and reads none lets it read none, on a laptop as on AWS', async () => {
    process.env[variable] = JSON.stringify({ ...CONTRACT, access: 'revoke' });
    const sessions = createSessions({ env: variable });
    const refused = (what: string) => ({
      code: 'ERR_SESSION_CONFIG',
      message: `this function was attached to end sessions and read none: attach it with SessionAccess.READ_WRITE for ${what}`,
    });
    await expect(request({ env: variable })).rejects.toMatchObject(refused('sessions of visitors'));
    await expect(sessions.transact(undefined, () => 1)).rejects.toMatchObject(refused('sessions of visitors'));
    await expect(sessions.listByOwner('ada')).rejects.toMatchObject(refused('listByOwner'));
  });

  test('is read anew after a failure', async () => {
    const sessions = createSessions({ env: variable, callTimeout: 50 });
    const handler = sessions.lambda(async (_event, session) => session.isNew);
    const event = { version: '2.0', headers: {}, requestContext: { http: {} } } as never;
    await expect(handler(event, {})).rejects.toMatchObject({ code: 'ERR_SESSION_CONFIG' });
    process.env[variable] = JSON.stringify(CONTRACT);
    expect(await handler(event, {})).toBe(true);
  });
});

describe('a store of one’s own', () => {
  test('needs no environment', async () => {
    const store = new MemoryStore();
    const first = await request({ store });
    expect(first).toMatchObject({ body: '1', cookies: [expect.stringMatching(/^__Host-session=v1\./)] });
    const [cookie = ''] = (first as { cookies: string[] }).cookies;
    expect(await request({ store }, cookie.slice(0, cookie.indexOf(';')))).toEqual({ statusCode: 200, body: '2' });
  });

  test('takes what differs from the standard policy', async () => {
    const cookie = { name: 'sid', sameSite: 'strict', secure: false, persistent: false } as const;
    expect(await request({ store: new MemoryStore(), policy: { cookie } })).toMatchObject({
      cookies: [expect.stringMatching(/^sid=v1\.[^;]+; Path=\/; HttpOnly; SameSite=Strict$/)],
    });
  });

  test('with a shorter idle timeout is touched more often, too', async () => {
    expect(await request({ store: new MemoryStore(), policy: { idleTimeout: 60 } })).toMatchObject({ statusCode: 200 });
  });

  test('without the methods of one is refused: it would look like a store that is down', async () => {
    const message = 'store must have the methods of a SessionStore, received one without read, write, touch, destroy';
    for (const store of [{}, MemoryStore]) {
      await expect(request({ store: store as never })).rejects.toMatchObject({ code: 'ERR_SESSION_CONFIG', message });
    }
  });

  test.each([
    [{ policy: { idleTimout: 60 } }, /^a policy has the fields idleTimeout, .*, received idleTimout$/],
    [{ callTimeout: Number.NaN }, /^callTimeout must be 1 to 60000 milliseconds, received NaN$/],
    [{ callTimeout: -1 }, /^callTimeout must be 1 to 60000 milliseconds, received -1$/],
    [{ concurrency: 'never' }, /^concurrency must be merge, optimistic, last-write-wins, received never$/],
    [{ dataVersion: 1.5 }, /^dataVersion must be a whole number of at least 1, received 1.5$/],
    [{ dataVersion: 0 }, /^dataVersion must be a whole number of at least 1, received 0$/],
    [{ dataVersion: 2 }, /^dataVersion 2 needs migrate/],
    [{ schema: {} }, /^schema must follow Standard Schema 1/],
    [{ onInvalidData: 'ignore' }, /^onInvalidData must be throw or reset, received ignore$/],
    [{ store: undefined, redis: {} }, /^redis is a way to the store of a stack, and .* CDK_SESSIONS is missing/],
    [{ store: undefined, policy: { idleTimeout: 60 } }, /^a policy for the store of the stack is set in the stack/],
  ])('%j is refused', async (options, message) => {
    await expect(request({ store: new MemoryStore(), ...(options as object) })).rejects.toMatchObject({
      code: 'ERR_SESSION_CONFIG',
      message: expect.stringMatching(message),
    });
  });

  test.each([
    [
      { idleTimeout: 100_000 },
      'idleTimeout must not exceed absoluteTimeout, received 100000 s and 43200 s: shorten the one or lengthen the other',
    ],
    [
      { renewalTimeout: 50_000 },
      'renewalTimeout must not exceed absoluteTimeout, received 50000 s and 43200 s: shorten it, or leave it out',
    ],
  ])('with a policy that contradicts itself is refused: %j', async (policy, fault) => {
    await expect(request({ store: new MemoryStore(), policy })).rejects.toMatchObject({
      code: 'ERR_SESSION_CONFIG',
      message: `the policy that createSessions was given cannot be used: policy: ${fault}`,
    });
  });
});

describe('of two requests at the same time', () => {
  const event = (cookie?: string) =>
    ({
      version: '2.0',
      headers: {},
      requestContext: { http: { method: 'GET', path: '/' } },
      ...(cookie !== undefined && { cookies: [cookie] }),
    }) as never;

  test.each([
    ['merge', 200, 3],
    ['optimistic', 503, 2],
    ['last-write-wins', 200, 2],
  ] as const)('the second one to save is answered as %s says', async (concurrency, status, left) => {
    const sessions = createSessions<{ count?: number }>({
      store: new MemoryStore(),
      concurrency,
      hooks: { storeError() {} },
    });
    const handler = sessions.lambda(async (_event, session) => {
      session.update('count', (count = 0) => count + 1);
      await both?.();
      return { statusCode: 200, body: '' };
    });
    let both: (() => Promise<void>) | undefined;
    const { cookies = [] } = (await handler(event(), {})) as { cookies?: string[] };
    const cookie = cookies[0]?.split(';')[0];
    let waiting = 2;
    let go: () => void = () => undefined;
    const all = new Promise<void>((resolve) => {
      go = resolve;
    });
    both = () => {
      waiting--;
      if (waiting === 0) {
        go();
      }
      return all;
    };
    const replies = await Promise.all([handler(event(cookie), {}), handler(event(cookie), {})]);
    expect(replies.map((reply) => (reply as { statusCode: number }).statusCode)).toEqual([200, status]);
    expect(await sessions.transact(cookie, (session) => session.get('count'))).toEqual({ result: left });
  });
});

describe('a store that is down', () => {
  const down = () => Promise.reject(new Error('no route'));
  const store = { read: down, write: down, touch: down, destroy: down };

  test('gives the visitor a 503 and tells the application why', async () => {
    const told: SessionError[] = [];
    const reply = await request({ store, hooks: { storeError: (error) => told.push(error) } });
    expect(reply).toMatchObject({ statusCode: 503 });
    expect(reply).not.toHaveProperty('cookies');
    expect(told).toMatchObject([
      { code: 'ERR_SESSION_STORE_UNAVAILABLE', message: 'the session store failed a write: Error: no route' },
    ]);
  });

  test('is logged unless the application takes care of it, and its own mistake there harms nobody', async () => {
    const log = jest.spyOn(console, 'error').mockImplementation(() => undefined);
    await request({ store });
    expect(log).toHaveBeenLastCalledWith(
      'cdk-sessions: ERR_SESSION_STORE_UNAVAILABLE: the session store failed a write: Error: no route',
    );
    const fault = new Error('mistake');
    const storeError = () => {
      throw fault;
    };
    expect(await request({ store, hooks: { storeError } })).toMatchObject({ statusCode: 503 });
    await new Promise((resolve) => setImmediate(resolve));
    expect(log).toHaveBeenLastCalledWith('cdk-sessions: the hook storeError failed', fault);
    expect(await request({ store, hooks: { storeError: () => Promise.reject(fault) } })).toMatchObject({
      statusCode: 503,
    });
    await new Promise((resolve) => setImmediate(resolve));
    expect(log).toHaveBeenCalledTimes(3);
    log.mockRestore();
  });
});
