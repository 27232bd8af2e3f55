import path from 'node:path';
import { LocalError } from './errors.js';

/** What a Dockerfile says about the process that its image runs. */
export interface ImageConfiguration {
  /** The working directory in the image. */
  readonly workingDirectory: string;
  readonly environment: Readonly<Record<string, string>>;
  /** @default - the base image's, which is not known here */
  readonly entryPoint?: readonly string[];
  /** @default - the base image's, which is not known here */
  readonly command?: readonly string[];
}

const SCRATCH: ImageConfiguration = { workingDirectory: '/', environment: {} };

/**
 * Reads `WORKDIR`, `ENV`, `ENTRYPOINT` and `CMD` of a Dockerfile, of the stage that is run and of those that it continues
 * (Docker documentation, "Dockerfile reference"). Nothing else is read: nothing is built.
 *
 * @param target the stage at which the build ends, by its name. Without it, it is the last one.
 * @throws LocalError ERR_LOCAL_TEMPLATE if there is no such stage.
 */
export function parseDockerfile(text: string, target?: string): ImageConfiguration {
  const stages = new Map<string, ImageConfiguration>();
  const variables: Record<string, string> = {};
  let name = '';
  let stage = SCRATCH;
  for (const { keyword, rest } of instructionsOf(text)) {
    if (keyword === 'FROM') {
      const [base = '', , as = ''] = rest.replace(/^(?:--\S+\s+)*/, '').split(/\s+/);
      name = as.toLowerCase() || String(stages.size);
      stage = stages.get(base.toLowerCase()) ?? SCRATCH;
    }
    const expand = (value: string) => substituted(value, { ...variables, ...stage.environment });
    if (keyword === 'ARG') {
      const [[argument, value] = ['', '']] = assignmentsOf(rest);
      variables[argument] = expand(value);
    }
    stage = { ...stage, ...changeOf(stage, keyword, rest, expand) };
    stages.set(name, stage);
  }
  const found = target === undefined ? stage : stages.get(target.toLowerCase());
  if (found === undefined) {
    throw new LocalError('ERR_LOCAL_TEMPLATE', `its Dockerfile has no stage ${target}`);
  }
  return found;
}

function changeOf(
  stage: ImageConfiguration,
  keyword: string,
  rest: string,
  expand: (value: string) => string,
): Partial<ImageConfiguration> {
  switch (keyword) {
    case 'WORKDIR':
      return { workingDirectory: path.posix.resolve(stage.workingDirectory, expand(rest)) };
    case 'ENV': {
      const added = assignmentsOf(rest).map(([variable, value]) => [variable, expand(value)]);
      return { environment: { ...stage.environment, ...Object.fromEntries(added) } };
    }
    case 'ENTRYPOINT':
      return { entryPoint: commandOf(rest) };
    case 'CMD':
      return { command: commandOf(rest) };
    default:
      return {};
  }
}

/** The instructions, each on one line, without comments and the bodies of here-documents. */
function* instructionsOf(text: string): Generator<{ readonly keyword: string; readonly rest: string }> {
  const lines = text.split(/\r?\n/).filter((line) => !/^\s*#/.test(line));
  for (let index = 0; index < lines.length; index += 1) {
    let line = lines[index] ?? '';
    while (/\\\s*$/.test(line) && index + 1 < lines.length) {
      index += 1;
      line = line.replace(/\\\s*$/, '') + (lines[index] ?? '');
    }
    const [, keyword = '', rest = ''] = /^\s*(\w+)\s+(.*?)\s*$/.exec(line) ?? [];
    const [, end] = /^(?:RUN|COPY|ADD)\b.*<<-?["']?(\w+)/i.exec(line.trim()) ?? [];
    while (end !== undefined && index < lines.length && lines[index]?.trim() !== end) {
      index += 1;
    }
    if (keyword !== '') {
      yield { keyword: keyword.toUpperCase(), rest };
    }
  }
}

/** The exec form, a list of JSON, or the shell form, which is anything else. */
function commandOf(rest: string): readonly string[] {
  try {
    const list: unknown = JSON.parse(rest);
    if (Array.isArray(list)) {
      return list.map(String);
    }
  } catch {
    // As Docker does: what is no JSON is for the shell.
  }
  return ['/bin/sh', '-c', rest];
}

/** `NAME=value OTHER="a value"`, or the old `NAME value`. */
function assignmentsOf(rest: string): readonly (readonly [string, string])[] {
  if (!/^[^\s=]+=/.test(rest)) {
    const [name = '', ...value] = rest.split(/\s+/);
    return [[name, value.join(' ')]];
  }
  const assignments = rest.matchAll(/([^\s=]+)=((?:"(?:\\.|[^"\\])*"|'[^']*'|\\.|[^\s"'\\])*)/g);
  return [...assignments].map(([, name = '', value = '']) => [name, unquoted(value)] as const);
}

function unquoted(value: string): string {
  return value.replace(
    /"((?:\\.|[^"\\])*)"|'([^']*)'|\\(.)/g,
    (_, double?: string, single?: string, escaped?: string) =>
      double?.replace(/\\(["\\])/g, '$1') ?? single ?? escaped ?? '',
  );
}

/**
 * `$NAME` and `${NAME}`, where one that is not set is empty; `${NAME:-text}` for a text in place of one that is empty, and
 * `${NAME:+text}` of one that is not.
 */
function substituted(value: string, variables: Readonly<Record<string, string>>): string {
  return value.replace(
    /\$(?:\{(\w+)(?::([-+])([^}]*))?\}|(\w+))/g,
    (_, braced?: string, operator?: string, text = '', bare = '') => {
      const found = variables[braced ?? bare] ?? '';
      return operator === undefined || (operator === '-') === (found !== '') ? found : text;
    },
  );
}
