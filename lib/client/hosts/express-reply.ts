import { addCookie, applyHead } from './express-head.js';
import type { ExpressResponse } from './express-types.js';
import type { OwnReply } from './own-reply.js';
import { keepInTable } from './property-table.js';

/** The methods that send something. */
const SENDING = ['writeHead', 'flushHeaders', 'write', 'end'] as const;
type Sending = (typeof SENDING)[number];

/** The methods that change headers. `appendHeader` is not everywhere. */
const CHANGING = ['setHeader', 'appendHeader', 'removeHeader'] as const;

type Args = readonly unknown[];
type Method = (...args: Args) => unknown;
type Listener = () => void;

/**
 * A response whose reply is held until the session is saved.
 *
 *     open ──the first call that sends──► held ──release──► passing: all that was called meanwhile is made good
 *                                          └────reopen───► passing: it is dropped, and another reply may take its place
 *                                                             └──replace──► over: a reply of ours did
 *
 * While it is held it looks as if it had been sent: `headersSent` says so, headers cannot be changed, and `write` gives
 * `false`, so that whoever heeds that waits for `drain`, and no more than one chunk is kept of a stream.
 */
export class HeldReply {
  #state: 'open' | 'held' | 'passing' | 'over' = 'open';
  /** The methods as they were before: of the response itself, or of a middleware that came earlier. */
  readonly #sends: Readonly<Record<Sending, Method>>;
  /** What was called while it was held. */
  readonly #calls: { readonly method: Sending; readonly args: Args }[] = [];
  /** Who waits for `drain` since before it passed. */
  readonly #waiting: Listener[] = [];
  readonly #before: { readonly statusCode: number; readonly headers: object };
  #statusCode = 200;
  #setCookie: string | undefined;
  #dropped: unknown;

  /** @param begun is called once, when the first call that sends something was made */
  constructor(
    private readonly response: ExpressResponse,
    private readonly begun: () => void,
  ) {
    keepInTable(response);
    const { writeHead, flushHeaders, write, end } = response as unknown as Record<Sending, Method>;
    this.#sends = { writeHead, flushHeaders, write, end };
    this.#before = { statusCode: response.statusCode, headers: response.getHeaders() };
    // Own properties, and one each: Express exchanges the prototype of a response on the way.
    response.writeHead = (...args: Args) => this.#called('writeHead', args);
    response.flushHeaders = (...args: Args) => this.#called('flushHeaders', args);
    response.write = (...args: Args) => this.#called('write', args) as boolean;
    response.end = (...args: Args) => this.#called('end', args);
    this.#noteWhoWaits();
    for (const name of CHANGING) {
      this.#guard(name);
    }
  }

  /** Sends what was held, with a cookie if there is one to set. What comes after it passes. */
  release(setCookie: string | undefined): void {
    this.#setCookie = setCookie;
    this.#pass();
    this.response.statusCode = this.#statusCode;
    let drained = false;
    for (let call = this.#calls.shift(); call !== undefined; call = this.#calls.shift()) {
      const { method, args } = call;
      const result = method === 'writeHead' ? this.#writeHead(args) : this.#send(method, args);
      drained = method === 'write' ? result === true : drained && method !== 'end';
    }
    if (drained) {
      this.#drain();
    }
  }

  /**
   * Drops what was held, so that another reply may be made: what it would have set is as it was before. When that one ends,
   * nothing is let through any more of whoever still writes to the one that was dropped.
   */
  reopen(error: unknown): void {
    this.#pass();
    this.#setCookie = undefined;
    this.#dropped = error;
    for (const { args } of this.#calls.splice(0)) {
      refuse(args, error);
    }
    if (!this.response.headersSent) {
      this.#reset();
    }
  }

  /** Sends a reply of ours in place of what was dropped, of which nothing was sent, and nothing after it. */
  replace(reply: OwnReply): void {
    sendOwn(this.response, reply, (body) => this.#send('end', [body]));
    this.#state = 'over';
  }

  #called(method: Sending, args: Args): unknown {
    switch (this.#state) {
      case 'open':
        return this.#begin(method, args);
      case 'held':
        return this.#keep(method, args);
      case 'passing':
        return this.#passOn(method, args);
      case 'over':
        refuse(args, this.#dropped);
        return this.#answerTo(method);
    }
  }

  /** What a call gives that sends nothing yet, or nothing any more. */
  #answerTo(method: Sending): unknown {
    return method === 'write' ? false : this.response;
  }

