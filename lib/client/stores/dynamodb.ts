import { SESSION_ITEM } from '../../contract/record.js';
import { type Clock, systemClock } from '../clock.js';
import { keysIn } from './dynamodb-keys.js';
import { DynamoDBOwners } from './dynamodb-owners.js';
import { DynamoDBTable, isRefusal, number, ttlOf } from './dynamodb-table.js';
import type { DynamoDBItem, DynamoDBTransport, ReceivedDynamoDBItem } from './dynamodb-transport.js';
import type { OwnerIndex } from './owner-index.js';
import type {
  CallOptions,
  EpochMilliseconds,
  SessionKey,
  SessionStore,
  StoredSession,
  TouchResult,
  Version,
  WriteResult,
} from './store.js';

export type {
  DynamoDBAttribute,
  DynamoDBConditionInput,
  DynamoDBItem,
  DynamoDBKeyInput,
  DynamoDBReadInput,
  DynamoDBScanInput,
  DynamoDBScanOutput,
  DynamoDBTerms,
  DynamoDBTransport,
  DynamoDBUpdateInput,
  ReceivedDynamoDBItem,
} from './dynamodb-transport.js';

/** Which table, and how to reach it. */
export interface DynamoDBStoreOptions {
  /** The table's name. */
  readonly table: string;
  /**
   * The table's region.
   * @default - the region that the AWS SDK finds in the environment
   */
  readonly region?: string;
  /**
   * How to reach DynamoDB.
   * @default - the AWS SDK, loaded at the first call
   */
  readonly transport?: DynamoDBTransport;
  /**
   * Tells the time.
   * @default - the system's clock
   */
  readonly clock?: Clock;
}

/** An item of DynamoDB takes 400 KB, the names and values of its other attributes included. */
const CAPACITY = 400 * 1024 - 256;

/** Names stand for attributes in every expression: some of them are words that DynamoDB reserves. */
const NAMES = {
  '#id': SESSION_ITEM.key,
  '#version': SESSION_ITEM.version,
  '#expiresAt': SESSION_ITEM.expiresAt,
  '#ttl': SESSION_ITEM.ttl,
} as const;

/** What a place without a value reads as: see `OwnerIndex.block`. */
const NO_VALUE = new Uint8Array();

/**
 * Keeps each session as one item of a DynamoDB table, written under a condition and read consistently. No
 * transaction, no call to the control plane, no scan but to list `keys`. An item past its `expiresAt` is taken for absent in every condition, since
 * DynamoDB may keep it for days after its TTL.
 */
export class DynamoDBStore implements SessionStore {
  readonly capacity = CAPACITY;
  readonly owners: OwnerIndex;
  readonly #table: DynamoDBTable;
  readonly #clock: Clock;

