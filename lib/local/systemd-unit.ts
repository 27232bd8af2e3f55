import { LocalError } from './errors.js';
import { splitWords } from './systemd-words.js';

/** What a unit of systemd says about the process that it runs. */
export interface SystemdUnit {
  /** The program and its arguments. Variables are not yet in their places: `expandedCommand` puts them there. */
  readonly command: readonly string[];
  /** @default - none */
  readonly workingDirectory?: string;
  readonly environment: Readonly<Record<string, string>>;
  /** Files with more variables, which come before those of `environment`. */
  readonly environmentFiles: readonly { readonly path: string; readonly optional: boolean }[];
  /** How long it has to end after SIGTERM, in seconds. */
  readonly stopTimeout: number;
}

/** `DefaultTimeoutStopSec=` (systemd-system.conf(5)). */
const STOP_TIMEOUT = 90;

/**
 * Reads `ExecStart=`, `WorkingDirectory=`, `Environment=`, `EnvironmentFile=` and `TimeoutStopSec=` of a unit
 * (systemd.service(5), systemd.exec(5)).
 *
 * @throws LocalError ERR_LOCAL_TEMPLATE if it starts nothing.
 */
export function parseUnit(text: string): SystemdUnit {
  const settings = serviceSettings(text);
  const last = (name: string) => settings.get(name)?.at(-1);
  // Characters before the program say with which rights it runs, and whether it may fail.
  const command = splitWords((last('ExecStart') ?? '').replace(/^[@\-:+!]+/, '')).map(withoutSpecifiers);
  if (command.length === 0) {
    throw new LocalError('ERR_LOCAL_TEMPLATE', 'its unit has no ExecStart=');
  }
  const workingDirectory = last('WorkingDirectory')?.replace(/^-/, '');
  return {
    command,
    ...(workingDirectory !== undefined && { workingDirectory }),
    environment: Object.fromEntries(
      (settings.get('Environment') ?? []).flatMap(splitWords).map(withoutSpecifiers).map(assignment),
    ),
    environmentFiles: (settings.get('EnvironmentFile') ?? []).map((file) => ({
      path: file.replace(/^-/, ''),
      optional: file.startsWith('-'),
    })),
    stopTimeout: secondsOf(last('TimeoutStopSec')) ?? STOP_TIMEOUT,
  };
}

/** Puts variables in their places: `${NAME}` within a word, `$NAME` as several words (systemd.service(5)). */
export function expandedCommand(
  command: readonly string[],
  variables: Readonly<Record<string, string>>,
): readonly string[] {
  return command.flatMap((word) => {
    const [, alone] = /^\$(\w+)$/.exec(word) ?? [];
    return alone === undefined
      ? [
          word.replace(/\$\$|\$\{(\w+)\}/g, (found, name?: string) =>
            found === '$$' ? '$' : (variables[name ?? ''] ?? ''),
          ),
        ]
      : splitWords(variables[alone] ?? '');
  });
}

/** The values of each setting of `[Service]`. An empty one takes back those before it. */
function serviceSettings(text: string): ReadonlyMap<string, readonly string[]> {
  const settings = new Map<string, readonly string[]>();
  let section = '';
  // Comments go first: one may stand between lines that are continued.
  const lines = text.replace(/^[^\S\n]*[#;].*\n?/gm, '').replace(/\\\n/g, ' ');
  for (const line of lines.split('\n')) {
    section = /^\s*\[(.+)\]\s*$/.exec(line)?.[1] ?? section;
    const [, name = '', value = ''] = /^\s*(\w+)\s*=\s*(.*?)\s*$/.exec(line) ?? [];
    if (section === 'Service' && name !== '') {
      settings.set(name, value === '' ? [] : [...(settings.get(name) ?? []), value]);
    }
  }
  return settings;
}

function assignment(word: string): readonly [string, string] {
  const at = word.indexOf('=');
  return at === -1 ? [word, ''] : [word.slice(0, at), word.slice(at + 1)];
}

/** Of the specifiers (systemd.unit(5)), only the one that stands for a percent sign has a meaning here. */
function withoutSpecifiers(word: string): string {
  return word.replaceAll('%%', '%');
}

/** A number, which is of seconds, or one with its unit, such as `2min` (systemd.time(7)). */
function secondsOf(value: string | undefined): number | undefined {
  const [, number, unit = 's'] = /^(\d+)\s*(ms|s|sec|min|m)?$/.exec(value ?? '') ?? [];
  const factor = unit.startsWith('ms') ? 0.001 : unit.startsWith('m') ? 60 : 1;
  return number === undefined ? undefined : Number(number) * factor;
}
