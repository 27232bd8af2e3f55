import { Duration, Lazy } from 'aws-cdk-lib';
import { RevocationCheck, SessionCookie, SessionPolicy, type SessionPolicyProps, WhenFull } from 'cdk-sessions';
import fc from 'fast-check';
import { ContractError, parsePolicy } from '../../lib/contract/parse.js';
import { STANDARD_POLICY, STANDARD_SESSIONS_PER_OWNER } from '../../lib/contract/policy.js';
import { refusalOf } from '../support/refusal.js';

const MINUTE = 60;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

describe('a policy', () => {
  test('is 30 minutes idle and 12 hours in all unless asked otherwise', () => {
    expect(SessionPolicy.of()._toContract()).toEqual({
      idleTimeout: 30 * MINUTE,
      absoluteTimeout: 12 * HOUR,
      touchAfter: 3 * MINUTE,
      cookie: { name: '__Host-session', sameSite: 'lax', secure: true, persistent: false },
    });
    expect(SessionPolicy.of()._toContract()).toEqual(STANDARD_POLICY);
  });

  test('takes all its times and its cookie', () => {
    const policy = SessionPolicy.of({
      idleTimeout: Duration.hours(1),
      absoluteTimeout: Duration.days(1),
      renewalTimeout: Duration.minutes(15),
      touchAfter: Duration.seconds(0),
      cookie: SessionCookie.insecure('shop'),
    });
    expect(policy._toContract()).toMatchObject({
      idleTimeout: HOUR,
      absoluteTimeout: DAY,
      renewalTimeout: 15 * MINUTE,
      touchAfter: 0,
      cookie: { name: 'shop' },
    });
  });

  test('fails with an idle timeout beyond the absolute one', () => {
    expect(
      refusalOf(() => SessionPolicy.of({ idleTimeout: Duration.hours(2), absoluteTimeout: Duration.hours(1) })),
    ).toEqual({
      code: 'ERR_SESSION_POLICY',
      message:
        'idleTimeout must not exceed absoluteTimeout, received 7200 s and 3600 s: shorten the one or lengthen the other',
    });
  });

  test('fails with a renewal timeout beyond the absolute one', () => {
    expect(refusalOf(() => SessionPolicy.of({ renewalTimeout: Duration.hours(13) }))).toEqual({
      code: 'ERR_SESSION_POLICY',
      message:
        'renewalTimeout must not exceed absoluteTimeout, received 46800 s and 43200 s: shorten it, or leave it out',
    });
  });

  test('fails with a touch threshold that the idle timeout would never reach', () => {
    expect(refusalOf(() => SessionPolicy.of({ touchAfter: Duration.minutes(30) }))).toEqual({
      code: 'ERR_SESSION_POLICY',
      message: 'touchAfter must be shorter than idleTimeout, received 1800 s and 1800 s: a tenth is a good choice',
    });
  });

  test('fails beyond the longest life of a cookie', () => {
    expect(refusalOf(() => SessionPolicy.of({ absoluteTimeout: Duration.days(401) }))).toEqual({
      code: 'ERR_SESSION_POLICY',
      message: `absoluteTimeout must be at most 400 days, the longest life of a cookie, received ${401 * DAY} s: shorten it`,
    });
  });

  test.each<[string, SessionPolicyProps, string]>([
    ['nothing', { idleTimeout: Duration.seconds(0) }, 'idleTimeout must be a whole number of seconds, at least 1'],
    ['half a second', { touchAfter: Duration.millis(500) }, 'touchAfter must be a whole number of seconds, at least 0'],
  ])('fails with a time of %s', (_, props, message) => {
    const refusal = refusalOf(() => SessionPolicy.of(props));
    expect(refusal.code).toBe('ERR_SESSION_POLICY');
    expect(refusal.message).toContain(message);
  });
});

