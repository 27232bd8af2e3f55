import nodeCrypto from 'node:crypto';

// Of 32 bytes, as every id has them; the digest is what sha256sum says.
const ID = Buffer.from('abcdefghijklmnopqrstuvwxyz012345').toString('base64url');
const KEY = '653bb1245e828fcda4fa53fcd5a3def5bd7654e651f54b4132b73d74e64435c4';

afterEach(() => {
  jest.resetModules();
  jest.dontMock('node:crypto');
});

it.each([
  { node: 'with crypto.hash', crypto: nodeCrypto },
  { node: 'before 20.12', crypto: withoutHash() },
])('names a session by the SHA-256 of the bytes of its id, on Node.js $node', async ({ crypto }) => {
  jest.doMock('node:crypto', () => ({ __esModule: true, ...crypto, default: crypto }));
  const { keyOf } = await import('../../lib/client/session-id');

  expect(Buffer.from(keyOf(ID)).toString('hex')).toBe(KEY);
});

function withoutHash(): Partial<typeof nodeCrypto> {
  const { hash: _, ...others } = nodeCrypto;
  return others;
}
