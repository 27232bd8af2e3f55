import type { Resource } from './assembly.js';
import type { Certificate } from './certificate.js';
import { type FrontHandler, FrontServer } from './front-server.js';
import { type FunctionHost, isNamedBy } from './function-host.js';
import * as functionUrl from './function-url.js';
import * as loadBalancer from './load-balancer.js';
import type { Plan, PlannedUrl } from './plan.js';
import { type Location, located } from './support.js';

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
      const balancer = this.plan.loadBalancers.get(loadBalancerArn);
      if (balancer !== undefined && !addresses.has(balancer)) {
        addresses.set(balancer, `localhost:${server.port}`);
      }
    }
    return addresses;
  }

  /** Begins to answer, with the functions of the host. */
  serve(host: FunctionHost): void {
    const { log, plan } = this;
    for (const { resource, functionArn } of plan.urls) {
      this.answer(resource, {
        limit: functionUrl.LONGEST_PAYLOAD,
        servesHost: () => false,
        answer: (request) => functionUrl.answerFunctionUrl(request, (event) => host.invoke(functionArn, event), log),
        tooLarge: functionUrl.tooLarge,
        malformed: functionUrl.badGateway,
      });
    }
    for (const listener of plan.listeners) {
      const surroundings: loadBalancer.Surroundings = {
        targetGroup: (arn) => [...plan.functionGroups, ...plan.serverGroups].find((group) => group.arn === arn),
        invoke: (functionArn, event) => host.invoke(functionArn, event),
        localListener: (port) => this.sibling(listener, port),
        log,
      };
      this.answer(listener.resource, {
        limit: loadBalancer.LONGEST_BODY,
        servesHost: (name) => loadBalancer.servesHost(listener, name),
        answer: (request) => loadBalancer.answerLoadBalancer(request, listener, surroundings),
        tooLarge: loadBalancer.tooLarge,
        malformed: loadBalancer.badGateway,
      });
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
  private sibling({ loadBalancerArn }: loadBalancer.Listener, port: string): FrontServer | undefined {
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
