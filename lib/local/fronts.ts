import type { Resource } from './assembly.js';
import { replyBuffered } from './buffered-reply.js';
import type { Certificate } from './certificate.js';
import { type FrontHandler, FrontServer } from './front-server.js';
import { type FunctionHost, isNamedBy } from './function-host.js';
import * as functionUrl from './function-url.js';
import type { HttpRequest } from './http.js';
import type { Listener } from './load-balancer.js';
import { USUAL_ATTRIBUTES } from './load-balancer-attributes.js';
import { LoadBalancerFront } from './load-balancer-front.js';
import type { Plan, PlannedUrl } from './plan.js';
import { StickySessions } from './sticky-sessions.js';
import { type Location, located } from './support.js';
import type { Targets } from './targets.js';

/** Where requests come in. */
export interface LocalFront extends Location {
  readonly kind: 'function-url' | 'load-balancer';
  /** With a slash at its end. */
  readonly url: string;
  /** The logical id of the function behind a function URL. */
  readonly function?: string;
  /** What a load balancer's listener is in AWS. */
  readonly listener?: { readonly protocol: 'HTTP' | 'HTTPS'; readonly port: number };
}

interface RunningFront {
  readonly resource: Resource;
  readonly server: FrontServer;
  readonly described: LocalFront;
}

/** The function URLs and listeners of a plan, each on a port of its own. */
export class Fronts {
  private readonly running: RunningFront[] = [];

  constructor(
    private readonly plan: Plan,
    private readonly log: (line: string) => void,
  ) {}

  get described(): readonly LocalFront[] {
    return this.running.map(({ described }) => described);
  }

  /**
   * Listens on as many ports as there are fronts, without answering yet.
   *
   * @param firstPort the port of the first front, or 0 for any free port for each.
   * @param certificate with which to serve what is HTTPS in AWS; plain HTTP otherwise.
   * @returns the addresses that templates may ask for, by `<stack>/<logical id>`.
   * @throws LocalError ERR_LOCAL_PORT if a port cannot be had.
   */
  async listen(firstPort: number, certificate: Certificate | undefined): Promise<ReadonlyMap<string, string>> {
    const addresses = new Map<string, string>();
    for (const url of this.plan.urls) {
      const server = await this.open(url.resource, firstPort, certificate, describeUrl(url, this.plan));
      addresses.set(`${url.resource.stack.name}/${url.resource.logicalId}`, server.url);
    }
    for (const { resource, protocol, port, loadBalancerArn } of this.plan.listeners) {
      const secure = protocol === 'HTTPS' ? certificate : undefined;
      const server = await this.open(resource, firstPort, secure, {
        kind: 'load-balancer',
        listener: { protocol, port },
      });
      const balancer = this.plan.loadBalancers.find(({ arn }) => arn === loadBalancerArn)?.resource;
      const address = balancer && `${balancer.stack.name}/${balancer.logicalId}`;
      if (address !== undefined && !addresses.has(address)) {
        addresses.set(address, `localhost:${server.port}`);
      }
    }
    return addresses;
  }

  /** Begins to answer, with the functions of the host and the servers among the targets. */
  serve(host: FunctionHost, targets: Targets): void {
    const { log, plan } = this;
    for (const { resource, functionArn } of plan.urls) {
      const buffered = {
        limit: functionUrl.LONGEST_PAYLOAD,
        answer: (request: HttpRequest) =>
          functionUrl.answerFunctionUrl(request, (event) => host.invoke(functionArn, event), log),
        tooLarge: functionUrl.tooLarge,
        malformed: functionUrl.badGateway,
      };
      this.answer(resource, {
        servesHost: () => false,
        tunnels: false,
        answer: (exchange) => replyBuffered(exchange, buffered, log),
      });
    }
    const sticky = new StickySessions();
    for (const listener of plan.listeners) {
      const { loadBalancerArn, resource } = listener;
      const world = {
        loadBalancer: plan.loadBalancers.find(({ arn }) => arn === loadBalancerArn) ?? USUAL_ATTRIBUTES,
        targetGroup: (arn: string) => [...plan.functionGroups, ...plan.serverGroups].find((group) => group.arn === arn),
        invoke: (functionArn: string, event: unknown) => host.invoke(functionArn, event),
        localListener: (port: string) => this.sibling(listener, port),
        targets,
        sticky,
        log,
      };
      this.answer(resource, new LoadBalancerFront(listener, world));
    }
  }

  /** Stops listening and cuts the connections that are open. */
  async stop(): Promise<void> {
    await Promise.all(this.running.map(({ server }) => server.stop()));
  }

  private async open(
    resource: Resource,
    firstPort: number,
    certificate: Certificate | undefined,
    about: Omit<LocalFront, keyof Location | 'url'>,
  ): Promise<FrontServer> {
    const port = firstPort === 0 ? 0 : firstPort + this.running.length;
    const server = await FrontServer.listen(port, certificate, this.log);
    this.running.push({ resource, server, described: { ...located(resource), ...about, url: server.url } });
    return server;
  }

  private answer(resource: Resource, handler: FrontHandler): void {
    this.running.find((front) => front.resource === resource)?.server.serve(handler);
  }

  /** The listener of the same load balancer that is on this port in AWS. */
  private sibling({ loadBalancerArn }: Listener, port: string): FrontServer | undefined {
    const other = this.plan.listeners.find(
      (listener) => listener.loadBalancerArn === loadBalancerArn && String(listener.port) === port,
    );
    return this.running.find(({ resource }) => resource === other?.resource)?.server;
  }
}

function describeUrl({ functionArn }: PlannedUrl, plan: Plan): Pick<LocalFront, 'kind' | 'function'> {
  const behind = plan.functions.find((definition) => isNamedBy(definition, functionArn));
  return { kind: 'function-url', ...(behind !== undefined && { function: behind.resource.logicalId }) };
}
