import { SessionError } from '../errors.js';
import type { EpochMilliseconds, StoredSession, Version } from './store.js';

/**
 * How a session lies under its key, one string: a header and the value.
 *
 *     1 byte    the format: 1
 *     6 bytes   when it ends if it stays idle, in epoch milliseconds, big-endian
 *     6 bytes   when it ends in any case
 *     1 byte    the length of the version
 *     …         the version, in ASCII
 *     …         the value
 *
 * The scripts read and change the header in place, and never look at the value.
 */
const FORMAT = 1;
const EXPIRES_AT = 1;
const DEADLINE = 7;
const VERSION_LENGTH = 13;
const VERSION = 14;
const TIME = 6;

/** The most bytes that a header has. */
export const LONGEST_HEADER = VERSION + 255;

/** A session as it is kept. */
export function redisRecordOf({ value, version, expiresAt, deadline }: StoredSession): Buffer {
  const record = Buffer.allocUnsafe(VERSION + version.length + value.length);
  record[0] = FORMAT;
  record.writeUIntBE(expiresAt, EXPIRES_AT, TIME);
  record.writeUIntBE(deadline, DEADLINE, TIME);
  record[VERSION_LENGTH] = version.length;
  record.write(version, VERSION, 'latin1');
  record.set(value, VERSION + version.length);
  return record;
}

/** A version with its length before it, as it stands in a header. */
export function versionField(version: Version): Buffer {
  return Buffer.concat([Buffer.of(version.length), Buffer.from(version, 'latin1')]);
}

/** A time as it stands in a header. */
export function timeField(time: EpochMilliseconds): Buffer {
  const field = Buffer.allocUnsafe(TIME);
  field.writeUIntBE(time, 0, TIME);
  return field;
}

/** What of a string `endIn` looks at. */
export const END_RANGE = [0, DEADLINE - 1] as const;

/** When the session ends of which this is the beginning; `undefined` for what is none, or not in a format of today. */
export function endIn(start: Buffer): EpochMilliseconds | undefined {
  return start[0] === FORMAT && start.length === DEADLINE ? start.readUIntBE(EXPIRES_AT, TIME) : undefined;
}

/**
 * The session in a string; `undefined` for one that this library did not write.
 *
 * @throws SessionError ERR_SESSION_RECORD if a later release wrote it
 */
export function sessionIn(record: Buffer): StoredSession | undefined {
  const [format = 0] = record;
  if (format > FORMAT && format <= LAST_FORMAT) {
    throw new SessionError(
      'ERR_SESSION_RECORD',
      `the session in the cache has format ${format}, and this release reads format ${FORMAT}: ` +
        'deploy the newer cdk-sessions-client to every consumer of the store',
    );
  }
  const value = VERSION + (record[VERSION_LENGTH] ?? 0);
  if (format !== FORMAT || record.length < value) {
    return undefined;
  }
  return {
    expiresAt: record.readUIntBE(EXPIRES_AT, TIME),
    deadline: record.readUIntBE(DEADLINE, TIME),
    version: record.toString('latin1', VERSION, value),
    value: record.subarray(value),
  };
}

/** Formats to come count up to here. No text begins with such a byte. */
const LAST_FORMAT = 8;
