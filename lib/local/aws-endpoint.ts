import { Agent, createServer, request as forward, type IncomingMessage, type ServerResponse } from 'node:http';
import { type DatabaseAddress, KEY_HEADER } from './database-api.js';
import { type Caller, callsOf, type LocalCall } from './database-calls.js';
import { messageOf } from './errors.js';
import { isLoopbackHost } from './host-name.js';
import { close, listen, readBody, sendReply } from './http.js';
import { parseObject } from './json.js';
import { getSecretValue, type SecretDefinition, type ServiceAnswer } from './secrets-manager.js';

/** What the endpoint needs. */
export interface AwsEndpointOptions {
  readonly database: DatabaseAddress;
  /** @default - there are none */
  readonly secrets?: readonly SecretDefinition[];
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

/** DynamoDB takes at most 16 MB at once (BatchWriteItem), other services less. */
const LONGEST_REQUEST = 17 * 1024 * 1024;

/**
 * Starts the endpoint: it passes DynamoDB calls on to the database and tells who made them, and gives out the secrets.
 * Any other service is refused here, so that an AWS SDK with the environment of an instance calls nothing of AWS itself.
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
  options: AwsEndpointOptions,
): Promise<void> {
  const { log } = options;
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
  const [, keyId = '', signedFor = ''] =
    /Credential=([^/,\s]+)\/\d+\/[^/]+\/([^/]+)\//.exec(request.headers.authorization ?? '') ?? [];
  const caller = options.callers.get(keyId);
  // The target of a call, in both services' protocols: `DynamoDB_20120810.GetItem`, `secretsmanager.GetSecretValue`.
  const [, service, operation = ''] =
    /^(DynamoDB|secretsmanager)(?:_\d+)?\.(\w+)$/.exec(String(request.headers['x-amz-target'] ?? '')) ?? [];
  // What is no JSON the database refuses with DynamoDB's own error; the record says only that there was a call.
  const parameters = parseObject(body.toString()) ?? {};
  if (service === 'DynamoDB') {
    report(caller === undefined ? [] : callsOf(caller, operation, parameters), options);
    passOn(request, body, response, agent, options);
    return;
  }
  if (service === 'secretsmanager' && operation === 'GetSecretValue') {
    reply(response, getSecretValue(parameters, options.secrets ?? []));
    return;
  }
  const message =
    service === 'secretsmanager'
      ? `only GetSecretValue of Secrets Manager runs on this machine, not ${operation}`
      : `only DynamoDB and Secrets Manager run on this machine, not ${signedFor === '' ? 'this service' : signedFor}`;
  log(`${caller === undefined ? 'somebody' : `${caller.stack}/${caller.logicalId}`} called AWS: ${message}`);
  reply(
    response,
    service === 'secretsmanager'
      ? { status: 400, body: { __type: 'UnknownOperationException', message } }
      : { status: 501, body: { __type: 'NotRunLocally', message } },
  );
}

function report(calls: readonly LocalCall[], { onCall, log }: AwsEndpointOptions): void {
  for (const call of calls) {
    try {
      onCall(call);
    } catch (error) {
      log(`onCall failed: ${messageOf(error)}`);
    }
  }
}

function passOn(
  request: IncomingMessage,
  body: Buffer,
  response: ServerResponse,
  agent: Agent,
  { database, log }: AwsEndpointOptions,
): void {
  const { 'content-length': _, ...received } = request.headers;
  const headers = { ...received, [KEY_HEADER]: database.key };
  const passed = forward(
    { host: '127.0.0.1', port: database.port, method: request.method, path: request.url, headers, agent },
    (answered) => {
      response.writeHead(answered.statusCode ?? 502, answered.rawHeaders);
      answered.pipe(response);
    },
  );
  passed.on('error', (error) => {
    log(`the database did not answer: ${messageOf(error)}`);
    response.destroy();
  });
  passed.end(body);
}

function reply(response: ServerResponse, { status, body }: ServiceAnswer): void {
  sendReply(response, {
    status,
    headers: [['content-type', 'application/x-amz-json-1.1']],
    body: JSON.stringify(body),
  });
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
