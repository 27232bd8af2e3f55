import { OWNER_ITEM, SESSION_ITEM } from '../../contract/record.js';
import type { Clock } from '../clock.js';
import { type DynamoDBTable, isRefusal, number, ttlOf } from './dynamodb-table.js';
import type { DynamoDBUpdateInput, ReceivedDynamoDBItem } from './dynamodb-transport.js';
import { nameOf } from './key-name.js';
import { entryOf, ownedSessionOf } from './owner-entry.js';
import type { OwnedSession, Owner, OwnerIndex, OwnerKey } from './owner-index.js';
import type { CallOptions, EpochMilliseconds, SessionKey, Version } from './store.js';

/**
 * How many entries past their deadline are left in an item before they are taken out. Each is 50 bytes, and 20 of them
 * cost a further write unit at every entry.
 */
const TOLERATED = 16;

/**
 * Keeps each owner as one item of the table that has their sessions, so that a read can be consistent, as one of an index
 * cannot. Each call is one call to DynamoDB, and changes the item without looking at it first, so that none undoes
 * another; only of what has piled up is an entry followed by a removal.
 *
 * Who is granted no more than to revoke may name few attributes of the table and be returned none by an update: see
 * `REVOCATION_CALLS` of the constructs.
 */
export class DynamoDBOwners implements OwnerIndex {
  constructor(
    private readonly table: DynamoDBTable,
    private readonly clock: Clock,
  ) {}

  async readOwner(owner: OwnerKey, options?: CallOptions): Promise<Owner> {
    const transport = await this.table.reach();
    const { Item } = await transport.getItem(
      {
        ...this.table.at(owner),
        ConsistentRead: true,
        ProjectionExpression: '#sessions, #notBefore',
        ExpressionAttributeNames: { '#sessions': OWNER_ITEM.sessions, '#notBefore': OWNER_ITEM.notBefore },
      },
      options,
    );
    return { sessions: this.#alive(sessionsOf(Item)), notBefore: notBeforeOf(Item) };
  }

  async enter(
    owner: OwnerKey,
    session: OwnedSession,
    keepUntil: EpochMilliseconds,
    options?: CallOptions,
  ): Promise<Owner> {
    const enter: DynamoDBUpdateInput = {
      ...this.table.at(owner),
      UpdateExpression: 'ADD #sessions :entry',
      ExpressionAttributeNames: { '#sessions': OWNER_ITEM.sessions },
      ExpressionAttributeValues: { ':entry': { BS: [entryOf(session)] } },
      ReturnValues: 'ALL_NEW',
    };
    const Attributes =
      (await this.#updateIf(keptUntil(enter, ' SET', keepUntil), options)) ?? (await this.#updateIf(enter, options));
    const entered = sessionsOf(Attributes);
    const sessions = this.#alive(entered);
    if (entered.length - sessions.length > TOLERATED) {
      const over = entered.filter((entry) => !sessions.includes(entry));
      await this.leave(owner, over, options);
    }
    return { sessions, notBefore: notBeforeOf(Attributes) };
  }

  async leave(owner: OwnerKey, sessions: readonly OwnedSession[], options?: CallOptions): Promise<void> {
    if (sessions.length === 0) {
      return;
    }
    await this.#updateIf(
      {
        ...this.table.at(owner),
        UpdateExpression: 'DELETE #sessions :entries',
        // Of an owner without any no item is made.
        ConditionExpression: 'attribute_exists(#sessions)',
        ExpressionAttributeNames: { '#sessions': OWNER_ITEM.sessions },
        ExpressionAttributeValues: { ':entries': { BS: distinct(sessions.map(entryOf)) } },
        ReturnValues: 'NONE',
      },
      options,
    );
  }

  async revoke(
    owner: OwnerKey,
    notBefore: EpochMilliseconds,
    keepUntil: EpochMilliseconds,
    options?: CallOptions,
  ): Promise<void> {
    const revoke: DynamoDBUpdateInput = {
      ...this.table.at(owner),
      UpdateExpression: 'SET #notBefore = :notBefore',
      ConditionExpression: '(attribute_not_exists(#notBefore) OR #notBefore < :notBefore)',
      ExpressionAttributeNames: { '#notBefore': OWNER_ITEM.notBefore },
      ExpressionAttributeValues: { ':notBefore': number(notBefore) },
      ReturnValues: 'NONE',
    };
    const revoked = await this.#updateIf(keptUntil(revoke, ',', keepUntil), options);
    if (revoked === undefined) {
      await this.#updateIf(revoke, options);
    }
  }

  async block(key: SessionKey, version: Version, until: EpochMilliseconds, options?: CallOptions): Promise<void> {
    const transport = await this.table.reach();
    await transport.updateItem(
      {
        ...this.table.at(key),
        // What is not there is kept from being made; what is there ends when it would have ended.
        UpdateExpression:
          'SET #version = :version, #expiresAt = if_not_exists(#expiresAt, :until), ' +
          '#deadline = if_not_exists(#deadline, :until), #ttl = if_not_exists(#ttl, :ttl)',
        ExpressionAttributeNames: {
          '#version': SESSION_ITEM.version,
          '#expiresAt': SESSION_ITEM.expiresAt,
          '#deadline': SESSION_ITEM.deadline,
          '#ttl': SESSION_ITEM.ttl,
        },
        ExpressionAttributeValues: { ':version': { S: version }, ':until': number(until), ':ttl': ttlOf(until) },
        ReturnValues: 'NONE',
      },
      options,
    );
  }

  /** Updates if the condition holds, and answers with what was asked for; `undefined`: it does not. */
  async #updateIf(
    input: DynamoDBUpdateInput,
    options: CallOptions | undefined,
  ): Promise<ReceivedDynamoDBItem | undefined> {
    const transport = await this.table.reach();
    try {
      return (await transport.updateItem(input, options)).Attributes ?? {};
    } catch (error) {
      if (!isRefusal(error)) {
        throw error;
      }
      return undefined;
    }
  }

