import { parseCacheSecret } from '../../../lib/contract/cache-secret.js';
import { CacheDoor } from '../../../lib/functions/rotate-cache-credentials/cache-door.js';
import { CacheUser } from '../../../lib/functions/rotate-cache-credentials/cache-user.js';
import type { CredentialHolder } from '../../../lib/functions/rotate-cache-credentials/credential-holder.js';
import { rotateCacheCredentials } from '../../../lib/functions/rotate-cache-credentials/rotate-cache-credentials.js';
import { TokenGroup } from '../../../lib/functions/rotate-cache-credentials/token-group.js';
import type { SecretsManagerApi } from '../../../lib/functions/rotating-secret.js';
import { SimulatedReplicationGroup, SimulatedUser } from '../../support/elasticache.js';
import { type RedisServer, startRedisServer } from '../../support/redis-server.js';
import { InMemorySecret } from '../../support/secrets-manager.js';

const STEPS = ['createSecret', 'setSecret', 'testSecret', 'finishSecret'] as const;
const PATIENCE = { interval: 2, limit: 40 };
const INITIAL = 'Initial0Password0Of0Secrets0Manager';
const USER = 'app-cache-users-1a2b3c4d-valkey';
const GROUP = 'app-cache-1a2b3c4d';

let server: RedisServer;
beforeAll(async () => {
  server = await startRedisServer();
});
afterAll(() => server?.stop());

/** Which call of which service gets lost: on its way there, or on its way back. */
interface Loss {
  readonly at: number;
  readonly when: 'request' | 'reply';
}

/** All services of AWS that a step calls, one of whose calls may get lost. */
class Calls {
  #count = 0;

  constructor(private readonly loss?: Loss) {}

  /** The same methods, each of which may fail. */
  through<Api extends object>(api: Api): Api {
    return new Proxy(api, {
      get: (target, name) => {
        const method: unknown = Reflect.get(target, name);
        return typeof method === 'function'
          ? (...parameters: unknown[]) => this.#call(() => Promise.resolve(method.apply(target, parameters)))
          : method;
      },
    });
  }

  async #call<Reply>(call: () => Promise<Reply>): Promise<Reply> {
    const lost = ++this.#count === this.loss?.at;
    if (lost && this.loss?.when === 'request') {
      throw new Error('lost');
    }
    const reply = await call();
    if (lost) {
      throw new Error('lost');
    }
    return reply;
  }
}

/** Two kinds of what is rotated, each in a cache that is a real server. */
const kinds = {
  'the password of a user': () => {
    const user = new SimulatedUser(server, USER);
    return {
      create: (password: string) => user.create(password),
      changes: user.changes,
      credentials: (password: string) => ({ user: USER, password }),
      holder: (calls: Calls, door: CacheDoor) => new CacheUser(calls.through(user), USER, door, PATIENCE),
    };
  },
  'the token of a replication group': () => {
    const group = new SimulatedReplicationGroup(server, GROUP);
    return {
      create: (password: string) => group.create(password),
      changes: group.changes,
      credentials: (password: string) => ({ password }),
      holder: (calls: Calls, door: CacheDoor) => new TokenGroup(calls.through(group), GROUP, door, PATIENCE),
    };
  },
};
type Kind = keyof typeof kinds;

/** A secret, the cache that takes what is in it, and the function called on both as Secrets Manager does. */
class Rotations {
  readonly secret = new InMemorySecret(JSON.stringify({ password: INITIAL }));
  readonly door = new CacheDoor({ endpoint: server.host, port: server.port, ca: server.ca });
  readonly cache;
  #count = 0;

  constructor(kind: Kind) {
    this.cache = kinds[kind]();
  }

  static async of(kind: Kind): Promise<Rotations> {
    const rotations = new Rotations(kind);
    await rotations.cache.create(INITIAL);
    return rotations;
  }

  begin(): string {
    const token = `rotation-${++this.#count}`;
    this.secret.beginRotation(token);
    return token;
  }

