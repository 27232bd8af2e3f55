import { replyBuffered } from './buffered-reply.js';
import type { Exchange, FrontHandler } from './front-server.js';
import { type HttpReply, header, sendReply } from './http.js';
import { type Decision, decide, type Listener, type Surroundings, servesHost } from './load-balancer.js';
import type { LoadBalancerAttributes } from './load-balancer-attributes.js';
import { answerFunction, type FunctionSurroundings, LONGEST_BODY } from './load-balancer-function.js';
import { serverHeaders } from './load-balancer-headers.js';
import { errorPage } from './load-balancer-pages.js';
import type { StickySessions } from './sticky-sessions.js';
import type { FunctionGroup, ServerGroup, TargetGroup } from './target-group.js';
import { passOn } from './target-proxy.js';
import type { Targets } from './targets.js';

/** What a listener needs of the world around it to answer. */
export interface LoadBalancerWorld extends FunctionSurroundings, Pick<Surroundings, 'localListener' | 'random'> {
  readonly loadBalancer: LoadBalancerAttributes;
  readonly targetGroup: (arn: string) => TargetGroup | undefined;
  readonly targets: Targets;
  readonly sticky: StickySessions;
}

type Forwarded = Extract<Decision, { type: 'forward' }>;

/** A listener of a load balancer, on this machine: it decides what becomes of a request, and sees to it. */
export class LoadBalancerFront implements FrontHandler {
  readonly tunnels = true;

  constructor(
    private readonly listener: Listener,
    private readonly world: LoadBalancerWorld,
  ) {}

  servesHost(name: string): boolean {
    return servesHost(this.listener, name);
  }

  async answer(exchange: Exchange): Promise<void> {
    const { sticky, localListener, random, targetGroup } = this.world;
    const decision = decide(exchange.head, this.listener, {
      stuckTo: (head) => sticky.group(head),
      localListener,
      ...(random !== undefined && { random }),
    });
    if (decision.type === 'reply') {
      this.reply(exchange, decision.reply);
      return;
    }
    const { targetGroupArn = '' } = decision;
    const group = targetGroup(targetGroupArn);
    switch (group?.type) {
      case 'function':
        return this.answerByFunction(exchange, group, decision);
      case 'servers':
        return this.answerByServer(exchange, group, decision);
      case undefined:
        return this.refuse(exchange, 'target group');
    }
  }

  private reply({ head, response }: Exchange, reply: HttpReply): void {
    if (!sendReply(response, reply)) {
      const { path } = this.listener.resource;
      this.world.log(`${path} answers ${head.method} ${head.path} with a header that HTTP does not permit`);
      sendReply(response, errorPage(500));
    }
  }

  private async answerByFunction(exchange: Exchange, group: FunctionGroup, decision: Forwarded): Promise<void> {
    if (header(exchange.head, 'upgrade') !== undefined) {
      sendReply(exchange.response, errorPage(400));
      return;
    }
    const { world, listener } = this;
    await replyBuffered(
      exchange,
      {
        limit: LONGEST_BODY,
        answer: (request) => answerFunction(request, listener, group, this.groupCookies(group, decision), world),
        tooLarge: () => errorPage(413),
        malformed: () => errorPage(502),
      },
      world.log,
    );
  }

  private async answerByServer(asked: Exchange, group: ServerGroup, decision: Forwarded): Promise<void> {
    const exchange = withoutOtherProtocols(asked);
    if (exchange === undefined) {
      sendReply(asked.response, errorPage(400));
      return;
    }
    const { head } = exchange;
    const { targets, sticky, loadBalancer, log } = this.world;
    const stickiness = stickinessIn(group, decision);
    const member = targets.choose(group.arn, stickiness && sticky.target(head, group, stickiness));
    if (member === undefined) {
      this.refuse(exchange, 'target');
      return;
    }
    await passOn({
      exchange,
      member,
      headers: serverHeaders(head, this.listener, loadBalancer, new Date()),
      idleTimeout: loadBalancer.idleTimeout,
      cookies: (set) => [
        ...this.groupCookies(group, decision),
        ...(stickiness === undefined ? [] : sticky.keepTarget(head, group, stickiness, member.target.id, set)),
      ],
      log,
    });
  }

  private groupCookies({ arn }: TargetGroup, { action }: Forwarded): readonly string[] {
    return action.stickiness === undefined ? [] : this.world.sticky.keepGroup(arn, action.stickiness);
  }

  private refuse({ head, response }: Exchange, lacking: string): void {
    const { path } = this.listener.resource;
    this.world.log(`${path} has no ${lacking} to forward ${head.method} ${head.path} to, which is 503`);
    sendReply(response, errorPage(503));
  }
}

/**
 * Of the protocols that a client may ask for, load balancers know WebSocket alone; who asks for another one is heard as if
 * they had not. `undefined` if they announced a body, for WebSocket too: it is then beyond what Node still reads as HTTP,
 * and a server that waits for it would take for it whatever the connection carries next, somebody else's request even.
 */
function withoutOtherProtocols(exchange: Exchange): Exchange | undefined {
  const { head, incoming, response, tunnel } = exchange;
  if (tunnel === undefined) {
    return exchange;
  }
  if (header(head, 'transfer-encoding') !== undefined || Number(header(head, 'content-length') ?? 0) > 0) {
    return undefined;
  }
  return header(head, 'upgrade')?.toLowerCase() === 'websocket' ? exchange : { head, incoming, response };
}

/** "Application-based stickiness does not work with weighted target groups" (ELB user guide, "Sticky sessions"). */
function stickinessIn({ stickiness }: ServerGroup, { action }: Forwarded): ServerGroup['stickiness'] {
  return stickiness?.type === 'app_cookie' && action.targets.length > 1 ? undefined : stickiness;
}
