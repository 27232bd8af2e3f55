import { header, type RequestHead } from './http.js';
import { type Bonds, StickyCodec } from './sticky-cookie.js';
import type { ServerGroup, Stickiness } from './target-group.js';

/** How long a client keeps the cookies that a load balancer makes, in milliseconds: 7 days, whatever the duration. */
const KEPT = 7 * 24 * 3600 * 1000;

/** The cookie with which a target group keeps its visitors, and its twin for cross-origin requests. */
const TARGET_COOKIES = ['AWSALB', 'AWSALBCORS'] as const;
const GROUP_COOKIES = ['AWSALBTG', 'AWSALBTGCORS'] as const;

/** Where the targets are that follow a cookie of the application. AWS adds more of them beyond 4 KB. */
const APPLICATION_COOKIE = 'AWSALBAPP-0';

/** About what the bond of a cookie is that keeps a visitor at one of several target groups. */
const GROUP = 'group';

/**
 * Reads and writes the cookies that keep a visitor where they are (ELB user guide, "Sticky sessions for your Application
 * Load Balancer" and "Target group stickiness").
 *
 * "The Application Load Balancer resets the expiry of the cookies it generates after every request", and each "has its own
 * expiry of 7 days which is non-configurable": the duration counts inside of it. One that cannot be read, whose duration
 * is over, or that is about another target group is as good as none. Targets see them, as any other cookie.
 */
export class StickySessions {
  private readonly codec = new StickyCodec();

  constructor(private readonly now: () => number = Date.now) {}

  /** The ARN of the target group that a visitor was at. */
  group(head: RequestHead): string | undefined {
    return this.read(head, GROUP_COOKIES, GROUP);
  }

  /** The `Set-Cookie` lines that keep a visitor at a target group for so long, in milliseconds. */
  keepGroup(arn: string, duration: number): readonly string[] {
    return this.pair(GROUP_COOKIES, { [GROUP]: { to: arn, until: this.now() + duration } });
  }

  /**
   * The id of the target that a visitor was at in this group. With a cookie of the application, "clients have to send
   * back both cookies to maintain stickiness".
   */
  target(head: RequestHead, { arn }: ServerGroup, stickiness: Stickiness): string | undefined {
    if (stickiness.type === 'lb_cookie') {
      return this.read(head, TARGET_COOKIES, arn);
    }
    return cookiesOf(head).some(([name]) => name === stickiness.cookieName)
      ? this.read(head, [APPLICATION_COOKIE], arn)
      : undefined;
  }

  /**
   * The `Set-Cookie` lines that keep a visitor at a target. With a cookie of the application there are some when the
   * target sets that cookie, whatever its value, and when the visitor was kept already, even if at another target that
   * is gone: "The load balancer treats the session as now being 'stuck' to the new healthy target".
   *
   * @param set the `Set-Cookie` lines of the target's reply.
   */
  keepTarget(
    head: RequestHead,
    group: ServerGroup,
    stickiness: Stickiness,
    id: string,
    set: readonly string[],
  ): readonly string[] {
    const { type, duration } = stickiness;
    const bonds = { [group.arn]: { to: id, until: this.now() + duration } };
    if (type === 'lb_cookie') {
      return this.pair(TARGET_COOKIES, bonds);
    }
    const begins = set.some((line) => line.split('=', 1)[0]?.trim() === stickiness.cookieName);
    if (!begins && this.target(head, group, stickiness) === undefined) {
      return [];
    }
    // One cookie holds the targets in all groups that follow a cookie of the application.
    const value = this.codec.seal(APPLICATION_COOKIE, { ...this.opened(head, APPLICATION_COOKIE), ...bonds });
    return [`${APPLICATION_COOKIE}=${value}; ${this.attributes()}${takesSameSiteNone(head) ? CROSS_SITE : ''}`];
  }

  private pair([name, twin]: readonly [string, string], bonds: Bonds): readonly string[] {
    // "The same information": the twin has the very value, which is bound to the first name.
    const value = this.codec.seal(name, bonds);
    return [`${name}=${value}; ${this.attributes()}`, `${twin}=${value}; ${this.attributes()}${CROSS_SITE}`];
  }

  /** What the first cookie says that has something to say; the twin for cross-origin requests comes first. */
  private read(head: RequestHead, [name, twin = name]: readonly [string, string?], about: string): string | undefined {
    const values = [...valuesOf(head, twin), ...valuesOf(head, name)];
    return values.map((value) => this.valid(name, value)[about]?.to).find((to) => to !== undefined);
  }

  private opened(head: RequestHead, name: string): Bonds {
    return Object.assign({}, ...valuesOf(head, name).map((value) => this.valid(name, value)));
  }

  private valid(name: string, value: string): Bonds {
    const bonds = Object.entries(this.codec.open(name, value) ?? {});
    return Object.fromEntries(bonds.filter(([, { until }]) => until > this.now()));
  }

  /** "Application Load Balancers use the Expires attribute in the cookie header instead of the Max-Age attribute." */
  private attributes(): string {
    return `Expires=${new Date(this.now() + KEPT).toUTCString()}; Path=/`;
  }
}

const CROSS_SITE = '; SameSite=None; Secure';

/** "Only if the user-agent version is Chromium80 or above." */
function takesSameSiteNone(head: RequestHead): boolean {
  return Number(/\bChrom(?:e|ium)\/(\d+)/.exec(header(head, 'user-agent') ?? '')?.[1] ?? 0) >= 80;
}

function valuesOf(head: RequestHead, wanted: string): readonly string[] {
  return cookiesOf(head).flatMap(([name, value]) => (name === wanted ? [value] : []));
}

function cookiesOf(head: RequestHead): readonly (readonly [name: string, value: string])[] {
  return head.headers
    .filter(([name]) => name === 'cookie')
    .flatMap(([, line]) => line.split(';'))
    .map((pair) => {
      const at = pair.indexOf('=');
      return at === -1
        ? (['', pair.trim()] as const)
        : ([pair.slice(0, at).trim(), pair.slice(at + 1).trim()] as const);
    });
}
