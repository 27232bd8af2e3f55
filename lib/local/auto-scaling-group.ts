import type { AssemblyStack, Resource } from './assembly.js';
import { parseEnvironmentFile } from './environment-file.js';
import { LocalError } from './errors.js';
import { isFolder } from './find-upwards.js';
import type { FleetDefinition, Program } from './fleet-definition.js';
import { PORT_VARIABLE } from './fleet-member.js';
import { type FleetSurroundings, portLimit, referredTo, targetPort } from './fleet-surroundings.js';
import type { Resolver } from './intrinsics.js';
import { listAt, numberAt, objectAt } from './json.js';
import { joinedParts } from './multipart.js';
import { physicalName } from './physical.js';
import { commandHere, isIn, pathHere } from './program-command.js';
import { expandedCommand, parseUnit, type SystemdUnit } from './systemd-unit.js';
import { type Archive, parseUserData, type UserData } from './user-data.js';

const UNIT = /^\/(?:etc|usr\/lib|lib)\/systemd\/system\/([\w@.-]+)\.service$/;

/** What tells the agent of ECS of its cluster (ECS developer guide, "Amazon ECS container agent configuration"). */
const ECS_AGENT = '/etc/ecs/ecs.config';

/** What a group that cannot run would have to have. */
const NEEDED =
  'what runs here is a unit that the user data writes with a here-document into /etc/systemd/system, with ExecStart= and WorkingDirectory=, where it unpacks an asset with "aws s3 cp" and "unzip"';

/**
 * Reads an `AWS::AutoScaling::AutoScalingGroup`: what its instances run is the unit of systemd that their user data writes,
 * in the folder of the asset that it unpacks. Nothing else of the user data is done.
 *
 * @throws LocalError ERR_LOCAL_TEMPLATE if it cannot run here, saying why.
 */
export async function autoScalingGroupDefinition(
  resource: Resource,
  surroundings: FleetSurroundings,
): Promise<FleetDefinition> {
  const { resolver } = surroundings;
  const read = (name: string) => resolver.property(resource, name);
  const launch = launchOf(resource, surroundings);
  const script = scriptOf(launch, resolver);
  if (script.includes(ECS_AGENT)) {
    throw refused('its instances are there for tasks of ECS, which run here without them');
  }
  const userData = parseUserData(script);
  const targetGroups = [...new Set(listAt({ list: read('TargetGroupARNs') }, 'list').map(String))];
  const ports = targetGroups.map((arn) => targetPort(arn, surroundings));
  const { unit, name } = unitOf(userData);
  const program = await programOf(name, unit, userData, launch.stack, ports[0]);
  const minimum = numberAt({ size: read('MinSize') }, 'size') ?? 0;
  const limits = [
    `its instances run only the unit ${name} of their user data, with the programs of this machine`,
    'an instance whose process ends is replaced, whatever its unit says of restarting it',
    ...(ports.length > 0 ? portLimit(program.variables[PORT_VARIABLE]) : []),
    ...(new Set(ports).size > 1 ? [`its instances listen on one port here, not on ${ports.join(' and ')}`] : []),
  ];
  return {
    resource,
    kind: 'auto-scaling-group',
    name: physicalName(resource, read),
    desired: numberAt({ size: read('DesiredCapacity') }, 'size') ?? minimum,
    minimum,
    maximum: numberAt({ size: read('MaxSize') }, 'size') ?? minimum,
    programs: [program],
    registrations: targetGroups.map((targetGroupArn) => ({ targetGroupArn, program: name })),
    stopTimeout: unit.stopTimeout * 1000,
    stopsAll: true,
    limits,
  };
}

/** The launch template or configuration of a group. */
function launchOf(resource: Resource, surroundings: FleetSurroundings): Resource {
  const { properties, stack } = resource;
  const mixed = objectAt(objectAt(properties, 'MixedInstancesPolicy'), 'LaunchTemplate');
  const template = { ...objectAt(mixed, 'LaunchTemplateSpecification'), ...objectAt(properties, 'LaunchTemplate') };
  const reference =
    template['LaunchTemplateId'] ?? template['LaunchTemplateName'] ?? properties['LaunchConfigurationName'];
  const name = surroundings.resolver.resolve(stack, reference);
  const found = referredTo(name, ['AWS::EC2::LaunchTemplate', 'AWS::AutoScaling::LaunchConfiguration'], surroundings);
  if (found === undefined) {
    throw refused(`what launches its instances, ${String(name)}, is not in the stacks that run`);
  }
  return found;
}

function scriptOf(launch: Resource, resolver: Resolver): string {
  const isTemplate = launch.type === 'AWS::EC2::LaunchTemplate';
  const data = isTemplate ? objectAt(launch.properties, 'LaunchTemplateData') : launch.properties;
  const encoded = resolver.resolve(launch.stack, data['UserData']);
  return joinedParts(Buffer.from(typeof encoded === 'string' ? encoded : '', 'base64').toString());
}

function unitOf({ files }: UserData): { readonly name: string; readonly unit: SystemdUnit } {
  const units = [...files].flatMap(([file, text]) => {
    const [, name] = UNIT.exec(file) ?? [];
    return name === undefined ? [] : [{ name, text }];
  });
  const [first, ...others] = units;
  if (first === undefined) {
    throw refused(`its user data writes no unit of systemd: ${NEEDED}`);
  }
  if (others.length > 0) {
    throw refused(`its user data writes several units, ${units.map(({ name }) => name).join(', ')}: one runs here`);
  }
  return { name: first.name, unit: parseUnit(first.text) };
}

async function programOf(
  name: string,
  unit: SystemdUnit,
  userData: UserData,
  stack: AssemblyStack,
  port: number | undefined,
): Promise<Program> {
  const { workingDirectory = '/' } = unit;
  const archive = userData.archives.find((each) => isIn(workingDirectory, each.folder));
  if (archive === undefined) {
    throw refused(`its user data unpacks no asset into ${workingDirectory}, where the unit ${name} runs: ${NEEDED}`);
  }
  const root = await sourcesOf(archive, stack);
  const folder = pathHere(workingDirectory, archive.folder, root);
  if (!(await isFolder(folder))) {
    throw refused(`the unit ${name} runs in ${workingDirectory}, which is not in its asset`);
  }
  const variables = { ...unit.environment };
  for (const { path, optional } of unit.environmentFiles) {
    const text = userData.files.get(path);
    if (text === undefined && !optional) {
      throw refused(`the EnvironmentFile ${path} of the unit ${name} is written by nothing that is understood here`);
    }
    Object.assign(variables, parseEnvironmentFile(text ?? ''));
  }
  return {
    name,
    command: (environment) => commandHere(expandedCommand(unit.command, environment), archive.folder, root),
    folder,
    variables,
    ...(port !== undefined && { port }),
  };
}

/** The folder of the asset that an archive is made of. */
async function sourcesOf({ key }: Archive, { assets }: AssemblyStack): Promise<string> {
  const asset = assets.get(key);
  if (asset === undefined) {
    throw refused(`its code ${key} is not an asset of the cloud assembly`);
  }
  if (asset.packaging !== 'zip' || !(await isFolder(asset.path))) {
    throw refused(`its code ${asset.path} is no folder: only folders are read here, and "cdk synth" lays them out`);
  }
  return asset.path;
}

function refused(reason: string): LocalError {
  return new LocalError('ERR_LOCAL_TEMPLATE', reason);
}
