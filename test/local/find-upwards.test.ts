import { chmod, mkdir } from 'node:fs/promises';
import path from 'node:path';
import { findUpwards } from '../../lib/local/find-upwards.js';
import { removeFolders, temporaryFolder } from './fixture.js';

afterAll(removeFolders);

/** A folder with `wanted` in it, and folders below. */
async function tree(): Promise<string> {
  const top = await temporaryFolder();
  await mkdir(path.join(top, 'wanted'));
  await mkdir(path.join(top, 'a', 'b'), { recursive: true });
  return top;
}

test('finds the nearest folder of the name, in the first place that has one', async () => {
  const [one, other] = [await tree(), await tree()];
  await mkdir(path.join(other, 'a', 'wanted'));
  expect(await findUpwards('wanted', [path.join(one, 'a', 'b'), other])).toBe(path.join(one, 'wanted'));
  expect(await findUpwards('wanted', [path.join(other, 'a', 'b'), one])).toBe(path.join(other, 'a', 'wanted'));
});

test('takes nothing from a folder that all users share, such as /tmp, and goes on with the next place', async () => {
  const [shared, own] = [await tree(), await tree()];
  await chmod(shared, 0o1777);
  expect(await findUpwards('wanted', [path.join(shared, 'a')])).toBeUndefined();
  expect(await findUpwards('wanted', [path.join(shared, 'a'), own])).toBe(path.join(own, 'wanted'));
});

test('finds nothing where there is nothing', async () => {
  expect(await findUpwards('wanted', [path.join(await temporaryFolder(), 'missing')])).toBeUndefined();
});
