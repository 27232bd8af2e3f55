import { Duration, Token } from 'aws-cdk-lib';
import type { PolicyContract } from '../contract/environment.js';
import {
  type PolicyTimes,
  STANDARD_POLICY,
  STANDARD_SESSIONS_PER_OWNER,
  sessionsPerOwnerFault,
  timesFault,
} from '../contract/policy.js';
import { SessionConstructError } from './errors.js';
import { SessionCookie } from './session-cookie.js';
import { RevocationCheck, WhenFull } from './session-owners.js';

/**
 * How long sessions live, how many a user may have, and which cookie carries them. All times are whole seconds, at
 * least one.
 */
export interface SessionPolicyProps {
  /**
   * A session ends when it was not used for this long. At most `absoluteTimeout`.
   * @default Duration.minutes(30), or what the preset says
   */
  readonly idleTimeout?: Duration;

  /**
   * A session ends this long after it began, however busy it is. At most 400 days, beyond which browsers cut a
   * cookie's life (RFC 6265bis, section 5.5).
   * @default Duration.hours(12), or what the preset says
   */
  readonly absoluteTimeout?: Duration;

  /**
   * A session in use gets a new id this often. At most `absoluteTimeout`.
   * @default - an id lives as long as its session, unless the application regenerates it
   */
  readonly renewalTimeout?: Duration;

  /**
   * The idle deadline is moved only when more than this has passed since it last was, which spares a write on most
   * requests. A session may therefore end up to this much before its idle timeout. Below `idleTimeout`; zero moves it
   * on every request.
   * @default - a tenth of the idle timeout
   */
  readonly touchAfter?: Duration;

  /**
   * The most sessions that one user may have at the same time, from 1 to 1000. Those of visitors who did not sign in
   * are nobody's, and not counted. What is kept of up to some 80 together is read by one read unit, of 1000 by 13. A
   * sign-in beyond the limit reads the records of all of them, each as a whole.
   * @default 100
   */
  readonly sessionsPerOwner?: number;

  /**
   * What happens when a user signs in who has as many sessions already.
   * @default WhenFull.EVICT_OLDEST
   */
  readonly whenFull?: WhenFull;

  /**
   * When it is looked up whether a user's sessions were revoked: what it costs, and how late a revocation can be.
   * @default RevocationCheck.AT_TOUCH
   */
  readonly revocationCheck?: RevocationCheck;

  /**
   * The cookie that carries the session's id.
   * @default SessionCookie.host()
   */
  readonly cookie?: SessionCookie;
}

/**
 * How long sessions live, how many a user may have, and which cookie carries them.
 *
 * The presets are the limits of NIST SP 800-63B-4 (July 2025) for the three authenticator assurance levels. A preset's
 * times can be made shorter and not longer: for other times, say so with `SessionPolicy.of()`.
 */
export class SessionPolicy {
  /**
   * A policy of one's own. Without props: 30 minutes idle, 12 hours in all, in a `__Host-session` cookie, which is
   * within AAL2 both as SP 800-63B-4 and as the older 800-63B-3 (section 4.2.3) have it.
   *
   * @throws if the times contradict each other.
   */
  public static of(props: SessionPolicyProps = {}): SessionPolicy {
    return new SessionPolicy(props, {
      idleTimeout: Duration.seconds(STANDARD_POLICY.idleTimeout),
      absoluteTimeout: Duration.seconds(STANDARD_POLICY.absoluteTimeout),
    });
  }

  /**
   * Authenticator assurance level 1: 30 days in all (SP 800-63B-4, section 2.1.3, SHOULD), and no inactivity limit of
   * its own, which that section leaves open.
   *
   * @throws if the props ask for more, or contradict each other.
   */
  public static aal1(props: SessionPolicyProps = {}): SessionPolicy {
    const limits = { idleTimeout: Duration.days(30), absoluteTimeout: Duration.days(30) };
    return SessionPolicy.preset('AAL1', { ...props, idleTimeout: props.idleTimeout ?? props.absoluteTimeout }, limits);
  }

  /**
   * Authenticator assurance level 2: 24 hours in all, 1 hour of inactivity (SP 800-63B-4, section 2.2.3, SHOULD).
   * The older SP 800-63B-3, section 4.2.3, had 12 hours and 30 minutes: `SessionPolicy.of()` is within both.
   *
   * @throws if the props ask for more, or contradict each other.
   */
  public static aal2(props: SessionPolicyProps = {}): SessionPolicy {
    return SessionPolicy.preset('AAL2', props, { idleTimeout: Duration.hours(1), absoluteTimeout: Duration.hours(24) });
  }

  /**
   * Authenticator assurance level 3: 12 hours in all (SP 800-63B-4, section 2.3.3, SHALL), 15 minutes of inactivity
   * (the same section, SHOULD).
   *
   * @throws if the props ask for more, or contradict each other.
   */
  public static aal3(props: SessionPolicyProps = {}): SessionPolicy {
    return SessionPolicy.preset('AAL3', props, {
      idleTimeout: Duration.minutes(15),
      absoluteTimeout: Duration.hours(12),
    });
  }

