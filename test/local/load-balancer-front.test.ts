import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { request as httpRequest, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import { connect, type Socket } from 'node:net';
import { text } from 'node:stream/consumers';
import { connect as secureConnect } from 'node:tls';
import { selfSignedCertificate } from '../../lib/local/certificate.js';
import { close, listen } from '../../lib/local/http.js';
import { objectAt } from '../../lib/local/json.js';
import { Visitor } from './balancer-visitor.js';
import { join, serverGroup, startBalancer, startServer, stopAll, until } from './load-balancers.js';

afterEach(stopAll);

/** Begins a request, without its end. */
function begin(url: string, options: { method?: string; headers?: Record<string, string> } = {}) {
  const outgoing = httpRequest(url, options);
  const replied = once(outgoing, 'response').then(([reply]: IncomingMessage[]) => reply as IncomingMessage);
  // Whoever waits for the reply sees the error, too.
  replied.catch(() => {});
  return { outgoing, replied };
}

/** Writes to a port of this machine. */
function raw(port: number, message: string): Socket {
  const socket = connect(port, '127.0.0.1', () => socket.write(message));
  return socket;
}

describe('a request to a server', () => {
  test('gets there with its method, path, query, host and headers, and those of the load balancer', async () => {
    const server = await startServer('a');
    const { url, port } = await startBalancer({ servers: [server] });
    await fetch(`${url}a%20b?x=%201&x=2`, { method: 'DELETE', headers: { 'x-own': '1', cookie: 'AWSALB=seen' } });
    const [received] = server.requests;
    expect(received).toMatchObject({ method: 'DELETE', url: '/a%20b?x=%201&x=2' });
    expect(received?.headers).toMatchObject({
      host: `localhost:${port}`,
      'x-own': '1',
      cookie: 'AWSALB=seen',
      'x-forwarded-for': '127.0.0.1',
      'x-forwarded-port': '443',
      'x-forwarded-proto': 'https',
      'x-amzn-trace-id': expect.stringMatching(/^Root=1-[0-9a-f]{8}-[0-9a-f]{24}$/),
    });
  });

  test('and its reply come back with status, reason, repeated headers and body', async () => {
    const server = await startServer('a', (_, response) => {
      response.writeHead(207, 'Several Things', ['Set-Cookie', 'a=1', 'Set-Cookie', 'b=2', 'X-Case', 'Kept']);
      response.end('body');
    });
    const { url } = await startBalancer({ servers: [server] });
    const reply = await fetch(url);
    expect([reply.status, reply.statusText, await reply.text()]).toEqual([207, 'Several Things', 'body']);
    expect(reply.headers.getSetCookie()).toEqual(['a=1', 'b=2']);
  });

  test('is passed on while it comes, and so is its reply', async () => {
    const server = await startServer('a', (request, response) => request.pipe(response));
    const { url } = await startBalancer({ servers: [server] });
    const { outgoing, replied } = begin(url, { method: 'POST' });
    outgoing.write('first');
    const reply = await replied;
    expect(String((await once(reply, 'data'))[0])).toBe('first');
    outgoing.end('last');
    expect(await text(reply)).toBe('last');
  });

  test('and its reply may be large', async () => {
    const server = await startServer('a', (request, response) => request.pipe(response));
    const { url } = await startBalancer({ servers: [server] });
    const body = randomBytes(20 * 1024 * 1024);
    const reply = await fetch(url, { method: 'PUT', body });
    const hash = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');
    expect(hash(new Uint8Array(await reply.arrayBuffer()))).toBe(hash(body));
    expect(server.requests[0]?.headers['content-length']).toBe(String(body.length));
  });

  test.each(['HEAD', 'GET'])('%s of something that has not changed has no body', async (method) => {
    const server = await startServer('a', (_, response) => response.writeHead(304, { etag: '"1"' }).end());
    const { url } = await startBalancer({ servers: [server] });
    const reply = await fetch(url, { method });
    expect([reply.status, reply.headers.get('etag'), await reply.text()]).toEqual([304, '"1"', '']);
  });

  test('without a body has none at the server, and a POST says so', async () => {
    const server = await startServer('a');
    const { url } = await startBalancer({ servers: [server] });
    await fetch(url);
    await fetch(url, { method: 'POST' });
    expect(server.requests.map(({ headers }) => [headers['content-length'], headers['transfer-encoding']])).toEqual([
      [undefined, undefined],
      ['0', undefined],
    ]);
  });

  test('travels on a connection that is kept for the next one', async () => {
    const server = await startServer('a');
    const { url } = await startBalancer({ servers: [server] });
    await (await fetch(url)).text();
    await (await fetch(url)).text();
    const [one, other] = server.requests;
    expect(one?.socket.remotePort).toBe(other?.socket.remotePort);
  });

  test('ends when its client leaves', async () => {
    const left = jest.fn();
    const server = await startServer('a', (_, response) => response.once('close', left));
    const { url, targets } = await startBalancer({ servers: [server] });
    const { outgoing } = begin(url);
    outgoing.end();
    await until(() => server.requests.length === 1);
    expect(left).not.toHaveBeenCalled();
    outgoing.destroy();
    await until(() => left.mock.calls.length === 1);
    await targets.deregister('group', 'a');
  });

  test('ends when its client leaves in the middle of its body', async () => {
    const server = await startServer('a', (request) => request.resume());
    const { port, targets } = await startBalancer({ servers: [server] });
    const socket = raw(port, 'POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\n\r\nhalf');
    await until(() => server.requests.length === 1);
    socket.destroy();
    await until(() => server.requests[0]?.destroyed === true);
    await targets.deregister('group', 'a');
  });
});

describe('what goes wrong', () => {
  test('is 503 without a target, and while the only one has not passed a check yet', async () => {
    const server = await startServer('a');
    const { url, targets, log } = await startBalancer();
    expect((await fetch(url)).status).toBe(503);
    expect(log).toHaveBeenLastCalledWith('Net/Listener has no target to forward GET / to, which is 503');
    server.health = 500;
    targets.register('group', server);
    expect((await fetch(url)).status).toBe(503);
  });

  test('is 503 for a target group that does not run here', async () => {
    const { url, log } = await startBalancer({ groups: [] });
    expect((await fetch(url)).status).toBe(503);
    expect(log).toHaveBeenLastCalledWith('Net/Listener has no target group to forward GET / to, which is 503');
  });

  test('is 502 for a server that is gone, until its checks have found out', async () => {
    const [dead, alive] = [await startServer('dead'), await startServer('alive')];
    const group = serverGroup({ healthCheck: { ...serverGroup().healthCheck, unhealthyThreshold: 50 } });
    const { url, targets, log } = await startBalancer({ groups: [group], servers: [dead, alive] });
    await dead.kill();
    const statuses = [(await fetch(url)).status, (await fetch(url)).status];
    expect(statuses.sort()).toEqual([200, 502]);
    expect(log).toHaveBeenCalledWith(expect.stringMatching(/^GET \/ is 502: dead failed: connect ECONNREFUSED/));
    await until(() => targets.state('group', 'dead') === 'unhealthy');
    expect([(await fetch(url)).status, (await fetch(url)).status]).toEqual([200, 200]);
  });

  test('is 502 for a server that is killed before it answers', async () => {
    const server = await startServer('a', () => {});
    const { url } = await startBalancer({ servers: [server] });
    const status = fetch(url).then((reply) => reply.status);
    await until(() => server.requests.length === 1);
    await server.kill();
    expect(await status).toBe(502);
  });

  test('cuts the connection when a server is killed while it answers', async () => {
    const server = await startServer('a', (_, response) => response.write('first'));
    const { url, log } = await startBalancer({ servers: [server] });
    const { outgoing, replied } = begin(url);
    outgoing.end();
    const reply = await replied;
    await once(reply, 'data');
    await server.kill();
    await expect(text(reply)).rejects.toMatchObject({ code: 'ECONNRESET' });
    expect(log).toHaveBeenCalledWith(expect.stringMatching(/^GET \/ is cut: a (?:closed|failed)/));
  });

  test.each(['what?', 'HTTP/1.1 099 Nothing', 'HTTP/1.1 200 OK\r\nContent-Length: x'])(
    'is 502 for the answer %j, which is not HTTP',
    async (answer) => {
      const server = await startServer('a', (request) => request.socket.end(`${answer}\r\n\r\n`));
      const { url } = await startBalancer({ servers: [server] });
      expect((await fetch(url)).status).toBe(502);
    },
  );

  test('is 502 for a reply with more than 32 KB before its body', async () => {
    const server = await startServer('a', (request, response) =>
      response.setHeader('x-long', 'x'.repeat(request.url === '/fine' ? 31_000 : 33_000)).end(),
    );
    const { url } = await startBalancer({ servers: [server] });
    const statusOf = (path: string) =>
      new Promise((resolve, reject) => {
        const options = { maxHeaderSize: 2 ** 17 };
        httpRequest(`${url}${path}`, options, (reply) => resolve(reply.resume().statusCode))
          .on('error', reject)
          .end();
      });
    expect([await statusOf('fine'), await statusOf('')]).toEqual([200, 502]);
  });

  test('is 504 for a server that does not answer before the idle timeout is over', async () => {
    const server = await startServer('a', () => {});
    const { url } = await startBalancer({ servers: [server], attributes: { idleTimeout: 50 } });
    expect((await fetch(url)).status).toBe(504);
  });

  test('is 408 for a client that does not send its body before the idle timeout is over', async () => {
    const server = await startServer('a', () => {});
    const { port } = await startBalancer({ servers: [server], attributes: { idleTimeout: 50 } });
    const socket = raw(port, 'POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\n\r\nhalf');
    expect(await text(socket)).toMatch(/^HTTP\/1\.1 408 /);
  });

  test('does not end what moves slowly but moves', async () => {
    const server = await startServer('a', async (_, response) => {
      for (const part of ['a', 'b', 'c', 'd']) {
        response.write(part);
        await new Promise((resolve) => setTimeout(resolve, 60));
      }
      response.end();
    });
    const { url } = await startBalancer({ servers: [server], attributes: { idleTimeout: 150 } });
    expect(await (await fetch(url)).text()).toBe('abcd');
  });

  test('ends with a client that leaves amid its body, though it has its reply', async () => {
    const server = await startServer('a', (_, response) => response.end('early'));
    const { port, targets } = await startBalancer({ servers: [server] });
    const socket = raw(port, 'POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\n\r\nhalf');
    expect(String((await once(socket, 'data'))[0])).toMatch(/^HTTP\/1\.1 200 /);
    const outstanding = () => targets.choose('group', undefined)?.outstanding;
    expect(outstanding()).toBe(1);
    socket.destroy();
    await until(() => outstanding() === 0);
  });

  test('leaves the connection of the client to its next request', async () => {
    const server = await startServer('a', (request, response) =>
      request.url === '/bad' ? request.socket.destroy() : response.end('fine'),
    );
    const { port } = await startBalancer({ servers: [server] });
    const socket = raw(port, 'POST /bad HTTP/1.1\r\nHost: localhost\r\nContent-Length: 4\r\n\r\nbody');
    expect(String((await once(socket, 'data'))[0])).toMatch(/^HTTP\/1\.1 502 /);
    socket.write('GET /good HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n');
    expect(await text(socket)).toMatch(/HTTP\/1\.1 200 OK[\s\S]*fine/);
  });
});

test('a redirect that HTTP does not permit is 500, and told', async () => {
  const action = { Type: 'redirect', RedirectConfig: { StatusCode: 'HTTP_302', Path: '/→' } };
  const { url, log } = await startBalancer({ action });
  expect((await fetch(url, { redirect: 'manual', signal: AbortSignal.timeout(2000) })).status).toBe(500);
  expect(log).toHaveBeenLastCalledWith('Net/Listener answers GET / with a header that HTTP does not permit');
});

describe('the choice of a server', () => {
  const three = () => Promise.all(['a', 'b', 'c'].map((id) => startServer(id)));

  test('goes round', async () => {
    const { url } = await startBalancer({ servers: await three() });
    const visitor = new Visitor(url);
    expect(await visitor.visits(6)).toEqual(['a', 'b', 'c', 'a', 'b', 'c']);
  });

  test('spares who has requests under way, where the template says so', async () => {
    const held: ServerResponse[] = [];
    const busy = await startServer('busy', (_, response) => held.push(response));
    const groups = [serverGroup({ algorithm: 'least_outstanding_requests' })];
    const { url } = await startBalancer({ groups, servers: [busy, await startServer('free')] });
    const first = fetch(url);
    await until(() => held.length === 1);
    expect(await new Visitor(url).visits(4)).toEqual(['free', 'free', 'free', 'free']);
    held[0]?.end('done');
    expect(await (await first).text()).toBe('done');
  });

  test('between target groups goes by weight', async () => {
    const chances = [0.1, 0.74, 0.76];
    const { url, targets } = await startBalancer({
      groups: [serverGroup({ arn: 'blue' }), serverGroup({ arn: 'green' })],
      action: {
        Type: 'forward',
        ForwardConfig: {
          TargetGroups: [
            { TargetGroupArn: 'blue', Weight: 3 },
            { TargetGroupArn: 'green', Weight: 1 },
          ],
        },
      },
      random: () => chances.shift() ?? 0,
    });
    await join(targets, 'blue', await startServer('blue'));
    await join(targets, 'green', await startServer('green'));
    expect(await new Visitor(url).visits(3)).toEqual(['blue', 'blue', 'green']);
  });
});

describe('stickiness', () => {
  const HOUR = 3_600_000;
  const lbCookie = [serverGroup({ stickiness: { type: 'lb_cookie', duration: HOUR } })];
  const appCookie = [serverGroup({ stickiness: { type: 'app_cookie', cookieName: 'sid', duration: HOUR } })];

  test('keeps each visitor at the server of the first request, and new ones go round', async () => {
    const servers = await Promise.all(['a', 'b'].map((id) => startServer(id)));
    const { url } = await startBalancer({ groups: lbCookie, servers });
    const [one, other] = [new Visitor(url), new Visitor(url)];
    expect([await one.visits(3), await other.visits(3), await one.visits(1)]).toEqual([
      ['a', 'a', 'a'],
      ['b', 'b', 'b'],
      ['a'],
    ]);
  });

  test('ends with its duration, which each reply begins anew', async () => {
    let now = Date.now();
    const servers = await Promise.all(['a', 'b'].map((id) => startServer(id)));
    const { url } = await startBalancer({ groups: lbCookie, servers, now: () => now });
    const visitor = new Visitor(url);
    expect(await visitor.visits(1)).toEqual(['a']);
    for (const server of ['a', 'a']) {
      now += HOUR - 1;
      expect(await visitor.visits(1)).toEqual([server]);
    }
    now += HOUR;
    expect(await visitor.visits(2)).toEqual(['b', 'b']);
  });

  test('ends with its server: the next one keeps the visitor, even if the old one comes back', async () => {
    const servers = await Promise.all(['a', 'b'].map((id) => startServer(id)));
    const { url, targets } = await startBalancer({ groups: lbCookie, servers });
    const visitor = new Visitor(url);
    expect(await visitor.visits(1)).toEqual(['a']);
    const [a] = servers;
    Object.assign(a ?? {}, { health: 500 });
    await until(() => targets.state('group', 'a') === 'unhealthy');
    expect(await visitor.visits(2)).toEqual(['b', 'b']);
    Object.assign(a ?? {}, { health: 200 });
    await until(() => targets.state('group', 'a') === 'healthy');
    expect(await visitor.visits(2)).toEqual(['b', 'b']);
  });

  test('does not bring new requests to a server that is draining', async () => {
    const held: ServerResponse[] = [];
    const leaving = await startServer('leaving', (request, response) =>
      request.url === '/slow' ? held.push(response) : response.end('leaving'),
    );
    const { url, targets } = await startBalancer({ groups: lbCookie, servers: [leaving] });
    const visitor = new Visitor(url);
    expect(await visitor.visits(1)).toEqual(['leaving']);
    const slow = fetch(`${url}slow`);
    await until(() => held.length === 1);
    await join(targets, 'group', await startServer('staying'));
    const drained = targets.deregister('group', 'leaving');
    expect(targets.state('group', 'leaving')).toBe('draining');
    expect(await visitor.visits(2)).toEqual(['staying', 'staying']);
    held[0]?.end('done');
    expect(await (await slow).text()).toBe('done');
    await drained;
    expect(targets.state('group', 'leaving')).toBeUndefined();
  });

  test('by a cookie of the application begins when a server sets that cookie', async () => {
    const answer = (id: string) => (request: IncomingMessage, response: ServerResponse) => {
      response.setHeader('set-cookie', request.url === '/login' ? ['other=1', 'sid=1; HttpOnly'] : ['other=1']);
      response.end(id);
    };
    const servers = await Promise.all(['a', 'b'].map((id) => startServer(id, answer(id))));
    const { url } = await startBalancer({ groups: appCookie, servers });
    const visitor = new Visitor(url);
    expect(await visitor.visits(3)).toEqual(['a', 'b', 'a']);
    expect(await visitor.visit('login')).toBe('b');
    expect(await visitor.visits(3)).toEqual(['b', 'b', 'b']);
    visitor.forget('sid');
    expect(await visitor.visits(2)).toEqual(['a', 'b']);
  });

  test('by a cookie of the application goes on at another server when one is gone', async () => {
    const sets = (id: string) => (_: IncomingMessage, response: ServerResponse) => {
      response.setHeader('set-cookie', 'sid=1').end(id);
    };
    const servers = [await startServer('a', sets('a')), await startServer('b'), await startServer('c')];
    const { url, targets } = await startBalancer({ groups: appCookie, servers });
    const visitor = new Visitor(url);
    expect(await visitor.visits(1)).toEqual(['a']);
    await targets.deregister('group', 'a');
    const [next] = await visitor.visits(1);
    expect(['b', 'c']).toContain(next);
    expect(await visitor.visits(3)).toEqual([next, next, next]);
  });

  test('between weighted target groups keeps a visitor at one, also if it is a function', async () => {
    const chances = [0.9, 0.1];
    const { url, targets } = await startBalancer({
      groups: [
        serverGroup({ arn: 'blue' }),
        { ...serverGroup({ arn: 'green' }), type: 'function', functionArn: 'fn', multiValueHeaders: false },
      ],
      action: {
        Type: 'forward',
        ForwardConfig: {
          TargetGroups: [{ TargetGroupArn: 'blue' }, { TargetGroupArn: 'green' }],
          TargetGroupStickinessConfig: { Enabled: true, DurationSeconds: 60 },
        },
      },
      random: () => chances.shift() ?? 0.5,
    });
    await join(targets, 'blue', await startServer('blue'));
    const [one, other] = [new Visitor(url), new Visitor(url)];
    expect(await one.visits(1)).toEqual(['function']);
    expect(await other.visits(3)).toEqual(['blue', 'blue', 'blue']);
    expect(await one.visits(3)).toEqual(['function', 'function', 'function']);
    expect(other.names).toEqual(['AWSALBTG', 'AWSALBTGCORS']);
  });

  test('by a cookie of the application does not work with weighted target groups', async () => {
    const { url } = await startBalancer({
      groups: appCookie,
      action: {
        Type: 'forward',
        ForwardConfig: {
          TargetGroups: [
            { TargetGroupArn: 'group', Weight: 1 },
            { TargetGroupArn: 'other', Weight: 0 },
          ],
        },
      },
      servers: [await startServer('a', (_, response) => response.setHeader('set-cookie', 'sid=1').end('a'))],
    });
    const visitor = new Visitor(url);
    await visitor.visits(1);
    expect(visitor.names).toEqual(['sid']);
  });

  test('adds no cookie to an error of the load balancer', async () => {
    const server = await startServer('a', (request) => request.socket.destroy());
    const { url } = await startBalancer({ groups: lbCookie, servers: [server] });
    const reply = await fetch(url);
    expect([reply.status, reply.headers.getSetCookie()]).toEqual([502, []]);
  });
});

describe('a WebSocket', () => {
  /** A server that says what it hears, once it has accepted the upgrade. */
  const echo = async () => {
    const server = await startServer('a');
    server.server.on('upgrade', (request: IncomingMessage, socket: Socket, first: Buffer) => {
      server.requests.push(request);
      socket.write('HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: websocket\r\nX-Own: 1\r\n\r\n');
      socket.write(first);
      socket.pipe(socket);
    });
    return server;
  };
  const upgrade = (protocol: string) =>
    `GET /chat HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: ${protocol}\r\n\r\nfirst`;

  test('goes through, both ways, with what its client sent at once, and keeps its server', async () => {
    const group = serverGroup({ stickiness: { type: 'lb_cookie', duration: 1000 } });
    const server = await echo();
    const { port, targets } = await startBalancer({ groups: [group], servers: [server] });
    const socket = raw(port, upgrade('websocket'));
    let heard = '';
    socket.on('data', (chunk) => {
      heard += chunk;
    });
    await until(() => heard.endsWith('first'));
    expect(heard).toMatch(/^HTTP\/1\.1 101 Switching Protocols\r\n/);
    expect(heard).toMatch(/X-Own: 1\r\n[\s\S]*Set-Cookie: AWSALB=/);
    expect(server.requests[0]?.headers).toMatchObject({ upgrade: 'websocket', 'x-forwarded-for': '127.0.0.1' });
    socket.write('second');
    await until(() => heard.endsWith('second'));
    const drained = targets.deregister('group', 'a');
    expect(targets.state('group', 'a')).toBe('draining');
    socket.destroy();
    await drained;
  });

  test('goes through from a client that speaks TLS, too', async () => {
    const certificate = await selfSignedCertificate();
    const { port } = await startBalancer({ servers: [await echo()], certificate });
    const socket = secureConnect({ port, host: '127.0.0.1', rejectUnauthorized: false }, () =>
      socket.write(upgrade('websocket')),
    );
    let heard = '';
    socket.on('data', (chunk) => {
      heard += chunk;
    });
    await until(() => heard.endsWith('first'));
    socket.destroy();
  });

  test('is cut when the deregistration delay of its server is over', async () => {
    const server = await echo();
    const { port, targets } = await startBalancer({
      groups: [serverGroup({ deregistrationDelay: 20 })],
      servers: [server],
    });
    const socket = raw(port, upgrade('websocket'));
    await once(socket, 'data');
    const closed = once(socket, 'close');
    await targets.deregister('group', 'a');
    await closed;
  });

  test('that is silent ends with the idle timeout', async () => {
    const { port } = await startBalancer({ servers: [await echo()], attributes: { idleTimeout: 50 } });
    const socket = raw(port, upgrade('websocket'));
    socket.resume();
    await once(socket, 'close');
  });

  test('that nobody has asked for is 502', async () => {
    const server = await startServer('a', (request) =>
      request.socket.write('HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n'),
    );
    const { url } = await startBalancer({ servers: [server] });
    expect((await fetch(url)).status).toBe(502);
  });

  test('that its server refuses gets the reply of the server', async () => {
    const server = await startServer('a', (_, response) => response.writeHead(403).end('no'));
    const { port } = await startBalancer({ servers: [server] });
    expect(await text(raw(port, upgrade('websocket')))).toMatch(/^HTTP\/1\.1 403 Forbidden[\s\S]*no/);
  });

  test('is 400 where it is a function', async () => {
    const groups = [{ ...serverGroup(), type: 'function', functionArn: 'fn', multiValueHeaders: false } as const];
    const { port } = await startBalancer({ groups });
    expect(await text(raw(port, upgrade('websocket')))).toMatch(/^HTTP\/1\.1 400 /);
  });

  test('is all that a client can ask for: with another protocol it is heard as if it had not', async () => {
    const server = await startServer('a');
    const { port } = await startBalancer({ servers: [server] });
    expect(await text(raw(port, upgrade('h2c')))).toMatch(/^HTTP\/1\.1 200 OK[\s\S]*a$/);
    expect(server.requests[0]?.headers).not.toHaveProperty('upgrade');
    const withBody = upgrade('h2c').replace('GET', 'POST').replace('\r\n\r\n', '\r\nContent-Length: 5\r\n\r\n');
    expect(await text(raw(port, withBody))).toMatch(/^HTTP\/1\.1 400 /);
  });

  test.each(['Content-Length: 500', 'Transfer-Encoding: chunked'])(
    'with %s is 400: its server would take the next request of somebody else for its body',
    async (framing) => {
      const server = await startServer('a');
      const { url, port } = await startBalancer({ servers: [server] });
      const message = upgrade('websocket').replace('\r\n\r\nfirst', `\r\n${framing}\r\n\r\n`);
      expect(await text(raw(port, message))).toMatch(/^HTTP\/1\.1 400 /);
      expect(await (await fetch(`${url}next`)).text()).toBe('a');
      expect(server.requests.map((request) => request.url)).toEqual(['/next']);
    },
  );
});

test('a body for a function is read up to 1 MB', async () => {
  const groups = [{ ...serverGroup(), type: 'function', functionArn: 'fn', multiValueHeaders: false } as const];
  const { url } = await startBalancer({ groups });
  const statusOf = async (length: number) => (await fetch(url, { method: 'POST', body: 'x'.repeat(length) })).status;
  expect([await statusOf(2 ** 20), await statusOf(2 ** 20 + 1)]).toEqual([200, 413]);
});

test('a function gets the headers that the attributes of the load balancer leave', async () => {
  const groups = [{ ...serverGroup(), type: 'function', functionArn: 'fn', multiValueHeaders: false } as const];
  const attributes = { forwardedFor: 'remove', dropInvalidHeaders: true } as const;
  const { url, invoke } = await startBalancer({ groups, attributes });
  await fetch(url, { headers: { x_odd: '1', 'x-forwarded-for': '203.0.113.9', 'x-fine': '1' } });
  const names = invoke.mock.calls.flatMap(([, event]) => Object.keys(objectAt(event, 'headers')));
  expect(names.filter((name) => ['x-fine', 'x_odd', 'x-forwarded-for'].includes(name))).toEqual(['x-fine']);
});

test('a header that HTTP does not permit is 502 from a function, and told', async () => {
  const groups = [{ ...serverGroup(), type: 'function', functionArn: 'fn', multiValueHeaders: false } as const];
  const { url, log } = await startBalancer({ groups, payload: '{"statusCode":200,"headers":{"a":"b\\n"}}' });
  expect((await fetch(url)).status).toBe(502);
  expect(log).toHaveBeenLastCalledWith('GET /: a header of the answer is not permitted by HTTP');
});

test('a server may speak HTTPS, with any certificate', async () => {
  const server = createSecureServer(await selfSignedCertificate(), (request, response) => request.pipe(response));
  const target = { id: 'a', host: '127.0.0.1', port: await listen(server, 0) };
  const healthCheck = { ...serverGroup().healthCheck, protocol: 'HTTPS' } as const;
  const { url } = await startBalancer({ groups: [serverGroup({ protocol: 'HTTPS', healthCheck })], servers: [target] });
  expect(await (await fetch(url, { method: 'POST', body: 'secret' })).text()).toBe('secret');
  await close(server);
});

test('a deregistration waits for the requests under way, and cuts them when its delay is over', async () => {
  const server = await startServer('a', () => {});
  const { url, targets } = await startBalancer({
    groups: [serverGroup({ deregistrationDelay: 50 })],
    servers: [server],
  });
  const status = fetch(url).then((reply) => reply.status);
  await until(() => server.requests.length === 1);
  await targets.deregister('group', 'a');
  expect(await status).toBe(502);
});

test('stops in the middle of everything', async () => {
  const server = await startServer('a', () => {});
  server.server.on('upgrade', (_, socket: Socket) => {
    socket.write('HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n');
    socket.pipe(socket);
  });
  const { url, port } = await startBalancer({ servers: [server] });
  const socket = raw(port, 'GET / HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n');
  await once(socket, 'data');
  const closed = once(socket, 'close');
  const failed = expect(fetch(url)).rejects.toThrow();
  await until(() => server.requests.length === 1);
  await stopAll();
  await failed;
  await closed;
});
