import type { Resource } from '../../lib/local/assembly.js';
import type { Listener } from '../../lib/local/load-balancer.js';
import { actionOf } from '../../lib/local/load-balancer-rules.js';

/** A resource of a load balancer. */
export function resourceOf(logicalId: string): Resource {
  return {
    stack: { name: 'Net', artifactId: 'Net', region: 'us-east-1', template: {}, assets: new Map(), images: new Map() },
    logicalId,
    type: 'AWS::ElasticLoadBalancingV2::Resource',
    path: `Net/${logicalId}`,
    properties: {},
  };
}

/** An HTTPS listener that forwards everything to the target group `group`. */
export function loadBalancerListener(overrides: Partial<Listener> = {}): Listener {
  return {
    resource: resourceOf('Listener'),
    arn: 'listener',
    loadBalancerArn: 'balancer',
    protocol: 'HTTPS',
    port: 443,
    defaultAction: actionOf([{ Type: 'forward', TargetGroupArn: 'group' }]),
    rules: [],
    ...overrides,
  };
}
