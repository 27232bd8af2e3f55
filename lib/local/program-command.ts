import path from 'node:path';

/**
 * A command of AWS as it is run here: `node` is the Node.js that runs the runner, and what is in the folder of the code
 * there is in that of this machine.
 *
 * @param there the folder in the image or on the instance. Of the root nothing is moved: the system is there.
 */
export function commandHere(command: readonly string[], there: string, here: string): readonly string[] {
  const [program = '', ...argv] = command.map((word) => pathHere(word, there, here));
  return [/^(?:\/.*\/)?node$/.test(program) ? process.execPath : program, ...argv];
}

/** A path of AWS on this machine; as it is if it is not in the folder of the code. */
export function pathHere(word: string, there: string, here: string): string {
  return isIn(word, there) ? path.join(here, word.slice(there.length)) : word;
}

/** Whether a path is a folder, or in it. Nothing is in the root, where the system is. */
export function isIn(word: string, folder: string): boolean {
  return folder !== '/' && (word === folder || word.startsWith(`${folder}/`));
}
