import { randomInt } from 'node:crypto';
import { CACHE_SECRET, parseCacheSecret } from '../../contract/cache-secret.js';
import { ContractError } from '../../contract/field.js';
import { RotatingSecret, type SecretsManagerApi } from '../rotating-secret.js';
import type { RotationEvent } from '../rotation-event.js';
import type { CredentialHolder } from './credential-holder.js';
import { type Patience, until } from './patience.js';

/**
 * One step of a rotation. Each may be interrupted anywhere and come again.
 * https://docs.aws.amazon.com/secretsmanager/latest/userguide/rotate-secrets_lambda-functions.html
 *
 *     createSecret   the pending version gets a new password
 *     setSecret      the cache lets in both, the current and the pending one
 *     testSecret     it is tried whether it does, and lets in nobody without a password
 *     finishSecret   the pending version becomes current, so that clients read it; the cache lets in that one only
 *
 * @throws if the step cannot be done; Secrets Manager then tries again. Whoever has the current password gets in.
 */
export async function rotateCacheCredentials(
  event: RotationEvent,
  api: SecretsManagerApi,
  holder: CredentialHolder,
  patience: Patience,
): Promise<void> {
  const secret = new RotatingSecret(api, event.SecretId);
  const rotation = new CacheRotation(secret, event.ClientRequestToken, holder, patience);
  switch (event.Step) {
    case 'createSecret':
      return rotation.create();
    case 'setSecret':
      return rotation.set();
    case 'testSecret':
      return rotation.test();
    case 'finishSecret':
      return rotation.finish();
    default:
      throw new Error(`the step must be one of a rotation by Secrets Manager, received ${event.Step}`);
  }
}

class CacheRotation {
  constructor(
    private readonly secret: RotatingSecret,
    private readonly id: string,
    private readonly holder: CredentialHolder,
    private readonly patience: Patience,
  ) {}

  async create(): Promise<void> {
    if ((await this.secret.version(this.id)) === undefined) {
      await this.secret.putPending(this.id, JSON.stringify({ [CACHE_SECRET.field]: newPassword() }));
    }
  }

  async set(): Promise<void> {
    const pending = await this.secret.pending(this.id);
    if (pending) {
      // A cache that cannot be reached is not changed.
      await this.holder.admits();
      await this.holder.settled();
      await this.holder.admitBoth({
        current: await this.currentPassword(),
        pending: parseCacheSecret(pending.text),
        previous: await this.previousPassword(),
      });
      await this.assertAdmitsBoth(parseCacheSecret(pending.text));
    }
  }

  async test(): Promise<void> {
    const pending = await this.secret.pending(this.id);
    if (pending) {
      await this.assertAdmitsBoth(parseCacheSecret(pending.text));
    }
  }

  async finish(): Promise<void> {
    const pending = await this.secret.pending(this.id);
    if (pending) {
      const current = await this.secret.current();
      // Clients must not read what the cache does not take: it may be long ago that it was tried.
      await this.assertAdmitsBoth(parseCacheSecret(pending.text));
      await this.secret.promote(pending, current);
    }
    const [current, old] = [await this.currentPassword(), await this.previousPassword()];
    await this.holder.settled();
    if (old !== undefined && old !== current && (await this.holder.admits(old)) !== false) {
      await this.holder.admitOnly(current);
      await this.assertAdmits(false, 'the previous password', old);
    }
    await this.assertAdmits(true, 'the current password', current);
    await this.assertAdmits(false, 'anybody without a password');
  }

  private async assertAdmitsBoth(pending: string): Promise<void> {
    await this.assertAdmits(true, 'the pending password', pending);
    await this.assertAdmits(true, 'the current password', await this.currentPassword());
    await this.assertAdmits(false, 'anybody without a password');
  }

  private assertAdmits(expected: boolean, whom: string, password?: string): Promise<void> {
    const isSo = async () => (await this.holder.admits(password)) === expected;
    return until(isSo, `the cache must ${expected ? 'take' : 'not take'} ${whom}`, this.patience);
  }

  private async currentPassword(): Promise<string> {
    return parseCacheSecret((await this.secret.current()).text);
  }

  /** `undefined` if there is none, or what somebody once put there by hand was none that a cache takes. */
  private async previousPassword(): Promise<string | undefined> {
    const previous = await this.secret.previous();
    try {
      return previous && parseCacheSecret(previous.text);
    } catch (error) {
      if (error instanceof ContractError) {
        return undefined;
      }
      throw error;
    }
  }
}

const LETTERS_AND_DIGITS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789';

function newPassword(): string {
  const character = () => LETTERS_AND_DIGITS.charAt(randomInt(LETTERS_AND_DIGITS.length));
  return Array.from({ length: CACHE_SECRET.length }, character).join('');
}
