import { createSessions } from 'cdk-sessions-client';

const sessions = createSessions<{ visits: number }>();

/** Counts the visits of a session: the function of a stack that a test runs. */
export const handler = sessions.lambda((_event, session) => {
  session.update('visits', (visits = 0) => visits + 1);
  return { statusCode: 200, body: String(session.get('visits')) };
});
