import { SessionError } from './errors.js';
import { assertJson } from './json.js';
import { shown, step } from './path.js';
import { LONGEST_DATA, SessionData } from './session-data.js';
import { SessionValues } from './session-values.js';
import type { StandardIssue, StandardSchema } from './standard-schema.js';
import type { SessionStore } from './stores/store.js';

/** What an application says of the shape of its data. */
export interface DataOptions<Data extends object> {
  /**
   * Checks the data, when it is first looked at in a request and before it is saved: a validator of Zod, Valibot, ArkType or any
   * other that follows Standard Schema 1 and answers at once. Values that it fills in are what the request gets to see;
   * members that it does not know stay. What is saved are the values as they are, so what it makes of them must be
   * something that it takes again. A session without any data is not checked.
   * @default - the data is what the type says, unchecked
   */
  readonly schema?: StandardSchema<Data>;
  /**
   * The version of the shape that the data has now, a whole number from 1. Raise it when the shape changes, and tell how
   * to come from the older ones by `migrate`.
   * @default 1
   */
  readonly dataVersion?: number;
  /**
   * Makes today's data of what was saved under an older version: all of it, what is left out is gone. Called when such
   * data is first looked at; the result is saved when the request changes something.
   * @default - none, while `dataVersion` is 1
   */
  readonly migrate?: (old: Record<string, unknown>, fromVersion: number) => Data;
  /**
   * What becomes of a stored session whose data does not fit the schema. `throw`: looking at it throws ERR_SESSION_DATA.
   * `reset`: it begins anew without data, and the hook `reset` is told.
   * @default 'throw'
   */
  readonly onInvalidData?: 'throw' | 'reset';
}

/** The most bytes that a record takes beside its data. */
const HEADER = 3072;

/** How many of a session's keys are named when it is too large. */
const NAMED_KEYS = 3;

/** How many of the places are named at which data does not fit. */
const NAMED_PATHS = 5;

/** What lies between stored data and the values that a request works on: versions, the schema, the size. */
export class DataModel<Data extends object> {
  readonly #options: DataOptions<Data>;
  readonly #version: number;
  readonly #capacity: number;
  readonly #compressAbove: number | undefined;

  /** @param store where the data is to lie */
  constructor(options: DataOptions<Data>, store: Pick<SessionStore, 'capacity' | 'compressAbove'> = {}) {
    this.#options = options;
    this.#version = options.dataVersion ?? 1;
    this.#capacity = store.capacity ?? Number.POSITIVE_INFINITY;
    this.#compressAbove = store.compressAbove;
  }

  /**
   * The values in stored data.
   *
   * @param reset is told if the data must be given up, and at which paths it did not fit
   * @throws SessionError ERR_SESSION_RECORD if it is damaged or of a newer version, ERR_SESSION_DATA if the schema refuses it
   */
  read(data: SessionData, reset: (paths: readonly string[]) => void): SessionValues {
    if (data.version > this.#version) {
      throw new SessionError(
        'ERR_SESSION_RECORD',
        `the stored session has data of version ${data.version}, and this release of the application reads versions up to ${this.#version}: ` +
          'deploy the newer release to every consumer of the store',
      );
    }
    if (data === SessionData.NONE) {
      return new SessionValues();
    }
    const stored = SessionValues.parse(data.text);
    const values = data.version < this.#version ? this.#migrated(stored, data.version) : stored;
    const verdict = this.#check(values);
    if (!('issues' in verdict)) {
      return verdict.values;
    }
    if (this.#options.onInvalidData !== 'reset') {
      throw misfit(verdict.issues, 'the stored session');
    }
    reset(pathsOf(verdict.issues));
    return new SessionValues();
  }

