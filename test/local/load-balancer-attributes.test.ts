import { type AssemblyStack, resourcesOf } from '../../lib/local/assembly.js';
import { Resolver } from '../../lib/local/intrinsics.js';
import { loadBalancerOf, USUAL_ATTRIBUTES } from '../../lib/local/load-balancer-attributes.js';

/** Reads a load balancer of a template. */
function read(attributes: Readonly<Record<string, unknown>>) {
  const LoadBalancerAttributes = Object.entries(attributes).map(([Key, Value]) => ({ Key, Value }));
  const Balancer = { Type: 'AWS::ElasticLoadBalancingV2::LoadBalancer', Properties: { LoadBalancerAttributes } };
  const template = { Resources: { Balancer } };
  const stack: AssemblyStack = {
    name: 'Web',
    artifactId: 'Web',
    region: 'eu-west-1',
    template,
    assets: new Map(),
    images: new Map(),
  };
  return resourcesOf(stack).map((resource) => loadBalancerOf(resource, new Resolver([stack], new Map())));
}

test('a load balancer has the defaults of AWS', () => {
  expect(read({})).toEqual([
    expect.objectContaining({
      ...USUAL_ATTRIBUTES,
      arn: 'arn:aws:elasticloadbalancing:eu-west-1:000000000000:loadbalancer/app/Web-Balancer',
    }),
  ]);
  expect(USUAL_ATTRIBUTES).toEqual({ idleTimeout: 60_000, forwardedFor: 'append', dropInvalidHeaders: false });
});

test('headers that targets do not get here are told', () => {
  const attributes = {
    'routing.http.x_amzn_tls_version_and_cipher_suite.enabled': 'true',
    'routing.http.xff_client_port.enabled': 'true',
  };
  expect(read(attributes)[0]?.limits).toEqual([
    'its targets do not get X-Amzn-Tls-Version and X-Amzn-Tls-Cipher-Suite',
    "its targets do not get the client's port in X-Forwarded-For",
  ]);
  expect(read({ 'routing.http.xff_client_port.enabled': 'false' })[0]?.limits).toEqual([]);
});

test('and whatever its attributes say', () => {
  const attributes = {
    'idle_timeout.timeout_seconds': '5',
    'routing.http.xff_header_processing.mode': 'remove',
    'routing.http.drop_invalid_header_fields.enabled': 'true',
    'access_logs.s3.bucket': { Ref: 'AWS::StackName' },
  };
  expect(read(attributes)).toMatchObject([{ idleTimeout: 5000, forwardedFor: 'remove', dropInvalidHeaders: true }]);
});
