import type { SessionStore } from 'cdk-sessions-client';
import { SessionEngine } from '../lib/client/engine.js';
import { HookCaller } from '../lib/client/hooks.js';
import { STANDARD_POLICY } from '../lib/contract/policy.js';
import type { VisitorData } from './visitor-data.js';

/** An engine as an application has it: the standard policy, idle after 30 minutes, and no hooks. */
export function engineOn(store: SessionStore, clock: () => number): SessionEngine<VisitorData> {
  return new SessionEngine({ store, policy: STANDARD_POLICY, clock, callTimeout: 2000, hooks: new HookCaller() });
}

/** Begins a visitor's session. Resolves to her cookie. */
export async function begin(engine: SessionEngine<VisitorData>, data: VisitorData): Promise<string> {
  const session = await engine.load([]);
  session.set('csrfToken', data.csrfToken);
  session.set('viewed', data.viewed);
  session.set('search', data.search);
  session.set('clicks', data.clicks);
  const { setCookie } = await engine.commit(session);
  if (setCookie === undefined) {
    throw new Error('a session that was begun got no cookie');
  }
  return setCookie.slice(0, setCookie.indexOf(';'));
}
