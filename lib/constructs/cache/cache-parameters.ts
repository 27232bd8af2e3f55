import { CfnParameterGroup } from 'aws-cdk-lib/aws-elasticache';
import type { Construct } from 'constructs';
import { SessionConstructError } from '../errors.js';
import type { CacheEngine } from './cache-engine.js';
import { ClusterMode } from './cluster-mode.js';
import type { EvictionPolicy } from './eviction-policy.js';

/**
 * Which keyspace events nodes publish: key-event notifications (E) of commands on keys such as DEL (g), of keys that
 * expired (x) and of keys that were evicted (e). Nodes of ElastiCache refuse CONFIG SET, so that it must stand here.
 * https://valkey.io/topics/notifications/
 */
const SESSION_EVENTS = 'Egxe';

/** What a parameter group is made of. */
interface CacheParametersProps {
  readonly engine: CacheEngine;
  readonly clusterMode: ClusterMode;
  readonly evictionPolicy: EvictionPolicy;
  readonly sessionEvents: boolean;
  readonly parameters: Record<string, string>;
}

/**
 * Makes the parameter group of a cache. A group in use can change neither its family nor `cluster-enabled`: its logical id
 * names both, so that a new group is there before the cache moves to it, and the old one goes after.
 *
 * @throws if `parameters` has one that an option stands for.
 */
export function cacheParameters(scope: Construct, props: CacheParametersProps): CfnParameterGroup {
  const clustered = props.clusterMode !== ClusterMode.DISABLED;
  const own: Record<string, string> = {
    'maxmemory-policy': props.evictionPolicy,
    ...(clustered && { 'cluster-enabled': 'yes' }),
    ...(props.sessionEvents && { 'notify-keyspace-events': SESSION_EVENTS }),
  };
  for (const [name, option] of Object.entries(OPTIONS)) {
    // ElastiCache takes names in any case, and the same name twice would leave it open which value counts.
    if (Object.keys(props.parameters).some((given) => given.toLowerCase() === name)) {
      throw new SessionConstructError(
        'ERR_SESSION_CACHE',
        `the parameter ${name} has an option of its own, received it among parameters: take ${option}`,
        scope,
      );
    }
  }
  const { family } = props.engine;
  return new CfnParameterGroup(scope, `Parameters-${family}${clustered ? '-cluster' : ''}`, {
    cacheParameterGroupFamily: family,
    description: `Parameters of ${scope.node.path}`.slice(0, 255),
    properties: { ...props.parameters, ...own },
  });
}

const OPTIONS: Readonly<Record<string, string>> = {
  'maxmemory-policy': 'evictionPolicy',
  'cluster-enabled': 'clusterMode',
  'notify-keyspace-events': 'sessionEvents',
};
