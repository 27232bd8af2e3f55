import { once } from 'node:events';
import { createServer } from 'node:net';
import { LocalError } from './errors.js';

/**
 * A port of loopback that nobody listens on now. Whoever takes it must expect that somebody was faster.
 *
 * @throws LocalError ERR_LOCAL_PORT if there is none.
 */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (typeof address !== 'object' || address === null) {
    throw new LocalError('ERR_LOCAL_PORT', 'there is no free port');
  }
  return address.port;
}
