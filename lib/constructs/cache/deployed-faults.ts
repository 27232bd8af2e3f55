import type { CfnResource } from 'aws-cdk-lib';
import { deployedProperties } from '../deployed-properties.js';

/** What consumers are told of a cache, which escape hatches must leave as it is. */
export interface ToldOfCache {
  /** The property with the name that keeps CloudFormation from replacing the cache. */
  readonly name: string;
  /** The property with the user groups, or the AUTH token, if somebody authenticates. */
  readonly access?: string;
  /** Whether it is a group of nodes, which is asked for its encryption and failover. */
  readonly nodes: boolean;
}

/** What an escape hatch made of a cache that its construct answers for, as it is deployed. */
export function deployedFaults(cache: CfnResource, told: ToldOfCache): string[] {
  const properties = deployedProperties(cache);
  const faults: string[] = [];
  if (properties[told.name] === undefined) {
    faults.push(
      `without a ${told.name} CloudFormation would replace a cache, and with it all that is in it, for some changes: leave the property there`,
    );
  }
  if (told.access !== undefined && !given(properties[told.access])) {
    faults.push(`consumers are told to authenticate, received no ${told.access}: leave the property there`);
  }
  if (told.nodes && properties['TransitEncryptionEnabled'] !== true) {
    faults.push(
      `consumers are told to connect with TLS, received TransitEncryptionEnabled ${JSON.stringify(properties['TransitEncryptionEnabled'])}: leave it true`,
    );
  }
  if (told.nodes && properties['MultiAZEnabled'] === true && properties['AutomaticFailoverEnabled'] === false) {
    faults.push(
      'Multi-AZ means failing over to another zone, received AutomaticFailoverEnabled false: set both to the same',
    );
  }
  return faults;
}

function given(value: unknown): boolean {
  return Array.isArray(value) ? value.length > 0 : value !== undefined;
}
