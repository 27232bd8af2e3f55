import path from 'node:path';
import { splitWords } from './systemd-words.js';

/** What a shell script of user data does, as far as it is understood here. */
export interface UserData {
  /** The files that it writes, by their paths, with their texts. */
  readonly files: ReadonlyMap<string, string>;
  /** The archives that it unpacks. */
  readonly archives: readonly Archive[];
}

/** An archive out of S3, and where on the instance it is unpacked. */
export interface Archive {
  readonly key: string;
  readonly folder: string;
}

/** A variable that `attachAutoScalingGroup()` has an instance write into a file: its value, encoded, and the file's path. */
const SESSION_FILE =
  /printf %s '([A-Za-z0-9+/=]*)' \| base64 -d\)\n(?:.*\n)*?mv -f "\$new" (\/etc\/cdk-sessions\/(\w+)\.env)\n/g;

/**
 * Reads a script without running it. Understood are here-documents that `cat` or `tee` writes into files, `aws s3 cp` of an
 * object into a file, `unzip`, `cd` with a path from the root, and what the constructs of cdk-sessions have an instance do.
 */
export function parseUserData(script: string): UserData {
  const { commands, files } = withoutDocuments(script);
  for (const [, encoded = '', file = '', variable = ''] of script.matchAll(SESSION_FILE)) {
    const value = Buffer.from(encoded, 'base64').toString();
    files.set(file, `${variable}="${value.replace(/["\\`$]/g, '\\$&')}"\n`);
  }
  return { files, archives: archivesOf(commands) };
}

/** Takes the here-documents out of a script (POSIX, "Shell Command Language", 2.7.4). */
function withoutDocuments(script: string): {
  readonly commands: readonly string[];
  readonly files: Map<string, string>;
} {
  const files = new Map<string, string>();
  const commands: string[] = [];
  const lines = script.split('\n');
  for (let line = lines.shift(); line !== undefined; line = lines.shift()) {
    const [, dash, quote = '', end] = /<<(-?)\s*(['"\\]?)(\w+)/.exec(line) ?? [];
    if (end === undefined) {
      commands.push(line);
      continue;
    }
    const body: string[] = [];
    for (let next = lines.shift(); next !== undefined; next = lines.shift()) {
      const text = dash === '-' ? next.replace(/^\t+/, '') : next;
      if (text === end) {
        break;
      }
      body.push(`${text}\n`);
    }
    const file = writtenBy(line);
    if (file !== undefined) {
      const before = /(?:>>|\btee\s+(?:-a|--append)\b)/.test(line) ? (files.get(file) ?? '') : '';
      files.set(file, before + (quote === '' ? unescaped(body.join('')) : body.join('')));
    }
  }
  return { commands, files };
}

/** The file into which a line writes its here-document. */
function writtenBy(line: string): string | undefined {
  const [, tee] = /\btee\s+(?:-\S+\s+)*([^\s<>|&;]+)/.exec(line) ?? [];
  const [, cat] = /\bcat\b.*?>>?\s*([^\s<>|&;]+)/.exec(line.replace(/<<-?\s*\S+/, '')) ?? [];
  return (tee ?? cat)?.replace(/["']/g, '');
}

/** In a document whose end is not quoted, a backslash takes its meaning from what the shell would put something for. */
function unescaped(body: string): string {
  return body.replace(/\\([$`\\]|\n)/g, (_, escaped: string) => (escaped === '\n' ? '' : escaped));
}

function archivesOf(commands: readonly string[]): readonly Archive[] {
  const downloads = new Map<string, string>();
  const archives: Archive[] = [];
  let folder = '/';
  for (const command of commands.flatMap((line) => line.split(/&&|\|\||;|\(|\)/))) {
    const [program = '', ...argv] = splitWords(command).filter((word) => word !== 'sudo');
    const [, key] = /^s3:\/\/[^/]+\/(.+)$/.exec(argv[2] ?? '') ?? [];
    if (program === 'cd') {
      folder = path.posix.resolve(folder, argv[0] ?? '/');
    } else if (program === 'aws' && argv[0] === 's3' && argv[1] === 'cp' && key !== undefined) {
      downloads.set(path.posix.resolve(folder, argv[3] ?? '.'), key);
    } else if (program === 'unzip') {
      const into = argv.indexOf('-d');
      const file = argv.find((word, index) => !word.startsWith('-') && (into === -1 || index !== into + 1)) ?? '';
      const found = downloads.get(path.posix.resolve(folder, file));
      if (found !== undefined) {
        archives.push({ key: found, folder: path.posix.resolve(folder, into === -1 ? '.' : (argv[into + 1] ?? '.')) });
      }
    }
  }
  return archives;
}
