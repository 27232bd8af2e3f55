import path from 'node:path';
import { readAssembly, resourcesOf } from '../../lib/local/assembly.js';
import type { FleetDefinition } from '../../lib/local/fleet-definition.js';
import type { FleetSurroundings } from '../../lib/local/fleet-surroundings.js';
import { Resolver } from '../../lib/local/intrinsics.js';
import { secretDefinition } from '../../lib/local/secrets.js';
import { type FixtureOptions, type FixtureStack, writeAssembly } from './fixture.js';

type Reader = (
  resource: ReturnType<typeof resourcesOf>[number],
  surroundings: FleetSurroundings,
) => Promise<FleetDefinition>;

/** Reads the service of the logical id `Service`, as the runner does. */
export async function definitionOf(
  read: Reader,
  stacks: Readonly<Record<string, FixtureStack>>,
  options: FixtureOptions,
) {
  const folder = await writeAssembly(stacks, options);
  const assembly = await readAssembly(folder);
  const resources = assembly.flatMap(resourcesOf);
  const secrets = [];
  const resolver = new Resolver(assembly, new Map());
  for (const resource of resources.filter(({ type }) => type === 'AWS::SecretsManager::Secret')) {
    secrets.push(secretDefinition(resource, resolver));
  }
  const service = resources.find(({ logicalId }) => logicalId === 'Service');
  if (service === undefined) {
    throw new Error('there is no Service');
  }
  return { definition: await read(service, { resolver, resources, secrets }), folder: path.resolve(folder) };
}
