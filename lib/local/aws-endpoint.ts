import { Agent, createServer, request as forward, type IncomingMessage, type ServerResponse } from 'node:http';
import { type DatabaseAddress, KEY_HEADER } from './database-api.js';
import { messageOf } from './errors.js';
import { isLoopbackHost } from './host-name.js';
import { close, listen, readBody, sendReply } from './http.js';
import { isObject, type JsonObject, objectAt, textAt } from './json.js';

/** One call of DynamoDB by a function, as its role would have to allow it. */
export interface LocalCall {
  readonly stack: string;
  /** The logical id of the function. */
  readonly function: string;
  /** For example `GetItem`. */
  readonly operation: string;
  /** The table's name. A call of several tables is reported once for each. */
  readonly table: string;
  readonly index?: string;
  /** The request's body. */
  readonly body: JsonObject;
}

/** The function that an access key id was given to. */
export interface Caller {
  readonly stack: string;
  readonly logicalId: string;
}

/** What the endpoint needs. */
export interface AwsEndpointOptions {
  readonly database: DatabaseAddress;
  /** Who calls, by access key id: each function has one of its own. */
  readonly callers: ReadonlyMap<string, Caller>;
  readonly onCall: (call: LocalCall) => void;
  readonly log: (line: string) => void;
}

/** The AWS endpoint that functions see in place of every service's own. */
export interface AwsEndpoint {
  readonly url: string;
  stop(): Promise<void>;
}

/** DynamoDB takes at most 16 MB at once (BatchWriteItem). */
const LONGEST_REQUEST = 17 * 1024 * 1024;

/**
 * Starts the endpoint: it passes DynamoDB calls on to the database and tells who made them. Any other service is
 * refused here, so that an AWS SDK with the environment of an instance calls nothing of AWS itself.
 *
 * Programs of this machine may talk to it, web pages may not: see `foreign`.
 */
export async function startAwsEndpoint(options: AwsEndpointOptions): Promise<AwsEndpoint> {
  const agent = new Agent({ keepAlive: true });
  const server = createServer((request, response) => {
    answer(request, response, agent, options).catch((error: unknown) => {
      options.log(`the local AWS endpoint failed: ${messageOf(error)}`);
      response.destroy();
    });
  });
  const port = await listen(server, 0);
  return {
    url: `http://127.0.0.1:${port}`,
    stop: async () => {
      agent.destroy();
      await close(server);
    },
  };
}

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  agent: Agent,
  { database, callers, onCall, log }: AwsEndpointOptions,
): Promise<void> {
  const reason = foreign(request);
  if (reason !== undefined) {
    const message = `the local AWS endpoint refused a request: ${reason}`;
    log(message);
    sendReply(response, { status: 403, headers: [['content-type', 'text/plain']], body: `${message}\n` });
    return;
  }
  const body = await readBody(request, LONGEST_REQUEST);
  if (body === undefined) {
    sendReply(response, { status: 413, headers: [], body: '' });
    return;
  }
  const [, keyId = '', service = ''] =
    /Credential=([^/,\s]+)\/\d+\/[^/]+\/([^/]+)\//.exec(request.headers.authorization ?? '') ?? [];
  const caller = callers.get(keyId);
  const operation = /^DynamoDB_\d+\.(\w+)$/.exec(String(request.headers['x-amz-target'] ?? ''))?.[1];
  if (operation === undefined) {
    const message = `only DynamoDB runs on this machine, not ${service === '' ? 'this service' : service}`;
    log(`${caller === undefined ? 'somebody' : `${caller.stack}/${caller.logicalId}`} called AWS: ${message}`);
    sendReply(response, {
      status: 501,
      headers: [['content-type', 'application/x-amz-json-1.0']],
      body: JSON.stringify({ __type: 'NotRunLocally', message }),
    });
    return;
  }
  if (caller !== undefined) {
    for (const call of callsOf(caller, operation, body)) {
      try {
        onCall(call);
      } catch (error) {
        log(`onCall failed: ${messageOf(error)}`);
      }
    }
  }
  const { 'content-length': _, ...received } = request.headers;
  const headers = { ...received, [KEY_HEADER]: database.key };
  const passed = forward(
    { host: '127.0.0.1', port: database.port, method: request.method, path: request.url, headers, agent },
    (reply) => {
      response.writeHead(reply.statusCode ?? 502, reply.rawHeaders);
      reply.pipe(response);
    },
  );
  passed.on('error', (error) => {
    log(`the database did not answer: ${messageOf(error)}`);
    response.destroy();
  });
  passed.end(body);
}

/**
 * Why a request may be the doing of a web page that the developer has open, if it may be. Browsers send `Origin` with
 * every POST and `Sec-Fetch-Site` with every request to loopback (W3C, "Fetch Metadata Request Headers"); the other
 * `Sec-Fetch` headers do not tell, since fetch in Node.js sends one of them. A page whose owner has pointed its own name
 * to this machine is betrayed by the host.
 */
function foreign({ headers, socket }: IncomingMessage): string | undefined {
  if (headers.origin !== undefined || headers['sec-fetch-site'] !== undefined) {
    return 'it came from a web page';
  }
  return isLoopbackHost(headers.host, socket.localPort)
    ? undefined
    : `its host is ${JSON.stringify(headers.host)}, not localhost:${socket.localPort}`;
}

function callsOf(caller: Caller, operation: string, text: Buffer): readonly LocalCall[] {
  const body = parse(text);
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

function parse(text: Buffer): JsonObject {
  try {
    const body: unknown = JSON.parse(text.toString());
    return isObject(body) ? body : {};
  } catch {
    // The database refuses it with DynamoDB's own error; the record says only that there was a call.
    return {};
  }
}