  async step(Step: string, token: string, loss?: Loss): Promise<void> {
    const calls = new Calls(loss);
    const api: SecretsManagerApi = calls.through(this.secret);
    const holder: CredentialHolder = this.cache.holder(calls, this.door);
    const event = { Step, SecretId: this.secret.arn, ClientRequestToken: token };
    await rotateCacheCredentials(event, api, holder, PATIENCE);
  }

  async steps(token: string, steps: readonly string[] = STEPS): Promise<void> {
    for (const step of steps) {
      await this.step(step, token);
    }
  }

  async rotate(): Promise<void> {
    await this.steps(this.begin());
  }

  passwordOf(stage: string): string {
    return parseCacheSecret(this.secret.textOf(stage));
  }

  admits(password: string): Promise<boolean | undefined> {
    return this.door.admits(this.cache.credentials(password));
  }

  admitsAnybody(): Promise<boolean | undefined> {
    return this.door.admits({});
  }

  /** What must be so at all times: who reads the secret gets in, and who has no password does not. */
  async assertSafe(): Promise<void> {
    await expect(this.admits(this.passwordOf('AWSCURRENT'))).resolves.toBe(true);
    await expect(this.admitsAnybody()).resolves.toBe(false);
  }

  /** What must be so when a rotation is done. */
  async assertRotatedOnce(): Promise<void> {
    expect(this.secret.labels).toMatchObject({ AWSCURRENT: 'rotation-1', AWSPREVIOUS: 'first' });
    await expect(this.admits(INITIAL)).resolves.toBe(false);
    await this.assertSafe();
  }
}

const allKinds = Object.keys(kinds) as Kind[];

