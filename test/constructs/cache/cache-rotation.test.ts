import { Annotations, App, type Stack } from 'aws-cdk-lib';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import { CacheAuthentication, CacheNodeType, SessionReplicationGroup } from 'cdk-sessions';
import { refusalOf } from '../../support/refusal.js';
import { deployedStack, plainFunction, templateOf, warningsOf } from '../../support/stacks.js';
import { onlyLogicalId, resolveIntrinsics } from '../../support/template.js';

const { PRIVATE_ISOLATED, PRIVATE_WITH_EGRESS, PUBLIC } = ec2.SubnetType;

let stack: Stack;
beforeEach(() => {
  stack = deployedStack();
});

const vpcWith = (scope: Stack, ...types: ec2.SubnetType[]) =>
  new ec2.Vpc(scope, 'Vpc', {
    maxAzs: 2,
    subnetConfiguration: types.map((subnetType) => ({ name: subnetType, subnetType })),
  });

const KINDS: readonly [string, CacheAuthentication][] = [
  ['a password', CacheAuthentication.password()],
  ['a token', CacheAuthentication.authToken()],
];

function cacheIn(
  vpc: ec2.IVpc,
  authentication: CacheAuthentication,
  props: { vpcSubnets?: ec2.SubnetSelection; securityGroups?: ec2.ISecurityGroup[] } = {},
): SessionReplicationGroup {
  return new SessionReplicationGroup(stack, 'Cache', {
    vpc,
    nodeType: CacheNodeType.T4G_MICRO,
    authentication,
    ...props,
  });
}

/** The logical ids of a type. */
const idsOf = (of: Stack, type: string) =>
  Object.entries(templateOf(of).Resources).flatMap(([id, { Type }]) => (Type === type ? [id] : []));

/** The services that a stack has endpoints for. */
function endpointsIn(of: Stack): unknown[] {
  const template = templateOf(of);
  return idsOf(of, 'AWS::EC2::VPCEndpoint')
    .map((id) => resolveIntrinsics(template.Resources[id]?.Properties?.['ServiceName'], template))
    .sort();
}

const BOTH = ['com.amazonaws.us-east-1.elasticache', 'com.amazonaws.us-east-1.secretsmanager'];

/** What the schedule, which starts the first rotation, is deployed after. */
function waitedFor(): unknown {
  const template = templateOf(stack);
  const schedule = template.Resources[onlyLogicalId(template, 'AWS::SecretsManager::RotationSchedule')];
  return Reflect.get(schedule ?? {}, 'DependsOn');
}

/** The subnets of the function that rotates. */
function subnetsOfRotation(): unknown {
  const template = templateOf(stack);
  const fn = template.Resources[onlyLogicalId(template, 'AWS::Lambda::Function')];
  return Reflect.get((fn?.Properties?.['VpcConfig'] ?? {}) as object, 'SubnetIds');
}

const idsIn = (subnets: ec2.ISubnet[]) => subnets.map(({ subnetId }) => stack.resolve(subnetId));

