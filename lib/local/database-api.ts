import { LocalError } from './errors.js';
import { isObject, type JsonObject, textAt } from './json.js';
import type { TableDefinition } from './tables.js';

/**
 * The header without which a database answers nothing. Any web page may send requests to any port of this machine, and
 * dynalite permits every page to read its answers: its secret is what keeps them out.
 */
export const KEY_HEADER = 'x-cdk-sessions-local-key';

/** Where a database listens on loopback, and what opens it. */
export interface DatabaseAddress {
  readonly port: number;
  /** The value of `KEY_HEADER`, a secret of this run. */
  readonly key: string;
}

/** Creates a table and waits until it can be used. @throws LocalError ERR_LOCAL_DYNAMODB */
export async function createTable(database: DatabaseAddress, table: TableDefinition): Promise<void> {
  await call(database, 'CreateTable', table.create);
  for (;;) {
    const description = (await call(database, 'DescribeTable', { TableName: table.name }))['Table'];
    if (textAt(description, 'TableStatus') === 'ACTIVE') {
      return;
    }
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** Neither database checks signatures, but both want to see one. */
const AUTHORIZATION =
  'AWS4-HMAC-SHA256 Credential=RUNNER/20200101/us-east-1/dynamodb/aws4_request, SignedHeaders=host, Signature=none';

/** Calls an operation of DynamoDB about one table. @throws LocalError ERR_LOCAL_DYNAMODB if it is refused */
export async function call({ port, key }: DatabaseAddress, operation: string, body: JsonObject): Promise<JsonObject> {
  const response = await fetch(`http://127.0.0.1:${port}/`, {
    method: 'POST',
    headers: {
      'content-type': 'application/x-amz-json-1.0',
      'x-amz-target': `DynamoDB_20120810.${operation}`,
      'x-amz-date': '20200101T000000Z',
      authorization: AUTHORIZATION,
      [KEY_HEADER]: key,
    },
    body: JSON.stringify(body),
  });
  const answer: unknown = await response.json();
  if (!response.ok || !isObject(answer)) {
    // Each of the two writes the reason in its own way, and dynalite sometimes only the type.
    const type = textAt(answer, '__type')?.split('#').at(-1);
    const reason = textAt(answer, 'message') || textAt(answer, 'Message') || type;
    throw new LocalError(
      'ERR_LOCAL_DYNAMODB',
      `${operation} of ${textAt(body, 'TableName')} was refused: ${reason ?? `status ${response.status}`}`,
    );
  }
  return answer;
}