  #alive(sessions: readonly OwnedSession[]): readonly OwnedSession[] {
    const now = this.clock();
    return sessions.filter(({ deadline }) => deadline > now);
  }
}

/**
 * An update that also sees to it that the item is kept until a time, on condition that it is not kept for longer: by a
 * consumer whose sessions live longer, or a call that overtook this one. That is rare, and one update can do no `max`.
 */
function keptUntil(input: DynamoDBUpdateInput, clause: ' SET' | ',', time: EpochMilliseconds): DynamoDBUpdateInput {
  const earlier = '(attribute_not_exists(#ttl) OR #ttl <= :ttl)';
  const { ConditionExpression: condition } = input;
  return {
    ...input,
    UpdateExpression: `${input.UpdateExpression}${clause} #ttl = :ttl`,
    ConditionExpression: condition === undefined ? earlier : `${condition} AND ${earlier}`,
    ExpressionAttributeNames: { ...input.ExpressionAttributeNames, '#ttl': OWNER_ITEM.ttl },
    ExpressionAttributeValues: { ...input.ExpressionAttributeValues, ':ttl': ttlOf(time) },
  };
}

function sessionsOf(item: ReceivedDynamoDBItem | undefined): readonly OwnedSession[] {
  return item?.[OWNER_ITEM.sessions]?.BS?.flatMap((entry) => ownedSessionOf(entry) ?? []) ?? [];
}

function notBeforeOf(item: ReceivedDynamoDBItem | undefined): EpochMilliseconds {
  return Number(item?.[OWNER_ITEM.notBefore]?.N ?? 0);
}

/** DynamoDB refuses a set that has a member twice. */
function distinct(entries: readonly Uint8Array[]): Uint8Array[] {
  return [...new Map(entries.map((entry) => [nameOf(entry), entry])).values()];
}