describe.each(allKinds)('a rotation of %s', (kind) => {
  let rotations: Rotations;
  beforeEach(async () => {
    rotations = await Rotations.of(kind);
  });

  test('lets in who has the old one until the last step, who has the new one from the second, and nobody else ever', async () => {
    const token = rotations.begin();
    const seen: Record<string, unknown> = {};
    for (const step of STEPS) {
      await rotations.step(step, token);
      const pending = rotations.passwordOf('AWSPENDING');
      const [old, made, nobody] = [rotations.admits(INITIAL), rotations.admits(pending), rotations.admitsAnybody()];
      seen[step] = { old: await old, new: await made, nobody: await nobody };
    }
    expect(seen).toEqual({
      createSecret: { old: true, new: false, nobody: false },
      setSecret: { old: true, new: true, nobody: false },
      testSecret: { old: true, new: true, nobody: false },
      finishSecret: { old: false, new: true, nobody: false },
    });
  });

  test('lets clients read what they did until its last step', async () => {
    const token = rotations.begin();
    await rotations.steps(token, STEPS.slice(0, 3));
    expect(rotations.passwordOf('AWSCURRENT')).toBe(INITIAL);
    await rotations.step('finishSecret', token);
    expect(rotations.passwordOf('AWSCURRENT')).toBe(rotations.passwordOf('AWSPENDING'));
  });

  test('makes passwords of 64 letters and digits that are not alike, and can follow another', async () => {
    const made = new Set<string>();
    for (let count = 0; count < 5; count++) {
      await rotations.rotate();
      await rotations.assertSafe();
      made.add(rotations.passwordOf('AWSCURRENT'));
    }
    expect(made.size).toBe(5);
    expect([...made].filter((password) => !/^[A-Za-z0-9]{64}$/.test(password))).toEqual([]);
  });

  test('never tells a client what the cache does not take: it is tried again before the last step', async () => {
    const token = rotations.begin();
    await rotations.steps(token, STEPS.slice(0, 3));
    await rotations.cache.create(INITIAL);
    await expect(rotations.step('finishSecret', token)).rejects.toThrow(
      'the cache must take the pending password within 40 ms, and did not happen: rotate the secret again',
    );
    await rotations.assertSafe();
    await rotations.steps(token);
    await rotations.assertRotatedOnce();
  });

  test('begins with a trial, if a schedule is set up without a rotation, on a copy of what is current', async () => {
    rotations.secret.beginTest('trial');
    await rotations.step('testSecret', 'trial');
    expect(rotations.secret.labels).toEqual({ AWSCURRENT: 'first', AWSPENDING: 'trial' });
  });

  test('that stopped with both valid is ended by the next one', async () => {
    const token = rotations.begin();
    await rotations.steps(token, STEPS.slice(0, 3));
    // The label has moved, and what comes after it got lost.
    await rotations.secret.updateSecretVersionStage({
      SecretId: rotations.secret.arn,
      VersionStage: 'AWSCURRENT',
      MoveToVersionId: token,
      RemoveFromVersionId: 'first',
    });
    const first = rotations.passwordOf('AWSCURRENT');
    await expect(rotations.admits(INITIAL)).resolves.toBe(true);
    const next = rotations.begin();
    await rotations.steps(next, STEPS.slice(0, 2));
    await expect(rotations.admits(INITIAL)).resolves.toBe(false);
    await expect(rotations.admits(first)).resolves.toBe(true);
    await rotations.steps(next);
    await expect(rotations.admits(first)).resolves.toBe(false);
    await rotations.assertSafe();
  });

  test.each(['no JSON at all', '{"password":"too short"}', ''])(
    'goes on after a previous version of %j, which was never a password of the cache',
    async (text) => {
      rotations.secret.replacePrevious(text);
      const token = rotations.begin();
      await rotations.steps(token, STEPS.slice(0, 3));
      await rotations.assertSafe();
      await rotations.step('finishSecret', token);
      await expect(rotations.admits(INITIAL)).resolves.toBe(false);
      await rotations.assertSafe();
    },
  );

  test('has its last step come again, though by then the previous version is not a password', async () => {
    const token = rotations.begin();
    await rotations.steps(token);
    rotations.secret.replacePrevious('no JSON at all');
    await rotations.step('finishSecret', token);
    await rotations.assertSafe();
  });

  test('changes nothing of a cache that it cannot reach', async () => {
    const token = rotations.begin();
    await rotations.step('createSecret', token);
    const closed = new CacheDoor({ endpoint: server.host, port: 1, ca: server.ca });
    const holder = rotations.cache.holder(new Calls(), closed);
    const event = { Step: 'setSecret', SecretId: rotations.secret.arn, ClientRequestToken: token };
    await expect(rotateCacheCredentials(event, rotations.secret, holder, PATIENCE)).rejects.toThrow('ECONNREFUSED');
    expect(rotations.cache.changes).toEqual([]);
    await rotations.assertSafe();
  });

  test.each([
    ['is none', 'create_secret', 'the step must be one of a rotation by Secrets Manager, received create_secret'],
    ['was never prepared', 'finishSecret', 'version rotation-1 is not pending: rotate the secret again'],
  ])('fails at a step that %s, and changes nothing', async (_, step, message) => {
    await expect(rotations.step(step, rotations.begin())).rejects.toThrow(message);
    expect(rotations.cache.changes).toEqual([]);
    await rotations.assertSafe();
  });

  test('fails at a secret without a password, with nothing of the secret in the message', async () => {
    const token = rotations.begin();
    await rotations.secret.putSecretValue({
      SecretId: rotations.secret.arn,
      ClientRequestToken: token,
      SecretString: '{"password":"too short"}',
      VersionStages: ['AWSPENDING'],
    });
    await expect(rotations.step('setSecret', token)).rejects.toThrow(
      'password must be 16 to 128 letters, digits and characters of !&#$^<>-, received another string',
    );
    await rotations.assertSafe();
  });

  describe.each(STEPS)('at %s', (step) => {
    const before = STEPS.slice(0, STEPS.indexOf(step));
    const after = STEPS.slice(STEPS.indexOf(step) + 1);

    test('may be called again, after itself and after all that follows', async () => {
      const token = rotations.begin();
      await rotations.steps(token, [...before, step, step, ...after, step]);
      await rotations.assertRotatedOnce();
    });

    test('may run twice at once', async () => {
      const token = rotations.begin();
      await rotations.steps(token, before);
      await Promise.allSettled([rotations.step(step, token), rotations.step(step, token)]);
      await rotations.assertSafe();
      await rotations.steps(token, [step, ...after]);
      await rotations.assertRotatedOnce();
    });

    test.each(['request', 'reply'] as const)('may lose any %s, and all steps come again', async (when) => {
      for (let at = 1, lost = true; lost; at++) {
        rotations = await Rotations.of(kind);
        const token = rotations.begin();
        await rotations.steps(token, before);
        lost = await rotations.step(step, token, { at, when }).then(
          () => false,
          (error: Error) => {
            expect(error.message).toBe('lost');
            return true;
          },
        );
        await rotations.assertSafe();
        await rotations.steps(token);
        await rotations.assertRotatedOnce();
      }
    });
  });
});

