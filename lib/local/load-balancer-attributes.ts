import type { Resource } from './assembly.js';
import type { Resolver } from './intrinsics.js';
import { numberAt, objectsAt, textAt } from './json.js';

/** What is done with the header `X-Forwarded-For` of a request. */
export type ForwardedFor = 'append' | 'preserve' | 'remove';

/** What a load balancer does with the headers of a request. */
export interface HeaderAttributes {
  readonly forwardedFor: ForwardedFor;
  /** Whether headers are left out whose names have other characters than letters, digits and hyphens. */
  readonly dropInvalidHeaders: boolean;
}

/** What a load balancer's attributes say (ELB API reference, "LoadBalancerAttribute"). */
export interface LoadBalancerAttributes extends HeaderAttributes {
  /** How long a connection may be silent, in milliseconds. */
  readonly idleTimeout: number;
}

/** A load balancer. */
export interface LoadBalancer extends LoadBalancerAttributes {
  readonly resource: Resource;
  readonly arn: string;
  /** What about it is otherwise than on AWS. */
  readonly limits: readonly string[];
}

/** What they are if a template says nothing, or if its load balancer is not in it. */
export const USUAL_ATTRIBUTES: LoadBalancerAttributes = {
  idleTimeout: 60_000,
  forwardedFor: 'append',
  dropInvalidHeaders: false,
};

/** Attributes with which a server would see other headers than here, and what it does not see. */
const HEADERS_NOT_HERE = [
  ['routing.http.x_amzn_tls_version_and_cipher_suite.enabled', 'X-Amzn-Tls-Version and X-Amzn-Tls-Cipher-Suite'],
  ['routing.http.xff_client_port.enabled', "the client's port in X-Forwarded-For"],
] as const;

/** Reads an `AWS::ElasticLoadBalancingV2::LoadBalancer`. */
export function loadBalancerOf(resource: Resource, resolver: Resolver): LoadBalancer {
  const attributes = new Map(
    objectsAt({ attributes: resolver.property(resource, 'LoadBalancerAttributes') }, 'attributes').map((attribute) => [
      textAt(attribute, 'Key'),
      attribute['Value'],
    ]),
  );
  const idle = numberAt({ value: attributes.get('idle_timeout.timeout_seconds') }, 'value');
  const mode = attributes.get('routing.http.xff_header_processing.mode');
  return {
    resource,
    arn: String(resolver.resolve(resource.stack, { Ref: resource.logicalId })),
    idleTimeout: idle === undefined ? USUAL_ATTRIBUTES.idleTimeout : idle * 1000,
    forwardedFor: mode === 'preserve' || mode === 'remove' ? mode : USUAL_ATTRIBUTES.forwardedFor,
    limits: HEADERS_NOT_HERE.filter(([name]) => String(attributes.get(name)) === 'true').map(
      ([, headers]) => `its targets do not get ${headers}`,
    ),
    dropInvalidHeaders: String(attributes.get('routing.http.drop_invalid_header_fields.enabled')) === 'true',
  };
}
