import { randomBytes } from 'node:crypto';
import { DynamoDBClient, GetItemCommand, UpdateItemCommand } from '@aws-sdk/client-dynamodb';
import type { OwnedSession } from 'cdk-sessions-client';
import { DynamoDBStore, type DynamoDBTransport } from 'cdk-sessions-client/dynamodb';
import { FakeClock } from 'cdk-sessions-client/testing';
import { COLLECTION_DELAY, OWNER_ITEM, SESSION_ITEM } from '../../../lib/contract/record';
import { hasJava } from '../../support/java';
import { useSessionTable } from '../../support/session-table';
import { HOUR, MINUTE, START } from '../support';

const DATABASES = hasJava() ? (['dynalite', 'local'] as const) : (['dynalite'] as const);
const KEEP_UNTIL = START + 2 * HOUR;
const TTL = { N: String((START + 2 * HOUR) / 1000 + COLLECTION_DELAY) };

describe.each(DATABASES)('on %s', (kind) => {
  const table = useSessionTable(kind).name;
  const clock = new FakeClock(START);
  const { owners } = new DynamoDBStore({ table, clock: clock.read });

  beforeEach(() => {
    clock.now = START;
  });

  test('an owner’s item has the attributes of the contract and no other', async () => {
    const owner = randomBytes(32);
    await owners.enter(owner, owned(START, Buffer.alloc(32, 7)), KEEP_UNTIL);
    await owners.revoke(owner, START, KEEP_UNTIL);
    expect(await itemAt(owner)).toEqual({
      [OWNER_ITEM.key]: { B: bytes(owner) },
      [OWNER_ITEM.sessions]: {
        BS: [bytes(Buffer.from(`${'07'.repeat(32)}68616e646c6501b8dac5b40001b8dac5b400`, 'hex'))],
      },
      [OWNER_ITEM.notBefore]: { N: String(START) },
      [OWNER_ITEM.ttl]: TTL,
    });
  });

  test('an item is kept until the latest time that anybody asked for', async () => {
    const owner = randomBytes(32);
    await owners.enter(owner, owned(START + HOUR), KEEP_UNTIL);
    const late = owned(START + HOUR);
    expect((await owners.enter(owner, late, START + HOUR)).sessions).toHaveLength(2);
    await owners.revoke(owner, START, START + HOUR);
    expect(await itemAt(owner)).toMatchObject({
      [OWNER_ITEM.notBefore]: { N: String(START) },
      [OWNER_ITEM.ttl]: TTL,
    });
  });

  test('an entry that somebody else wrote is passed over', async () => {
    const owner = randomBytes(32);
    await new DynamoDBClient().send(
      new UpdateItemCommand({
        TableName: table,
        Key: { [OWNER_ITEM.key]: { B: owner } },
        UpdateExpression: 'ADD sessions :entries',
        ExpressionAttributeValues: { ':entries': { BS: [randomBytes(49), randomBytes(51)] } },
      }),
    );
    const session = owned(START + HOUR);
    const { sessions } = await owners.enter(owner, session, KEEP_UNTIL);
    expect(sessions).toEqual([{ ...session, key: bytes(session.key) }]);
    expect(await owners.readOwner(owner)).toEqual({ sessions, notBefore: 0 });
  });

  test('to leave makes no item for an owner of whom nothing is kept', async () => {
    const owner = randomBytes(32);
    await owners.leave(owner, [owned(START)]);
    expect(await itemAt(owner)).toBeUndefined();
  });

  test('who signs in again and again without signing out keeps a small item', async () => {
    const owner = randomBytes(32);
    for (let visit = 0; visit < 60; visit++) {
      await owners.enter(owner, owned(clock.now + MINUTE), clock.now + HOUR);
      clock.advance(MINUTE);
    }
    const item = await itemAt(owner);
    expect(item?.[OWNER_ITEM.sessions]?.BS?.length).toBeLessThanOrEqual(18);
  });

  test('a place without a session has all attributes but a value', async () => {
    const key = randomBytes(32);
    await owners.block(key, 'blocked', KEEP_UNTIL);
    expect(await itemAt(key)).toEqual({
      [SESSION_ITEM.key]: { B: bytes(key) },
      [SESSION_ITEM.version]: { S: 'blocked' },
      [SESSION_ITEM.expiresAt]: { N: String(KEEP_UNTIL) },
      [SESSION_ITEM.deadline]: { N: String(KEEP_UNTIL) },
      [SESSION_ITEM.ttl]: TTL,
    });
  });

  async function itemAt(key: Uint8Array) {
    const { Item } = await new DynamoDBClient().send(
      new GetItemCommand({ TableName: table, Key: { [SESSION_ITEM.key]: { B: key } } }),
    );
    return Item;
  }
});

