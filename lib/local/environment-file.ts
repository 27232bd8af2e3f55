/** What a backslash takes its meaning from, in double quotes. Before anything else it stands for itself. */
const ESCAPED_IN_QUOTES = /\\(["\\`$]|\n)/g;

/** Characters after one another, each quoted part as a whole, up to the end of a line that no backslash continues. */
const ENTRY =
  /[^\S\n]*(?:[#;](?:\\[\s\S]|[^\n\\])*|([A-Za-z_][A-Za-z0-9_]*)[^\S\n]*=[^\S\n]*((?:"(?:\\[\s\S]|[^"\\])*"|'[^']*'|\\[\s\S]|[^\n"'\\])*)|[^\n]*)(?:\n|$)/y;

/**
 * The variables of a file that a unit names in `EnvironmentFile=` (systemd.exec(5)): comments and what is no assignment are
 * passed over, a value may be in single quotes, literally, or in double quotes, with escapes, or in neither.
 */
export function parseEnvironmentFile(text: string): Readonly<Record<string, string>> {
  const variables: Record<string, string> = {};
  for (ENTRY.lastIndex = 0; ENTRY.lastIndex < text.length; ) {
    const [, name, value = ''] = ENTRY.exec(text) ?? [];
    if (name !== undefined) {
      variables[name] = unquoted(value);
    }
  }
  return variables;
}

function unquoted(written: string): string {
  const parts = written.trimEnd().matchAll(/"((?:\\[\s\S]|[^"\\])*)"|'([^']*)'|((?:\\[\s\S]|[^"'\\])+)/g);
  return [...parts]
    .map(([, double, single, bare = '']) => {
      const quoted = double?.replace(ESCAPED_IN_QUOTES, (_, escaped: string) => (escaped === '\n' ? '' : escaped));
      return quoted ?? single ?? bare.replace(/\\([\s\S])/g, (_, escaped: string) => (escaped === '\n' ? '' : escaped));
    })
    .join('');
}
