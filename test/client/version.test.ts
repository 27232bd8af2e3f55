import { nextVersion, remember, remembers } from '../../lib/client/version';

test('versions count up, and no two are the same', () => {
  const [first, second, other] = [nextVersion(), nextVersion('zz.AAAAAAAA'), nextVersion('zz.AAAAAAAA')];
  expect([first, second]).toEqual([expect.stringMatching(/^1\.[\w-]{8}$/), expect.stringMatching(/^100\.[\w-]{8}$/)]);
  expect(second).not.toBe(other);
});

test('a version of somebody else’s making is followed by a first one', () => {
  expect(nextVersion('-.')).toMatch(/^1\./);
});

test('the last 32 saves are remembered', () => {
  const saves = Array.from({ length: 40 }, (_, index) => nextVersion(`${index}.AAAAAAAA`));
  const recent = saves.reduce(remember, '');
  expect(recent).toHaveLength(32 * 8);
  expect(saves.map((version) => remembers(recent, version))).toEqual(saves.map((_, index) => index >= 8));
});

test('a save is not taken for two halves of others', () => {
  expect(remembers('aaaabbbbccccdddd', '1.bbbbcccc')).toBe(false);
});
