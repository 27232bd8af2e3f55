import { SessionError } from './errors.js';
import { RECORD_FORMAT } from './record-format.js';
import { SessionData } from './session-data.js';
import { asObject, damaged, parseObject } from './stored-json.js';
import type { EpochMilliseconds, SessionKey, StoredSession } from './stores/store.js';
import type { RecentSaves } from './version.js';

/** What the engine keeps of a session inside the value that is opaque to stores. */
export interface SessionRecord {
  /** When the session began; a new id does not change it. */
  readonly createdAt: EpochMilliseconds;
  /** When it got the id that it has. */
  readonly renewedAt: EpochMilliseconds;
  /** The idle timeout under which it was last saved, in seconds: a policy that became tighter since is applied to it. */
  readonly idleTimeout: number;
  /** The last saves: whoever lost the reply to one of them finds it here. */
  readonly recent: RecentSaves;
  /** Set when the session does not live under this key any more. */
  readonly end?: SessionEnd | undefined;
  /** Set when somebody is signed in. */
  readonly signIn?: SignIn | undefined;
  /** The application's values. */
  readonly data: SessionData;
}

/** Who is signed in, and what their sessions' index knows this one by. */
export interface SignIn {
  /** The user, as the application names users. */
  readonly user: string;
  /** What it is called among the user's sessions: stays the same when it gets another id. */
  readonly handle: string;
  /** When it was entered there, under the key that it has. */
  readonly enteredAt: EpochMilliseconds;
  /** The deadline with which it was entered. */
  readonly deadline: EpochMilliseconds;
  /** When it was last looked up whether the user's sessions were revoked. */
  readonly checkedAt: EpochMilliseconds;
  /** What the application calls it in a list. */
  readonly label?: string;
}

/** A record that is to be saved. */
export type UnsavedRecord = Omit<SessionRecord, 'recent'>;

