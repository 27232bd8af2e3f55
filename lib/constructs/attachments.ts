import type { IConstruct } from 'constructs';
import type { ISessionStore } from './session-store.js';

const attachments = new WeakMap<IConstruct, Map<string, ISessionStore>>();

/** The stores that were attached to a consumer, by environment variable. */
export function attachmentsOf(consumer: IConstruct): Map<string, ISessionStore> {
  let stores = attachments.get(consumer);
  if (!stores) {
    stores = new Map();
    attachments.set(consumer, stores);
  }
  return stores;
}
