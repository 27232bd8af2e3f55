import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';

/** The variable with which Node.js trusts more than the authorities that it knows: one file. */
export const TRUST_VARIABLE = 'NODE_EXTRA_CA_CERTS';

/**
 * Writes the file of what a function trusts: the certificate of the caches and what the template says that it trusts.
 *
 * @param given the file that the template names, in the function's code if its path is relative or begins as Lambda's do.
 * @returns the file's path, and what is missing of it.
 */
export async function layOutTrust(
  folder: string,
  certificate: string,
  given: string | undefined,
  taskRoot: string,
): Promise<{ readonly file: string; readonly missing?: string }> {
  const file = path.join(folder, 'trusted.pem');
  const own = given === undefined ? '' : await textOf(path.resolve(taskRoot, given.replace(/^\/var\/task\/+/, '')));
  await writeFile(file, `${certificate}\n${own ?? ''}`);
  return { file, ...(given !== undefined && own === undefined && { missing: given }) };
}

/** `undefined` of what is not there: Node.js does without it as well, and says so. */
async function textOf(file: string): Promise<string | undefined> {
  return readFile(file, 'utf8').catch(() => undefined);
}
