import type { IConstruct } from 'constructs';
import type { AttachMethod } from './consumer.js';
import type { ISessionStore, SessionAccess } from './session-store.js';

/** A store as it was attached. */
export interface Attachment {
  readonly store: ISessionStore;
  readonly access: SessionAccess;
}

const attachments = new WeakMap<IConstruct, Map<string, Attachment>>();

/** What was attached to a consumer, by environment variable. */
export function attachmentsOf(consumer: IConstruct): Map<string, Attachment> {
  let attached = attachments.get(consumer);
  if (!attached) {
    attached = new Map();
    attachments.set(consumer, attached);
  }
  return attached;
}

/** What each method is called with, in an example. */
const ARGUMENTS: Readonly<Record<AttachMethod, string>> = {
  attachFunction: 'fn',
  attachEcsService: 'service',
  attachAutoScalingGroup: 'group',
};

/** Why a store cannot be attached to a consumer beside what is there, or `undefined`. */
export function attachmentFault(
  attached: ReadonlyMap<string, Attachment>,
  variable: string,
  { store, access }: Attachment,
  method: AttachMethod,
): string | undefined {
  const present = attached.get(variable);
  if (present && present.store !== store) {
    return `${variable} already tells of the store ${present.store.node.path}: give ${store.node.path} a variable of its own, ${method}(${ARGUMENTS[method]}, { variable: 'OTHER_SESSIONS' })`;
  }
  // IAM would add up the two.
  const other = [...attached.values()].find((each) => each.store === store && each.access !== access);
  return other
    ? `the store ${store.node.path} is already attached for ${other.access} access, received ${access}: attach it once, with SessionAccess.READ_WRITE to do both`
    : undefined;
}
