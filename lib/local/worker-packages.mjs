// @ts-check
/**
 * Keeps a function from packages that Lambda would not have.
 *
 * Node looks for a package in every folder above the module that asks for it. Above a function's folder those are the
 * machine's temporary folders, where on a shared machine anybody may put a `node_modules`. Here the search ends at the
 * folder of the run, whose own `node_modules` hold what the runtime brings along.
 */
import Module, { register } from 'node:module';
import path from 'node:path';

/** @typedef {{ _nodeModulePaths(from: string): string[] }} ModuleSearch the part of node:module that has no types */

/** Ends the search for packages at a folder. @param {string} root */
export function boundPackages(root) {
  const search = /** @type {ModuleSearch} */ (/** @type {unknown} */ (Module));
  const unbounded = search._nodeModulePaths;
  const within = (/** @type {string} */ name) => name.startsWith(root + path.sep);
  search._nodeModulePaths = (from) => {
    const folders = unbounded(from);
    return within(from) ? folders.filter(within) : folders;
  };
  // Only require asks the above; import, which CommonJS has too, takes a hook in a thread of its own.
  register('./worker-resolve.mjs', import.meta.url, { data: { root } });
}
