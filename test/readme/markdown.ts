import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';

/** A fenced block of a Markdown file. */
export interface Fence {
  /** The file, relative to the project. */
  readonly file: string;
  /** The line of the file, from 1, on which the code begins. */
  readonly line: number;
  readonly language: string;
  readonly code: string;
  /** `<!-- in: stack -->` above the fence: where the code belongs. */
  readonly place: string | undefined;
  /** `<!-- file: PATH -->` above the fence: the file that it shows in full. */
  readonly shows: string | undefined;
}

/** Every Markdown file that users read: beside the code, with each package and sample, and in docs. */
export function documents(): readonly string[] {
  return [...markdownIn('.'), ...inFoldersOf('lib'), ...inFoldersOf('examples'), ...below('docs')];
}

function markdownIn(folder: string): readonly string[] {
  return existsSync(folder) ? readdirSync(folder).flatMap((name) => asMarkdown(join(folder, name))) : [];
}

function inFoldersOf(folder: string): readonly string[] {
  return readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .flatMap((entry) => markdownIn(join(folder, entry.name)));
}

function below(folder: string): readonly string[] {
  const paths = existsSync(folder) ? readdirSync(folder, { recursive: true, encoding: 'utf8' }) : [];
  return paths.flatMap((path) => asMarkdown(join(folder, path)));
}

function asMarkdown(path: string): readonly string[] {
  return path.endsWith('.md') ? [path] : [];
}

/** The fenced blocks of a file, without the indentation that a list gives them. */
export function fences(file: string): readonly Fence[] {
  const lines = readFileSync(file, 'utf8').split('\n');
  const found: Fence[] = [];
  for (let at = 0; at < lines.length; at++) {
    const [, indent = '', language = ''] = /^( *)```(\w+)$/.exec(lines[at] ?? '') ?? [];
    if (language === '') {
      continue;
    }
    const end = lines.indexOf(`${indent}\`\`\``, at);
    if (end < 0) {
      throw new Error(`${file}:${at + 1}: the fence is not closed at its own indentation`);
    }
    const code = lines.slice(at + 1, end).map((line) => line.slice(indent.length));
    const [, kind, value] = /^ *<!-- (in|file): (.+) -->$/.exec(lines[at - 1] ?? '') ?? [];
    found.push({
      file,
      line: at + 2,
      language,
      code: `${code.join('\n')}\n`,
      place: kind === 'in' ? value : undefined,
      shows: kind === 'file' ? value : undefined,
    });
    at = end;
  }
  return found;
}

/** The targets of a file's links and pictures that lie in the project, as written. */
export function localLinks(file: string): readonly string[] {
  const text = readFileSync(file, 'utf8').replaceAll(/```[\s\S]*?```/g, '');
  const targets = [...text.matchAll(/\]\(([^)\s]+)\)|(?:src|href)="([^"]+)"/g)].map(
    (match) => match[1] ?? match[2] ?? '',
  );
  return targets.filter((target) => !/^[a-z]+:/.test(target));
}

/** Whether a link of this file leads anywhere: to a file or folder that exists, and to a heading of it if it names one. */
export function leadsSomewhere(file: string, link: string): boolean {
  const [path = '', heading] = link.split('#');
  const target = path === '' ? file : join(dirname(file), path);
  return (
    existsSync(target) && (heading === undefined || (basename(target).endsWith('.md') && anchors(target).has(heading)))
  );
}

/** The anchors that GitHub makes out of a file's headings. */
function anchors(file: string): ReadonlySet<string> {
  const headings = readFileSync(file, 'utf8').matchAll(/^#+ (.+)$/gm);
  const slug = (heading: string) =>
    heading
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N} _-]/gu, '')
      .replaceAll(' ', '-');
  return new Set([...headings].map(([, heading = '']) => slug(heading)));
}
