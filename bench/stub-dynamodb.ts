/**
 * A stand-in for DynamoDB that costs next to nothing, in a process of its own: it remembers what it is given, answers it
 * again under the conditions of writes, and counts calls and capacity units. An emulator would spend more time on a call
 * than any client, and hide what is compared.
 */
import { createServer } from 'node:http';
import { holds, type Placeholders } from './condition.js';
import { type Item, itemSize, readUnits, writeUnits } from './item-size.js';
import { type Consumption, NOTHING_CONSUMED } from './stub-process.js';

interface Request extends Placeholders {
  readonly Key?: Item;
  readonly Item?: Item;
  readonly UpdateExpression?: string;
  readonly ConditionExpression?: string;
  readonly ReturnValuesOnConditionCheckFailure?: 'ALL_OLD' | 'NONE';
}

interface Reply {
  readonly status: number;
  readonly body: Buffer;
}

/** An item, and the reply to a GetItem of it, made when it is written. */
interface Remembered {
  readonly item: Item;
  readonly size: number;
  readonly reply: Reply;
}

const KEY = 'id';
const EMPTY = ok({});
const items = new Map<string, Remembered>();
let consumed: Consumption = NOTHING_CONSUMED;

function answer(operation: string | undefined, request: Request): Reply {
  switch (operation) {
    case 'GetItem':
      return getItem(nameOf(request.Key));
    case 'PutItem':
      return write(nameOf(request.Item), request, () => request.Item ?? {});
    case 'UpdateItem':
      return write(nameOf(request.Key), request, (before) => updated({ ...request.Key, ...before }, request));
    default:
      throw new Error(`the stub answers GetItem, PutItem and UpdateItem, received ${operation}`);
  }
}

function getItem(name: string): Reply {
  const found = items.get(name);
  count({ reads: 1, readUnits: readUnits(found?.size ?? 0) });
  return found?.reply ?? EMPTY;
}

function write(name: string, request: Request, change: (before: Item) => Item): Reply {
  const before = items.get(name);
  const item = change(before?.item ?? {});
  const size = itemSize(item);
  // Refused or not: "Capacity unit consumption for write operations" in the DynamoDB Developer Guide.
  count({ writes: 1, writeUnits: writeUnits(before?.size ?? 0, size) });
  const { ConditionExpression } = request;
  if (ConditionExpression !== undefined && !holds(ConditionExpression, before?.item ?? {}, request)) {
    count({ refusedWrites: 1 });
    return refusal(before?.item, request);
  }
  items.set(name, { item, size, reply: ok({ Item: item }) });
  // Callers that ask for what changed find it among all attributes; those that do not ask ignore it.
  return ok({ Attributes: item });
}

function refusal(found: Item | undefined, { ReturnValuesOnConditionCheckFailure }: Request): Reply {
  const body = {
    __type: 'com.amazonaws.dynamodb.v20120810#ConditionalCheckFailedException',
    message: 'The conditional request failed',
    ...(ReturnValuesOnConditionCheckFailure === 'ALL_OLD' && { Item: found }),
  };
  return { status: 400, body: Buffer.from(JSON.stringify(body)) };
}

function ok(body: object): Reply {
  return { status: 200, body: Buffer.from(JSON.stringify(body)) };
}

/** Carries out a `SET name = :value, …`, which is all that a session store needs to touch a session. */
function updated(item: Item, request: Request): Item {
  const { UpdateExpression = '', ExpressionAttributeNames = {}, ExpressionAttributeValues = {} } = request;
  const assignments = UpdateExpression.replace(/^set /i, '').split(',');
  const changes = assignments.map((assignment) => {
    const [name = '', value = ''] = assignment.split('=').map((side) => side.trim());
    const attribute = ExpressionAttributeValues[value];
    if (attribute === undefined) {
      throw new Error(`the stub carries out SET name = :value, received ${UpdateExpression}`);
    }
    return [ExpressionAttributeNames[name] ?? name, attribute] as const;
  });
  return { ...item, ...Object.fromEntries(changes) };
}

function nameOf(item: Item | undefined): string {
  return JSON.stringify(item?.[KEY]);
}

function count(more: Partial<Consumption>): void {
  const { reads = 0, writes = 0, refusedWrites = 0, readUnits = 0, writeUnits = 0 } = more;
  consumed = {
    reads: consumed.reads + reads,
    writes: consumed.writes + writes,
    refusedWrites: consumed.refusedWrites + refusedWrites,
    readUnits: consumed.readUnits + readUnits,
    writeUnits: consumed.writeUnits + writeUnits,
  };
}

const server = createServer((request, response) => {
  const chunks: Buffer[] = [];
  request.on('data', (chunk: Buffer) => chunks.push(chunk));
  request.on('end', () => {
    const operation = String(request.headers['x-amz-target']).split('.')[1];
    const { status, body } = answer(operation, JSON.parse(Buffer.concat(chunks).toString()));
    response.writeHead(status, { 'content-type': 'application/x-amz-json-1.0', 'content-length': body.byteLength });
    response.end(body);
  });
});

server.listen(0, '127.0.0.1', () => process.send?.(server.address()));
// Every message asks for what was consumed since the last one.
process.on('message', () => {
  process.send?.(consumed);
  consumed = NOTHING_CONSUMED;
});
process.on('disconnect', () => process.exit());
