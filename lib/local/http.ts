import { once } from 'node:events';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { types } from 'node:util';
import { LocalError, messageOf } from './errors.js';

/** A request up to its body. */
export interface RequestHead {
  readonly method: string;
  /** The path and the query as they were sent, still encoded. */
  readonly path: string;
  readonly query: string;
  /** In the order in which they were sent, names in lower case. */
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly sourceIp: string;
}

/** A request, read to its end. */
export interface HttpRequest extends RequestHead {
  readonly body: Buffer;
}

/** A reply. A name may come several times; names keep the letter case in which they are written. */
export interface HttpReply {
  readonly status: number;
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly body: Buffer | string;
}

/** Listens on loopback and answers with the port. @throws LocalError ERR_LOCAL_PORT if the port cannot be had */
export async function listen(server: Server, port: number): Promise<number> {
  try {
    server.listen(port, '127.0.0.1');
    await once(server, 'listening');
  } catch (error) {
    const taken = types.isNativeError(error) && 'code' in error && error.code === 'EADDRINUSE';
    const reason = taken ? 'is in use: stop what listens there, or choose another with --port' : messageOf(error);
    throw new LocalError('ERR_LOCAL_PORT', `port ${port} ${reason}`, { cause: error });
  }
  const address = server.address();
  return typeof address === 'object' && address !== null ? address.port : port;
}

/** Stops listening and cuts the connections that are open. */
export async function close(server: Server): Promise<void> {
  if (server.listening) {
    const closed = new Promise<void>((resolve, reject) => server.close((error) => (error ? reject(error) : resolve())));
    server.closeAllConnections();
    await closed;
  }
}

/** Reads a request to its end; `undefined` if its body is longer than `limit` bytes. */
export async function readRequest(request: IncomingMessage, limit: number): Promise<HttpRequest | undefined> {
  const body = await readBody(request, limit);
  return body && { ...headOf(request), body };
}

/** What a request says before its body. */
export function headOf(request: IncomingMessage): RequestHead {
  const target = request.url ?? '/';
  const at = target.indexOf('?');
  const { rawHeaders } = request;
  return {
    method: request.method ?? 'GET',
    path: at === -1 ? target : target.slice(0, at),
    query: at === -1 ? '' : target.slice(at + 1),
    headers: rawHeaders.flatMap((name, index) =>
      index % 2 === 0 ? [[name.toLowerCase(), rawHeaders[index + 1] ?? ''] as const] : [],
    ),
    sourceIp: request.socket.remoteAddress ?? '127.0.0.1',
  };
}

/** Reads a body; `undefined` if it is longer than `limit` bytes, but only after all of it was sent. */
export async function readBody(request: IncomingMessage, limit: number): Promise<Buffer | undefined> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of request) {
    length += chunk.length;
    if (length <= limit) {
      chunks.push(chunk);
    }
  }
  return length <= limit ? Buffer.concat(chunks) : undefined;
}

/** The last value of a header, or all of them joined. */
export function header(request: RequestHead, name: string): string | undefined {
  return request.headers.findLast(([candidate]) => candidate === name)?.[1];
}

/** Headers that concern one connection only. */
const HOP_BY_HOP = /^(?:connection|keep-alive|proxy-connection|te|trailer|transfer-encoding|upgrade)$/i;

/** Whether a header concerns one connection only, whatever the letter case of its name. */
export function isHopByHop(name: string): boolean {
  return HOP_BY_HOP.test(name);
}

/** Sends a reply. Answers `false`, having sent nothing, if HTTP does not permit one of its headers. */
export function sendReply(response: ServerResponse, reply: HttpReply): boolean {
  const body = Buffer.isBuffer(reply.body) ? reply.body : Buffer.from(reply.body);
  // The length is counted anew.
  const headers = reply.headers.filter(([name]) => !isHopByHop(name) && !/^content-length$/i.test(name)).flat();
  const length = reply.status === 204 || reply.status === 304 ? [] : ['content-length', String(body.length)];
  try {
    // A flat list is the one form in which the same name may come in several letter cases.
    response.writeHead(reply.status, [...headers, ...length]);
  } catch {
    // Node refuses names and values that would break the message; it has then written nothing.
    return false;
  }
  response.end(body);
  return true;
}
