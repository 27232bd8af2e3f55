import type { LocalCloud } from 'cdk-sessions-local';

/** What of a cache's commands is about connections, not about what is in it. The rest is. */
const ABOUT_CONNECTIONS = /^(?:acl|auth|client|cluster|command|config|hello|info|ping|script|select)\b/;

/** How many commands caches were given so far, those of scripts included. */
export async function commandsOf({ caches }: LocalCloud): Promise<number> {
  const infos = await Promise.all(caches.map(({ command }) => command('INFO', 'commandstats')));
  const counts = [
    ...infos
      .flat()
      .join('\n')
      .matchAll(/^cmdstat_([^:]+):calls=(\d+)/gm),
  ];
  return counts.reduce((sum, [, name = '', calls]) => sum + (ABOUT_CONNECTIONS.test(name) ? 0 : Number(calls)), 0);
}
