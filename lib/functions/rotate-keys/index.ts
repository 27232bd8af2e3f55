import { SecretsManager } from '@aws-sdk/client-secrets-manager';
import { assertSecret, type RotationEvent } from '../rotation-event.js';
import { rotateKeys } from './rotate-keys.js';

const api = new SecretsManager();

/** Rotates the keys of sessions, as Secrets Manager calls it. Logs nothing: what Lambda logs of an error holds no key. */
export async function handler(event: RotationEvent): Promise<void> {
  assertSecret(event, process.env);
  await rotateKeys(event, api, { overlap: overlap(), now: () => Math.floor(Date.now() / 1000) });
}

/** @throws if it is not a time: taken for none, every key but the newest would be dropped. */
function overlap(): number {
  const { OVERLAP_SECONDS } = process.env;
  const seconds = Number(OVERLAP_SECONDS);
  if (!(Number.isSafeInteger(seconds) && seconds > 0)) {
    throw new Error(`OVERLAP_SECONDS must be a whole number of seconds, received ${OVERLAP_SECONDS}`);
  }
  return seconds;
}
