import fc from 'fast-check';
import { KEY_ACTIVATION, KEY_REFRESH, type KeyDocument, MOST_KEYS } from '../../../lib/contract/keys.js';
import { parseKeyDocument } from '../../../lib/contract/parse-key-document.js';
import { rotateKeys } from '../../../lib/functions/rotate-keys/rotate-keys.js';
import type { SecretsManagerApi } from '../../../lib/functions/rotating-secret.js';
import { InMemorySecret } from '../../support/secrets-manager.js';

const DAY = 24 * 3600;
const OVERLAP = 31 * DAY;
const START = 1_800_000_000;
const STEPS = ['createSecret', 'setSecret', 'testSecret', 'finishSecret'] as const;
const INITIAL = JSON.stringify({ version: 1, initial: 'aZ9'.repeat(14) });

/** A secret, its clock, and the function called on it as Secrets Manager does. */
class Rotations {
  now = START;
  readonly #secret: InMemorySecret;
  #count = 0;

  constructor(
    text = INITIAL,
    private readonly overlap = OVERLAP,
  ) {
    this.#secret = new InMemorySecret(text);
  }

  get secret(): InMemorySecret {
    return this.#secret;
  }

  get current(): KeyDocument {
    return parseKeyDocument(this.#secret.textOf('AWSCURRENT'));
  }

  begin(): string {
    const token = `rotation-${++this.#count}`;
    this.#secret.beginRotation(token);
    return token;
  }

  step(Step: string, token: string, api: SecretsManagerApi = this.#secret): Promise<void> {
    const event = { Step, SecretId: this.#secret.arn, ClientRequestToken: token };
    return rotateKeys(event, api, { overlap: this.overlap, now: () => this.now });
  }

  async steps(token: string, steps: readonly string[] = STEPS): Promise<void> {
    for (const step of steps) {
      await this.step(step, token);
    }
  }

  async rotate(): Promise<void> {
    await this.steps(this.begin());
  }
}

describe('a rotation', () => {
  test('puts a new key before those that are there, and changes none of them', async () => {
    const rotations = new Rotations();
    const [initial] = rotations.current.keys;
    await rotations.rotate();
    const { version, keys } = rotations.current;
    expect(version).toBe(1);
    expect(keys).toEqual([
      { id: expect.stringMatching(/^[\w-]{8}$/), secret: expect.stringMatching(/^[\w-]{43}$/), createdAt: START },
      initial,
    ]);
  });

  test('leaves the labels as Secrets Manager wants them, so that the next can begin', async () => {
    const rotations = new Rotations();
    await rotations.rotate();
    expect(rotations.secret.labels).toEqual({
      AWSCURRENT: 'rotation-1',
      AWSPENDING: 'rotation-1',
      AWSPREVIOUS: 'first',
    });
    await rotations.rotate();
    expect(rotations.secret.labels).toEqual({
      AWSCURRENT: 'rotation-2',
      AWSPENDING: 'rotation-2',
      AWSPREVIOUS: 'rotation-1',
    });
  });

  test('lets clients read what they did until its last step', async () => {
    const rotations = new Rotations();
    const token = rotations.begin();
    for (const step of STEPS.slice(0, 3)) {
      await rotations.step(step, token);
      expect(rotations.secret.textOf('AWSCURRENT')).toBe(INITIAL);
    }
  });

  test('keeps the newest key first when clocks disagree', async () => {
    const rotations = new Rotations();
    await rotations.rotate();
    rotations.now -= 60;
    await rotations.rotate();
    expect(rotations.current.keys.map(({ createdAt }) => createdAt)).toEqual([START, START, 0]);
  });

  test('makes keys that are not alike', async () => {
    const rotations = new Rotations();
    for (let count = 0; count < 20; count++) {
      await rotations.rotate();
    }
    const { keys } = rotations.current;
    expect(new Set(keys.map(({ id }) => id)).size).toBe(21);
    expect(new Set(keys.map(({ secret }) => secret)).size).toBe(21);
  });
});

describe('an old key', () => {
  test('stays for the overlap, which begins when its successor is made', async () => {
    const rotations = new Rotations();
    await rotations.rotate();
    rotations.now = START + OVERLAP - 1;
    await rotations.rotate();
    expect(rotations.current.keys).toHaveLength(3);
    rotations.now = START + OVERLAP;
    await rotations.rotate();
    expect(rotations.current.keys.map(({ createdAt }) => createdAt)).toEqual([
      START + OVERLAP,
      START + OVERLAP - 1,
      START,
    ]);
  });

  test('stays however long no key was made: what it signed last may be a moment old', async () => {
    const rotations = new Rotations();
    rotations.now = START + 1000 * DAY;
    await rotations.rotate();
    expect(rotations.current.keys.map(({ id }) => id)).toContain('initial');
  });

  test('is never dropped before its time and always after it, whenever rotations happen', async () => {
    const pauses = fc.array(fc.integer({ min: 1, max: 60 * DAY }), { minLength: 1, maxLength: 25 });
    await fc.assert(
      fc.asyncProperty(pauses, async (seconds) => {
        const rotations = new Rotations();
        let before = rotations.current.keys;
        for (const pause of seconds) {
          rotations.now += pause;
          await rotations.rotate();
          const [added, ...kept] = rotations.current.keys;
          const successors = [added, ...before];
          const due = before.filter((_, at) => rotations.now - (successors[at]?.createdAt ?? 0) < OVERLAP);
          expect(kept).toEqual(due);
          before = rotations.current.keys;
        }
      }),
      { numRuns: 200 },
    );
  });

  test('is not given up for a new one: a rotation too many fails, and changes nothing', async () => {
    const rotations = new Rotations();
    for (let count = 1; count < MOST_KEYS; count++) {
      await rotations.rotate();
    }
    const before = rotations.secret.textOf('AWSCURRENT');
    await expect(rotations.rotate()).rejects.toThrow(
      'there are 32 keys within the overlap of 2678400 s, and 32 is the most: rotate less often, or shorten the overlap',
    );
    expect(rotations.secret.textOf('AWSCURRENT')).toBe(before);
  });
});

/** Fails one call, before it is made or after it was: a request that got lost, or its reply. */
function failing(api: SecretsManagerApi, failAt: number, when: 'request' | 'reply'): SecretsManagerApi {
  let calls = 0;
  const faulty =
    <Request, Reply>(call: (request: Request) => Promise<Reply>) =>
    async (request: Request): Promise<Reply> => {
      const lost = ++calls === failAt;
      if (lost && when === 'request') {
        throw new Error('lost');
      }
      const reply = call(request);
      if (lost) {
        await reply.catch(() => undefined);
        throw new Error('lost');
      }
      return reply;
    };
  return {
    getSecretValue: faulty((request) => api.getSecretValue(request)),
    putSecretValue: faulty((request) => api.putSecretValue(request)),
    updateSecretVersionStage: faulty((request) => api.updateSecretVersionStage(request)),
  };
}

function assertRotatedOnce(rotations: Rotations): void {
  expect(rotations.current.keys).toHaveLength(2);
  expect(rotations.secret.labels).toMatchObject({ AWSCURRENT: 'rotation-1', AWSPREVIOUS: 'first' });
}

describe.each(STEPS)('%s', (step) => {
  const before = STEPS.slice(0, STEPS.indexOf(step));
  const after = STEPS.slice(STEPS.indexOf(step) + 1);

  test('may be called again, after itself and after all that follows', async () => {
    const rotations = new Rotations();
    const token = rotations.begin();
    await rotations.steps(token, [...before, step, step, ...after, step]);
    assertRotatedOnce(rotations);
  });

  test('may run twice at once', async () => {
    const rotations = new Rotations();
    const token = rotations.begin();
    await rotations.steps(token, before);
    const outcomes = await Promise.allSettled([rotations.step(step, token), rotations.step(step, token)]);
    // Of two that finish at once, the later one finds another version current than it has read.
    const refused = step === 'finishSecret' ? [expect.objectContaining({ name: 'InvalidParameterException' })] : [];
    expect(outcomes.flatMap((outcome) => (outcome.status === 'rejected' ? [outcome.reason] : []))).toEqual(refused);
    await rotations.steps(token, [step, ...after]);
    assertRotatedOnce(rotations);
  });

  test.each(['request', 'reply'] as const)('may lose any %s and be called again', async (when) => {
    let interrupted = 0;
    for (let failAt = 1; failAt <= 4; failAt++) {
      const rotations = new Rotations();
      const token = rotations.begin();
      await rotations.steps(token, before);
      await rotations.step(step, token, failing(rotations.secret, failAt, when)).catch((error: unknown) => {
        interrupted++;
        expect(error).toMatchObject({ message: 'lost' });
      });
      await rotations.steps(token, [step, ...after]);
      assertRotatedOnce(rotations);
    }
    expect(interrupted).toBe({ createSecret: 3, setSecret: 0, testSecret: 2, finishSecret: 3 }[step]);
  });
});

describe('a pending version that may not become current is withdrawn, and the next rotation succeeds', () => {
  let rotations: Rotations;
  let token: string;

  beforeEach(async () => {
    rotations = new Rotations();
    token = rotations.begin();
    await rotations.step('createSecret', token);
  });

  async function withdrawnAt(step: string, reason: string): Promise<void> {
    const current = rotations.secret.textOf('AWSCURRENT');
    await expect(rotations.step(step, token)).rejects.toThrow(
      `version rotation-1 was withdrawn, as ${reason}: the next rotation makes another`,
    );
    expect(rotations.secret.textOf('AWSCURRENT')).toBe(current);
    await expect(rotations.steps(token)).rejects.toThrow('version rotation-1 is not pending: rotate the secret again');
    const { length } = rotations.current.keys;
    await rotations.rotate();
    expect(rotations.current.keys).toHaveLength(length + 1);
  }

  test.each(['testSecret', 'finishSecret'])(
    'at %s, when its key would be used before clients have read it',
    async (step) => {
      const latest = KEY_ACTIVATION - 2 * KEY_REFRESH;
      rotations.now += latest + 1;
      await withdrawnAt(step, `its key is 301 s old, and after 300 s not every client would read it before it is used`);
    },
  );

  test('and not a second before that', async () => {
    rotations.now += KEY_ACTIVATION - 2 * KEY_REFRESH;
    await rotations.steps(token);
    assertRotatedOnce(rotations);
  });

  test.each(['testSecret', 'finishSecret'])('at %s, when somebody has added a key meanwhile', async (step) => {
    const byHand = { id: 'by-hand', secret: 'B'.repeat(42).concat('A'), createdAt: START };
    const { keys } = rotations.current;
    await rotations.secret.putSecretValue({
      SecretId: rotations.secret.arn,
      ClientRequestToken: 'by-hand',
      SecretString: JSON.stringify({ version: 1, keys: [byHand, ...keys] }),
    });
    await withdrawnAt(step, 'it does not follow from the current one');
    expect(rotations.current.keys).toContainEqual(byHand);
  });

  test('when clients could not read it', async () => {
    rotations = new Rotations();
    token = rotations.begin();
    await rotations.secret.putSecretValue({
      SecretId: rotations.secret.arn,
      ClientRequestToken: token,
      SecretString: '{"version":1,"keys":[]}',
      VersionStages: ['AWSPENDING'],
    });
    await withdrawnAt('testSecret', 'it does not follow from the current one');
  });
});

describe('a step fails, and clients keep what they have', () => {
  const madeAt = (createdAt: number) =>
    JSON.stringify({ version: 1, keys: [{ id: 'by-hand', secret: 'B'.repeat(42).concat('A'), createdAt }] });

  test('when the newest key is one of the future: none after it would be used any sooner', async () => {
    const rotations = new Rotations(madeAt(START + 301));
    await expect(rotations.rotate()).rejects.toThrow(
      'the newest key says that it is made 301 s from now, and none after it would come to be used: correct its createdAt, which is in epoch seconds',
    );
    expect(rotations.secret.textOf('AWSCURRENT')).toBe(madeAt(START + 301));
  });

  test('but not when it is as far ahead as another machine’s clock may be', async () => {
    const rotations = new Rotations(madeAt(START + 300));
    await rotations.rotate();
    expect(rotations.current.keys).toMatchObject([{ createdAt: START + 300 }, { id: 'by-hand' }]);
  });

  test('when the current document cannot be read, which holds no part of it', async () => {
    const rotations = new Rotations('{"version":1,"keys":[{"id":"k1","secret":"not-a-secret","createdAt":0}]}');
    await expect(rotations.rotate()).rejects.toThrow(
      'keys[0].secret must be 32 bytes in canonical base64url, which are 43 characters, received another string',
    );
  });

  test('when its version was never made', async () => {
    const rotations = new Rotations();
    await expect(rotations.step('finishSecret', rotations.begin())).rejects.toThrow(
      'version rotation-1 is not pending',
    );
  });

  test('when it is none', async () => {
    const rotations = new Rotations();
    await expect(rotations.step('create_secret', rotations.begin())).rejects.toThrow(
      'the step must be one of a rotation by Secrets Manager, received create_secret',
    );
  });

  test('when the secret is another', async () => {
    const { secret } = new Rotations();
    const event = { Step: 'createSecret', SecretId: `${secret.arn}2`, ClientRequestToken: 'rotation-1' };
    await expect(rotateKeys(event, secret, { overlap: OVERLAP, now: () => START })).rejects.toThrow(
      "Secrets Manager can't find the specified secret.",
    );
  });
});

test('a schedule set up without a rotation is tried with testSecret alone, on a copy of what is current', async () => {
  const rotations = new Rotations();
  rotations.secret.beginTest('trial');
  await rotations.step('testSecret', 'trial');
  expect(rotations.secret.labels).toEqual({ AWSCURRENT: 'first', AWSPENDING: 'trial' });
});