/** A record as it is saved, with the saves that are then to be remembered. */
export function asSaved(record: UnsavedRecord, recent: RecentSaves): SessionRecord {
  const { createdAt, renewedAt, idleTimeout, signIn, end, data } = record;
  return { createdAt, renewedAt, idleTimeout, recent, signIn, end, data };
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
      /** Since when. */
      readonly at: EpochMilliseconds;
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

/** What is left of a record when its session does not live under its key any more. */
export function tombstoneOf({ createdAt, renewedAt, idleTimeout }: SessionRecord, end: SessionEnd): UnsavedRecord {
  return { createdAt, renewedAt, idleTimeout, end, data: SessionData.NONE };
}

/** What is to be read where there is nothing but the word that a session was ended. */
export function blockedRecord(): SessionRecord {
  const end: SessionEnd = { kind: 'destroyed' };
  return { createdAt: 0, renewedAt: 0, idleTimeout: 0, recent: '', end, data: SessionData.NONE };
}

/** A record has a JSON header, a line feed, and the data: as it is, or deflated (RFC 1951). */
const LINE_FEED = 0x0a;

/** What a record begins with whose data is as it is. */
const PLAIN = String.fromCharCode(RECORD_FORMAT.plain);

/** The version of data that nobody gave one. */
const FIRST_VERSION = 1;

export function encodeRecord({
  createdAt,
  renewedAt,
  idleTimeout,
  recent,
  signIn,
  end,
  data,
}: SessionRecord): Uint8Array {
  const fields = {
    createdAt,
    renewedAt,
    idleTimeout,
    recent,
    signIn,
    dataVersion: data.version > FIRST_VERSION ? data.version : undefined,
    end: end && endToJson(end),
  };
  const header = `${JSON.stringify(fields)}\n`;
  if (data.plain !== undefined) {
    // In one go: each piece of memory on the way costs more than what is written to it.
    return Buffer.from(PLAIN + header + data.plain);
  }
  const { deflated, bytes } = data.encoded;
  const headerLength = Buffer.byteLength(header);
  const record = Buffer.allocUnsafe(1 + headerLength + bytes.length);
  record[0] = deflated ? RECORD_FORMAT.deflated : RECORD_FORMAT.plain;
  record.write(header, 1);
  record.set(bytes, 1 + headerLength);
  return record;
}

/** @throws SessionError ERR_SESSION_RECORD if the record is damaged, or in a format that this release does not read. */
export function decodeRecord(value: Uint8Array): SessionRecord {
  const [format] = value;
  if (format === undefined) {
    throw damaged('it has no value');
  }
  if (format !== RECORD_FORMAT.plain && format !== RECORD_FORMAT.deflated) {
    throw unreadable(format);
  }
  const record = Buffer.from(value.buffer, value.byteOffset, value.byteLength);
  const headerEnd = record.indexOf(LINE_FEED);
  const header = parseObject(record.toString('utf8', 1, Math.max(headerEnd, 1)));
  const { createdAt, renewedAt, idleTimeout, recent, signIn, dataVersion = FIRST_VERSION, end } = header;
  if (
    !isNumber(createdAt) ||
    !isNumber(renewedAt) ||
    !isNumber(idleTimeout) ||
    typeof recent !== 'string' ||
    !isNumber(dataVersion)
  ) {
    throw damaged('a field is missing');
  }
  return {
    createdAt,
    renewedAt,
    idleTimeout,
    recent,
    signIn: signIn === undefined ? undefined : signInFromJson(signIn),
    end: end === undefined ? undefined : endFromJson(end),
    data: SessionData.decode(
      { deflated: format === RECORD_FORMAT.deflated, bytes: record.subarray(headerEnd + 1) },
      dataVersion,
    ),
  };
}

/** A record whose format is none of those that its reader knows. */
export function unreadable(format: number): SessionError {
  return new SessionError(
    'ERR_SESSION_RECORD',
    format === RECORD_FORMAT.sealed
      ? 'the stored session is encrypted, and this consumer has no keys: give its store the keys that the others have'
      : `the stored session has record format ${format}, and this release reads formats up to ${RECORD_FORMAT.sealed}: ` +
          'deploy the newer cdk-sessions-client to every consumer of the store',
  );
}

function signInFromJson(value: unknown): SignIn {
  const { user, handle, enteredAt, deadline, checkedAt, label } = asObject(value);
  if (
    typeof user !== 'string' ||
    typeof handle !== 'string' ||
    !isNumber(enteredAt) ||
    !isNumber(deadline) ||
    !isNumber(checkedAt) ||
    !(label === undefined || typeof label === 'string')
  ) {
    throw damaged('its sign-in is incomplete');
  }
  return { user, handle, enteredAt, deadline, checkedAt, ...(label !== undefined && { label }) };
}

function endToJson(end: SessionEnd): unknown {
  if (end.kind === 'destroyed') {
    return { kind: end.kind };
  }
  const { kind, successor, at, grace } = end;
  return {
    kind,
    successor: toText(successor),
    at,
    ...(grace && { grace: { nonce: toText(grace.nonce), until: grace.until } }),
  };
}

function endFromJson(end: unknown): SessionEnd {
  const { kind, successor, at, grace } = asObject(end);
  if (kind === 'destroyed') {
    return { kind };
  }
  if (kind !== 'retired' || typeof successor !== 'string' || !isNumber(at)) {
    throw damaged('its end is of an unknown kind');
  }
  if (grace === undefined) {
    return { kind, successor: toBytes(successor), at };
  }
  const { nonce, until } = asObject(grace);
  if (typeof nonce !== 'string' || !isNumber(until)) {
    throw damaged('its grace is incomplete');
  }
  return { kind, successor: toBytes(successor), at, grace: { nonce: toBytes(nonce), until } };
}

function isNumber(value: unknown): value is number {
  return typeof value === 'number';
}

function toText(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('base64url');
}

function toBytes(text: string): Uint8Array {
  return Buffer.from(text, 'base64url');
}
