import type { Session, Sessions } from 'cdk-sessions-client';
import type { Cart } from './cart.js';
import type { View } from './page.js';
import type { SignIn } from './sign-ins.js';

/** What a session of the shop holds. */
export type Visit = { cart: Cart };

/** What the page shows of a session. */
export function viewOf(session: Session<Visit>, instance: string): View {
  const now = Date.now();
  const seconds = (date?: Date) => date && Math.round(Math.abs(date.getTime() - now) / 1000);
  return {
    instance,
    name: session.userId,
    cart: session.get('cart') ?? {},
    session: session.isNew
      ? undefined
      : { age: seconds(session.createdAt), idleLeft: seconds(session.expiresAt), left: seconds(session.deadline) },
  };
}

/** Where the visitor is signed in. Each place costs a read, so that only the page asks, and only for who is signed in. */
export async function signInsOf({ userId, handle: own }: Session<Visit>, sessions: Sessions<Visit>): Promise<SignIn[]> {
  const all = userId === undefined ? [] : await sessions.listByOwner(userId);
  return all.map(({ handle, label = 'A browser', lastSeenAt }) => ({
    handle,
    label,
    idle: Math.max(0, (Date.now() - lastSeenAt.getTime()) / 1000),
    own: handle === own,
  }));
}

/**
 * Who signs in. A demo: any name will do, there is no password, and the name is the user's id: who gives the same name is
 * the same user here, and may sign the other one out.
 */
export function nameIn(form: URLSearchParams): string {
  return form.get('name')?.trim().slice(0, 40) || 'Visitor';
}

/** Which of a user's other sessions are to end: those whose handles the form has; without one, all of them. */
export function chosenIn(form: URLSearchParams): { readonly only?: string[] } {
  return form.has('only') ? { only: form.getAll('only') } : {};
}