describe.each(KINDS)('the rotation of %s', (_, authentication) => {
  test('stands where there is a way to the internet, and takes no endpoint', () => {
    const vpc = vpcWith(stack, PRIVATE_ISOLATED, PRIVATE_WITH_EGRESS, PUBLIC);
    cacheIn(vpc, authentication, { vpcSubnets: { subnetType: PRIVATE_ISOLATED } });
    expect(subnetsOfRotation()).toEqual(idsIn(vpc.privateSubnets));
    expect(endpointsIn(stack)).toEqual([]);
    expect(warningsOf(stack)).toEqual([]);
  });

  test('reaches what it calls by endpoints where all subnets are isolated, and waits for them', () => {
    cacheIn(vpcWith(stack, PRIVATE_ISOLATED), authentication);
    expect(endpointsIn(stack)).toEqual(BOTH);
    expect(waitedFor()).toEqual(expect.arrayContaining(idsOf(stack, 'AWS::EC2::VPCEndpoint')));
    expect(warningsOf(stack)).toEqual([]);
  });

  test('shares the endpoint for secrets with the functions that are attached', () => {
    const vpc = vpcWith(stack, PRIVATE_ISOLATED);
    cacheIn(vpc, authentication).attachFunction(
      plainFunction(stack, 'Web', { vpc, vpcSubnets: { subnetType: PRIVATE_ISOLATED } }),
    );
    expect(endpointsIn(stack)).toEqual(BOTH);
  });

  test('is let in by an endpoint of the app that is open to nobody, and waits for that', () => {
    const vpc = vpcWith(stack, PRIVATE_ISOLATED);
    vpc.addInterfaceEndpoint('Theirs', {
      service: ec2.InterfaceVpcEndpointAwsService.SECRETS_MANAGER,
      open: false,
    });
    cacheIn(vpc, authentication);
    expect(endpointsIn(stack)).toEqual(BOTH);
    const template = templateOf(stack);
    const rules = idsOf(stack, 'AWS::EC2::SecurityGroupIngress');
    const rule = { FromPort: 443, Description: 'rotation of credentials' };
    expect(rules.map((id) => template.Resources[id]?.Properties)).toContainEqual(expect.objectContaining(rule));
    expect(waitedFor()).toEqual(expect.arrayContaining(rules));
  });

  test('stands in isolated subnets where the cache is in public ones, which give it no address', () => {
    const vpc = vpcWith(stack, PUBLIC, PRIVATE_ISOLATED);
    cacheIn(vpc, authentication, { vpcSubnets: { subnetType: PUBLIC } });
    expect(subnetsOfRotation()).toEqual(idsIn(vpc.isolatedSubnets));
    expect(endpointsIn(stack)).toEqual(BOTH);
  });

  test('fails where all subnets are public', () => {
    const vpc = vpcWith(stack, PUBLIC);
    expect(refusalOf(() => cacheIn(vpc, authentication))).toEqual({
      code: 'ERR_SESSION_CACHE',
      message:
        'credentials are rotated by a function in private or isolated subnets, as public ones give it no public address, received Stack/Vpc with public ones alone: give it others, or take CacheAuthentication.iam() (at Stack/Cache/Rotation)',
    });
  });

  describe('in an imported VPC, of which the app does not see all', () => {
    const imported = () =>
      ec2.Vpc.fromVpcAttributes(stack, 'Vpc', {
        vpcId: 'vpc-1',
        vpcCidrBlock: '10.0.0.0/16',
        availabilityZones: ['us-east-1a', 'us-east-1b'],
        isolatedSubnetIds: ['subnet-1', 'subnet-2'],
        isolatedSubnetRouteTableIds: ['rtb-1', 'rtb-2'],
      });
    const inIsolated = { vpcSubnets: { subnetType: PRIVATE_ISOLATED } };
    const noWayTo = (service: string) =>
      `Stack/Cache/Rotation/Function may have no way to ${service} from its subnets of Stack/Vpc: make a VPC endpoint for it before the cache, or acknowledge this if there is a way [ack: cdk-sessions:noWayToService]`;

    test('is warned of', () => {
      cacheIn(imported(), authentication, inIsolated);
      expect(endpointsIn(stack)).toEqual([]);
      expect(warningsOf(stack)).toEqual([noWayTo('Secrets Manager'), noWayTo('ElastiCache')]);
    });

    test('is warned of nothing that was acknowledged for the cache', () => {
      const cache = cacheIn(imported(), authentication, inIsolated);
      Annotations.of(cache).acknowledgeWarning('cdk-sessions:noWayToService', 'they have endpoints');
      expect(warningsOf(stack)).toEqual([]);
    });

    test('is content with the endpoints that the app makes there', () => {
      const vpc = imported();
      vpc.addInterfaceEndpoint('Secrets', { service: ec2.InterfaceVpcEndpointAwsService.SECRETS_MANAGER });
      vpc.addInterfaceEndpoint('Caches', { service: ec2.InterfaceVpcEndpointAwsService.ELASTICACHE });
      cacheIn(vpc, authentication, inIsolated);
      expect(endpointsIn(stack)).toEqual(BOTH);
      expect(warningsOf(stack)).toEqual([]);
    });
  });

  test.each(['the stack of the network', 'a stack of its own'])(
    'is let in to a cache with its security group in %s, and no stack waits for itself',
    (where) => {
      const app = new App();
      const network = deployedStack(app, 'Network');
      const groups = where === 'a stack of its own' ? deployedStack(app, 'Groups') : network;
      stack = deployedStack(app, 'Storage');
      const vpc = vpcWith(network, PRIVATE_ISOLATED);
      const group = new ec2.SecurityGroup(groups, 'Group', { vpc });
      cacheIn(vpc, authentication, { securityGroups: [group] });
      expect(() => app.synth()).not.toThrow();
      expect(endpointsIn(network)).toEqual(BOTH);
      const template = templateOf(stack);
      const rules = idsOf(stack, 'AWS::EC2::SecurityGroupIngress');
      expect(rules.map((id) => template.Resources[id]?.Properties?.['FromPort']).sort()).toEqual([443, 443, 6379]);
      expect(waitedFor()).toEqual(expect.arrayContaining(rules));
    },
  );

  describe('of a cache whose groups were imported as not to be changed', () => {
    const cacheWithTheirs = () =>
      cacheIn(vpcWith(stack, PRIVATE_WITH_EGRESS, PUBLIC), authentication, {
        securityGroups: [ec2.SecurityGroup.fromSecurityGroupId(stack, 'Theirs', 'sg-1', { mutable: false })],
      });

    test('is warned of', () => {
      cacheWithTheirs();
      expect(warningsOf(stack)).toEqual([
        'Stack/Cache/Rotation/Function may not be let in by the cache Stack/Cache: no rule was made in Stack/Theirs, imported with mutable: false. Import it without, or acknowledge this if it has such a rule [ack: cdk-sessions:noRule]',
      ]);
    });

    test('is warned of nothing that was acknowledged for the cache', () => {
      Annotations.of(cacheWithTheirs()).acknowledgeWarning('cdk-sessions:noRule', 'their rules let it in');
      expect(warningsOf(stack)).toEqual([]);
    });
  });
});

test('a cache with IAM, which has nothing to rotate, may stand in public subnets', () => {
  cacheIn(vpcWith(stack, PUBLIC), CacheAuthentication.iam());
  expect(idsOf(stack, 'AWS::Lambda::Function')).toEqual([]);
});
