import { isDeepStrictEqual } from 'node:util';
import { ContractError } from '../../contract/field.js';
import { KEY_ACTIVATION, KEY_REFRESH, type KeyDocument, MOST_KEYS } from '../../contract/keys.js';
import { parseKeyDocument } from '../../contract/parse-key-document.js';
import { RotatingSecret, type SecretsManagerApi, type SecretVersion } from '../rotating-secret.js';
import type { RotationEvent } from '../rotation-event.js';
import { newKey, nextDocument } from './next-document.js';

/** What a rotation goes by. */
export interface RotationOptions {
  /** How long a key stays valid after a newer one was made, in seconds. */
  readonly overlap: number;
  /** The time in epoch seconds. */
  readonly now: () => number;
}

/** How far ahead of ours the clock may have been that a key was made by, in seconds. */
const CLOCK_TOLERANCE = 5 * 60;

/** A document becomes current this long after its key was made, or never: clients must read it twice before they use it. */
const LATEST_PROMOTION = KEY_ACTIVATION - 2 * KEY_REFRESH;

/**
 * One step of a rotation. Each may be interrupted anywhere and come again, also at the same time.
 * https://docs.aws.amazon.com/secretsmanager/latest/userguide/rotate-secrets_lambda-functions.html
 *
 *     createSecret   the pending version gets the current document with one key more, without those that are too old
 *     setSecret      nothing: nobody has a copy of the keys who must be told
 *     testSecret     the pending document is one that clients can read, and may become current
 *     finishSecret   it becomes current, if it still may
 *
 * What may not become current is withdrawn, or Secrets Manager would try that same version for ever.
 *
 * @throws if the step cannot be done; Secrets Manager then tries again. The current version stays as it is.
 */
export async function rotateKeys(
  event: RotationEvent,
  api: SecretsManagerApi,
  options: RotationOptions,
): Promise<void> {
  const secret = new RotatingSecret(api, event.SecretId);
  const id = event.ClientRequestToken;
  switch (event.Step) {
    case 'createSecret':
      return create(secret, id, options);
    case 'setSecret':
      return;
    case 'testSecret':
      return test(secret, id, options);
    case 'finishSecret':
      return finish(secret, id, options);
    default:
      throw new Error(`the step must be one of a rotation by Secrets Manager, received ${event.Step}`);
  }
}

async function create(secret: RotatingSecret, id: string, { overlap, now }: RotationOptions): Promise<void> {
  if ((await secret.version(id)) !== undefined) {
    return;
  }
  const { text } = await secret.current();
  const current = parseKeyDocument(text);
  // The newest comes first, whatever clocks say.
  const createdAt = Math.max(now(), ...current.keys.map((key) => key.createdAt));
  if (createdAt > now() + CLOCK_TOLERANCE) {
    // Every key after it would be as new, and be used no sooner.
    throw new Error(
      `the newest key says that it is made ${createdAt - now()} s from now, and none after it would come to be used: correct its createdAt, which is in epoch seconds`,
    );
  }
  const next = nextDocument(current, newKey(createdAt), overlap);
  if (next.keys.length > MOST_KEYS) {
    // To drop one of them would sign people out.
    throw new Error(
      `there are ${current.keys.length} keys within the overlap of ${overlap} s, and ${MOST_KEYS} is the most: rotate less often, or shorten the overlap`,
    );
  }
  await secret.putPending(id, JSON.stringify(next));
}

async function test(secret: RotatingSecret, id: string, options: RotationOptions): Promise<void> {
  const pending = await secret.pending(id);
  const current = await secret.current();
  // A schedule that is set up without a rotation is tried with this step alone, on a copy of what is current.
  if (pending && pending.text !== current.text) {
    await assertMayBecomeCurrent(secret, pending, current, options);
  }
}

async function finish(secret: RotatingSecret, id: string, options: RotationOptions): Promise<void> {
  const pending = await secret.pending(id);
  if (pending) {
    const current = await secret.current();
    await assertMayBecomeCurrent(secret, pending, current, options);
    await secret.promote(pending, current);
  }
}

async function assertMayBecomeCurrent(
  secret: RotatingSecret,
  pending: SecretVersion,
  current: SecretVersion,
  options: RotationOptions,
): Promise<void> {
  const fault = faultOf(pending.text, parseKeyDocument(current.text), options);
  if (fault !== undefined) {
    await secret.withdraw(pending);
    throw new Error(`version ${pending.id} was withdrawn, as ${fault}: the next rotation makes another`);
  }
}

function faultOf(text: string, current: KeyDocument, { overlap, now }: RotationOptions): string | undefined {
  const pending = documentIn(text);
  const added = pending?.keys[0];
  if (added === undefined || !isDeepStrictEqual(pending, nextDocument(current, added, overlap))) {
    return 'it does not follow from the current one';
  }
  const age = now() - added.createdAt;
  return age > LATEST_PROMOTION
    ? `its key is ${age} s old, and after ${LATEST_PROMOTION} s not every client would read it before it is used`
    : undefined;
}

/** `undefined` for what clients could not read. */
function documentIn(text: string): KeyDocument | undefined {
  try {
    return parseKeyDocument(text);
  } catch (error) {
    if (error instanceof ContractError) {
      return undefined;
    }
    throw error;
  }
}
