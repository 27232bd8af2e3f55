import {
  DeleteItemCommand,
  DynamoDBClient,
  GetItemCommand,
  PutItemCommand,
  UpdateItemCommand,
} from '@aws-sdk/client-dynamodb';
import type { DynamoDBTransport } from './dynamodb-transport.js';

/** A connection, or an answer, that takes longer is given up for another try: a dead socket says nothing. */
export const ATTEMPT = { connectionTimeout: 900, requestTimeout: 900, throwOnRequestTimeout: true } as const;

/** Reaches DynamoDB through the AWS SDK, with its own retries within the deadline of each call. */
export function sdkTransport(region: string | undefined): DynamoDBTransport {
  return transportOf(new DynamoDBClient({ ...(region !== undefined && { region }), requestHandler: ATTEMPT }));
}

/** Reaches DynamoDB through a client of the AWS SDK. */
export function transportOf(client: DynamoDBClient): DynamoDBTransport {
  return {
    getItem: (input, options) => client.send(new GetItemCommand(input), { abortSignal: options?.signal }),
    putItem: (input, options) => client.send(new PutItemCommand(input), { abortSignal: options?.signal }),
    updateItem: (input, options) => client.send(new UpdateItemCommand(input), { abortSignal: options?.signal }),
    deleteItem: (input, options) => client.send(new DeleteItemCommand(input), { abortSignal: options?.signal }),
  };
}
