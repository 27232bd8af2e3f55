import type { CallOptions } from './store.js';

/** An attribute as it is sent: binary, number, text, or a set of binaries. */
export type DynamoDBAttribute =
  | { readonly B: Uint8Array }
  | { readonly N: string }
  | { readonly S: string }
  | { readonly BS: Uint8Array[] };

/** Attributes by name, as they are sent. */
export type DynamoDBItem = Readonly<Record<string, DynamoDBAttribute>>;

/** Attributes by name, as they are received: of any type, those of ours among them. */
export type ReceivedDynamoDBItem = Readonly<
  Record<string, { readonly B?: Uint8Array; readonly N?: string; readonly S?: string; readonly BS?: Uint8Array[] }>
>;

/** What every call names. */
export interface DynamoDBKeyInput {
  readonly TableName: string;
  readonly Key: DynamoDBItem;
}

/** What the placeholders of a request's expressions stand for. */
export interface DynamoDBTerms {
  readonly ExpressionAttributeNames: Readonly<Record<string, string>>;
  readonly ExpressionAttributeValues: DynamoDBItem;
}

/** A condition on what is there, whose refusal is to be answered with that. */
export interface DynamoDBConditionInput extends DynamoDBTerms {
  readonly ConditionExpression: string;
  readonly ReturnValuesOnConditionCheckFailure: 'ALL_OLD';
}

/** A consistent read of an item, or of some of its attributes. */
export interface DynamoDBReadInput extends DynamoDBKeyInput {
  readonly ConsistentRead: true;
  /** @default - all attributes */
  readonly ProjectionExpression?: string;
  /** What the projection's placeholders stand for. */
  readonly ExpressionAttributeNames?: Readonly<Record<string, string>>;
}

/** A change of an item's attributes. If there is no item, and no condition either, it makes one. */
export interface DynamoDBUpdateInput extends DynamoDBKeyInput, DynamoDBTerms {
  readonly UpdateExpression: string;
  /** @default - changed whatever is there */
  readonly ConditionExpression?: string;
  /** @default - nothing */
  readonly ReturnValues?: 'ALL_NEW' | 'NONE';
  /** @default - nothing */
  readonly ReturnValuesOnConditionCheckFailure?: 'ALL_OLD';
}

/** A page of a scan of the table: the keys of the items that pass its filter. */
export interface DynamoDBScanInput extends DynamoDBTerms {
  readonly TableName: string;
  readonly ConsistentRead: true;
  readonly ProjectionExpression: string;
  readonly FilterExpression: string;
  /** Where the page before ended. */
  readonly ExclusiveStartKey?: DynamoDBItem | undefined;
}

/** What a page has, and where it ended if there is another one. */
export interface DynamoDBScanOutput {
  readonly Items?: readonly ReceivedDynamoDBItem[];
  readonly LastEvaluatedKey?: ReceivedDynamoDBItem;
}

/**
 * How the store reaches DynamoDB: the AWS SDK, unless the application has something leaner. Inputs are those of the
 * DynamoDB API, version 2012-08-10. A refused condition rejects with an error whose name is
 * `ConditionalCheckFailedException`, and which carries the `Item` that is there if that was asked for.
 */
export interface DynamoDBTransport {
  getItem(input: DynamoDBReadInput, options?: CallOptions): Promise<{ readonly Item?: ReceivedDynamoDBItem }>;
  putItem(
    input: { readonly TableName: string; readonly Item: DynamoDBItem } & DynamoDBConditionInput,
    options?: CallOptions,
  ): Promise<unknown>;
  updateItem(
    input: DynamoDBUpdateInput,
    options?: CallOptions,
  ): Promise<{ readonly Attributes?: ReceivedDynamoDBItem }>;
  deleteItem(
    input: DynamoDBKeyInput & { readonly ReturnValues: 'ALL_OLD' },
    options?: CallOptions,
  ): Promise<{ readonly Attributes?: ReceivedDynamoDBItem }>;
  /** @default - sessions cannot be listed */
  scan?(input: DynamoDBScanInput, options?: CallOptions): Promise<DynamoDBScanOutput>;
}
