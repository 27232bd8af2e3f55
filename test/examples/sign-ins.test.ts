import { type SignIn, signInsSection } from '../../examples/shop/sign-ins.js';

const own: SignIn = { handle: 'AAAAAAAA', label: 'Chrome on Linux', idle: 0, own: true };
const other: SignIn = { handle: 'BBBBBBBB', label: 'Firefox on Windows', idle: 400, own: false };

test('who is not signed in gets no section', () => {
  expect(signInsSection([])).toBe('');
});

test('who is signed in here alone is told so, and has nothing to sign out', () => {
  const section = signInsSection([own]);
  expect(section).toContain('Nowhere else.');
  expect(section).not.toContain('<button');
});

test('every place but the visitor’s own can be signed out, alone or with all others', () => {
  const section = signInsSection([own, other]);
  expect(section.match(/name="only" value="[^"]*"/g)).toEqual(['name="only" value="BBBBBBBB"']);
  expect(section).toContain('Sign out everywhere else');
});

test.each([
  ['less than 5 minutes ago', 0],
  ['less than 5 minutes ago', 299],
  ['5 minutes ago', 300],
  ['59 minutes ago', 3599],
  ['1 hour ago', 3600],
  ['11 hours ago', 43_199],
])('says "Last seen %s" of a place that was idle for %d seconds', (said, idle) => {
  expect(signInsSection([own, { ...other, idle }])).toContain(`Last seen ${said}<`);
});

test('a label with markup in it is text, in the list and in the name of its button', () => {
  const section = signInsSection([own, { ...other, label: '"><img src=x>' }]);
  expect(section).not.toContain('<img');
  expect(section.match(/&quot;&gt;&lt;img src=x&gt;/g)).toHaveLength(2);
});
