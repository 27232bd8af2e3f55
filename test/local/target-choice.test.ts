import fc from 'fast-check';
import { type Candidate, slowStartShare, TargetChoice } from '../../lib/local/target-choice.js';

interface Named extends Candidate {
  readonly id: string;
}

const named = (id: string, overrides: Partial<Candidate> = {}): Named => ({
  id,
  outstanding: 0,
  share: 1,
  ...overrides,
});

/** Who is chosen, so often. */
function chosen(choice: TargetChoice<Named>, candidates: readonly Named[], count: number) {
  return Array.from({ length: count }, () => choice.next(candidates)?.id);
}

test.each(['round_robin', 'least_outstanding_requests', 'weighted_random'] as const)(
  '%s chooses nobody among nobody',
  (algorithm) => {
    expect(new TargetChoice<Named>(algorithm).next([])).toBeUndefined();
  },
);

describe('round robin', () => {
  test('goes on where it was when somebody comes or goes', () => {
    const [a, b, c] = [named('a'), named('b'), named('c')];
    const choice = new TargetChoice<Named>('round_robin');
    expect(chosen(choice, [a, b], 3)).toEqual(['a', 'b', 'a']);
    expect(chosen(choice, [a, b, c], 3).toSorted()).toEqual(['a', 'b', 'c']);
    expect(chosen(choice, [b, c], 4).toSorted()).toEqual(['b', 'b', 'c', 'c']);
  });

  test('gives everybody requests in proportion to their share, at any time', () => {
    const shares = fc.array(fc.double({ min: 0.01, max: 1, noNaN: true }), { minLength: 1, maxLength: 8 });
    fc.assert(
      fc.property(shares, fc.integer({ min: 1, max: 300 }), (given, count) => {
        const candidates = given.map((share, index) => named(String(index), { share }));
        const choices = chosen(new TargetChoice<Named>('round_robin'), candidates, count);
        const whole = given.reduce((sum, share) => sum + share, 0);
        for (const { id, share } of candidates) {
          const got = choices.filter((choice) => choice === id).length;
          expect(Math.abs(got - (count * share) / whole)).toBeLessThan(given.length);
        }
      }),
    );
  });
});

test('least outstanding requests chooses who has the fewest, in turn if they are several', () => {
  const candidates = [
    named('busy', { outstanding: 2 }),
    named('a', { outstanding: 1 }),
    named('b', { outstanding: 1 }),
  ];
  expect(chosen(new TargetChoice<Named>('least_outstanding_requests'), candidates, 4)).toEqual(['a', 'b', 'a', 'b']);
});

test('weighted random chooses any', () => {
  const chances = [0, 0.49, 0.5, 0.99];
  const choice = new TargetChoice<Named>('weighted_random', () => chances.shift() ?? 0);
  expect(chosen(choice, [named('a'), named('b')], 4)).toEqual(['a', 'a', 'b', 'b']);
});

test.each([
  [undefined, 5000, 1],
  [1000, 1000, 0],
  [1000, 3500, 0.25],
  [1000, 11_000, 1],
  [1000, 90_000, 1],
])('the share of a target that starts slowly since %s is at %s ms: %s', (since, now, share) => {
  expect(slowStartShare(since, 10_000, now)).toBe(share);
});
