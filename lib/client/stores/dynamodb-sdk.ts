import {
  DeleteItemCommand,
  DynamoDBClient,
  GetItemCommand,
  PutItemCommand,
  ScanCommand,
  type ScanCommandInput,
  UpdateItemCommand,
} from '@aws-sdk/client-dynamodb';
import type { DynamoDBTransport } from './dynamodb-transport.js';

/** How the SDK's client is set up for calls that somebody waits for. */
export const CLIENT = {
  // Without it the SDK sorts its middleware anew for every call, which is a seventh of a read's CPU time.
  cacheMiddleware: true,
  requestHandler: {
    // A connection that is not made, or an answer that does not begin, in this time is given up for another try.
    requestTimeout: 900,
    throwOnRequestTimeout: true,
    // So is an answer that stops half-way. The SDK watches for less than six seconds at a cost to every call.
    socketTimeout: 6000,
  },
} as const;

/** Reaches DynamoDB through the AWS SDK, with its own retries within the deadline of each call. */
export function sdkTransport(region: string | undefined): DynamoDBTransport {
  return transportOf(new DynamoDBClient({ ...CLIENT, ...(region !== undefined && { region }) }));
}

/**
 * Reaches DynamoDB through a client of the AWS SDK that is set up as `CLIENT`.
 *
 * A read is not told to stop at its deadline, only waited for no longer. Its signal would cost the SDK a fifth of the
 * call's CPU time, with the middleware that it may not keep for a call with options; and a read that goes on does no
 * harm: the timeouts of its few tries end it some seconds later. A write must not go on when its failure was told.
 */
export function transportOf(client: DynamoDBClient): DynamoDBTransport {
  return {
    getItem: (input) => client.send(new GetItemCommand(input)),
    putItem: (input, options) => client.send(new PutItemCommand(input), { abortSignal: options?.signal }),
    updateItem: (input, options) => client.send(new UpdateItemCommand(input), { abortSignal: options?.signal }),
    deleteItem: (input, options) => client.send(new DeleteItemCommand(input), { abortSignal: options?.signal }),
    scan: (input, options) => client.send(new ScanCommand(input as ScanCommandInput), { abortSignal: options?.signal }),
  };
}
