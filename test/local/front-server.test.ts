import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { type FrontHandler, FrontServer } from '../../lib/local/front-server.js';
import { sendReply } from '../../lib/local/http.js';

const servers: FrontServer[] = [];

afterEach(() => Promise.all(servers.splice(0).map((server) => server.stop())));

const HELLO: FrontHandler = {
  servesHost: () => false,
  tunnels: true,
  answer: async ({ response }) => {
    sendReply(response, { status: 200, headers: [], body: 'hello' });
  },
};

async function listening(): Promise<FrontServer> {
  const server = await FrontServer.listen(0, undefined, () => {});
  servers.push(server);
  return server;
}

test('a request waits until there is somebody to answer it', async () => {
  const server = await listening();
  const answered = fetch(server.url).then((reply) => reply.text());
  // Long enough for it to be heard.
  await new Promise((resolve) => setTimeout(resolve, 100));
  server.serve(HELLO);
  expect(await answered).toBe('hello');
});

test('it listens on loopback, and answers under no name but those of this machine', async () => {
  const server = await listening();
  server.serve(HELLO);
  const statusOf = async (host: string) => {
    const socket = connect(server.port, '127.0.0.1');
    socket.end(`GET / HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`);
    return (await text(socket)).split(' ')[1];
  };
  expect(await Promise.all(['localhost', 'shop.localhost:80', 'evil.test'].map(statusOf))).toEqual([
    '200',
    '200',
    '421',
  ]);
});
