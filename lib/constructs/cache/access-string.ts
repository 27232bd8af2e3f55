import { CACHE_COMMANDS, CACHE_KEY_PREFIX } from '../../contract/cache-access.js';
import { concrete } from '../placement.js';
import type { CacheEngine } from './cache-engine.js';

/**
 * The rules for a user that keeps sessions and does nothing else: it is on, reaches the keys of sessions, and may call
 * what the client calls. AUTH and HELLO need no rule, as they are for whoever has not authenticated yet.
 * https://docs.aws.amazon.com/AmazonElastiCache/latest/dg/Clusters.RBAC.html#Access-string
 *
 * @param sessionEvents whether it may also be told when sessions expire.
 */
export function sessionAccessString(engine: CacheEngine, sessionEvents = false): string {
  const allowed = sessionEvents ? [...CACHE_COMMANDS, ...EVENT_COMMANDS] : CACHE_COMMANDS;
  // Redis OSS 6.0 has no rules for channels, and lets every user listen to all of them.
  const channels = sessionEvents && engine._isAtLeast({ valkey: '7.2', redis: '6.2' }) ? EVENT_CHANNELS : [];
  return ['on', `~${CACHE_KEY_PREFIX}*`, ...channels, '-@all', ...allowed.map((command) => `+${command}`)].join(' ');
}

/** The commands of whoever listens to keyspace events. */
const EVENT_COMMANDS = ['subscribe', 'psubscribe', 'unsubscribe', 'punsubscribe'];

/** The channels of keyspace events, and none besides. A pattern to subscribe to must be the same, letter by letter. */
const EVENT_CHANNELS = ['resetchannels', '&__keyevent@0__:*'];

/** What is wrong with an access string, or `undefined`. The message holds nothing of a string that has a password. */
export function accessStringFault(accessString: string): string | undefined {
  if (!concrete(accessString)) {
    return undefined;
  }
  // An engine reads rules in any case.
  const rules = accessString.toLowerCase().split(/\s+/);
  const forbidden = rules.find((rule) => /^(?:[><#!]|nopass$|resetpass$|reset$)/.test(rule));
  if (forbidden !== undefined) {
    return `an access string has no rules for passwords, received one that begins with ${JSON.stringify(forbidden.slice(0, 1))}: leave it out, the password comes from the authentication`;
  }
  return rules.findLast((rule) => rule === 'on' || rule === 'off') === 'on'
    ? undefined
    : `an access string must turn its user on, received ${JSON.stringify(accessString)}: begin it with "on", or leave it out for what sessions need`;
}
