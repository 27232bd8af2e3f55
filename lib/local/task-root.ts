import { cp, mkdir, symlink, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { LocalError, messageOf } from './errors.js';
import { findUpwards, isFolder } from './find-upwards.js';
import type { FunctionCode } from './functions.js';

/**
 * Lays out a function's code in a folder of its own, as Lambda does in /var/task.
 *
 * A copy, outside of the project: a package that was left out of the bundle is then missing here too, instead of being
 * found in the project's own node_modules.
 *
 * @throws LocalError ERR_LOCAL_TEMPLATE if the asset is missing or cannot be copied.
 */
export async function layOutCode(code: FunctionCode, folder: string): Promise<void> {
  await mkdir(folder, { recursive: true });
  if (code.kind === 'inline') {
    // Lambda user guide: inline code of Node.js is always index.js, a CommonJS module.
    await writeFile(path.join(folder, 'index.js'), code.source);
    return;
  }
  if (!(await isFolder(code.path))) {
    throw new LocalError('ERR_LOCAL_TEMPLATE', `its asset ${code.path} is missing: run "cdk synth" again`);
  }
  try {
    await cp(code.path, folder, { recursive: true, dereference: true });
  } catch (error) {
    throw new LocalError('ERR_LOCAL_TEMPLATE', `its asset ${code.path} cannot be copied: ${messageOf(error)}`, {
      cause: error,
    });
  }
}

/**
 * Lays out what Lambda's runtime brings along: the AWS SDK, taken from the nearest folder that has it.
 *
 * @param folder the one above all task roots: both require and import look in its `node_modules` next after the
 * function's own, and no further (`worker-packages.mjs`).
 * @param searchFrom folders from which to look for the SDK, with their parents.
 */
export async function layOutRuntime(folder: string, searchFrom: readonly string[]): Promise<void> {
  const modules = path.join(folder, 'node_modules');
  await mkdir(modules, { recursive: true });
  for (const scope of ['@aws-sdk', '@smithy']) {
    const found = await findUpwards(path.join('node_modules', scope), searchFrom);
    if (found !== undefined) {
      await symlink(found, path.join(modules, scope), 'junction');
    }
  }
}

/** Whether a function finds a package: beside its own code, or among what `layOutRuntime` has laid out. */
export async function findsPackage(name: string, taskRoot: string, runtimeRoot: string): Promise<boolean> {
  const places = [taskRoot, runtimeRoot].map((root) => isFolder(path.join(root, 'node_modules', name)));
  return (await Promise.all(places)).includes(true);
}
