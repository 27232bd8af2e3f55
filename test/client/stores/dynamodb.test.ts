import { randomBytes } from 'node:crypto';
import { DynamoDBClient, DynamoDBServiceException, GetItemCommand, PutItemCommand } from '@aws-sdk/client-dynamodb';
import type { Clock, StoredSession } from 'cdk-sessions-client';
import { DynamoDBStore, type DynamoDBTransport } from 'cdk-sessions-client/dynamodb';
import { storeContract } from 'cdk-sessions-client/testing';
import { COLLECTION_DELAY, SESSION_ITEM } from '../../../lib/contract/record';
import { hasJava } from '../../support/java';
import { useSessionTable } from '../../support/session-table';
import { expectFiftyCounted, START } from '../support';

const DATABASES = hasJava() ? (['dynalite', 'local'] as const) : (['dynalite'] as const);

describe.each(DATABASES)('on %s', (kind) => {
  const table = useSessionTable(kind).name;

  describe('the DynamoDB store keeps the contract of a store', () => {
    const subject = (clock: Clock) => new DynamoDBStore({ table, clock });
    for (const { name, run } of storeContract(subject, { sequences: 40 })) {
      test(name, run);
    }
  });

  test('fifty requests that count one key of one session are all counted', async () => {
    await expectFiftyCounted((clock) => new DynamoDBStore({ table, clock }));
  });

  test('an item has the attributes of the contract and no other', async () => {
    const key = randomBytes(32);
    const session = stored({ expiresAt: START + 1 });
    await new DynamoDBStore({ table, clock: () => START }).write(key, session, 'absent');
    const { Item } = await new DynamoDBClient().send(
      new GetItemCommand({ TableName: table, Key: { [SESSION_ITEM.key]: { B: key } } }),
    );
    expect(Object.keys(Item ?? {}).sort()).toEqual(Object.values(SESSION_ITEM).sort());
    expect(Item?.[SESSION_ITEM.ttl]).toEqual({ N: String(START / 1000 + 1 + COLLECTION_DELAY) });
  });

  test('an item that somebody else wrote is no session', async () => {
    const key = randomBytes(32);
    const store = new DynamoDBStore({ table, clock: () => START });
    await new DynamoDBClient().send(
      new PutItemCommand({
        TableName: table,
        Item: { [SESSION_ITEM.key]: { B: key }, [SESSION_ITEM.value]: { S: 'text' } },
      }),
    );
    expect(await store.read(key)).toBeUndefined();
  });

  test('an item whose value is none of ours is no session', async () => {
    const key = randomBytes(32);
    const store = new DynamoDBStore({ table, clock: () => START });
    await store.owners.block(key, 'blocked', START + 1);
    const { Item } = await new DynamoDBClient().send(
      new GetItemCommand({ TableName: table, Key: { [SESSION_ITEM.key]: { B: key } } }),
    );
    await new DynamoDBClient().send(
      new PutItemCommand({ TableName: table, Item: { ...Item, [SESSION_ITEM.value]: { S: 'text' } } }),
    );
    expect(await store.read(key)).toBeUndefined();
  });

  test('an item holds what the store says that it can, and little more', async () => {
    const store = new DynamoDBStore({ table, clock: () => START });
    const version = `${'z'.repeat(12)}.AAAAAAAA`;
    const write = (length: number) =>
      store.write(randomBytes(32), stored({ version, value: new Uint8Array(length) }), 'absent');
    await expect(write(store.capacity)).resolves.toEqual({ written: true });
    await expect(write(store.capacity + 256)).rejects.toThrow(DynamoDBServiceException);
  });

  test('a table that is not there is an error, never "no session"', async () => {
    const store = new DynamoDBStore({ table: 'another', clock: () => START });
    await expect(store.read(randomBytes(32))).rejects.toThrow(DynamoDBServiceException);
  });
});

