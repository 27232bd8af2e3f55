/**
 * A stand-in for DynamoDB that costs next to nothing, in a process of its own: it remembers what it is given, answers it
 * again, and counts calls and capacity units. It evaluates no condition, since one client at a time talks to it. An
 * emulator would spend more time on a call than any client, and hide what is compared.
 */
import { createServer } from 'node:http';
import { type Attribute, type Item, itemSize, readUnits, writeUnits } from './item-size.js';
import { type Consumption, NOTHING_CONSUMED } from './stub-process.js';

interface Request {
  readonly Key?: Item;
  readonly Item?: Item;
  readonly UpdateExpression?: string;
  readonly ExpressionAttributeNames?: Readonly<Record<string, string>>;
  readonly ExpressionAttributeValues?: Readonly<Record<string, Attribute>>;
}

/** An item, and the reply to a GetItem of it, made when it is written. */
interface Remembered {
  readonly item: Item;
  readonly size: number;
  readonly reply: Buffer;
}

const KEY = 'id';
const EMPTY = Buffer.from('{}');
const items = new Map<string, Remembered>();
let consumed: Consumption = NOTHING_CONSUMED;

function answer(operation: string | undefined, request: Request): Buffer {
  switch (operation) {
    case 'GetItem':
      return getItem(nameOf(request.Key));
    case 'PutItem':
      return write(nameOf(request.Item), () => request.Item ?? {});
    case 'UpdateItem':
      return write(nameOf(request.Key), (before) => updated({ ...request.Key, ...before }, request));
    default:
      throw new Error(`the stub answers GetItem, PutItem and UpdateItem, received ${operation}`);
  }
}

function getItem(name: string): Buffer {
  const found = items.get(name);
  count({ reads: 1, readUnits: readUnits(found?.size ?? 0) });
  return found?.reply ?? EMPTY;
}

function write(name: string, change: (before: Item) => Item): Buffer {
  const before = items.get(name);
  const item = change(before?.item ?? {});
  const size = itemSize(item);
  items.set(name, { item, size, reply: Buffer.from(JSON.stringify({ Item: item })) });
  count({ writes: 1, writeUnits: writeUnits(before?.size ?? 0, size) });
  // Callers that ask for what changed find it among all attributes; those that do not ask ignore it.
  return Buffer.from(JSON.stringify({ Attributes: item }));
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
  const { reads = 0, writes = 0, readUnits = 0, writeUnits = 0 } = more;
  consumed = {
    reads: consumed.reads + reads,
    writes: consumed.writes + writes,
    readUnits: consumed.readUnits + readUnits,
    writeUnits: consumed.writeUnits + writeUnits,
  };
}

const server = createServer((request, response) => {
  const chunks: Buffer[] = [];
  request.on('data', (chunk: Buffer) => chunks.push(chunk));
  request.on('end', () => {
    const operation = String(request.headers['x-amz-target']).split('.')[1];
    const reply = answer(operation, JSON.parse(Buffer.concat(chunks).toString()));
    response.writeHead(200, { 'content-type': 'application/x-amz-json-1.0', 'content-length': reply.byteLength });
    response.end(reply);
  });
});

server.listen(0, '127.0.0.1', () => process.send?.(server.address()));
// Every message asks for what was consumed since the last one.
process.on('message', () => {
  process.send?.(consumed);
  consumed = NOTHING_CONSUMED;
});
process.on('disconnect', () => process.exit());
