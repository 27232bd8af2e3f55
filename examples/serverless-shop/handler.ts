import { randomUUID } from 'node:crypto';
import { createSessions } from 'cdk-sessions-client';
import { browserName } from '../shop/browser-name.js';
import { cartChange } from '../shop/cart.js';
import { contentSecurityPolicy, page } from '../shop/page.js';
import { chosenIn, nameIn, signInsOf, type Visit, viewOf } from '../shop/visit.js';
import { readRequest, reply } from './http.js';

const sessions = createSessions<Visit>();
const instance = randomUUID().slice(0, 8);

export const handler = sessions.lambda(async (event, session) => {
  const { route, form, forged, userAgent } = readRequest(event);
  if (forged) {
    return reply(403, { 'content-type': 'text/plain' }, 'This request came from another site.');
  }
  switch (route) {
    case 'GET /': {
      const html = page(viewOf(session, instance), await signInsOf(session, sessions));
      return reply(200, { 'content-type': 'text/html; charset=utf-8', ...contentSecurityPolicy }, html);
    }
    case 'GET /session':
      return reply(200, { 'content-type': 'application/json' }, JSON.stringify(viewOf(session, instance)));
    case 'POST /cart': {
      const change = cartChange(form);
      if (change) {
        // A function, not a value: if another tab saved first, it runs again on what that tab saved.
        session.update('cart', change);
      }
      break;
    }
    case 'POST /sign-in':
      // The session gets a new id (no fixation) and keeps the cart.
      session.login(nameIn(form), { label: browserName(userAgent) });
      break;
    case 'POST /sign-out':
      session.logout();
      break;
    case 'POST /sign-out-elsewhere':
      if (session.userId !== undefined) {
        // Only ever sessions of this user, whatever handles the form has.
        await sessions.destroyByOwner(session.userId, { except: session, ...chosenIn(form) });
      }
      break;
    default:
      return reply(404, { 'content-type': 'text/plain' }, 'There is no such page.');
  }
  return reply(303, { location: '/' });
});
