// @ts-check
/** A module hook: ends the search of `import` for packages where `worker-packages.mjs` says. */
import { existsSync } from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';

/** The folder at which the search ends, and its URL. */
let bound = { root: '', url: '' };

/** @param {{ root: string }} data */
export function initialize({ root }) {
  bound = { root, url: pathToFileURL(root + path.sep).href };
}

/** @type {import('node:module').ResolveHook} */
export async function resolve(specifier, context, nextResolve) {
  const found = await nextResolve(specifier, context);
  const name = packageOf(specifier);
  if (
    name !== undefined &&
    context.parentURL?.startsWith(bound.url) &&
    found.url.startsWith('file:') &&
    !found.url.startsWith(bound.url) &&
    // What the runtime brings along is a link to elsewhere, but found before anything further up.
    !existsSync(path.join(bound.root, 'node_modules', name))
  ) {
    throw Object.assign(new Error(`Cannot find package '${name}' imported from ${context.parentURL}`), {
      code: 'ERR_MODULE_NOT_FOUND',
    });
  }
  return found;
}

/** The package that a specifier names; none if it is a path, a URL or an import of the package's own. */
function packageOf(/** @type {string} */ specifier) {
  return /^(?:@[^/]+\/)?[^@./#:][^/:]*(?=\/|$)/.exec(specifier)?.[0];
}