describe('with a transport of its own', () => {
  test('the store gives the deadline’s signal to every call', async () => {
    const signals: unknown[] = [];
    const answer = async (_input: unknown, options?: { signal?: AbortSignal }) => {
      signals.push(options?.signal);
      return {};
    };
    const transport: DynamoDBTransport = { getItem: answer, putItem: answer, updateItem: answer, deleteItem: answer };
    const store = new DynamoDBStore({ table: 'sessions', transport });
    const { signal } = new AbortController();
    const key = randomBytes(32);
    await store.read(key, { signal });
    await store.write(key, stored(), 'absent', { signal });
    await store.touch(key, START, 'a', { signal });
    await store.destroy(key, { signal });
    expect(signals).toEqual([signal, signal, signal, signal]);
  });

  test('what it fails with is thrown on, be it no error at all', async () => {
    const fail = () => Promise.reject('no route');
    const transport: DynamoDBTransport = { getItem: fail, putItem: fail, updateItem: fail, deleteItem: fail };
    const store = new DynamoDBStore({ table: 'sessions', transport });
    await expect(store.touch(randomBytes(32), START, 'a')).rejects.toBe('no route');
  });

  test('a refusal that brings the item needs no second look', async () => {
    const calls: string[] = [];
    const refuse = async () => {
      calls.push('put');
      throw Object.assign(new Error('refused'), {
        name: 'ConditionalCheckFailedException',
        Item: {
          [SESSION_ITEM.value]: { B: Uint8Array.of(1) },
          [SESSION_ITEM.version]: { S: 'theirs' },
          [SESSION_ITEM.expiresAt]: { N: String(START + 1) },
          [SESSION_ITEM.deadline]: { N: String(START + 2) },
        },
      });
    };
    const get = async () => {
      calls.push('get');
      return {};
    };
    const transport: DynamoDBTransport = { getItem: get, putItem: refuse, updateItem: refuse, deleteItem: get };
    const store = new DynamoDBStore({ table: 'sessions', transport, clock: () => START });
    expect(await store.write(randomBytes(32), stored(), 'mine')).toMatchObject({ current: { version: 'theirs' } });
    expect(calls).toEqual(['put']);
  });
});

describe('a listing', () => {
  const call = async () => ({});
  const calls = { getItem: call, putItem: call, updateItem: call, deleteItem: call };
  const listed = async (scan: DynamoDBTransport['scan'], prefix = Uint8Array.of(1)) => {
    const transport = { ...calls, ...(scan && { scan }) };
    const keys: number[][] = [];
    for await (const some of new DynamoDBStore({ table: 'sessions', transport }).keys(prefix)) {
      keys.push(some.map(([, second = 0]) => second));
    }
    return keys;
  };

  test('gives page by page what is found, be it nothing', async () => {
    const item = (...bytes: number[]) => ({ [SESSION_ITEM.key]: { B: Uint8Array.from(bytes) } });
    const pages = [
      { Items: [item(1, 2), item(2, 3)], LastEvaluatedKey: item(2, 3) },
      { LastEvaluatedKey: item(2, 4) },
      { Items: [item(1, 5), {}] },
    ];
    const starts: unknown[] = [];
    const scan: DynamoDBTransport['scan'] = async ({ ExclusiveStartKey }) => {
      starts.push(ExclusiveStartKey);
      return pages.shift() ?? {};
    };
    expect(await listed(scan)).toEqual([[2], [], [5]]);
    expect(starts).toEqual([undefined, item(2, 3), item(2, 4)]);
  });

  test('that is not granted says what to grant', async () => {
    const denied = Object.assign(new Error('no'), { name: 'AccessDeniedException' });
    await expect(listed(() => Promise.reject(denied))).rejects.toMatchObject({
      code: 'ERR_SESSION_CONFIG',
      message: expect.stringContaining('grant dynamodb:Scan'),
    });
  });

  test.each([new Error('no route'), 'no route'])('that fails otherwise fails with that: %s', async (fault) => {
    await expect(listed(() => Promise.reject(fault))).rejects.toBe(fault);
  });

  test('by a transport that cannot is an error', async () => {
    await expect(listed(undefined)).rejects.toMatchObject({ code: 'ERR_SESSION_CONFIG' });
  });
});

function stored(overrides: Partial<StoredSession> = {}): StoredSession {
  return { value: Uint8Array.of(1), version: 'mine', expiresAt: START + 1, deadline: START + 2, ...overrides };
}
