import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import type { Resource } from './assembly.js';
import { autoScalingGroupDefinition } from './auto-scaling-group.js';
import { withCaches } from './cache-environment.js';
import type { RunningCache } from './cache-servers.js';
import { ecsServiceDefinition } from './ecs-service.js';
import { processEnvironment } from './environment.js';
import { LocalError } from './errors.js';
import { FLEET_PACE, Fleet, MOST_MEMBERS } from './fleet.js';
import type { FleetDefinition, Program } from './fleet-definition.js';
import type { PreparedProgram } from './fleet-member.js';
import type { FleetSurroundings } from './fleet-surroundings.js';
import { isDecidedHere } from './functions.js';
import type { LocalService } from './local-service.js';
import { notRun, otherwise, type Unsupported } from './support.js';
import type { Targets } from './targets.js';
import { layOutTrust, TRUST_VARIABLE } from './trust.js';

const GROUP = 'AWS::AutoScaling::AutoScalingGroup';

/** The types of services. */
export const SERVICE_TYPES: readonly string[] = ['AWS::ECS::Service', GROUP];

/** What the services of a run need. */
export interface FleetsOptions extends FleetSurroundings {
  /** A folder that is theirs. */
  readonly folder: string;
  readonly awsEndpoint: string;
  readonly caches: readonly RunningCache[];
  /**
   * A certificate that they trust besides, in PEM.
   * @default - none
   */
  readonly trusted?: string;
  readonly targets: Pick<Targets, 'has' | 'register' | 'deregister' | 'state'>;
  readonly log: (line: string) => void;
}

/** The ECS services and Auto Scaling groups of a run. */
export class Fleets {
  private readonly running: Fleet[] = [];
  private laidOut = 0;

  constructor(private readonly options: FleetsOptions) {}

  get services(): readonly LocalService[] {
    return this.running;
  }

  /**
   * Starts a service. Answers with what about it is otherwise than on AWS, or why it cannot run.
   *
   * @param accessKeyId tells who calls the local AWS endpoint.
   */
  async add(resource: Resource, accessKeyId: string): Promise<readonly Unsupported[]> {
    try {
      const definition = await this.read(resource);
      const { targets, log } = this.options;
      const programs: PreparedProgram[] = [];
      for (const program of definition.programs) {
        programs.push(await this.prepare(resource, program, accessKeyId));
      }
      const registrations = definition.registrations.filter(({ targetGroupArn }) => targets.has(targetGroupArn));
      this.running.push(new Fleet({ ...definition, registrations }, { programs, targets, log, pace: FLEET_PACE }));
      return limitsOf(definition, registrations.length).map((limit) => otherwise(resource, limit));
    } catch (error) {
      if (!(error instanceof LocalError)) {
        throw error;
      }
      return [notRun(resource, error.message)];
    }
  }

  /** Settles when all services run, or fail to, or take longer than anybody would wait. */
  async settled(): Promise<void> {
    await Promise.all(this.running.map((fleet) => fleet.settled()));
  }

  /** Replaces all members, of each service one after the other. */
  async recycle(): Promise<void> {
    await Promise.all(this.running.map((fleet) => fleet.recycle()));
  }

  async stop(): Promise<void> {
    await Promise.all(this.running.map((fleet) => fleet.close()));
  }

  private async read(resource: Resource): Promise<FleetDefinition> {
    if (process.platform === 'win32') {
      throw new LocalError('ERR_LOCAL_TEMPLATE', 'services run on Linux and macOS only: use WSL');
    }
    const read = resource.type === GROUP ? autoScalingGroupDefinition : ecsServiceDefinition;
    return read(resource, this.options);
  }

  private async prepare(
    { path: owner, stack }: Resource,
    { name, command, port, folder: code, variables: given }: Program,
    accessKeyId: string,
  ): Promise<PreparedProgram> {
    const { awsEndpoint, caches, trusted, log } = this.options;
    // By a number: a template's names may hold anything.
    const own = path.join(this.options.folder, `service-${this.laidOut++}`);
    const home = path.join(own, 'home');
    await mkdir(home, { recursive: true });
    const variables = withCaches(given, caches);
    const folder = code ?? home;
    const trust =
      trusted === undefined ? undefined : await layOutTrust(own, trusted, variables[TRUST_VARIABLE], folder);
    if (trust?.missing !== undefined) {
      log(`${owner} names ${trust.missing} in ${TRUST_VARIABLE}, and there is no such file here`);
    }
    const environment = processEnvironment(variables, {
      accessKeyId,
      awsEndpoint,
      region: stack.region,
      home,
      ...(trust !== undefined && { trusted: trust.file }),
    });
    return {
      name,
      command,
      ...(port !== undefined && { port }),
      folder,
      // That of an image or an instance names folders that are not there. First comes the Node.js that runs the runner.
      environment: { ...environment, PATH: `${path.dirname(process.execPath)}:${process.env['PATH'] ?? ''}` },
    };
  }
}

/** The names of variables that a shell passes on (POSIX, "Base Definitions", 3.216). */
const NAME_OF_SHELLS = /^[A-Za-z_]\w*$/;

function limitsOf(definition: FleetDefinition, registered: number): readonly string[] {
  const { limits, programs, registrations, desired } = definition;
  const names = programs.flatMap(({ variables }) => Object.keys(variables));
  const dropped = names.filter(isDecidedHere);
  const strange = names.filter((name) => !NAME_OF_SHELLS.test(name));
  return [
    ...limits,
    ...(registered < registrations.length ? ['some of its target groups do not run here, and send it nothing'] : []),
    ...(dropped.length > 0 ? [`its variables ${dropped.join(', ')} are not passed on: the runner decides them`] : []),
    ...(strange.length > 0
      ? [`its variables ${strange.join(', ')} are lost: a shell starts it, and knows no such names`]
      : []),
    ...(desired > MOST_MEMBERS ? [`it has ${MOST_MEMBERS} members, not ${desired}`] : []),
  ];
}
