import { createServer, type IncomingMessage, type RequestListener, type Server } from 'node:http';
import type { Resource } from '../../lib/local/assembly.js';
import type { Certificate } from '../../lib/local/certificate.js';
import { FrontServer } from '../../lib/local/front-server.js';
import type { HealthPace } from '../../lib/local/health-monitor.js';
import { close, listen } from '../../lib/local/http.js';
import type { JsonObject } from '../../lib/local/json.js';
import type { Listener } from '../../lib/local/load-balancer.js';
import { type LoadBalancerAttributes, USUAL_ATTRIBUTES } from '../../lib/local/load-balancer-attributes.js';
import { LoadBalancerFront } from '../../lib/local/load-balancer-front.js';
import { actionOf } from '../../lib/local/load-balancer-rules.js';
import { StickySessions } from '../../lib/local/sticky-sessions.js';
import type { FunctionGroup, ServerGroup } from '../../lib/local/target-group.js';
import { type ServerTarget, Targets } from '../../lib/local/targets.js';

/** A resource of a load balancer. */
export function resourceOf(logicalId: string): Resource {
  return {
    stack: { name: 'Net', artifactId: 'Net', region: 'us-east-1', template: {}, assets: new Map(), images: new Map() },
    logicalId,
    type: 'AWS::ElasticLoadBalancingV2::Resource',
    path: `Net/${logicalId}`,
    properties: {},
  };
}

/** An HTTPS listener that forwards everything to the target group `group`. */
export function loadBalancerListener(overrides: Partial<Listener> = {}): Listener {
  return {
    resource: resourceOf('Listener'),
    arn: 'listener',
    loadBalancerArn: 'balancer',
    protocol: 'HTTPS',
    port: 443,
    defaultAction: actionOf([{ Type: 'forward', TargetGroupArn: 'group' }]),
    rules: [],
    ...overrides,
  };
}

/** A target group `group` for servers, with the usual settings of AWS but for quick checks. */
export function serverGroup(overrides: Partial<ServerGroup> = {}): ServerGroup {
  return {
    type: 'servers',
    resource: resourceOf('Group'),
    arn: 'group',
    protocol: 'HTTP',
    healthCheck: {
      protocol: 'HTTP',
      path: '/health',
      interval: 30_000,
      timeout: 5000,
      healthyThreshold: 5,
      unhealthyThreshold: 2,
      passes: (status) => status === 200,
    },
    deregistrationDelay: 300_000,
    algorithm: 'round_robin',
    slowStart: 0,
    limits: [],
    ...overrides,
  };
}

/** Checks that come quickly, so that nobody has to wait for them. */
export const QUICK: HealthPace = { initial: 10, longest: 10 };

/** A server that can be a target. */
export interface TestServer extends ServerTarget {
  readonly server: Server;
  /** What it was asked, its health aside. */
  readonly requests: IncomingMessage[];
  /** What it answers to health checks. */
  health: number;
  /** Cuts its connections and lets nobody connect any more. */
  kill(): Promise<void>;
}

const stops: (() => Promise<void>)[] = [];

/** Ends everything that the tests of a file have started. */
export async function stopAll(): Promise<void> {
  for (const stop of stops.splice(0).toReversed()) {
    await stop();
  }
}

/** Starts a server that answers with its id, or as it is told. */
export async function startServer(
  id: string,
  answer: RequestListener = (_, response) => response.end(id),
): Promise<TestServer> {
  const requests: IncomingMessage[] = [];
  const server = createServer((request, response) => {
    if (request.url === '/health') {
      response.writeHead(started.health).end();
    } else {
      requests.push(request);
      answer(request, response);
    }
  });
  const port = await listen(server, 0);
  const started: TestServer = { id, host: '127.0.0.1', port, server, requests, health: 200, kill: () => close(server) };
  stops.push(() => close(server));
  return started;
}

/** How a load balancer is started. */
export interface BalancerOptions {
  /** @default a target group of the usual settings */
  readonly groups?: readonly (ServerGroup | FunctionGroup)[];
  /** @default forwards to the target group `group` */
  readonly action?: JsonObject;
  readonly attributes?: Partial<LoadBalancerAttributes>;
  readonly random?: () => number;
  readonly now?: () => number;
  /** What functions answer. */
  readonly payload?: string;
  /** With which to speak HTTPS to clients. */
  readonly certificate?: Certificate;
  /** Registered in `group`, and healthy. */
  readonly servers?: readonly ServerTarget[];
}

/** Starts a load balancer. */
export async function startBalancer({
  groups = [serverGroup()],
  action = { Type: 'forward', TargetGroupArn: 'group' },
  attributes = {},
  random,
  now,
  payload = '{"statusCode":200,"body":"function"}',
  certificate,
  servers = [],
}: BalancerOptions = {}) {
  const log = jest.fn();
  const invoke = jest.fn(async (_arn: string, _event: unknown) => ({ kind: 'result', payload }) as const);
  const targets = new Targets(
    groups.filter((group) => group.type === 'servers'),
    log,
    QUICK,
  );
  const front = await FrontServer.listen(0, certificate, log);
  stops.push(async () => {
    await front.stop();
    await targets.stop();
  });
  front.serve(
    new LoadBalancerFront(loadBalancerListener({ defaultAction: actionOf([action]) }), {
      loadBalancer: { ...USUAL_ATTRIBUTES, ...attributes },
      targetGroup: (arn) => groups.find((group) => group.arn === arn),
      invoke,
      localListener: () => undefined,
      targets,
      sticky: new StickySessions(now),
      log,
      ...(random !== undefined && { random }),
    }),
  );
  for (const server of servers) {
    await join(targets, 'group', server);
  }
  return { url: front.url, port: front.port, targets, log, invoke };
}

/** Registers a server and waits until it is healthy. */
export async function join(targets: Targets, group: string, server: ServerTarget): Promise<void> {
  targets.register(group, server);
  await until(() => targets.state(group, server.id) === 'healthy');
}

/** Waits until something is so, which it has to be soon. */
export async function until(condition: () => boolean): Promise<void> {
  const deadline = Date.now() + 5000;
  while (!condition()) {
    if (Date.now() > deadline) {
      throw new Error(`it did not come true in time: ${condition}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
