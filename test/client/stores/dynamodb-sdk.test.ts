import { once } from 'node:events';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { CLIENT, sdkTransport, transportOf } from '../../../lib/client/stores/dynamodb-sdk';

const KEY = { TableName: 'sessions', Key: { id: { B: Uint8Array.of(1) } } };
const READ = { ...KEY, ConsistentRead: true } as const;
const CONDITION = {
  ConditionExpression: 'attribute_not_exists(#id)',
  ExpressionAttributeNames: { '#id': 'id' },
  ExpressionAttributeValues: {},
  ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
} as const;

const HEAD = 'HTTP/1.1 200 OK\r\ncontent-type: application/x-amz-json-1.0\r\ncontent-length: ';
const NO_ITEM = `${HEAD}2\r\n\r\n{}`;
const HALF_AN_ANSWER = `${HEAD}100\r\n\r\n{`;

/** A client of a server that answers the first request on its n-th connection with the n-th answer, or not at all. */
class SilentServer {
  readonly connections: Socket[] = [];

  private constructor(
    private readonly server: Server,
    readonly client: DynamoDBClient,
  ) {}

  static async start(answers: readonly string[] = []): Promise<SilentServer> {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const client = new DynamoDBClient({
      ...CLIENT,
      endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
      region: 'us-east-1',
      credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
    });
    const silent = new SilentServer(server, client);
    server.on('connection', (socket) => {
      const answer = answers[silent.connections.push(socket) - 1];
      socket.on('error', () => undefined);
      socket.once('data', () => answer !== undefined && socket.write(answer));
    });
    return silent;
  }

  async connected(): Promise<void> {
    await once(this.server, 'connection');
  }

  stop(): void {
    this.server.close();
    this.client.destroy();
  }
}

// All at the same time, since the slowest of them waits for as long as the SDK does.
describe('a read', () => {
  test.concurrent('on a connection that went silent is tried on another one while the caller still waits', async () => {
    const server = await SilentServer.start(['', NO_ITEM]);
    const begun = performance.now();
    expect((await transportOf(server.client).getItem(READ)).Item).toBeUndefined();
    expect(performance.now() - begun).toBeLessThan(2000);
    expect(server.connections).toHaveLength(2);
    server.stop();
  });

  test.concurrent('that is never answered ends by itself within seconds, and its connections with it', async () => {
    const server = await SilentServer.start();
    const begun = performance.now();
    await expect(transportOf(server.client).getItem(READ)).rejects.toMatchObject({ name: 'TimeoutError' });
    expect(performance.now() - begun).toBeLessThan(6000);
    await closed(server.connections);
    server.stop();
  }, 10_000);

  test.concurrent('whose answer stops half-way is tried again, and the connection is ended', async () => {
    const server = await SilentServer.start([HALF_AN_ANSWER, NO_ITEM]);
    expect((await transportOf(server.client).getItem(READ)).Item).toBeUndefined();
    await closed(server.connections.slice(0, 1));
    server.stop();
  }, 20_000);
});

test.each(['putItem', 'updateItem', 'deleteItem'] as const)('%s stops when it is told to', async (operation) => {
  const server = await SilentServer.start();
  const { putItem, updateItem, deleteItem } = transportOf(server.client);
  const abort = new AbortController();
  const options = { signal: abort.signal };
  const call = {
    putItem: () => putItem({ TableName: 'sessions', Item: KEY.Key, ...CONDITION }, options),
    updateItem: () => updateItem({ ...KEY, UpdateExpression: 'SET #id = :id', ...CONDITION }, options),
    deleteItem: () => deleteItem({ ...KEY, ReturnValues: 'ALL_OLD' }, options),
  }[operation]();
  await server.connected();
  abort.abort();
  await expect(call).rejects.toMatchObject({ name: 'AbortError' });
  await closed(server.connections);
  server.stop();
});

/** Resolves when the client has ended all of these. */
async function closed(sockets: readonly Socket[]): Promise<void> {
  expect(sockets).not.toHaveLength(0);
  await Promise.all(sockets.map((socket) => socket.closed || once(socket, 'close')));
}

test.each([['eu-west-1'], [undefined]])('the table of the region %s is called there', async (region) => {
  const regions: unknown[] = [];
  jest.spyOn(DynamoDBClient.prototype, 'send').mockImplementation(async function (this: DynamoDBClient) {
    regions.push(await this.config.region());
    return {};
  });
  const environment = process.env;
  process.env = { ...environment, AWS_REGION: 'us-west-2' };
  try {
    await sdkTransport(region).getItem(READ);
    expect(regions).toEqual([region ?? 'us-west-2']);
  } finally {
    process.env = environment;
    jest.restoreAllMocks();
  }
});
