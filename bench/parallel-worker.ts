/**
 * One of many processes that run the application, and the browsers that its requests come from. It makes all its
 * requests at once. They stop between loading the session and changing it until those of all other processes are there,
 * too: every one of them then builds on the same save, which is the hardest case for those that save later.
 *
 * It says `ready`, is given its work, says `loaded` when all its requests wait, is told to go on, and says how each was
 * served. A request that is not served ends it.
 */
import { once } from 'node:events';
import { performance } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { application, type PageRequest } from './parallel-application.js';
import type { Served, Work } from './parallel-process.js';

/** How often a browser that is asked to wait tries again. */
const MOST_RETRIES = 5;

async function work(): Promise<void> {
  const [{ cookie, requests }] = (await once(process, 'message')) as [Work];
  let begun = 0;
  const allLoaded = once(process, 'message').then(() => {
    begun = performance.now();
  });
  let loaded = 0;
  const browse = application(() => {
    loaded++;
    if (loaded === requests.length) {
      tell('loaded');
    }
    return allLoaded;
  });

  const serve = async (request: PageRequest): Promise<Served> => {
    let reply = await browse(request, cookie);
    let savesRefused = 0;
    for (let retry = 1; reply.status === 503 && retry <= MOST_RETRIES; retry++) {
      savesRefused += begun > 0 ? 1 : 0;
      await sleep((reply.retryAfter ?? 1) * 1000);
      reply = await browse(request, cookie);
    }
    if (reply.status !== 200) {
      throw new Error(`${request.path} was answered with ${reply.status} in the end: ${reply.body}`);
    }
    return { savesRefused, milliseconds: performance.now() - begun };
  };
  tell(await Promise.all(requests.map(serve)));
}

function tell(message: 'ready' | 'loaded' | readonly Served[]): void {
  process.send?.(message);
}

process.on('disconnect', () => process.exit());
work().catch((error: unknown) => {
  console.error(error);
  process.exit(1);
});
tell('ready');
