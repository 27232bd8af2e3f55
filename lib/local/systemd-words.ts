/** The escapes of one letter; any other escaped character stands for itself. */
const ESCAPES: Readonly<Record<string, string>> = {
  a: '\x07',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  s: ' ',
  t: '\t',
  v: '\v',
};

/** A quoted part in either kind of quotes, an escape, a run of other characters that are no space, or a run of spaces. */
const PART = /"((?:\\[\s\S]|[^"\\])*)"|'((?:\\[\s\S]|[^'\\])*)'|((?:\\(?:x[0-9a-fA-F]{2}|[\s\S])|[^\s"'\\])+)|(\s+)/g;

/** The words of a line of a unit, without their quotes and escapes (systemd.syntax(7), "Quoting"). */
export function splitWords(line: string): readonly string[] {
  const words: string[] = [];
  let word: string | undefined;
  for (const [, double, single, bare, space] of line.matchAll(PART)) {
    if (space !== undefined) {
      words.push(...(word === undefined ? [] : [word]));
      word = undefined;
    } else {
      word = (word ?? '') + unescaped(double ?? single ?? bare ?? '');
    }
  }
  return word === undefined ? words : [...words, word];
}

function unescaped(text: string): string {
  return text.replace(/\\(?:x([0-9a-fA-F]{2})|([\s\S]))/g, (_, hex?: string, character = '') =>
    hex === undefined ? (ESCAPES[character] ?? character) : String.fromCharCode(Number.parseInt(hex, 16)),
  );
}
