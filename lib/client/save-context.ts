import type { PolicyContract } from '../contract/environment.js';
import type { Clock } from './clock.js';
import type { HookCaller } from './hooks.js';
import type { Ends, Lifetime } from './lifetime.js';
import type { OwnerAccess } from './owner-access.js';
import type { Proposal } from './proposal.js';
import type { Identified, RecordAccess } from './record-access.js';

/** What the ways of saving have in common. */
export interface SaveContext {
  readonly records: RecordAccess;
  /** Saves what a request changed, together with what other requests of this process did to the session. */
  readonly saveWithOthers: (proposal: Proposal, start: Identified) => Promise<Whereabouts | undefined>;
  readonly owners: OwnerAccess;
  readonly policy: PolicyContract;
  readonly lifetime: Lifetime;
  readonly clock: Clock;
  readonly hooks: HookCaller;
  /** Does what the visitor need not wait for or hear of if it fails. */
  readonly tolerate: (run: () => Promise<unknown>) => Promise<void>;
}

/** Where a session lives when its request ends: what the cookie has to say. */
export interface Whereabouts extends Ends {
  readonly id: string;
}
