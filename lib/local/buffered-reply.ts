import type { Exchange } from './front-server.js';
import { type HttpReply, type HttpRequest, readBody, sendReply } from './http.js';

/** How a request is answered that must have come to its end first. */
export interface BufferedHandler {
  /** The longest body that is read, in bytes. */
  readonly limit: number;
  readonly answer: (request: HttpRequest) => Promise<HttpReply>;
  /** The reply to a request whose body is longer. */
  readonly tooLarge: () => HttpReply;
  /** The reply when an answer breaks the rules of HTTP. */
  readonly malformed: () => HttpReply;
}

/** Reads a request to its end, and sends what a handler makes of it. */
export async function replyBuffered(
  { head, incoming, response }: Exchange,
  handler: BufferedHandler,
  log: (line: string) => void,
): Promise<void> {
  const body = await readBody(incoming, handler.limit);
  const reply = body === undefined ? handler.tooLarge() : await handler.answer({ ...head, body });
  if (!sendReply(response, reply)) {
    log(`${head.method} ${head.path}: a header of the answer is not permitted by HTTP`);
    sendReply(response, handler.malformed());
  }
}
