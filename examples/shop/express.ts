import { randomUUID } from 'node:crypto';
import express, { type Express, type NextFunction, type Request, type Response } from 'express';
import { isCrossOrigin } from './cross-origin.js';
import { EVERY_REPLY } from './headers.js';

/** Which process this is: the page shows it. */
export const instance = randomUUID().slice(0, 8);

/** An Express application with what the shops have in common, up to their sessions: those come next. */
export function shopApplication(): Express {
  const app = express();
  app.disable('x-powered-by');
  app.disable('etag');
  // Before all that has to do with sessions: the load balancer asks every few seconds, and nobody's session is in it.
  app.get('/health', (_request, response) => {
    response.type('text').send('ok');
  });
  app.use((_request, response, next) => {
    response.set(EVERY_REPLY);
    next();
  });
  app.use(refuseOtherSites);
  app.use(express.text({ type: 'application/x-www-form-urlencoded' }));
  return app;
}

/** The fields of a submitted form. */
export function formOf({ body }: Request): URLSearchParams {
  return new URLSearchParams(typeof body === 'string' ? body : '');
}

/** Listens until it is told to stop, and then answers what was asked. */
export function listen(app: Express): void {
  const server = app.listen(Number(process.env['PORT'] ?? 8080), () => console.log(`instance ${instance} listens`));
  // Longer than the load balancer keeps its connections: it would send a request into one that is being closed.
  server.keepAliveTimeout = 75_000;
  process.once('SIGTERM', () => {
    server.close();
    server.closeIdleConnections();
  });
}

function refuseOtherSites(request: Request, response: Response, next: NextFunction): void {
  if (request.method !== 'GET' && isCrossOrigin((name) => request.get(name))) {
    response.status(403).type('text').send('This request came from another site.');
    return;
  }
  next();
}
