import { isObject, type JsonObject, objectAt, textAt } from './json.js';

/** One call of DynamoDB by a function or a service, as its role would have to allow it. */
export interface LocalCall {
  readonly stack: string;
  /** The logical id of the function or the service. */
  readonly function: string;
  /** For example `GetItem`. */
  readonly operation: string;
  /** The table's name. A call of several tables is reported once for each. */
  readonly table: string;
  readonly index?: string;
  /** The request's body. */
  readonly body: JsonObject;
}

/** The function or service that an access key id was given to. */
export interface Caller {
  readonly stack: string;
  readonly logicalId: string;
}

/** What a request to DynamoDB is to be reported as. */
export function callsOf(caller: Caller, operation: string, body: JsonObject): readonly LocalCall[] {
  const index = textAt(body, 'IndexName');
  return tablesOf(body).map((table) => ({
    stack: caller.stack,
    function: caller.logicalId,
    operation,
    table,
    ...(index !== undefined && { index }),
    body,
  }));
}

/** One table by name, those of a batch, or those of a transaction; an operation on none in particular names `*`. */
function tablesOf(body: JsonObject): readonly string[] {
  const table = textAt(body, 'TableName');
  if (table !== undefined) {
    return [table];
  }
  const transaction = body['TransactItems'];
  const named = Array.isArray(transaction)
    ? transaction
        .filter(isObject)
        .flatMap((item) => Object.values(item).flatMap((part) => textAt(part, 'TableName') ?? []))
    : Object.keys(objectAt(body, 'RequestItems'));
  return named.length === 0 ? ['*'] : [...new Set(named)];
}
