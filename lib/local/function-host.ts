import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { readsIamSecret, withCaches } from './cache-environment.js';
import type { RunningCache } from './cache-servers.js';
import { instanceEnvironment } from './environment.js';
import { type FunctionDefinition, functionEnvironment } from './functions.js';
import type { Invocation } from './instance.js';
import { InstancePool } from './instances.js';
import type { Resolver } from './intrinsics.js';
import { type Location, located } from './support.js';
import { findsPackage, layOutCode, layOutRuntime } from './task-root.js';
import { layOutTrust, TRUST_VARIABLE } from './trust.js';

/** A function that can be invoked. */
export interface LocalFunction extends Location {
  readonly name: string;
  /** What the template sets, resolved, with the caches of this machine. */
  readonly environment: Readonly<Record<string, string>>;
  /** Invokes it with an event, as `lambda:Invoke` would. */
  invoke(event: unknown): Promise<Invocation>;
}

/** What the host needs. */
export interface FunctionHostOptions {
  readonly resolver: Resolver;
  /** A folder that is the host's own, for the functions' code. */
  readonly folder: string;
  /** Where to look for the AWS SDK. */
  readonly searchFrom: readonly string[];
  readonly awsEndpoint: string;
  readonly caches: readonly RunningCache[];
  /**
   * A certificate that functions trust besides, in PEM.
   * @default - none: reading one costs each process a tenth of a second
   */
  readonly trusted?: string;
  readonly maxInstances: number;
  readonly recycleEvery?: number;
  readonly log: (line: string) => void;
}

interface Hosted {
  readonly definition: FunctionDefinition;
  readonly pool: InstancePool;
  readonly described: LocalFunction;
}

/** What a password that stands in for IAM is read with, which on AWS nobody would need for a cache. */
const SECRETS_CLIENT = '@aws-sdk/client-secrets-manager';

/** How many requests wait for an instance before those beyond are throttled. */
const MAX_WAITING = 1000;

/** Holds the functions of a run and their instances. */
export class FunctionHost {
  private readonly hosted: Hosted[] = [];
  private laidOut = 0;
  private runtime: Promise<void> | undefined;
  /** The paths of the functions that need `SECRETS_CLIENT` and do not find it. */
  private readonly lacking: string[] = [];

  constructor(private readonly options: FunctionHostOptions) {}

  get functions(): readonly LocalFunction[] {
    return this.hosted.map(({ described }) => described);
  }

  /** Sets a function up; it starts with its first invocation. @throws LocalError ERR_LOCAL_TEMPLATE if it cannot run */
  async add(definition: FunctionDefinition, accessKeyId: string): Promise<void> {
    const { resolver, folder, searchFrom, awsEndpoint, caches, recycleEvery, log } = this.options;
    const { resource, arn, timeout, reservedConcurrency = Number.POSITIVE_INFINITY } = definition;
    const environment = withCaches(functionEnvironment(resource, resolver), caches);
    // By a number: a template's names may hold anything, and two stacks of different stages may share theirs.
    const own = path.join(folder, String(this.laidOut++));
    const taskRoot = path.join(own, 'task');
    const home = path.join(own, 'home');
    await layOutCode(definition.code, taskRoot);
    await mkdir(home);
    this.runtime ??= layOutRuntime(folder, searchFrom);
    await this.runtime;
    if (readsIamSecret(environment, caches) && !(await findsPackage(SECRETS_CLIENT, taskRoot, folder))) {
      this.lacking.push(resource.path);
    }
    const { maxInstances } = this.options;
    const trusted = await this.trust(definition, own, taskRoot, environment[TRUST_VARIABLE]);
    const surroundings = { accessKeyId, awsEndpoint, taskRoot, home, runtimeRoot: folder, ...trusted };
    const pool = new InstancePool({
      environment: instanceEnvironment(definition, environment, surroundings),
      taskRoot,
      functionArn: arn,
      timeout: timeout * 1000,
      maxInstances: Math.min(maxInstances, reservedConcurrency),
      // A function that reserves its concurrency means to be throttled beyond it.
      maxWaiting: reservedConcurrency <= maxInstances ? 0 : MAX_WAITING,
      ...(recycleEvery !== undefined && { recycleEvery }),
      log: (line) => log(`${resource.path} ${explained(line)}`),
    });
    this.hosted.push({
      definition,
      pool,
      described: {
        ...located(resource),
        name: definition.name,
        environment,
        invoke: (event) => pool.invoke(event),
      },
    });
  }

  /** Says what the project must install before the first request comes, if anything. */
  tellLacking(): void {
    if (this.lacking.length > 0) {
      const who = this.lacking.join(', ');
      const why = `a password stands in for IAM here, and ${SECRETS_CLIENT}, which reads it, is not in your project`;
      this.options.log(`${who}: ${why}: npm install --save-dev ${SECRETS_CLIENT}`);
    }
  }

  /** Invokes a function by its ARN, that of a version or alias included. */
  async invoke(functionArn: string, event: unknown): Promise<Invocation> {
    const found = this.hosted.find(({ definition }) => isNamedBy(definition, functionArn));
    if (found === undefined) {
      const errorMessage = `no function ${functionArn} runs here: see the list of what cannot be run`;
      this.options.log(errorMessage);
      return { kind: 'error', errorType: 'ResourceNotFoundException', errorMessage, stack: '' };
    }
    return found.pool.invoke(event);
  }

  /** Retires all instances, each after the request that it is busy with. */
  async recycle(): Promise<void> {
    await Promise.all(this.hosted.map(({ pool }) => pool.recycle()));
  }

  /** The file of what a function trusts, where that is more than its template says. */
  private async trust(
    { resource }: FunctionDefinition,
    folder: string,
    taskRoot: string,
    given: string | undefined,
  ): Promise<{ readonly trusted?: string }> {
    const { trusted, log } = this.options;
    if (trusted === undefined) {
      return {};
    }
    const { file, missing } = await layOutTrust(folder, trusted, given, taskRoot);
    if (missing !== undefined) {
      log(`${resource.path} names ${missing} in ${TRUST_VARIABLE}, and there is no such file here`);
    }
    return { trusted: file };
  }

  async stop(): Promise<void> {
    await Promise.all(this.hosted.map(({ pool }) => pool.stop()));
  }
}

/** Whether an ARN is that of the function, or of one of its versions or aliases. */
export function isNamedBy({ arn }: FunctionDefinition, functionArn: string): boolean {
  return functionArn === arn || functionArn.startsWith(`${arn}:`);
}

/** Says what to do where the SDK, which Lambda's runtime brings along, is not there, unless the line says so itself. */
function explained(line: string): string {
  const missing = /Cannot find (?:module|package) '(@(?:aws-sdk|smithy)\/[\w-]+)/.exec(line)?.[1];
  return missing === undefined || line.includes(`npm install ${missing}`)
    ? line
    : `${line}\n(Lambda brings the AWS SDK along; here it is taken from your project: npm install --save-dev ${missing})`;
}
