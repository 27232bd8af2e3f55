import type { Clock } from 'cdk-sessions-client';
import { RedisStore, redisTransport } from 'cdk-sessions-client/redis';
import { storeContract } from 'cdk-sessions-client/testing';
import { CacheEngine } from '../../../lib/constructs/cache/cache-engine';
import { sessionAccessString } from '../../../lib/constructs/cache/access-string';
import { type RedisServer, startRedisServer } from '../../support/redis-server';
import { connectionsTo, credentialsOf } from '../../support/redis-connections';

let server: RedisServer;
let transport;
beforeAll(async () => {
  server = await startRedisServer();
  const rules = sessionAccessString(CacheEngine.REDIS_7_0).split(' ');
  await server.command('ACL', 'SETUSER', 'sessions', 'reset', ...rules, '>password-of-sessions');
  transport = connectionsTo(server, { ca: server.ca, credentials: credentialsOf('sessions', 'password-of-sessions') });
});
afterAll(async () => { await server.stop(); });

const subject = (clock: Clock) => new RedisStore({ transport, clock });
for (const { name, run } of storeContract(subject, { sequences: 40 })) {
  test(name, run);
}
test('acl', async () => { console.log(await server.command('ACL', 'LOG'), await server.command('INFO', 'commandstats')); });
