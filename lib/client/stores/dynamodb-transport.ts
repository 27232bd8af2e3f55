import type { CallOptions } from './store.js';

/** An attribute as it is sent: binary, number or text. */
export type DynamoDBAttribute = { readonly B: Uint8Array } | { readonly N: string } | { readonly S: string };

/** Attributes by name, as they are sent. */
export type DynamoDBItem = Readonly<Record<string, DynamoDBAttribute>>;

/** Attributes by name, as they are received: of any type, those of ours among them. */
export type ReceivedDynamoDBItem = Readonly<
  Record<string, { readonly B?: Uint8Array; readonly N?: string; readonly S?: string }>
>;

/** What every call names. */
export interface DynamoDBKeyInput {
  readonly TableName: string;
  readonly Key: DynamoDBItem;
}

/** A condition on what is there. */
export interface DynamoDBConditionInput {
  readonly ConditionExpression: string;
  readonly ExpressionAttributeNames: Readonly<Record<string, string>>;
  readonly ExpressionAttributeValues: DynamoDBItem;
  readonly ReturnValuesOnConditionCheckFailure: 'ALL_OLD';
}

/**
 * How the store reaches DynamoDB: the AWS SDK, unless the application has something leaner. Inputs are those of the
 * DynamoDB API, version 2012-08-10. A refused condition rejects with an error whose name is
 * `ConditionalCheckFailedException`, and which may carry the `Item` that is there.
 */
export interface DynamoDBTransport {
  getItem(
    input: DynamoDBKeyInput & { readonly ConsistentRead: true },
    options?: CallOptions,
  ): Promise<{ readonly Item?: ReceivedDynamoDBItem }>;
  putItem(
    input: { readonly TableName: string; readonly Item: DynamoDBItem } & DynamoDBConditionInput,
    options?: CallOptions,
  ): Promise<unknown>;
  updateItem(
    input: DynamoDBKeyInput & { readonly UpdateExpression: string } & DynamoDBConditionInput,
    options?: CallOptions,
  ): Promise<unknown>;
  deleteItem(
    input: DynamoDBKeyInput & { readonly ReturnValues: 'ALL_OLD' },
    options?: CallOptions,
  ): Promise<{ readonly Attributes?: ReceivedDynamoDBItem }>;
}
