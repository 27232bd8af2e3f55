import { SessionError } from './errors.js';
import type { EpochMilliseconds, SessionKey, StoredSession, Version } from './stores/store.js';

/** What the engine keeps of a session inside the value that is opaque to stores. */
export interface SessionRecord {
  /** When the session began; a new id does not change it. */
  readonly createdAt: EpochMilliseconds;
  /** When it got the id that it has. */
  readonly renewedAt: EpochMilliseconds;
  /** The idle timeout under which it was last saved, in seconds: a policy that became tighter since is applied to it. */
  readonly idleTimeout: number;
  /** The versions of the last saves, the newest last: whoever lost the reply to one of them finds it here. */
  readonly recent: readonly Version[];
  /** Set when the session does not live under this key any more. */
  readonly end?: SessionEnd;
  /** The application's values, as the JSON text of one object. A request that does not look at them never parses it. */
  readonly data: string;
}

/**
 * How a session's life under one key ends. Such a record holds no data, and DynamoDB collects it as any other.
 *
 *     new ──save──► live ──renewal, regenerate──► retired       the session lives on, under the successor's key
 *                    └──destroy──► destroyed                    the session is over
 *
 * Both are written on condition that the record is still what it was when the decision fell, and no save is accepted
 * afterwards: that is how an end, once acknowledged, stands whatever arrives late.
 */
export type SessionEnd =
  | { readonly kind: 'destroyed' }
  | {
      readonly kind: 'retired';
      /** The key under which it goes on. */
      readonly successor: SessionKey;
      /** After a renewal for reasons of age: how requests that still carry the old id find the new one, for a while. */
      readonly grace?: Grace;
    };

/** Leads from an id that is being replaced to its successor's. Who reads the store but has no id learns none from it. */
export interface Grace {
  /** The successor's id is the HMAC of this under the old id. */
  readonly nonce: Uint8Array;
  /** Until when the old id is answered. */
  readonly until: EpochMilliseconds;
}

/** A record, and where and how it is stored. */
export interface Located {
  readonly key: SessionKey;
  readonly stored: StoredSession;
  readonly record: SessionRecord;
}

/**
 * The first byte of an encoded record. A reader refuses what it does not know instead of signing the visitor out.
 * Format 1: a JSON header, a line feed, and the application's values as JSON.
 */
const FORMAT = 1;
const LINE_FEED = 0x0a;

export function encodeRecord({ data, end, ...header }: SessionRecord): Uint8Array {
  const text = `${JSON.stringify({ ...header, ...(end && { end: endToJson(end) }) })}\n${data}`;
  const bytes = Buffer.allocUnsafe(1 + Buffer.byteLength(text));
  bytes[0] = FORMAT;
  bytes.write(text, 1);
  return bytes;
}

/** @throws SessionError ERR_SESSION_RECORD if the record is damaged, or in a format that this release does not read. */
export function decodeRecord(value: Uint8Array): SessionRecord {
  if (value[0] !== FORMAT) {
    throw new SessionError(
      'ERR_SESSION_RECORD',
      `the stored session has record format ${value[0]}, and this release reads format ${FORMAT}: ` +
        'deploy the newer cdk-sessions-client to every consumer of the store',
    );
  }
  const bytes = Buffer.from(value.buffer, value.byteOffset, value.byteLength);
  const headerEnd = bytes.indexOf(LINE_FEED);
  const header = parseObject(bytes.toString('utf8', 1, Math.max(headerEnd, 1)));
  const { createdAt, renewedAt, idleTimeout, recent, end } = header;
  if (!isNumber(createdAt) || !isNumber(renewedAt) || !isNumber(idleTimeout) || !isTexts(recent)) {
    throw damaged('a field is missing');
  }
  const data = bytes.toString('utf8', headerEnd + 1);
  return { createdAt, renewedAt, idleTimeout, recent, ...(end !== undefined && { end: endFromJson(end) }), data };
}

/** The application's values by key. A Map, so that `__proto__` and its like are keys as any other. */
export function parseData(data: string): Map<string, unknown> {
  return new Map(Object.entries(parseObject(data)));
}

/** The opposite of `parseData`. */
export function formatData(data: ReadonlyMap<string, unknown>): string {
  return JSON.stringify(Object.fromEntries(data));
}

/** What is left of the data of a session that does not live under its key any more. */
export const NO_DATA = '{}';

function endToJson(end: SessionEnd): unknown {
  if (end.kind === 'destroyed') {
    return { kind: end.kind };
  }
  const { kind, successor, grace } = end;
  return {
    kind,
    successor: toText(successor),
    ...(grace && { grace: { nonce: toText(grace.nonce), until: grace.until } }),
  };
}

function endFromJson(end: unknown): SessionEnd {
  const { kind, successor, grace } = asObject(end);
  if (kind === 'destroyed') {
    return { kind };
  }
  if (kind !== 'retired' || typeof successor !== 'string') {
    throw damaged('its end is of an unknown kind');
  }
  if (grace === undefined) {
    return { kind, successor: toBytes(successor) };
  }
  const { nonce, until } = asObject(grace);
  if (typeof nonce !== 'string' || !isNumber(until)) {
    throw damaged('its grace is incomplete');
  }
  return { kind, successor: toBytes(successor), grace: { nonce: toBytes(nonce), until } };
}

function parseObject(text: string): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    // The parser's own message quotes what it read, and that is somebody's session.
    throw damaged('it is not JSON');
  }
  return asObject(value);
}

function asObject(value: unknown): Record<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw damaged('an object is missing');
  }
  return { ...value };
}

function isNumber(value: unknown): value is number {
  return typeof value === 'number';
}

function isTexts(value: unknown): value is string[] {
  return Array.isArray(value) && value.every((element) => typeof element === 'string');
}

function toText(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('base64url');
}

function toBytes(text: string): Uint8Array {
  return Buffer.from(text, 'base64url');
}

function damaged(reason: string): SessionError {
  return new SessionError('ERR_SESSION_RECORD', `the stored session is not what was saved: ${reason}`);
}
