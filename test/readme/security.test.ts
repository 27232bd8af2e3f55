import { existsSync, readFileSync } from 'node:fs';

/** A row of a table whose last column says by which tests it is shown. */
interface Row {
  /** What is before the tests; the last of them says what meets the requirement. */
  readonly cells: readonly string[];
  /** References such as `test/a.test.ts › group › name`. */
  readonly shownBy: readonly string[];
}

/** Chapter 7, section 3.3 and chapter 9 of OWASP ASVS 5.0.0, by how many requirements each of their sections has. */
const ASVS = { 7.1: 3, 7.2: 4, 7.3: 2, 7.4: 5, 7.5: 3, 7.6: 2, 3.3: 5, 9.1: 3, 9.2: 4 };

/** How a row begins to say what meets it that needs no test of this project. */
const REASON = /^(The application’s part|Not applicable|Not met)\b/;

const rows = rowsOf(readFileSync('docs/security.md', 'utf8'));

test('the page has a row for each requirement of the chapters that it is about', () => {
  const numbers = Object.entries(ASVS).flatMap(([section, requirements]) =>
    Array.from({ length: requirements }, (_, index) => `${section}.${index + 1}`),
  );
  const found = rows.flatMap(({ cells: [first = ''] }) => /^(\S+) \(L[123]\)$/.exec(first)?.[1] ?? []);
  expect(found.sort()).toEqual(numbers.sort());
});

test('every row names tests that are there, or says why there are none', () => {
  expect(rows.length).toBeGreaterThan(100);
  expect(rows.filter(({ cells, shownBy }) => shownBy.length === 0 && !REASON.test(cells.at(-1) ?? ''))).toEqual([]);
  expect(rows.flatMap(({ shownBy }) => shownBy.flatMap((reference) => faultOf(reference) ?? []))).toEqual([]);
});

test('most of what is asked for is shown by a test', () => {
  expect(new Set(rows.flatMap(({ shownBy }) => shownBy)).size).toBeGreaterThan(90);
  expect(rows.filter(({ shownBy }) => shownBy.length === 0).length).toBeLessThan(20);
});

describe('a reference', () => {
  const file = 'test/readme/security.test.ts';

  test('is one to a test in a group, or to one outside of any', () => {
    expect(faultOf(`${file} › a reference › is one to a test in a group, or to one outside of any`)).toBeUndefined();
    expect(faultOf(`${file} › most of what is asked for is shown by a test`)).toBeUndefined();
  });

  test.each([
    ['test/readme/none.test.ts › a reference', 'there is no test/readme/none.test.ts'],
    [file, `${file} is not followed by a name`],
    [`${file} › a preference`, `${file} has no “a preference”`],
    [`${file} › a refer`, `${file} has no “a refer”`],
    [`${file} › a reference › most of what is asked for is shown by a test`, 'after “a reference”'],
  ])('is none: %s', (reference, fault) => {
    expect(faultOf(reference)).toContain(fault);
  });
});

test('a table is read row by row, and one of another kind is not', () => {
  const page = '| a | shown by |\n|---|---|\n| b | — |\n| c | `d`<br>`e` |\n\n| f | g |\n|---|---|\n| h | `i` |\n';
  expect(rowsOf(page)).toEqual([
    { cells: ['b'], shownBy: [] },
    { cells: ['c'], shownBy: ['d', 'e'] },
  ]);
});

/** The rows of all tables whose last column is “shown by”. */
function rowsOf(page: string): readonly Row[] {
  const tables = page.matchAll(/^\|.* shown by \|\n\|[-|]+\|\n((?:\|.*\|\n)+)/gm);
  return [...tables].flatMap(([, body = '']) =>
    body
      .trimEnd()
      .split('\n')
      .map((line) => {
        const cells = line.slice(2, -2).split(' | ');
        const shownBy = cells.pop() ?? '';
        return { cells, shownBy: shownBy === '—' ? [] : shownBy.split('<br>').map((span) => span.slice(1, -1)) };
      }),
  );
}

/** What is wrong with a reference, if anything: the names must stand in the file, one after the other. */
function faultOf(reference: string): string | undefined {
  const [file = '', ...names] = reference.split(' › ');
  if (!existsSync(file)) {
    return `there is no ${file}`;
  }
  if (names.length === 0) {
    return `${file} is not followed by a name`;
  }
  let rest = readFileSync(file, 'utf8');
  for (const [index, name] of names.entries()) {
    const title = new RegExp(`\\(\\s*(['"\`])${literally(name)}\\1,`).exec(rest);
    if (title === null) {
      return `${file} has no “${name}”${index > 0 ? ` after “${names[index - 1]}”` : ''}`;
    }
    rest = rest.slice(title.index);
  }
  return undefined;
}

/** A regular expression for a text as it is. */
function literally(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&');
}
