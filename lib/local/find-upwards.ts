import { stat } from 'node:fs/promises';
import path from 'node:path';

/** The mode of a folder such as /tmp: everybody may add to it (`o+w`), nobody may remove what is another's (sticky). */
const SHARED = 0o1002;

/**
 * Looks for a folder by its name in the starting folders and all above them, the nearest first.
 *
 * A folder that all users of the machine share, and whatever is above it, is left out: what lies there may be anybody's,
 * and it would run with the rights of whoever runs the function.
 */
export async function findUpwards(name: string, searchFrom: readonly string[]): Promise<string | undefined> {
  for (const start of searchFrom) {
    for (let folder = path.resolve(start); !(await isShared(folder)); folder = path.dirname(folder)) {
      const candidate = path.join(folder, name);
      if (await isFolder(candidate)) {
        return candidate;
      }
      if (folder === path.dirname(folder)) {
        break;
      }
    }
  }
  return undefined;
}

/** Whether there is a folder of this name. */
export async function isFolder(name: string): Promise<boolean> {
  const found = await stat(name).catch(() => undefined);
  return found?.isDirectory() ?? false;
}

async function isShared(folder: string): Promise<boolean> {
  const found = await stat(folder).catch(() => undefined);
  return ((found?.mode ?? 0) & SHARED) === SHARED;
}
