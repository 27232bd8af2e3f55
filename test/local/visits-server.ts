import { createSessions } from 'cdk-sessions-client';
import { expressSessions, sessionOf } from 'cdk-sessions-client/express';
import express from 'express';

const sessions = createSessions<{ visits: number }>();
const app = express();

// Ahead of the sessions: a health check is nobody's visit.
app.get('/health', (_request, response) => {
  response.end();
});
app.use(expressSessions(sessions));

/** Counts the visits of a session, and tells which process did: the server of services that a test runs. */
app.get('/', (request, response) => {
  const session = sessionOf(sessions, request);
  session.update('visits', (visits = 0) => visits + 1);
  response.json({ visits: session.get('visits'), pid: process.pid });
});

app.listen(Number(process.env['PORT']), '127.0.0.1');
