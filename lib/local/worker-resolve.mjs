// @ts-check
/** A module hook: looks a package up in the folders of NODE_PATH when it is not found beside the importing module. */
import path from 'node:path';
import { pathToFileURL } from 'node:url';

/** @type {readonly string[]} */
let folders = [];

/** @param {{ nodePath: readonly string[] }} data */
export function initialize({ nodePath }) {
  folders = nodePath.filter((folder) => folder !== '');
}

/** @type {import('node:module').ResolveHook} */
export async function resolve(specifier, context, nextResolve) {
  try {
    return await nextResolve(specifier, context);
  } catch (error) {
    if (error?.code !== 'ERR_MODULE_NOT_FOUND' || /^[./]|^[a-z]+:/.test(specifier)) {
      throw error;
    }
    for (const folder of folders) {
      try {
        // Each is a folder node_modules: as seen from its parent, its packages are found in the usual way.
        return await nextResolve(specifier, {
          ...context,
          parentURL: pathToFileURL(path.dirname(folder) + path.sep).href,
        });
      } catch (next) {
        if (next?.code !== 'ERR_MODULE_NOT_FOUND') {
          throw next;
        }
      }
    }
    throw error;
  }
}
