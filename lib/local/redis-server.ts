import { randomBytes } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type { Certificate } from './certificate.js';
import { LocalError, messageOf } from './errors.js';
import { freePort } from './free-port.js';
import { GuardedProcess } from './guarded-process.js';
import { type RedisAddress, runCommand } from './redis-command.js';
import { findRedis, type RedisProgram } from './redis-program.js';
import { type RedisUser, settingsText, usersText } from './redis-settings.js';

/** How to start a server. */
export interface RedisServerOptions {
  /** Where it makes a folder of its own, which goes when it is stopped. */
  readonly folder: string;
  /**
   * With which it speaks TLS, and nothing else.
   * @default - it speaks no TLS
   */
  readonly certificate?: Certificate;
  /**
   * Who may do what. The user named `default`, who has not authenticated, may do nothing unless it is among them.
   * @default - whoever connects may do everything
   */
  readonly users?: readonly RedisUser[];
  /**
   * Whether it is a node of a cluster. It has no slots until somebody gives it some: see `startRedisCluster`.
   * @default false
   */
  readonly cluster?: boolean;
  /**
   * The server that it copies, from then on.
   * @default - it is a primary
   */
  readonly replicaOf?: RedisServer;
  /** Settings of `redis.conf`, as they are written there. They come before those that the other options stand for. */
  readonly settings?: Readonly<Record<string, string>>;
  /**
   * By which servers that belong together know each other.
   * @default - that of the server that it copies, or a random one
   */
  readonly password?: string;
  /**
   * Is told how a server that had answered ended, such as `by SIGKILL`, unless it was ended through this class.
   * @default - nobody is
   */
  readonly onCrash?: (how: string) => void;
}

/** How long it may take until it answers, in milliseconds: it may have to read what it kept. */
const START = 30_000;

/** The file of a server's settings, in its folder. */
const SETTINGS = 'redis.conf';

/** Free ports are found first and taken afterwards: somebody else may have been faster. */
const ATTEMPTS = 5;

/**
 * A real `redis-server` or `valkey-server`, on loopback, that stands alone, copies another, or is a node of a cluster. It
 * keeps its data in memory unless its settings say otherwise, and does not outlive this process.
 */
export class RedisServer implements RedisAddress {
  /**
   * Starts a server and waits until it answers, and until it has its primary's data if it has a primary.
   *
   * @throws LocalError ERR_LOCAL_REDIS if there is no such program, or it does not start.
   */
  static async start(options: RedisServerOptions): Promise<RedisServer> {
    const program = await findRedis();
    const folder = await mkdtemp(path.join(options.folder, 'redis-'));
    try {
      for (let attempt = 1; ; attempt += 1) {
        const password = options.password ?? options.replicaOf?.password ?? randomBytes(24).toString('hex');
        const ports = { port: await freePort(), busPort: await freePort() };
        await layOut({ folder, password, ...ports }, options);
        const server = new RedisServer(program, folder, ports, password, options);
        if (await server.answers(attempt < ATTEMPTS)) {
          await server.copied();
          server.watch();
          return server;
        }
      }
    } catch (error) {
      await rm(folder, { recursive: true, force: true });
      throw error;
    }
  }

  /** The name that its certificate is for. */
  readonly host = 'localhost';
  readonly port: number;
  /** The port on which the nodes of a cluster talk to each other. */
  readonly busPort: number;
  private process: GuardedProcess;
  /** The process that is ended on purpose. */
  private ending: GuardedProcess | undefined;

  private constructor(
    /** What runs. */
    readonly program: RedisProgram,
    private readonly folder: string,
    { port, busPort }: { readonly port: number; readonly busPort: number },
    readonly password: string,
    private readonly options: RedisServerOptions,
  ) {
    this.port = port;
    this.busPort = busPort;
    this.process = this.run();
  }

  /** What vouches for its certificate, in PEM; `undefined` without TLS. */
  get ca(): string | undefined {
    return this.options.certificate?.cert;
  }

  /** The id of its process. Another one after a restart. */
  get pid(): number {
    return this.process.pid;
  }

