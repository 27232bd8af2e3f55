import { SessionError } from './errors.js';
import type { EpochMilliseconds, SessionKey, StoredSession } from './stores/store.js';

/** What the engine keeps of a session inside the value that is opaque to stores. */
export interface SessionRecord {
  /** When the session began; a new id does not change it. */
  readonly createdAt: EpochMilliseconds;
  /** When it got the id that it has. */
  readonly renewedAt: EpochMilliseconds;
  /** The idle timeout under which it was last saved, in seconds: a policy that became tighter since is applied to it. */
  readonly idleTimeout: number;
  /** The application's values by key. */
  readonly data: SessionData;
  /** Set when the session went on under a new id, and this record only points there. */
  readonly retired?: Retirement;
}

/** The application's values. A Map, so that `__proto__` and its like are keys as any other. */
export type SessionData = ReadonlyMap<string, unknown>;

/** Where a session went when its id changed. */
export interface Retirement {
  /** The key under which it goes on. */
  readonly successor: SessionKey;
  /** Until when requests that still carry the old id are served from the successor. */
  readonly graceUntil: EpochMilliseconds;
}

/** A record, and where and how it is stored. */
export interface Located {
  readonly key: SessionKey;
  readonly stored: StoredSession;
  readonly record: SessionRecord;
}

/** The first byte of an encoded record. A reader refuses what it does not know instead of signing the visitor out. */
const JSON_FORMAT = 1;

interface JsonRecord {
  readonly createdAt: EpochMilliseconds;
  readonly renewedAt: EpochMilliseconds;
  readonly idleTimeout: number;
  readonly data: Record<string, unknown>;
  readonly retired?: { readonly successor: string; readonly graceUntil: EpochMilliseconds };
}

export function encodeRecord(record: SessionRecord): Uint8Array {
  const { retired, data, ...times } = record;
  const json: JsonRecord = {
    ...times,
    data: Object.fromEntries(data),
    ...(retired && {
      retired: {
        successor: Buffer.from(retired.successor).toString('base64url'),
        graceUntil: retired.graceUntil,
      },
    }),
  };
  const text = JSON.stringify(json);
  const bytes = Buffer.allocUnsafe(1 + Buffer.byteLength(text));
  bytes[0] = JSON_FORMAT;
  bytes.write(text, 1);
  return bytes;
}

/** @throws SessionError ERR_SESSION_RECORD if the record is in a format that this release does not read. */
export function decodeRecord(value: Uint8Array): SessionRecord {
  if (value[0] !== JSON_FORMAT) {
    throw new SessionError(
      'ERR_SESSION_RECORD',
      `the stored session has record format ${value[0]}, and this release reads format ${JSON_FORMAT}: ` +
        'deploy the newer cdk-sessions-client to every consumer of the store',
    );
  }
  const text = Buffer.from(value.buffer, value.byteOffset + 1, value.byteLength - 1).toString();
  const { retired, data, ...times } = parseJson(text);
  return {
    ...times,
    data: new Map(Object.entries(data)),
    ...(retired && {
      retired: { successor: Buffer.from(retired.successor, 'base64url'), graceUntil: retired.graceUntil },
    }),
  };
}

function parseJson(text: string): JsonRecord {
  try {
    return JSON.parse(text);
  } catch (cause) {
    // The parser's own message quotes what it read, and that is somebody's session.
    const reason = cause instanceof Error ? cause.name : typeof cause;
    throw new SessionError('ERR_SESSION_RECORD', `the stored session is not the JSON that was saved (${reason})`);
  }
}
