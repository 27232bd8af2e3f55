import { SESSION_ITEM } from '../../contract/record.js';
import { SessionError } from '../errors.js';
import { type DynamoDBTable, number } from './dynamodb-table.js';
import type { DynamoDBItem, DynamoDBTransport, ReceivedDynamoDBItem } from './dynamodb-transport.js';
import { hasPrefix } from './key-name.js';
import type { CallOptions, EpochMilliseconds, SessionKey } from './terms.js';

/**
 * The keys in a table that begin with these bytes, by a scan of all of it, page by page.
 *
 * @throws SessionError ERR_SESSION_CONFIG if the table may not be scanned
 */
export async function* keysIn(
  table: DynamoDBTable,
  prefix: Uint8Array,
  now: EpochMilliseconds,
  options?: CallOptions,
): AsyncGenerator<readonly SessionKey[]> {
  const scan = scanOf(await table.reach());
  let last: ReceivedDynamoDBItem | undefined;
  do {
    const page = await scan(
      {
        TableName: table.name,
        ConsistentRead: true,
        ProjectionExpression: '#id',
        FilterExpression: '#expiresAt > :now',
        ExpressionAttributeNames: { '#id': SESSION_ITEM.key, '#expiresAt': SESSION_ITEM.expiresAt },
        ExpressionAttributeValues: { ':now': number(now) },
        ...(last && { ExclusiveStartKey: last as DynamoDBItem }),
      },
      options,
    ).catch(explain);
    // Looked for here: a filter spares nothing of what a scan costs, and emulators disagree on how bytes begin.
    const keys = (page.Items ?? []).flatMap((item) => item[SESSION_ITEM.key]?.B ?? []);
    yield keys.filter((key) => hasPrefix(key, prefix));
    last = page.LastEvaluatedKey;
  } while (last !== undefined);
}

function scanOf(transport: DynamoDBTransport): NonNullable<DynamoDBTransport['scan']> {
  if (transport.scan === undefined) {
    throw new SessionError(
      'ERR_SESSION_CONFIG',
      'sessions of a table are listed by a transport with the method scan, received one without: give it one',
    );
  }
  return transport.scan.bind(transport);
}

function explain(error: unknown): never {
  if (error instanceof Error && error.name === 'AccessDeniedException') {
    throw new SessionError(
      'ERR_SESSION_CONFIG',
      'the sessions of the table may not be listed: grant dynamodb:Scan on it to whoever does, which no attach method does',
      { cause: error },
    );
  }
  throw error;
}
