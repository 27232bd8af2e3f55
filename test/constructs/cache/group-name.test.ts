import { App, NestedStack, Stack } from 'aws-cdk-lib';
import { Construct } from 'constructs';
import { groupName } from '../../../lib/constructs/cache/group-name.js';

/** What ElastiCache takes for an id. */
const VALID = /^(?=.{1,40}$)[a-z][a-z0-9]*(-[a-z0-9]+)*$/;

const nameIn = (stackName: string, id = 'Sessions', replacement?: string) =>
  groupName(new Construct(new Stack(new App(), 'Stack', { stackName }), id), replacement);

test('is readable, and the same each time', () => {
  expect(nameIn('shop')).toMatch(/^shop-sessions-[0-9a-f]{10}$/);
  expect(nameIn('shop')).toBe(nameIn('shop'));
});

test.each([
  ['Shop', 'Sessions'],
  ['a-very-long-name-of-a-stack-for-which-there-is-no-room', 'AndALongIdBesides'],
  ['shop', '_--_'],
  ['shop', '9'],
  ['twenty-nine-characters-it-is-', 'X'.repeat(90)],
])('is one that ElastiCache takes, for %s and %s', (stackName, id) => {
  expect(nameIn(stackName.replace(/-$/, ''), id)).toMatch(VALID);
});

test('differs by stack, so that one app can be deployed twice, by construct, and by the replacement asked for', () => {
  const names = [
    nameIn('shop-blue'),
    nameIn('shop-green'),
    nameIn('shop-blue', 'Cache'),
    nameIn('shop-blue', 'Sessions', '1'),
    nameIn('shop-blue', 'Sessions', '2'),
  ];
  expect(new Set(names).size).toBe(names.length);
});

test('of a nested stack, whose name only the deployment knows, is made with that of the outermost', () => {
  const nested = new NestedStack(new Stack(new App(), 'Shop'), 'Nested');
  expect(groupName(new Construct(nested, 'Sessions'), undefined)).toMatch(/^shop-sessions-[0-9a-f]{10}$/);
});