  private static preset(level: string, props: SessionPolicyProps, limits: Limits): SessionPolicy {
    for (const name of ['absoluteTimeout', 'idleTimeout'] as const) {
      const asked = props[name];
      if (asked && !asked.isUnresolved() && asked.toMilliseconds() > limits[name].toMilliseconds()) {
        throw new SessionConstructError(
          'ERR_SESSION_POLICY',
          `${level} allows ${name} to be at most ${limits[name].toHumanString()}, received ${asked.toHumanString()}: shorten it, or take SessionPolicy.of()`,
        );
      }
    }
    return new SessionPolicy(props, limits);
  }

  /** A session ends when it was not used for this long. */
  public readonly idleTimeout: Duration;
  /** A session ends this long after it began, however busy it is. */
  public readonly absoluteTimeout: Duration;
  /**
   * A session in use gets a new id this often.
   * @default - an id lives as long as its session
   */
  public readonly renewalTimeout?: Duration;
  /** The idle deadline is moved only when more than this has passed since it last was. */
  public readonly touchAfter: Duration;
  /** The most sessions that one user may have at the same time. */
  public readonly sessionsPerOwner: number;
  /** What happens when a user signs in who has as many sessions already. */
  public readonly whenFull: WhenFull;
  /** When it is looked up whether a user's sessions were revoked. */
  public readonly revocationCheck: RevocationCheck;
  /** The cookie that carries the session's id. */
  public readonly cookie: SessionCookie;

  private readonly times: PolicyTimes;
  private readonly owners: Pick<PolicyContract, 'sessionsPerOwner' | 'whenFull' | 'revocationCheck'>;

  private constructor(props: SessionPolicyProps, defaults: Limits) {
    this.idleTimeout = props.idleTimeout ?? defaults.idleTimeout;
    this.absoluteTimeout = props.absoluteTimeout ?? defaults.absoluteTimeout;
    this.renewalTimeout = props.renewalTimeout;
    this.sessionsPerOwner = props.sessionsPerOwner ?? STANDARD_SESSIONS_PER_OWNER;
    this.whenFull = props.whenFull ?? WhenFull.EVICT_OLDEST;
    this.revocationCheck = props.revocationCheck ?? RevocationCheck.AT_TOUCH;
    this.cookie = props.cookie ?? SessionCookie.host();

    const idleTimeout = seconds('idleTimeout', this.idleTimeout, 1);
    const absoluteTimeout = seconds('absoluteTimeout', this.absoluteTimeout, 1);
    this.touchAfter = props.touchAfter ?? tenth(idleTimeout);
    this.times = {
      idleTimeout,
      absoluteTimeout,
      ...(props.renewalTimeout && { renewalTimeout: seconds('renewalTimeout', props.renewalTimeout, 1) }),
      touchAfter: seconds('touchAfter', this.touchAfter, 0),
    };
    // Only what was asked for is written: every character of the environment counts.
    this.owners = {
      ...(props.sessionsPerOwner !== undefined && { sessionsPerOwner: props.sessionsPerOwner }),
      ...(props.whenFull && { whenFull: props.whenFull }),
      ...(props.revocationCheck && { revocationCheck: props.revocationCheck }),
    };
    // What only the deployment knows cannot be judged here; the client judges it when it starts.
    const known = (...values: number[]) => !values.some((value) => Token.isUnresolved(value));
    const fault =
      (known(...Object.values(this.times)) ? timesFault(this.times) : undefined) ??
      (known(this.sessionsPerOwner) ? sessionsPerOwnerFault(this.sessionsPerOwner) : undefined);
    if (fault !== undefined) {
      throw new SessionConstructError('ERR_SESSION_POLICY', fault);
    }
  }

  /** @internal */
  public _toContract(): PolicyContract {
    return { ...this.times, ...this.owners, cookie: this.cookie._toContract() };
  }
}

/** The times of a preset: what it defaults to, which is also the most that it allows. */
interface Limits {
  readonly idleTimeout: Duration;
  readonly absoluteTimeout: Duration;
}

function seconds(name: string, duration: Duration, least: number): number {
  if (duration.isUnresolved()) {
    return duration.toSeconds();
  }
  const value = duration.toMilliseconds({ integral: false }) / 1000;
  if (!Number.isSafeInteger(value) || value < least) {
    throw new SessionConstructError(
      'ERR_SESSION_POLICY',
      `${name} must be a whole number of seconds, at least ${least}, received ${duration.toString()}`,
    );
  }
  return value;
}

function tenth(idleTimeout: number): Duration {
  if (Token.isUnresolved(idleTimeout)) {
    throw new SessionConstructError(
      'ERR_SESSION_POLICY',
      'a tenth of the idle timeout cannot be worked out, as only the deployment knows it: give touchAfter too',
    );
  }
  return Duration.seconds(Math.floor(idleTimeout / 10));
}
