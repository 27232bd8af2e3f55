import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { isObject, numberAt, parseObject, textAt } from './json.js';

const NONCE_LENGTH = 12;
const TAG_LENGTH = 16;

/** What a cookie sticks to, and until when, in milliseconds since 1970. */
export interface Stuck {
  /** The ARN of a target group, or the id of a target. */
  readonly to: string;
  readonly until: number;
}

/** What a cookie holds: to what its visitor is stuck, by the target group in which, or by whatever else it is about. */
export type Bonds = Readonly<Record<string, Stuck>>;

/**
 * Writes and reads the values of the cookies that a load balancer makes. "You can't decrypt or modify load balancer
 * generated cookies" (ELB user guide, "Sticky sessions for your Application Load Balancer"): they are encrypted with
 * AES-256-GCM, under a key that is made for the run, and bound to the name of their cookie.
 */
export class StickyCodec {
  private readonly key = randomBytes(32);

  /** The value of a cookie, in base64 as those of AWS are. */
  seal(name: string, bonds: Bonds): string {
    const nonce = randomBytes(NONCE_LENGTH);
    const cipher = createCipheriv('aes-256-gcm', this.key, nonce).setAAD(Buffer.from(name));
    const sealed = [nonce, cipher.update(JSON.stringify(bonds)), cipher.final(), cipher.getAuthTag()];
    return Buffer.concat(sealed).toString('base64');
  }

  /** What a value holds; `undefined` if it was not made here, in this run, for a cookie of this name. */
  open(name: string, value: string): Bonds | undefined {
    const sealed = Buffer.from(value, 'base64');
    if (sealed.length < NONCE_LENGTH + TAG_LENGTH) {
      return undefined;
    }
    const decipher = createDecipheriv('aes-256-gcm', this.key, sealed.subarray(0, NONCE_LENGTH), {
      authTagLength: TAG_LENGTH,
    });
    decipher.setAAD(Buffer.from(name)).setAuthTag(sealed.subarray(-TAG_LENGTH));
    try {
      const opened = Buffer.concat([decipher.update(sealed.subarray(NONCE_LENGTH, -TAG_LENGTH)), decipher.final()]);
      return bondsOf(opened.toString());
    } catch {
      // The one thing that fails here is the proof that this codec has made it.
      return undefined;
    }
  }
}

function bondsOf(text: string): Bonds {
  const entries = Object.entries(parseObject(text) ?? {}).filter(([, stuck]) => isObject(stuck));
  return Object.fromEntries(
    entries.map(([about, stuck]) => [about, { to: textAt(stuck, 'to') ?? '', until: numberAt(stuck, 'until') ?? 0 }]),
  );
}
