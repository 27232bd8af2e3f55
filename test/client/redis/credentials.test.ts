import { NO_CREDENTIALS } from '../../../lib/client/redis/credentials';

test('a cache that lets everybody in is told nothing, and there is nothing else to tell it', async () => {
  expect(await NO_CREDENTIALS.current()).toBeUndefined();
  expect(await NO_CREDENTIALS.refused(undefined)).toBe(false);
});