  constructor(options: DynamoDBStoreOptions) {
    this.#table = new DynamoDBTable(options.table, options.region, options.transport);
    this.#clock = options.clock ?? systemClock;
    this.owners = new DynamoDBOwners(this.#table, this.#clock);
  }

  async read(key: SessionKey, options?: CallOptions): Promise<StoredSession | undefined> {
    const transport = await this.#table.reach();
    const { Item } = await transport.getItem({ ...this.#table.at(key), ConsistentRead: true }, options);
    return this.#alive(Item);
  }

  async write(
    key: SessionKey,
    next: StoredSession,
    expected: Version | 'absent',
    options?: CallOptions,
  ): Promise<WriteResult> {
    const transport = await this.#table.reach();
    const condition =
      expected === 'absent'
        ? // Nothing is there, or what is there has expired and only waits for its collection.
          { ConditionExpression: 'attribute_not_exists(#id) OR #expiresAt <= :now', ...this.#terms('#id') }
        : // Exactly the save that this one builds on is there, alive: a destroyed or expired session is not brought back.
          { ConditionExpression: '#version = :expected AND #expiresAt > :now', ...this.#terms('#version', expected) };
    try {
      await transport.putItem({ TableName: this.#table.name, Item: itemOf(key, next), ...condition }, options);
      return { written: true };
    } catch (error) {
      return { written: false, current: await this.#refused(error, key, options) };
    }
  }

  async touch(
    key: SessionKey,
    expiresAt: EpochMilliseconds,
    expected: Version,
    options?: CallOptions,
  ): Promise<TouchResult> {
    const transport = await this.#table.reach();
    const { ExpressionAttributeNames, ExpressionAttributeValues, ...rest } = this.#terms('#version', expected);
    try {
      await transport.updateItem(
        {
          ...this.#table.at(key),
          UpdateExpression: 'SET #expiresAt = :next, #ttl = :ttl',
          // The same save is still there, alive, and ends earlier than it is about to.
          ConditionExpression: '#version = :expected AND #expiresAt > :now AND #expiresAt < :next',
          ExpressionAttributeNames: { ...ExpressionAttributeNames, '#ttl': NAMES['#ttl'] },
          ExpressionAttributeValues: {
            ...ExpressionAttributeValues,
            ':next': number(expiresAt),
            ':ttl': ttlOf(expiresAt),
          },
          ...rest,
        },
        options,
      );
      return 'ok';
    } catch (error) {
      const current = await this.#refused(error, key, options);
      if (current === undefined) {
        return 'gone';
      }
      return current.version === expected ? 'ok' : 'changed';
    }
  }

  async destroy(key: SessionKey, options?: CallOptions): Promise<StoredSession | undefined> {
    const transport = await this.#table.reach();
    const { Attributes } = await transport.deleteItem({ ...this.#table.at(key), ReturnValues: 'ALL_OLD' }, options);
    return this.#alive(Attributes);
  }

  keys(prefix: Uint8Array, options?: CallOptions): AsyncIterable<readonly SessionKey[]> {
    return keysIn(this.#table, prefix, this.#clock(), options);
  }

  /** The names and values that conditions are made of. DynamoDB refuses a request with one that is not used. */
  #terms(name: '#id' | '#version', expected?: Version) {
    return {
      ExpressionAttributeNames: { [name]: NAMES[name], '#expiresAt': NAMES['#expiresAt'] },
      ExpressionAttributeValues: {
        ':now': number(this.#clock()),
        ...(expected !== undefined && { ':expected': { S: expected } }),
      },
      ReturnValuesOnConditionCheckFailure: 'ALL_OLD' as const,
    };
  }

  /** What was there when a condition was refused; any other error is thrown on. */
  async #refused(error: unknown, key: SessionKey, options?: CallOptions): Promise<StoredSession | undefined> {
    if (!isRefusal(error)) {
      throw error;
    }
    const { Item: item } = error;
    // Some emulators do not return the item, and neither does a refusal because there is none: look there.
    return item === undefined ? this.read(key, options) : this.#alive(item);
  }

  #alive(item: ReceivedDynamoDBItem | undefined): StoredSession | undefined {
    const session = item && sessionOf(item);
    return session !== undefined && session.expiresAt > this.#clock() ? session : undefined;
  }
}

function itemOf(key: SessionKey, session: StoredSession): DynamoDBItem {
  return {
    [SESSION_ITEM.key]: { B: key },
    [SESSION_ITEM.value]: { B: session.value },
    [SESSION_ITEM.version]: { S: session.version },
    [SESSION_ITEM.expiresAt]: number(session.expiresAt),
    [SESSION_ITEM.deadline]: number(session.deadline),
    [SESSION_ITEM.ttl]: ttlOf(session.expiresAt),
  };
}

/** The session in an item; `undefined` for an item that this library did not write. */
function sessionOf(item: ReceivedDynamoDBItem): StoredSession | undefined {
  const value = item[SESSION_ITEM.value] === undefined ? NO_VALUE : item[SESSION_ITEM.value]?.B;
  const version = item[SESSION_ITEM.version]?.S;
  const expiresAt = Number(item[SESSION_ITEM.expiresAt]?.N);
  const deadline = Number(item[SESSION_ITEM.deadline]?.N);
  if (value === undefined || version === undefined || !Number.isFinite(expiresAt) || !Number.isFinite(deadline)) {
    return undefined;
  }
  return { value, version, expiresAt, deadline };
}
