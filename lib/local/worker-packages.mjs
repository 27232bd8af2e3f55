// @ts-check
/**
 * Keeps a function from packages that Lambda would not have.
 *
 * Node looks for a package in every folder above the module that asks for it. Above a function's folder those are the
 * machine's temporary folders, where on a shared machine anybody may put a `node_modules`. Here the search ends at the
 * folder of the run, whose own `node_modules` hold what the runtime brings along.
 */
import { existsSync } from 'node:fs';
import Module, { register } from 'node:module';
import path from 'node:path';
import { pathToFileURL } from 'node:url';

/** @typedef {{ _nodeModulePaths(from: string): string[] }} ModuleSearch the part of node:module that has no types */

/** Ends the search of `require` at a folder. @param {string} root */
export function boundRequire(root) {
  const search = /** @type {ModuleSearch} */ (/** @type {unknown} */ (Module));
  const unbounded = search._nodeModulePaths;
  const within = (/** @type {string} */ name) => name.startsWith(root + path.sep);
  search._nodeModulePaths = (from) => {
    const folders = unbounded(from);
    return within(from) ? folders.filter(within) : folders;
  };
}

/** Ends the search of `import` at a folder. @param {string} root */
export function boundImport(root) {
  register(import.meta.url, { data: { root } });
}

/** In the thread of the module hooks: the folder, and its URL. */
let bound = { root: '', url: '' };

/** @param {{ root: string }} data */
export function initialize({ root }) {
  bound = { root, url: pathToFileURL(root + path.sep).href };
}

/** @type {import('node:module').ResolveHook} */
export async function resolve(specifier, context, nextResolve) {
  const found = await nextResolve(specifier, context);
  const name = /^(?:@[^/]+\/)?[^@./#:][^/:]*(?=\/|$)/.exec(specifier)?.[0];
  if (
    name !== undefined &&
    context.parentURL?.startsWith(bound.url) &&
    found.url.startsWith('file:') &&
    !found.url.startsWith(bound.url) &&
    // What the runtime brings along is linked, and found before anything further up.
    !existsSync(path.join(bound.root, 'node_modules', name))
  ) {
    throw Object.assign(new Error(`Cannot find package '${name}' imported from ${context.parentURL}`), {
      code: 'ERR_MODULE_NOT_FOUND',
    });
  }
  return found;
}