  /** The data to be stored. @throws SessionError ERR_SESSION_DATA if the schema refuses it, ERR_SESSION_TOO_LARGE */
  write(values: SessionValues): SessionData {
    const verdict = this.#check(values);
    if ('issues' in verdict) {
      throw misfit(verdict.issues, 'what is to be saved');
    }
    const { text } = values;
    const data = SessionData.of(text, this.#version, this.#compressAbove);
    // What is short enough as it is need not be encoded to know it; a character takes at most three bytes.
    const surelyFits = 3 * text.length + HEADER <= this.#capacity;
    if (text.length > LONGEST_DATA) {
      throw tooLarge(
        values,
        `takes ${kilobytes(text.length)} as JSON, more than the ${kilobytes(LONGEST_DATA)} that any may`,
      );
    }
    if (!surelyFits && data.encoded.bytes.length + HEADER > this.#capacity) {
      const [plain, stored] = [text.length, data.encoded.bytes.length].map(kilobytes);
      const limit = Math.floor((this.#capacity - HEADER) / 1024);
      throw tooLarge(values, `takes ${plain} as JSON and ${stored} as stored, and the store keeps ${limit} KB of data`);
    }
    return data;
  }

  #migrated(stored: SessionValues, fromVersion: number): SessionValues {
    const { migrate } = this.#options;
    if (migrate === undefined) {
      return stored;
    }
    const today: unknown = migrate(stored.toObject(), fromVersion);
    if (typeof today !== 'object' || today === null || Array.isArray(today)) {
      throw new SessionError(
        'ERR_SESSION_CONFIG',
        `migrate must return an object with today's data, received ${today === null ? 'null' : Array.isArray(today) ? 'an array' : `a value of type ${typeof today}`}`,
      );
    }
    return replaced(stored, today);
  }

  #check(values: SessionValues): { readonly values: SessionValues } | { readonly issues: readonly StandardIssue[] } {
    const { schema } = this.#options;
    if (schema === undefined || values.empty) {
      return { values };
    }
    const given = values.toObject();
    const result = schema['~standard'].validate(given);
    if ('then' in result) {
      result.then(undefined, () => undefined);
      throw new SessionError(
        'ERR_SESSION_CONFIG',
        'the schema must answer at once, received one that answers with a promise: leave asynchronous checks to the handler',
      );
    }
    if (result.issues !== undefined) {
      return { issues: result.issues };
    }
    return { values: replaced(values, { ...given, ...result.value }) };
  }
}

/** @throws SessionError ERR_SESSION_NOT_SERIALIZABLE if the application, or its schema, made something of it that is no JSON */
function replaced(values: SessionValues, by: object): SessionValues {
  for (const [key, value] of Object.entries(by).filter(([, present]) => present !== undefined)) {
    assertJson(value, `session${step(key)}`);
  }
  return values.replaced(by);
}

/** The paths alone: a validator's messages may quote values. */
function pathsOf(issues: readonly StandardIssue[]): readonly string[] {
  const paths = issues.map(({ path = [] }) =>
    path.map((key) => step(typeof key === 'object' ? key.key : key)).join(''),
  );
  const all = [...new Set(paths.map((path) => shown(`session${path}`)))];
  return all.length > NAMED_PATHS ? [...all.slice(0, NAMED_PATHS), `${all.length - NAMED_PATHS} more`] : all;
}

function misfit(issues: readonly StandardIssue[], what: string): SessionError {
  return new SessionError(
    'ERR_SESSION_DATA',
    `${what} does not fit the schema at ${pathsOf(issues).join(', ')}: change the data, or raise dataVersion and migrate what is stored`,
  );
}

function tooLarge(values: SessionValues, how: string): SessionError {
  const biggest = Object.entries(values.toObject())
    .map(([key, value]) => ({ key, length: JSON.stringify(value).length }))
    .sort((one, other) => other.length - one.length)
    .slice(0, NAMED_KEYS)
    .map(({ key, length }) => `${shown(`session${step(key)}`)} (${kilobytes(length)})`);
  return new SessionError(
    'ERR_SESSION_TOO_LARGE',
    `the session ${how}: its biggest keys are ${biggest.join(', ')}; keep what is large elsewhere and its key in the session`,
  );
}

function kilobytes(bytes: number): string {
  return `${Math.ceil(bytes / 1024).toLocaleString('en')} KB`;
}
