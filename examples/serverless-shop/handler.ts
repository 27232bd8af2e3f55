import { randomUUID } from 'node:crypto';
import { createSessions, type Session } from 'cdk-sessions-client';
import { browserName } from '../shop/browser-name.js';
import { type Cart, cartChange } from '../shop/cart.js';
import { contentSecurityPolicy, page, type View } from '../shop/page.js';
import type { SignIn } from '../shop/sign-ins.js';
import { readRequest, reply } from './http.js';

type Visit = { cart: Cart };

const sessions = createSessions<Visit>();
const instance = randomUUID().slice(0, 8);

export const handler = sessions.lambda(async (event, session) => {
  const { route, form, forged, userAgent } = readRequest(event);
  if (forged) {
    return reply(403, { 'content-type': 'text/plain' }, 'This request came from another site.');
  }
  switch (route) {
    case 'GET /': {
      const html = page(view(session), await signIns(session));
      return reply(200, { 'content-type': 'text/html; charset=utf-8', ...contentSecurityPolicy }, html);
    }
    case 'GET /session':
      return reply(200, { 'content-type': 'application/json' }, JSON.stringify(view(session)));
    case 'POST /cart':
      // A function, not a value: if another tab saved first, it runs again on what that tab saved.
      session.update('cart', cartChange(form));
      break;
    case 'POST /sign-in':
      // A demo: any name will do, there is no password, and the name is the user's id: who gives the same name is the same
      // user here, and may sign the other one out. The session gets a new id (no fixation) and keeps the cart.
      session.login(form.get('name')?.trim().slice(0, 40) || 'Visitor', { label: browserName(userAgent) });
      break;
    case 'POST /sign-out':
      session.logout();
      break;
    case 'POST /sign-out-elsewhere':
      if (session.userId !== undefined) {
        // Only ever sessions of this user, whatever handles the form has; without one, all of them but this.
        const chosen = form.has('only') ? { only: form.getAll('only') } : {};
        await sessions.destroyByOwner(session.userId, { except: session, ...chosen });
      }
      break;
    default:
      return reply(404, { 'content-type': 'text/plain' }, 'There is no such page.');
  }
  return reply(303, { location: '/' });
});

function view(session: Session<Visit>): View {
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
async function signIns({ userId, handle: own }: Session<Visit>): Promise<SignIn[]> {
  const all = userId === undefined ? [] : await sessions.listByOwner(userId);
  return all.map(({ handle, label = 'A browser', lastSeenAt }) => ({
    handle,
    label,
    idle: Math.max(0, (Date.now() - lastSeenAt.getTime()) / 1000),
    own: handle === own,
  }));
}
