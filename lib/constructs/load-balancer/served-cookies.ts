import * as lambda from 'aws-cdk-lib/aws-lambda';
import type { IConstruct } from 'constructs';
import { attachmentsOf } from '../attachments.js';
import type { SessionCookie } from '../session-cookie.js';
import { SessionAccess } from '../session-store.js';

/**
 * The session cookies that visitors of a load balancer get, of the stores that were attached to its targets. Stores may be
 * attached until the app is synthesized: ask no earlier.
 */
export class ServedCookies {
  private readonly targets: IConstruct[] = [];

  /** A function, service or group that answers visitors. */
  public addTarget(target: IConstruct): void {
    this.targets.push(target);
  }

  /** Why these cookies are lost on a listener for plain HTTP. */
  public plainHttpFaults(): string[] {
    return this.served()
      .filter(({ cookie }) => cookie.secure)
      .map(
        ({ target, cookie }) =>
          `${target.node.path} is reached over plain HTTP, where browsers drop its secure cookie ${cookie.name}: give this load balancer a certificate, or tlsTerminatedInFront if visitors come over HTTPS all the same, or the store a policy with SessionCookie.insecure(name)`,
      );
  }

  /** What is wrong with these cookies although there is HTTPS. */
  public httpsWarnings(): string[] {
    return this.served()
      .filter(({ cookie }) => !cookie.secure)
      .map(
        ({ target, cookie }) =>
          `${target.node.path} has the insecure cookie ${cookie.name}, which browsers also send over plain HTTP, in clear, before they are redirected: give its store a policy with SessionCookie.host(name)`,
      );
  }

  private served(): { readonly target: IConstruct; readonly cookie: SessionCookie }[] {
    return this.targets.flatMap((target) =>
      [...attachmentsOf(unqualified(target)).values()]
        .filter(({ access }) => access === SessionAccess.READ_WRITE)
        .map(({ store }) => ({ target, cookie: store.policy.cookie })),
    );
  }
}

/** The function behind an alias or a version: it is the one that stores were attached to. */
function unqualified(target: IConstruct): IConstruct {
  return target instanceof lambda.QualifiedFunctionBase ? unqualified(target.lambda) : target;
}
