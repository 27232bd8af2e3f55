import { RedisStore, type RedisTransport } from 'cdk-sessions-client/redis';
import type { RedisServer } from '../lib/local/redis-server.js';
import { begin, engineOn } from './ours.js';
import { printTable } from './table.js';
import { visitorData } from './visitor-data.js';

const SESSIONS = 20_000;
const AT_ONCE = 100;

/** The most memory that a session of 1 KB may take, in bytes. */
const MOST = 1.5 * 1024;

/** Prints how many commands requests are, and how much more memory the server uses for each session: its tables grow, too. */
export async function printRedisMemory(transport: RedisTransport, server: RedisServer): Promise<void> {
  await printCommands(transport);
  const engine = engineOn(new RedisStore({ transport }), Date.now);
  const before = await usedMemory(server);
  for (let number = 0; number < SESSIONS; number += AT_ONCE) {
    await Promise.all(Array.from({ length: AT_ONCE }, () => begin(engine, visitorData(1024))));
  }
  const each = ((await usedMemory(server)) - before) / SESSIONS;
  printTable(
    `memory of redis-server for ${SESSIONS.toLocaleString('en')} sessions of 1 KB`,
    ['server', 'bytes each', 'at most', ''],
    [
      [
        server.program.version,
        Math.round(each).toLocaleString('en'),
        MOST.toLocaleString('en'),
        each <= MOST ? 'met' : 'not met',
      ],
    ],
  );
}

/** Counts what is sent: a script's own commands travel nowhere. */
async function printCommands(transport: RedisTransport): Promise<void> {
  let sent = 0;
  const counting: RedisTransport = {
    send: (...call) => {
      sent++;
      return transport.send(...call);
    },
  };
  const engine = engineOn(new RedisStore({ transport: counting }), Date.now);
  const cookie = [await begin(engine, visitorData(1024))];
  const row = async (label: string, most: number, use: (session: Awaited<ReturnType<typeof engine.load>>) => void) => {
    sent = 0;
    const session = await engine.load(cookie);
    use(session);
    await engine.commit(session);
    return [label, String(sent), String(most), sent <= most ? 'met' : 'not met'];
  };
  printTable(
    'commands per request',
    ['request', 'commands', 'at most', ''],
    [
      await row('reads only', 1, () => {}),
      await row('changes the session', 2, (session) => session.update('clicks', (clicks = 0) => clicks + 1)),
    ],
  );
}

async function usedMemory(server: RedisServer): Promise<number> {
  return Number(/used_memory:(\d+)/.exec(String(await server.command('INFO', 'memory')))?.[1]);
}
