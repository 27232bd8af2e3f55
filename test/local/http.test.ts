import { createServer, type Server } from 'node:http';
import { connect } from 'node:net';
import { close, type HttpReply, type HttpRequest, listen, readRequest, sendReply } from '../../lib/local/http.js';

const servers: Server[] = [];
afterEach(async () => {
  await Promise.all(servers.splice(0).map(close));
});

/** A server that sends one reply to everything and keeps the requests that it read. */
async function serve(reply: HttpReply, limit = 1000) {
  const requests: (HttpRequest | undefined)[] = [];
  const sent: boolean[] = [];
  const server = createServer(async (incoming, response) => {
    requests.push(await readRequest(incoming, limit));
    sent.push(sendReply(response, reply));
    if (!response.headersSent) {
      response.writeHead(500).end();
    }
  });
  servers.push(server);
  return { port: await listen(server, 0), requests, sent };
}

/** Writes text to a port and answers with everything that comes back. */
function exchange(port: number, text: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1', () => socket.end(text));
    let received = '';
    socket.setEncoding('latin1');
    socket.on('data', (chunk: string) => {
      received += chunk;
    });
    socket.on('end', () => resolve(received));
    socket.on('error', reject);
  });
}

const FINE: HttpReply = { status: 200, headers: [], body: 'fine' };

test('reads the path and the query as they were sent, and every header line', async () => {
  const { port, requests } = await serve(FINE);
  await exchange(
    port,
    'PUT /a%20b?x=%201?&y HTTP/1.1\r\nHost: h\r\nX-A: 1\r\nx-a: 2\r\nContent-Length: 2\r\nConnection: close\r\n\r\nhi',
  );
  expect(requests).toEqual([
    {
      method: 'PUT',
      path: '/a%20b',
      query: 'x=%201?&y',
      headers: [
        ['host', 'h'],
        ['x-a', '1'],
        ['x-a', '2'],
        ['content-length', '2'],
        ['connection', 'close'],
      ],
      body: Buffer.from('hi'),
      sourceIp: '127.0.0.1',
    },
  ]);
});

test('reads no body beyond the limit, and one as long as the limit', async () => {
  const { port, requests } = await serve(FINE, 5);
  await fetch(`http://127.0.0.1:${port}/`, { method: 'POST', body: '123456' });
  await fetch(`http://127.0.0.1:${port}/`, { method: 'POST', body: '12345' });
  expect(requests.map((each) => each?.body.toString())).toEqual([undefined, '12345']);
});

test('sends names in their letter case, repeated ones included, and counts the length itself', async () => {
  const { port } = await serve({
    status: 201,
    headers: [
      ['Set-Cookie', 'a=1'],
      ['set-cookie', 'b=2'],
      ['Content-Length', '99'],
      ['Transfer-Encoding', 'chunked'],
    ],
    body: 'naïve',
  });
  const text = await exchange(port, 'GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n');
  expect(text).toMatch(/^HTTP\/1\.1 201 Created\r\nSet-Cookie: a=1\r\nset-cookie: b=2\r\ncontent-length: 6\r\n/);
  expect(text).not.toContain('chunked');
});

test.each([204, 304])('sends no length with the status %d', async (status) => {
  const { port } = await serve({ status, headers: [], body: '' });
  expect(await exchange(port, 'GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n')).not.toContain(
    'content-length',
  );
});

test.each([['bad name'], ['x-a\n']])('sends nothing when HTTP does not permit the header %j', async (name) => {
  const { port, sent } = await serve({ status: 200, headers: [[name, 'a\r\nb: c']], body: '' });
  expect((await fetch(`http://127.0.0.1:${port}/`)).status).toBe(500);
  expect(sent).toEqual([false]);
});

test('fails for a port that is in use, saying what to do', async () => {
  const { port } = await serve(FINE);
  await expect(listen(createServer(), port)).rejects.toMatchObject({
    code: 'ERR_LOCAL_PORT',
    message: `port ${port} is in use: stop what listens there, or choose another with --port`,
  });
});