  #begin(method: Sending, args: Args): unknown {
    const { response } = this;
    // A header that cannot be is the caller's mistake, as it is without us: the reply has not begun then.
    const head = method === 'writeHead' ? applyHead(response, args) : undefined;
    if (head !== undefined) {
      response.statusCode = Number(head[0]);
    }
    this.#state = 'held';
    this.#statusCode = response.statusCode;
    Object.defineProperty(response, 'headersSent', { value: true, configurable: true });
    this.#calls.push({ method, args: head ?? args });
    this.begun();
    return this.#answerTo(method);
  }

  #keep(method: Sending, args: Args): unknown {
    if (method === 'writeHead') {
      throw alreadySent('write');
    }
    this.#calls.push({ method, args });
    return this.#answerTo(method);
  }

  #passOn(method: Sending, args: Args): unknown {
    if (method === 'writeHead') {
      return this.#writeHead(args);
    }
    const result = this.#send(method, args);
    if (method === 'end' && this.#dropped !== undefined) {
      this.#state = 'over';
    }
    return result;
  }

  #pass(): void {
    this.#state = 'passing';
    Reflect.deleteProperty(this.response, 'headersSent');
  }

  /** The last that is called before the head leaves, whoever else has changed it until here. */
  #writeHead(args: Args): unknown {
    const setCookie = this.#setCookie;
    if (setCookie === undefined) {
      return this.#send('writeHead', args);
    }
    this.#setCookie = undefined;
    const head = applyHead(this.response, args);
    addCookie(this.response, setCookie);
    return this.#send('writeHead', head);
  }

  #send(method: Sending, args: Args): unknown {
    return Reflect.apply(this.#sends[method], this.response, args);
  }

  /**
   * A middleware that came earlier and sends through a stream of its own, as `compression()` does, hands listeners of `drain` on
   * to that stream, which nothing that is emitted here would reach.
   */
  #noteWhoWaits(): void {
    const { response } = this;
    const { on } = response as unknown as { on: Method };
    response.on = (event: unknown, listener: Listener) => {
      if (event === 'drain' && this.#state !== 'passing') {
        this.#waiting.push(listener);
      }
      return Reflect.apply(on, response, [event, listener]);
    };
  }

  /** Tells who waits, each once, that what was held has left. */
  #drain(): void {
    const { response } = this;
    const reached = new Set(response.rawListeners('drain'));
    response.emit('drain');
    for (const listener of this.#waiting.splice(0)) {
      if (!reached.has(listener)) {
        Reflect.apply(listener, response, []);
      }
    }
  }

  /** Has a method throw while the reply is held, as it does when the head was sent. */
  #guard(name: (typeof CHANGING)[number]): void {
    const response = this.response as unknown as Record<string, Method | undefined>;
    const change = response[name];
    if (change !== undefined) {
      response[name] = (...args: Args) => {
        if (this.#state === 'held') {
          throw alreadySent(name === 'removeHeader' ? 'remove' : 'set');
        }
        return Reflect.apply(change, response, args);
      };
    }
  }

  #reset(): void {
    const { response } = this;
    const { statusCode, headers } = this.#before;
    for (const name of Object.keys(response.getHeaders())) {
      response.removeHeader(name);
    }
    for (const [name, value] of Object.entries(headers)) {
      response.setHeader(name, value);
    }
    response.statusCode = statusCode;
    // HTTP/2 has none, and its responses warn of whoever sets one.
    if (Object.hasOwn(response, 'statusMessage')) {
      Reflect.set(response, 'statusMessage', undefined);
    }
  }
}

/** Sends a reply of ours on a response of which nothing was sent. */
export function sendOwn(
  response: ExpressResponse,
  { statusCode, headers, body }: OwnReply,
  end: (body: string) => unknown = (text) => Reflect.apply(response.end, response, [text]),
): void {
  response.statusCode = statusCode;
  for (const [name, value] of Object.entries(headers)) {
    response.setHeader(name, value);
  }
  end(body);
}

/** Tells whoever waits for a call to be carried out that it will not be. */
function refuse(args: Args, error: unknown): void {
  const callback = args.findLast((arg) => typeof arg === 'function');
  if (callback !== undefined) {
    process.nextTick(callback, error);
  }
}

/** What Node.js throws when a head was sent. */
function alreadySent(what: 'set' | 'remove' | 'write'): Error {
  return Object.assign(new Error(`Cannot ${what} headers after they are sent to the client`), {
    code: 'ERR_HTTP_HEADERS_SENT',
  });
}
