import { StickySessions } from '../../lib/local/sticky-sessions.js';
import type { Stickiness } from '../../lib/local/target-group.js';
import { serverGroup } from './load-balancers.js';
import { request } from './requests.js';

const MINUTE = 60_000;
const BALANCER: Stickiness = { type: 'lb_cookie', duration: MINUTE };
const APPLICATION: Stickiness = { type: 'app_cookie', cookieName: 'sid', duration: MINUTE };
const GROUP = serverGroup();

/** A request with the cookies of these `Set-Cookie` lines. */
function returning(lines: readonly string[], headers: readonly (readonly [string, string])[] = []) {
  const cookies = lines.map((line) => ['cookie', line.split(';')[0] ?? ''] as const);
  return request({ headers: [...cookies, ...headers] });
}

function namesOf(lines: readonly string[]) {
  return lines.map((line) => line.split('=')[0]);
}

describe('the cookie of the load balancer', () => {
  const sticky = new StickySessions(() => Date.UTC(2026, 0, 1));
  const lines = sticky.keepTarget(request(), GROUP, BALANCER, 'a', []);

  test('comes with its twin for cross-origin requests, which says the same, and expires after 7 days', () => {
    const [one = '', other] = lines;
    expect(one).toMatch(/^AWSALB=[^;]+; Expires=Thu, 08 Jan 2026 00:00:00 GMT; Path=\/$/);
    expect(other).toBe(`${one.replace('AWSALB=', 'AWSALBCORS=')}; SameSite=None; Secure`);
  });

  test.each([
    ['with both', lines],
    ['with the one', lines.slice(0, 1)],
    ['with its twin', lines.slice(1)],
  ])('brings its visitor back %s', (_, sent) => {
    expect(sticky.target(returning(sent), GROUP, BALANCER)).toBe('a');
  });

  test('brings them back among other cookies, and beside one that says nothing', () => {
    const [own = ''] = lines;
    const among = request({ headers: [['cookie', `x=1; odd; AWSALBCORS=forged; ${own.split(';')[0]};y=2`]] });
    expect(sticky.target(among, GROUP, BALANCER)).toBe('a');
  });

  test('is worth nothing in another target group, as a cookie of another name, or in another run', () => {
    expect(sticky.target(returning(lines), serverGroup({ arn: 'other' }), BALANCER)).toBeUndefined();
    const renamed = lines.map((line) => line.replace('AWSALB', 'AWSALBTG'));
    expect(sticky.group(returning(renamed))).toBeUndefined();
    expect(new StickySessions().target(returning(lines), GROUP, BALANCER)).toBeUndefined();
  });
});

test('a bond lasts for its duration', () => {
  let now = 0;
  const sticky = new StickySessions(() => now);
  const target = returning(sticky.keepTarget(request(), GROUP, BALANCER, 'a', []));
  const group = returning(sticky.keepGroup('blue', 2 * MINUTE));
  const bonds = () => [sticky.target(target, GROUP, BALANCER), sticky.group(group)];
  now = MINUTE - 1;
  expect(bonds()).toEqual(['a', 'blue']);
  now = MINUTE;
  expect(bonds()).toEqual([undefined, 'blue']);
  now = 2 * MINUTE;
  expect(bonds()).toEqual([undefined, undefined]);
});

describe('the cookie of a target group', () => {
  test('comes with its twin and brings its visitor back', () => {
    const sticky = new StickySessions(() => 0);
    const lines = sticky.keepGroup('blue', MINUTE);
    expect(lines).toEqual([
      expect.stringMatching(/^AWSALBTG=[^;]+; Expires=Thu, 08 Jan 1970 00:00:00 GMT; Path=\/$/),
      expect.stringMatching(
        /^AWSALBTGCORS=[^;]+; Expires=Thu, 08 Jan 1970 00:00:00 GMT; Path=\/; SameSite=None; Secure$/,
      ),
    ]);
    expect(sticky.group(returning(lines))).toBe('blue');
  });
});

describe('with a cookie of the application', () => {
  const sticky = new StickySessions(() => 0);
  const keep = (head: Parameters<StickySessions['keepTarget']>[0], id: string, set: readonly string[]) =>
    sticky.keepTarget(head, GROUP, APPLICATION, id, set);
  const [own = ''] = keep(request(), 'a', ['x=1', 'sid=2; Path=/']);

  test('nobody is kept before the target has set it, whatever else it sets', () => {
    expect([keep(request(), 'a', []), keep(request(), 'a', ['sidney=1', 'x=sid', 'SID=1'])]).toEqual([[], []]);
    expect(keep(returning(['sid=forged']), 'a', [])).toEqual([]);
    expect(own).toMatch(/^AWSALBAPP-0=[^;]+; Expires=Thu, 08 Jan 1970 00:00:00 GMT; Path=\/$/);
  });

  test('a visitor is brought back who sends both', () => {
    expect(sticky.target(returning([own, 'sid=2']), GROUP, APPLICATION)).toBe('a');
    expect(sticky.target(returning([own]), GROUP, APPLICATION)).toBeUndefined();
    expect(sticky.target(returning(['sid=2']), GROUP, APPLICATION)).toBeUndefined();
  });

  test('each reply begins the duration anew, also at another target', () => {
    const [again = ''] = keep(returning([own, 'sid=2']), 'b', []);
    expect(sticky.target(returning([again, 'sid=2']), GROUP, APPLICATION)).toBe('b');
    expect(keep(returning([own]), 'b', [])).toEqual([]);
  });

  test('one cookie holds the targets in several groups', () => {
    const other = serverGroup({ arn: 'other' });
    const both = sticky.keepTarget(returning([own, 'sid=2']), other, APPLICATION, 'z', ['sid=3']);
    expect(namesOf(both)).toEqual(['AWSALBAPP-0']);
    const head = returning([...both, 'sid=2']);
    expect([sticky.target(head, GROUP, APPLICATION), sticky.target(head, other, APPLICATION)]).toEqual(['a', 'z']);
  });

  test.each([
    ['Mozilla/5.0 Chrome/126.0.0.0 Safari/537.36', true],
    ['Mozilla/5.0 Chromium/80.0 Safari/537.36', true],
    ['Mozilla/5.0 Chrome/79.0 Safari/537.36', false],
    ['Mozilla/5.0 Firefox/130.0', false],
  ])('%s gets SameSite=None and Secure: %s', (agent, expected) => {
    const [line = ''] = keep(returning([], [['user-agent', agent]]), 'a', ['sid=1']);
    expect(line.endsWith('; SameSite=None; Secure')).toBe(expected);
  });
});
