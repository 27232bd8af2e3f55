import { COLLECTION_DELAY, SESSION_ITEM } from '../../contract/record.js';
import type { DynamoDBKeyInput, DynamoDBTransport, ReceivedDynamoDBItem } from './dynamodb-transport.js';
import type { EpochMilliseconds } from './store.js';

/** A table, and the way there, found at the first call. */
export class DynamoDBTable {
  #transport: DynamoDBTransport | undefined;

  constructor(
    readonly name: string,
    private readonly region: string | undefined,
    transport: DynamoDBTransport | undefined,
  ) {
    this.#transport = transport;
  }

  async reach(): Promise<DynamoDBTransport> {
    if (this.#transport === undefined) {
      const { sdkTransport } = await import('./dynamodb-sdk.js');
      this.#transport ??= sdkTransport(this.region);
    }
    return this.#transport;
  }

  /** The item with this key, be it a session's or an owner's. */
  at(key: Uint8Array): DynamoDBKeyInput {
    return { TableName: this.name, Key: { [SESSION_ITEM.key]: { B: key } } };
  }
}

/** That a condition did not hold, and not that the system failed. It may bring what is there. */
export function isRefusal(error: unknown): error is Error & { readonly Item?: ReceivedDynamoDBItem } {
  return error instanceof Error && error.name === 'ConditionalCheckFailedException';
}

/** DynamoDB collects by whole seconds, and does so only when what is kept has been over for long. */
export function ttlOf(end: EpochMilliseconds): { readonly N: string } {
  return number(Math.ceil(end / 1000) + COLLECTION_DELAY);
}

export function number(value: number): { readonly N: string } {
  return { N: String(value) };
}
