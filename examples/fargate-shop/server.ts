import { createSessions } from 'cdk-sessions-client';
import { expressSessions, sessionOf } from 'cdk-sessions-client/express';
import { browserName } from '../shop/browser-name.js';
import { cartChange } from '../shop/cart.js';
import { formOf, instance, listen, shopApplication } from '../shop/express.js';
import { contentSecurityPolicy, page } from '../shop/page.js';
import { chosenIn, nameIn, signInsOf, type Visit, viewOf } from '../shop/visit.js';

const sessions = createSessions<Visit>();

const app = shopApplication();
app.use(expressSessions(sessions));

app.get('/', async (request, response) => {
  const session = sessionOf(sessions, request);
  const html = page(viewOf(session, instance), await signInsOf(session, sessions));
  response.set(contentSecurityPolicy).type('html').send(html);
});
app.get('/session', (request, response) => {
  response.json(viewOf(sessionOf(sessions, request), instance));
});
app.post('/cart', (request, response) => {
  const change = cartChange(formOf(request));
  if (change) {
    // A function, not a value: if another tab saved first, it runs again on what that tab saved.
    sessionOf(sessions, request).update('cart', change);
  }
  response.redirect(303, '/');
});
app.post('/sign-in', (request, response) => {
  // The session gets a new id (no fixation) and keeps the cart.
  const label = browserName(request.get('user-agent'));
  sessionOf(sessions, request).login(nameIn(formOf(request)), { label });
  response.redirect(303, '/');
});
app.post('/sign-out', (request, response) => {
  sessionOf(sessions, request).logout();
  response.redirect(303, '/');
});
app.post('/sign-out-elsewhere', async (request, response) => {
  const session = sessionOf(sessions, request);
  if (session.userId !== undefined) {
    await sessions.destroyByOwner(session.userId, { except: session, ...chosenIn(formOf(request)) });
  }
  response.redirect(303, '/');
});

listen(app);