describe('the password of a user', () => {
  test('is one of two while it is replaced, and one of one after', async () => {
    const rotations = await Rotations.of('the password of a user');
    await rotations.rotate();
    expect(rotations.cache.changes).toEqual([2, 1]);
  });
});

describe('the token of a replication group', () => {
  const kind = 'the token of a replication group';

  test('is rotated in, and then set', async () => {
    const rotations = await Rotations.of(kind);
    await rotations.rotate();
    expect(rotations.cache.changes).toEqual(['ROTATE', 'SET']);
  });

  test('is set first if the one before is still taken, so that there are never three', async () => {
    const rotations = await Rotations.of(kind);
    const token = rotations.begin();
    await rotations.steps(token, STEPS.slice(0, 3));
    await rotations.secret.updateSecretVersionStage({
      SecretId: rotations.secret.arn,
      VersionStage: 'AWSCURRENT',
      MoveToVersionId: token,
      RemoveFromVersionId: 'first',
    });
    await rotations.rotate();
    expect(rotations.cache.changes).toEqual(['ROTATE', 'SET', 'ROTATE', 'SET']);
    await rotations.assertSafe();
  });

  test('closes a group that is open before another is rotated in, which would leave it open', async () => {
    const rotations = new Rotations(kind);
    const open = new SimulatedReplicationGroup(server, GROUP);
    await open.create();
    const token = rotations.begin();
    await rotations.step('createSecret', token);
    const holder = new TokenGroup(open, GROUP, rotations.door, PATIENCE);
    const event = { SecretId: rotations.secret.arn, ClientRequestToken: token };
    await rotateCacheCredentials({ ...event, Step: 'setSecret' }, rotations.secret, holder, PATIENCE);
    expect(open.changes).toEqual(['ROTATE', 'SET', 'ROTATE']);
    await rotations.assertSafe();
  });

  test('is given back to clients if somebody has rotated by hand, and the rotation goes on', async () => {
    const rotations = new Rotations(kind);
    const group = new SimulatedReplicationGroup(server, GROUP);
    await group.create(INITIAL);
    const holder = new TokenGroup(group, GROUP, rotations.door, PATIENCE);
    await holder.admitBoth({ current: INITIAL, pending: 'Abandoned0Token0Of0Somebody', previous: undefined });
    const token = rotations.begin();
    for (const Step of STEPS) {
      const event = { Step, SecretId: rotations.secret.arn, ClientRequestToken: token };
      await rotateCacheCredentials(event, rotations.secret, holder, PATIENCE);
      await rotations.assertSafe();
    }
    await expect(rotations.admits('Abandoned0Token0Of0Somebody')).resolves.toBe(false);
    await rotations.assertRotatedOnce();
  });
});

describe('the door of a cache', () => {
  const address = () => ({ endpoint: server.host, port: server.port });

  test('is not tried without a good certificate', async () => {
    await expect(new CacheDoor(address()).admits({})).rejects.toThrow('self-signed certificate');
  });

  test('lets in a user who may not call PING', async () => {
    await new SimulatedUser(server, USER).create(INITIAL, 'on -@all +get');
    const door = new CacheDoor({ ...address(), ca: server.ca });
    await expect(door.admits({ user: USER, password: INITIAL })).resolves.toBe(true);
    await expect(door.admits({ user: USER, password: 'another' })).resolves.toBe(false);
  });

  test('does not tell anything of a reply that is about something else', async () => {
    await new SimulatedReplicationGroup(server, GROUP).create();
    const door = new CacheDoor({ ...address(), ca: server.ca });
    await expect(door.admits({ password: INITIAL })).rejects.toThrow(
      /^the cache must say who may come in, received -ERR$/,
    );
  });
});