  /**
   * Runs a command as somebody who may do everything.
   *
   * @throws ReplyError if the server answers with an error, and what a socket throws if it does not answer.
   */
  command(...words: readonly string[]): Promise<unknown> {
    return runCommand(this, words);
  }

  /** Sends its process a signal. One that ends it leaves its folder and its port, for `restart`. */
  async kill(signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
    const deadly = signal === 'SIGKILL' || signal === 'SIGTERM';
    if (deadly) {
      this.ending = this.process;
    }
    this.process.kill(signal);
    if (deadly) {
      await this.process.exited;
    }
  }

  /**
   * Starts it again, on its port, with what it kept: files (`appendonly yes`), the users that `ACL SAVE` was called for, the
   * settings of the start or of the last `CONFIG REWRITE`. Ends it first if it runs.
   *
   * @throws LocalError ERR_LOCAL_REDIS if it does not start.
   */
  async restart(): Promise<void> {
    await this.end();
    this.process = this.run();
    await this.answers(false);
    this.watch();
  }

  /** Ends it and takes away all that it kept. May be called again. */
  async stop(): Promise<void> {
    await this.end();
    await rm(this.folder, { recursive: true, force: true });
  }

  private async end(): Promise<void> {
    this.ending = this.process;
    // One that stands still hears of nothing else.
    this.process.kill('SIGCONT');
    this.process.kill('SIGTERM');
    await this.process.exited;
  }

  private run(): GuardedProcess {
    return new GuardedProcess(this.program.command, [path.join(this.folder, SETTINGS)]);
  }

  private watch(): void {
    const { process } = this;
    void process.exited.then((how) => {
      if (this.ending !== process) {
        this.options.onCrash?.(how);
      }
    });
  }

  /** Waits until it answers. `false` if its port was taken in the meantime and another may be tried. */
  private async answers(mayTryAnother: boolean): Promise<boolean> {
    const { process } = this;
    const deadline = Date.now() + START;
    for (;;) {
      try {
        await this.command('PING');
        return true;
      } catch (error) {
        if (!process.running && mayTryAnother && process.output.some((line) => /address already in use/i.test(line))) {
          return false;
        }
        if (!process.running || Date.now() > deadline) {
          await this.end();
          throw this.failure(process, error);
        }
      }
      await pause(20);
    }
  }

  /** Waits until a replica has what its primary has. */
  private async copied(): Promise<void> {
    if (this.options.replicaOf === undefined || this.options.cluster) {
      return;
    }
    const deadline = Date.now() + START;
    while (!String(await this.command('INFO', 'replication')).includes('master_link_status:up')) {
      if (Date.now() > deadline) {
        await this.end();
        throw this.failure(this.process, new Error('it does not get the data of its primary'));
      }
      await pause(20);
    }
  }

  private failure({ output }: GuardedProcess, cause: unknown): LocalError {
    const { command, version } = this.program;
    const said = output.filter((line) => line.trim() !== '').slice(-4);
    const text = said.length > 0 ? said.join(' | ') : messageOf(cause);
    const message = /tls-[\w-]+ .*bad directive/is.test(text)
      ? `${command} (${version}) was built without TLS, which the cache has: install one with TLS (apt-get, dnf and brew have one)`
      : `${command} (${version}) did not start: ${text}`;
    return new LocalError('ERR_LOCAL_REDIS', message, { cause });
  }
}

/** Writes what a server reads when it starts. */
async function layOut(
  place: { readonly folder: string; readonly port: number; readonly busPort: number; readonly password: string },
  { certificate, users, cluster = false, replicaOf, settings = {} }: RedisServerOptions,
): Promise<void> {
  const secret = { mode: 0o600 };
  const inFolder = (name: string) => path.join(place.folder, name);
  if (certificate !== undefined) {
    await writeFile(inFolder('key.pem'), certificate.key, secret);
    await writeFile(inFolder('cert.pem'), certificate.cert);
  }
  await writeFile(inFolder('users.acl'), usersText(place.password, users), secret);
  const tls = certificate !== undefined;
  const primary = replicaOf === undefined ? {} : { primaryPort: replicaOf.port };
  await writeFile(inFolder(SETTINGS), settingsText({ ...place, tls, cluster, ...primary, settings }), secret);
}
