import { SessionError } from './errors.js';

/** Reads an object that was saved as JSON. @throws SessionError ERR_SESSION_RECORD */
export function parseObject(text: string): Record<string, unknown> {
  return asObject(parseJson(text));
}

/** Reads a list of texts that was saved as JSON. @throws SessionError ERR_SESSION_RECORD */
export function parseTexts(text: string): readonly string[] {
  const value = parseJson(text);
  if (!isTexts(value)) {
    throw damaged('a list is missing');
  }
  return value;
}

/** @throws SessionError ERR_SESSION_RECORD */
export function asObject(value: unknown): Record<string, unknown> {
  if (!isObject(value)) {
    throw damaged('an object is missing');
  }
  return value;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isTexts(value: unknown): value is string[] {
  return Array.isArray(value) && value.every((element) => typeof element === 'string');
}

/** What a store gave back cannot be what was given to it. Never taken for "no session". */
export function damaged(reason: string, cause?: unknown): SessionError {
  return new SessionError('ERR_SESSION_RECORD', `the stored session is not what was saved: ${reason}`, { cause });
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // The parser's own error quotes what it read, and that is somebody's session.
    throw damaged('it is not JSON');
  }
}
