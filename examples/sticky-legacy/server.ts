import session, { MemoryStore } from 'express-session';
import { type Cart, cartChange } from '../shop/cart.js';
import { formOf, instance, listen, shopApplication } from '../shop/express.js';
import { contentSecurityPolicy, page, type View } from '../shop/page.js';
import { nameIn } from '../shop/visit.js';

declare module 'express-session' {
  interface SessionData {
    cart: Cart;
    name: string;
  }
}

/** What many applications are today: sessions in the memory of the process that began them. */
const app = shopApplication();
app.use(
  session({
    name: 'legacy',
    secret: process.env['SESSION_SECRET'] ?? '',
    store: new MemoryStore(),
    resave: false,
    saveUninitialized: false,
    cookie: { httpOnly: true, sameSite: 'lax' },
  }),
);

app.get('/', (request, response) => {
  response
    .set(contentSecurityPolicy)
    .type('html')
    .send(page(view(request.session), []));
});
app.get('/session', (request, response) => {
  response.json(view(request.session));
});
app.post('/cart', (request, response) => {
  const change = cartChange(formOf(request));
  if (change) {
    request.session.cart = change(request.session.cart);
  }
  response.redirect(303, '/');
});
app.post('/sign-in', (request, response, next) => {
  const { cart = {} } = request.session;
  const name = nameIn(formOf(request));
  request.session.regenerate((error: unknown) => {
    if (error) {
      next(error);
      return;
    }
    Object.assign(request.session, { cart, name });
    response.redirect(303, '/');
  });
});
app.post('/sign-out', (request, response, next) => {
  request.session.destroy((error: unknown) => (error ? next(error) : response.redirect(303, '/')));
});

function view({ cart = {}, name }: Partial<session.SessionData>): View {
  return { instance, cart, ...(name !== undefined && { name }) };
}

listen(app);
