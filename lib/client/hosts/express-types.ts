/**
 * What the host uses of a request: that of Express 4 and 5, of Connect, of `node:http`, and of `node:http2` by its
 * compatibility API.
 */
export interface ExpressRequest {
  readonly headers: { readonly cookie?: string | undefined };
}

/** What the host uses of a response, of all of the same. It takes the place of the methods that send something. */
export interface ExpressResponse {
  statusCode: number;
  readonly headersSent: boolean;
  getHeader(name: string): unknown;
  getHeaders(): object;
  setHeader(name: string, value: string | readonly string[]): unknown;
  removeHeader(name: string): unknown;
  writeHead(...args: never[]): unknown;
  /** Some declarations of HTTP/2 lack it. */
  flushHeaders?(): unknown;
  write(...args: never[]): boolean;
  end(...args: never[]): unknown;
  on(event: 'drain', listener: () => void): unknown;
  rawListeners(event: 'drain'): readonly unknown[];
  emit(event: 'drain'): unknown;
}

/** Hands a request on to what comes next, or an error to whoever handles those. */
export type ExpressNext = (error?: unknown) => void;