describe('each call is one call to DynamoDB, as a rule', () => {
  const OWNER = Uint8Array.of(7);
  const SESSION = owned(START + HOUR, new Uint8Array(32));
  const ENTRY = Buffer.from(`${'00'.repeat(32)}68616e646c6501b8dac5b40001b8dafca280`, 'hex');
  const AT_OWNER = { TableName: 'sessions', Key: { id: { B: OWNER } } };
  const { signal } = new AbortController();

  let calls: unknown[] = [];
  const record = (call: string) => async (input: unknown, options?: unknown) => {
    calls.push([call, input, options]);
    return {};
  };
  const transport: DynamoDBTransport = {
    getItem: record('getItem'),
    putItem: record('putItem'),
    updateItem: record('updateItem'),
    deleteItem: record('deleteItem'),
  };
  const { owners } = new DynamoDBStore({ table: 'sessions', transport, clock: () => START });

  beforeEach(() => {
    calls = [];
  });

  test('readOwner names what it reads', async () => {
    await owners.readOwner(OWNER, { signal });
    const input = {
      ...AT_OWNER,
      ConsistentRead: true,
      ProjectionExpression: '#sessions, #notBefore',
      ExpressionAttributeNames: { '#sessions': 'sessions', '#notBefore': 'notBefore' },
    };
    expect(calls).toEqual([['getItem', input, { signal }]]);
  });

  test('enter adds, and asks for what is there then', async () => {
    await owners.enter(OWNER, SESSION, KEEP_UNTIL, { signal });
    const input = {
      ...AT_OWNER,
      UpdateExpression: 'ADD #sessions :entry SET #ttl = :ttl',
      ConditionExpression: '(attribute_not_exists(#ttl) OR #ttl <= :ttl)',
      ExpressionAttributeNames: { '#sessions': 'sessions', '#ttl': 'ttl' },
      ExpressionAttributeValues: { ':entry': { BS: [ENTRY] }, ':ttl': TTL },
      ReturnValues: 'ALL_NEW',
    };
    expect(calls).toEqual([['updateItem', input, { signal }]]);
  });

  test('leave takes out all at once', async () => {
    const other = { ...SESSION, deadline: 1 };
    await owners.leave(OWNER, [SESSION, other, SESSION], { signal });
    const input = {
      ...AT_OWNER,
      UpdateExpression: 'DELETE #sessions :entries',
      ConditionExpression: 'attribute_exists(#sessions)',
      ExpressionAttributeNames: { '#sessions': 'sessions' },
      ExpressionAttributeValues: {
        ':entries': { BS: [ENTRY, Buffer.from(`${'00'.repeat(32)}68616e646c6501b8dac5b400000000000001`, 'hex')] },
      },
      ReturnValues: 'NONE',
    };
    expect(calls).toEqual([['updateItem', input, { signal }]]);
  });

  test('leave of nothing calls nobody', async () => {
    await owners.leave(OWNER, []);
    expect(calls).toEqual([]);
  });

  test('revoke is told nothing, not even by a refusal', async () => {
    await owners.revoke(OWNER, START, KEEP_UNTIL, { signal });
    const input = {
      ...AT_OWNER,
      UpdateExpression: 'SET #notBefore = :notBefore, #ttl = :ttl',
      ConditionExpression:
        '(attribute_not_exists(#notBefore) OR #notBefore < :notBefore) AND (attribute_not_exists(#ttl) OR #ttl <= :ttl)',
      ExpressionAttributeNames: { '#notBefore': 'notBefore', '#ttl': 'ttl' },
      ExpressionAttributeValues: { ':notBefore': { N: String(START) }, ':ttl': TTL },
      ReturnValues: 'NONE',
    };
    expect(calls).toEqual([['updateItem', input, { signal }]]);
  });

  test('block touches no value and is told nothing', async () => {
    await owners.block(OWNER, 'blocked', KEEP_UNTIL, { signal });
    const input = {
      ...AT_OWNER,
      UpdateExpression:
        'SET #version = :version, #expiresAt = if_not_exists(#expiresAt, :until), ' +
        '#deadline = if_not_exists(#deadline, :until), #ttl = if_not_exists(#ttl, :ttl)',
      ExpressionAttributeNames: {
        '#version': 'version',
        '#expiresAt': 'expiresAt',
        '#deadline': 'deadline',
        '#ttl': 'ttl',
      },
      ExpressionAttributeValues: { ':version': { S: 'blocked' }, ':until': { N: String(KEEP_UNTIL) }, ':ttl': TTL },
      ReturnValues: 'NONE',
    };
    expect(calls).toEqual([['updateItem', input, { signal }]]);
  });

  test.each([
    ['leave', (store: DynamoDBStore) => store.owners.leave(OWNER, [SESSION])],
    ['revoke', (store: DynamoDBStore) => store.owners.revoke(OWNER, START, KEEP_UNTIL)],
  ])('%s fails when DynamoDB does', async (_, call) => {
    const fail = () => Promise.reject(new Error('down'));
    const failing = new DynamoDBStore({ table: 'sessions', transport: { ...transport, updateItem: fail } });
    await expect(call(failing)).rejects.toThrow('down');
  });
});

/** A session as it is entered. */
function owned(deadline: number, key: Uint8Array = randomBytes(32)): OwnedSession {
  return { key, handle: 'aGFuZGxl', enteredAt: START, deadline };
}

/** As the SDK returns them, and not as a Buffer, which Jest takes for something else. */
function bytes(buffer: Uint8Array): Uint8Array {
  return Uint8Array.from(buffer);
}