describe('the sessions of one user', () => {
  test('are up to 100, of which the oldest makes room, and revocations are looked up at touches; the client knows', () => {
    expect(SessionPolicy.of()).toMatchObject({
      sessionsPerOwner: STANDARD_SESSIONS_PER_OWNER,
      whenFull: WhenFull.EVICT_OLDEST,
      revocationCheck: RevocationCheck.AT_TOUCH,
    });
    expect(Object.keys(SessionPolicy.of()._toContract())).toEqual([
      'idleTimeout',
      'absoluteTimeout',
      'touchAfter',
      'cookie',
    ]);
  });

  const limits = { sessionsPerOwner: 3, whenFull: WhenFull.REFUSE, revocationCheck: RevocationCheck.EVERY_REQUEST };

  test.each([
    ['a policy of one’s own', SessionPolicy.of(limits)],
    ['AAL1', SessionPolicy.aal1(limits)],
    ['AAL2', SessionPolicy.aal2(limits)],
    ['AAL3', SessionPolicy.aal3(limits)],
  ])('are limited and revoked as %s says', (_, policy) => {
    expect(policy).toMatchObject(limits);
    expect(policy._toContract()).toMatchObject({
      sessionsPerOwner: 3,
      whenFull: 'refuse',
      revocationCheck: 'request',
    });
  });

  test('may be as many as only the deployment knows', () => {
    const unknown = Lazy.number({ produce: () => 3 });
    expect(SessionPolicy.of({ sessionsPerOwner: unknown })._toContract().sessionsPerOwner).toBe(unknown);
  });

  test.each([1, 1000])('may be %d at most', (sessionsPerOwner) => {
    expect(SessionPolicy.of({ sessionsPerOwner })._toContract().sessionsPerOwner).toBe(sessionsPerOwner);
  });

  test.each([0, -1, 1.5, 1001, Number.NaN])('cannot be %d at most', (sessionsPerOwner) => {
    expect(refusalOf(() => SessionPolicy.of({ sessionsPerOwner }))).toEqual({
      code: 'ERR_SESSION_POLICY',
      message: `sessionsPerOwner must be a whole number from 1 to 1000, received ${sessionsPerOwner}`,
    });
  });
});

describe('a time that only the deployment knows', () => {
  const unknown = Duration.seconds(Lazy.number({ produce: () => 900 }));

  test('is taken as it is, together with a touch threshold', () => {
    const policy = SessionPolicy.of({ idleTimeout: unknown, touchAfter: Duration.seconds(60) });
    expect(policy.idleTimeout).toBe(unknown);
    expect(policy._toContract().idleTimeout).toBe(unknown.toSeconds());
  });

  test('fails without one, since there is no tenth of it', () => {
    expect(refusalOf(() => SessionPolicy.of({ idleTimeout: unknown }))).toEqual({
      code: 'ERR_SESSION_POLICY',
      message: 'a tenth of the idle timeout cannot be worked out, as only the deployment knows it: give touchAfter too',
    });
  });
});

describe('a preset of NIST SP 800-63B-4', () => {
  test.each([
    ['AAL1, section 2.1.3', SessionPolicy.aal1(), { idleTimeout: 30 * DAY, absoluteTimeout: 30 * DAY }],
    ['AAL2, section 2.2.3', SessionPolicy.aal2(), { idleTimeout: HOUR, absoluteTimeout: 24 * HOUR }],
    ['AAL3, section 2.3.3', SessionPolicy.aal3(), { idleTimeout: 15 * MINUTE, absoluteTimeout: 12 * HOUR }],
  ])('has the limits of %s', (_, policy, times) => {
    expect(policy._toContract()).toMatchObject(times);
  });

  test('can be made shorter', () => {
    expect(SessionPolicy.aal2({ idleTimeout: Duration.minutes(5) })._toContract()).toMatchObject({
      idleTimeout: 5 * MINUTE,
      absoluteTimeout: DAY,
    });
    expect(SessionPolicy.aal1({ absoluteTimeout: Duration.days(1) })._toContract()).toMatchObject({
      idleTimeout: DAY,
      absoluteTimeout: DAY,
    });
  });

  test('fails when it is made longer', () => {
    expect(refusalOf(() => SessionPolicy.aal3({ idleTimeout: Duration.minutes(16) }))).toEqual({
      code: 'ERR_SESSION_POLICY',
      message:
        'AAL3 allows idleTimeout to be at most 15 minutes, received 16 minutes: shorten it, or take SessionPolicy.of()',
    });
    expect(refusalOf(() => SessionPolicy.aal1({ absoluteTimeout: Duration.days(31) })).message).toBe(
      'AAL1 allows absoluteTimeout to be at most 30 days, received 31 days: shorten it, or take SessionPolicy.of()',
    );
  });
});

test('what the construct accepts, the client accepts; what it refuses, the client would refuse too', () => {
  const seconds = fc.oneof(fc.integer({ min: 0, max: 20 }), fc.integer({ min: 0, max: 500 * DAY }));
  const times = fc.record({
    idleTimeout: seconds,
    absoluteTimeout: seconds,
    renewalTimeout: fc.option(seconds, { nil: undefined }),
    touchAfter: seconds,
  });
  fc.assert(
    fc.property(times, ({ renewalTimeout, ...others }) => {
      const given = { ...others, ...(renewalTimeout !== undefined && { renewalTimeout }) };
      const build = () =>
        SessionPolicy.of(
          Object.fromEntries(Object.entries(given).map(([name, value]) => [name, Duration.seconds(value)])),
        );
      const cookie = SessionCookie.host()._toContract();
      let parsed: unknown;
      try {
        parsed = parsePolicy({ ...given, cookie });
      } catch (error) {
        expect(error).toBeInstanceOf(ContractError);
        expect(refusalOf(build).code).toBe('ERR_SESSION_POLICY');
        return;
      }
      expect(build()._toContract()).toEqual(parsed);
    }),
    { numRuns: 500 },
  );
});
