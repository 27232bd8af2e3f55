import { readdirSync, readFileSync } from 'node:fs';
import { fences } from './markdown';
import { Messages, unionOf } from './messages';

const client = unionOf('lib/client/errors.ts', 'SessionErrorCode');
const constructs = unionOf('lib/constructs/errors.ts', 'SessionConstructErrorCode');
const local = unionOf('lib/local/errors.ts', 'LocalErrorCode');
const codes = [...client, ...constructs, ...local];

const messages = new Messages(['lib/client', 'lib/constructs', 'lib/contract', 'lib/local']);

const pageOf = (code: string) => `docs/errors/${code}.md`;

/** What a page quotes: one message on each line of a block of text. */
function quotedOn(code: string): readonly string[] {
  const blocks = fences(pageOf(code)).filter(({ language }) => language === 'text');
  return blocks.flatMap((block) => block.code.trimEnd().split('\n'));
}

test('the codes are found, those of the client, of the constructs and of the local runner', () => {
  expect(client).toContain('ERR_SESSION_STORE_UNAVAILABLE');
  expect(constructs).toContain('ERR_SESSION_TABLE');
  expect(local).toContain('ERR_LOCAL_PORT');
});

test('every error that is made has a code of these', () => {
  expect(messages.thrown).not.toEqual([]);
  expect(messages.thrown.map(({ code }) => code).filter((code) => !codes.includes(code))).toEqual([]);
});

test('there is a page for each code, and no other', () => {
  expect(readdirSync('docs/errors').sort()).toEqual(codes.map((code) => `${code}.md`).sort());
});

test('the index has one row for each code, with who throws it, that links to its page', () => {
  const rows = readFileSync('docs/errors.md', 'utf8').matchAll(/^\| \[`(\w+)`\]\((\S+)\) \| .+ \| (.+) \|$/gm);
  const thrownBy = (who: string, its: readonly string[]) => its.map((code) => [code, `errors/${code}.md`, who]);
  expect([...rows].map(([, ...cells]) => cells)).toEqual([
    ...thrownBy('the client', client),
    ...thrownBy('the constructs', constructs),
    ...thrownBy('the local runner', local),
  ]);
});

describe.each(codes)('%s', (code) => {
  const page = readFileSync(pageOf(code), 'utf8');

  test('has its code for a title, one sentence, and the headings in their order', () => {
    expect(page).toMatch(new RegExp(`^# ${code}\n\n[^#]+\\.\n\n## `));
    expect([...page.matchAll(/^## (.+)$/gm)].map(([, heading]) => heading)).toEqual([
      'Messages',
      'When',
      // Only what the client throws happens while a visitor waits.
      ...(client.includes(code) ? ['What the visitor gets'] : []),
      'What to do',
    ]);
  });

  test('quotes messages that the source has, to the letter', () => {
    expect(quotedOn(code)).not.toEqual([]);
    expect(quotedOn(code).filter((line) => !messages.has(line))).toEqual([]);
  });

  test('quotes every message that is made together with the code', () => {
    const own = messages.thrown.filter((thrown) => thrown.code === code).map(({ message }) => message);
    expect(own.filter((message) => !quotedOn(code).some((line) => messages.fits(line, message)))).toEqual([]);
  });
});

describe('a message of the source', () => {
  test('is one as it stands there, with … for what is filled in, or with what is filled in', () => {
    expect(messages.has('the session store failed a …: …')).toBe(true);
    expect(messages.has('the session store failed a touch: …')).toBe(true);
  });

  test('is not one if a word is different, or half of it is missing', () => {
    expect(messages.has('the session store refused a …: …')).toBe(false);
    expect(messages.has('the session store failed a …')).toBe(false);
    expect(messages.has('the session takes … as JSON')).toBe(false);
  });
});
