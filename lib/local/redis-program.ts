import { execFile } from 'node:child_process';
import { promisify, types } from 'node:util';
import { LocalError, messageOf } from './errors.js';

/** A server for caches that is installed on this machine. */
export interface RedisProgram {
  /** The name by which it is started. */
  readonly command: string;
  /** What it is, for people: `redis 7.0.15`. */
  readonly version: string;
}

/** In the order in which they are looked for: under each of these names somebody's packages have one. */
const COMMANDS = ['redis-server', 'valkey-server'] as const;

/** Older ones have no host names in clusters, and other rules for users. Every Valkey is newer. */
const OLDEST = 7;

const HOW_TO_GET_ONE = 'apt-get install redis-server, dnf install valkey, brew install redis';

/**
 * Finds the server that runs caches.
 *
 * @throws LocalError ERR_LOCAL_REDIS if there is none, or none that is new enough, saying how to get one.
 */
export async function findRedis(): Promise<RedisProgram> {
  if (process.platform === 'win32') {
    throw refused('a cache runs in redis-server, which there is none of for Windows: run this in WSL');
  }
  const found: RedisProgram[] = [];
  for (const command of COMMANDS) {
    const version = await versionOf(command);
    if (version !== undefined) {
      found.push({ command, version });
    }
  }
  const [first] = found;
  if (first === undefined) {
    throw refused(`a cache runs in redis-server or valkey-server, and neither is installed: ${HOW_TO_GET_ONE}`);
  }
  const usable = found.find(({ version }) => Number(/ (\d+)\./.exec(version)?.[1]) >= OLDEST);
  if (usable === undefined) {
    throw refused(
      `a cache runs in redis-server ${OLDEST} or newer, or in valkey-server, found ${first.version}: ${HOW_TO_GET_ONE}`,
    );
  }
  return usable;
}

/** As it says itself, such as `Redis server v=7.0.15 sha=…`; `undefined` if it is not there. */
async function versionOf(command: string): Promise<string | undefined> {
  try {
    const { PATH } = process.env;
    const { stdout } = await promisify(execFile)(command, ['--version'], { env: { PATH } });
    const [, number] = /\bv=(\S+)/.exec(stdout) ?? [];
    return `${/^valkey/i.test(stdout) ? 'valkey' : 'redis'} ${number ?? 'of an unknown version'}`;
  } catch (error) {
    if (types.isNativeError(error) && 'code' in error && error.code === 'ENOENT') {
      return undefined;
    }
    throw new LocalError('ERR_LOCAL_REDIS', `${command} is installed and does not run: ${messageOf(error)}`, {
      cause: error,
    });
  }
}

function refused(message: string): LocalError {
  return new LocalError('ERR_LOCAL_REDIS', message);
}
