import { isDeepStrictEqual } from 'node:util';
import { Annotations, App, type Stack, Stage } from 'aws-cdk-lib';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import {
  CacheAuthentication,
  CacheNodeType,
  SessionAccess,
  SessionKeys,
  SessionReplicationGroup,
  SessionTable,
} from 'cdk-sessions';
import { NetworkedStore } from '../../support/networked-store.js';
import { refusalOf } from '../../support/refusal.js';
import { deployedStack, plainFunction, templateOf, warningsOf } from '../../support/stacks.js';
import { resolveIntrinsics } from '../../support/template.js';

const SECRET = 'arn:aws:secretsmanager:us-east-1:123456789012:secret:Keys-AbCdEf';
const NO_WAY = 'cdk-sessions:noWayToService';

let stack: Stack;
beforeEach(() => {
  stack = deployedStack();
});

function resourcesOf(type: string): Record<string, unknown>[] {
  const template = templateOf(stack);
  return Object.values(template.Resources)
    .filter(({ Type }) => Type === type)
    .map(({ Properties }) => resolveIntrinsics(Properties, template) as Record<string, unknown>);
}

/** The services that the stack has endpoints for. */
const endpoints = () =>
  resourcesOf('AWS::EC2::VPCEndpoint')
    .map(({ ServiceName, VpcEndpointType }) => `${VpcEndpointType} ${ServiceName}`)
    .sort();

/** The ports at which groups let in whoever has an address of the VPC. */
function openToVpc(): unknown[] {
  const template = templateOf(stack);
  const [vpc] = Object.keys(template.Resources).filter((id) => template.Resources[id]?.Type === 'AWS::EC2::VPC');
  return Object.values(template.Resources)
    .filter(({ Type }) => Type === 'AWS::EC2::SecurityGroup')
    .flatMap(({ Properties }) => (Properties?.['SecurityGroupIngress'] ?? []) as Record<string, unknown>[])
    .filter(({ CidrIp }) => isDeepStrictEqual(CidrIp, { 'Fn::GetAtt': [vpc, 'CidrBlock'] }))
    .map(({ FromPort }) => FromPort);
}

const vpcWith = (...types: ec2.SubnetType[]) =>
  new ec2.Vpc(stack, 'Vpc', {
    maxAzs: 2,
    subnetConfiguration: types.map((subnetType) => ({ name: subnetType, subnetType })),
  });
const { PRIVATE_ISOLATED, PRIVATE_WITH_EGRESS, PUBLIC } = ec2.SubnetType;

const keys = () => SessionKeys.fromSessionKeysAttributes(stack, 'Keys', { secretArn: SECRET });
const isolated = (vpc: ec2.IVpc) => ({ vpc, vpcSubnets: { subnetType: PRIVATE_ISOLATED } });

const DYNAMODB = 'Gateway com.amazonaws.us-east-1.dynamodb';
const SECRETS_MANAGER = 'Interface com.amazonaws.us-east-1.secretsmanager';

describe('a function in isolated subnets', () => {
  type Attach = (vpc: ec2.Vpc) => void;
  const redis =
    (authentication?: ConstructorParameters<typeof NetworkedStore>[2]['authentication'], withKeys = false): Attach =>
    (vpc) =>
      new NetworkedStore(stack, 'Sessions', {
        vpc,
        ...(authentication && { authentication }),
        ...(withKeys && { keys: keys() }),
      }).attachFunction(plainFunction(stack, 'Web', isolated(vpc)));

  test.each<[string, Attach, string[]]>([
    [
      'a table',
      (vpc) => new SessionTable(stack, 'Sessions').attachFunction(plainFunction(stack, 'Web', isolated(vpc))),
      [DYNAMODB],
    ],
    [
      'a table with keys',
      (vpc) =>
        new SessionTable(stack, 'Sessions', { keys: keys() }).attachFunction(
          plainFunction(stack, 'Web', isolated(vpc)),
        ),
      [DYNAMODB, SECRETS_MANAGER],
    ],
    [
      'a table with keys, of which it is told nothing',
      (vpc) =>
        new SessionTable(stack, 'Sessions', { keys: keys() }).attachFunction(
          plainFunction(stack, 'Web', isolated(vpc)),
          { access: SessionAccess.REVOKE },
        ),
      [DYNAMODB],
    ],
    ['a cache without authentication', redis(), []],
    ['a cache with IAM', redis({ kind: 'iam', user: 'web', cache: 'sessions' }), []],
    ['a cache with a password', redis({ kind: 'password', user: 'web', secret: SECRET }), [SECRETS_MANAGER]],
    ['a cache with a token and keys', redis({ kind: 'token', secret: SECRET }, true), [SECRETS_MANAGER]],
    ['a cache with IAM and keys', redis({ kind: 'iam', user: 'web', cache: 'sessions' }, true), [SECRETS_MANAGER]],
  ])('reaches what it calls for %s', (_, attach, expected) => {
    attach(vpcWith(PRIVATE_ISOLATED, PUBLIC));
    expect(endpoints()).toEqual(expected);
    expect(warningsOf(stack)).toEqual([]);
  });

  test('has the route to DynamoDB in isolated subnets alone, as a new route cuts open connections', () => {
    const vpc = vpcWith(PRIVATE_ISOLATED, PUBLIC);
    new SessionTable(stack, 'Sessions').attachFunction(plainFunction(stack, 'Web', isolated(vpc)));
    const tables = vpc.isolatedSubnets.map(({ routeTable }) => stack.resolve(routeTable.routeTableId).Ref);
    expect(tables).toHaveLength(2);
    expect(resourcesOf('AWS::EC2::VPCEndpoint')[0]).toMatchObject({ RouteTableIds: tables });
  });

  test('is let in by the endpoint, and so is all of the VPC, where the name of the service leads nowhere else now', () => {
    const vpc = vpcWith(PRIVATE_ISOLATED);
    new SessionTable(stack, 'Sessions', { keys: keys() }).attachFunction(
      plainFunction(stack, 'Web', { ...isolated(vpc), allowAllOutbound: false }),
    );
    const rule = { FromPort: 443, ToPort: 443, IpProtocol: 'tcp', Description: 'secrets of sessions' };
    expect(resourcesOf('AWS::EC2::SecurityGroupIngress')).toEqual([expect.objectContaining(rule)]);
    expect(resourcesOf('AWS::EC2::SecurityGroupEgress')).toEqual([expect.objectContaining(rule)]);
    expect(openToVpc()).toEqual([443]);
  });

  test('shares the endpoints with others', () => {
    const vpc = vpcWith(PRIVATE_ISOLATED);
    const table = new SessionTable(stack, 'Sessions', { keys: keys() });
    for (const id of ['Web', 'Api']) {
      table.attachFunction(plainFunction(stack, id, isolated(vpc)));
    }
    expect(endpoints()).toEqual([DYNAMODB, SECRETS_MANAGER]);
    expect(resourcesOf('AWS::EC2::SecurityGroupIngress')).toHaveLength(2);
  });

  test('uses the endpoints that the app already has', () => {
    const vpc = vpcWith(PRIVATE_ISOLATED);
    vpc.addGatewayEndpoint('Tables', { service: ec2.GatewayVpcEndpointAwsService.DYNAMODB });
    vpc.addInterfaceEndpoint('Secrets', { service: ec2.InterfaceVpcEndpointAwsService.SECRETS_MANAGER, open: false });
    new SessionTable(stack, 'Sessions', { keys: keys() }).attachFunction(plainFunction(stack, 'Web', isolated(vpc)));
    expect(endpoints()).toEqual([DYNAMODB, SECRETS_MANAGER]);
    expect(resourcesOf('AWS::EC2::SecurityGroupIngress')).toHaveLength(1);
  });

  test.each<[string, (vpc: ec2.Vpc) => void, string]>([
    [
      'an interface to DynamoDB, which its usual name does not lead to',
      (vpc) => vpc.addInterfaceEndpoint('Other', { service: ec2.InterfaceVpcEndpointAwsService.DYNAMODB }),
      'Interface com.amazonaws.us-east-1.dynamodb',
    ],
    [
      'an interface to Secrets Manager that its usual name does not lead to',
      (vpc) =>
        vpc.addInterfaceEndpoint('Other', {
          service: ec2.InterfaceVpcEndpointAwsService.SECRETS_MANAGER,
          privateDnsEnabled: false,
        }),
      SECRETS_MANAGER,
    ],
    [
      'another service',
      (vpc) => vpc.addGatewayEndpoint('Other', { service: ec2.GatewayVpcEndpointAwsService.S3 }),
      'Gateway com.amazonaws.us-east-1.s3',
    ],
    [
      'another VPC',
      () =>
        new ec2.Vpc(stack, 'Other', {
          gatewayEndpoints: { DynamoDB: { service: ec2.GatewayVpcEndpointAwsService.DYNAMODB } },
        }),
      DYNAMODB,
    ],
  ])('is not content with the endpoint of %s', (_, makeOther, other) => {
    const vpc = vpcWith(PRIVATE_ISOLATED);
    makeOther(vpc);
    new SessionTable(stack, 'Sessions', { keys: keys() }).attachFunction(plainFunction(stack, 'Web', isolated(vpc)));
    expect(endpoints()).toEqual([DYNAMODB, SECRETS_MANAGER, other].sort());
  });

  test('fails at synth when the app makes an endpoint once more', () => {
    const vpc = vpcWith(PRIVATE_ISOLATED);
    new SessionTable(stack, 'Sessions').attachFunction(plainFunction(stack, 'Web', isolated(vpc)));
    vpc.addGatewayEndpoint('Tables', { service: ec2.GatewayVpcEndpointAwsService.DYNAMODB });
    expect(refusalOf(() => templateOf(stack)).message).toContain(
      'Stack/Vpc has another VPC endpoint for DynamoDB, which was made after this library had made one: make it before the cache, and before anything is attached',
    );
  });

  test('is left as it is where that is asked for', () => {
    const vpc = vpcWith(PRIVATE_ISOLATED);
    new SessionTable(stack, 'Sessions', { keys: keys() }).attachFunction(plainFunction(stack, 'Web', isolated(vpc)), {
      createVpcEndpoints: false,
    });
    expect(endpoints()).toEqual([]);
    expect(warningsOf(stack)).toEqual([]);
  });

  test('is warned of a table in another region, where no endpoint leads', () => {
    const vpc = vpcWith(PRIVATE_ISOLATED);
    const tableArn = 'arn:aws:dynamodb:eu-west-1:123456789012:table/sessions';
    SessionTable.fromSessionTableAttributes(stack, 'Sessions', { tableArn }).attachFunction(
      plainFunction(stack, 'Web', isolated(vpc)),
    );
    expect(endpoints()).toEqual([]);
    expect(warningsOf(stack)).toEqual([
      `Stack/Web may have no way to DynamoDB in eu-west-1 from its subnets of Stack/Vpc: take subnets with a route to a NAT gateway, as an endpoint leads to its own region, or attach with createVpcEndpoints: false if there is a way [ack: ${NO_WAY}]`,
    ]);
  });
});

test('a function in subnets with a way to the internet gets no endpoint', () => {
  const vpc = vpcWith(PRIVATE_ISOLATED, PRIVATE_WITH_EGRESS, PUBLIC);
  new SessionTable(stack, 'Sessions', { keys: keys() }).attachFunction(
    plainFunction(stack, 'Web', { vpc, vpcSubnets: { subnetType: PRIVATE_WITH_EGRESS } }),
  );
  expect(endpoints()).toEqual([]);
  expect(warningsOf(stack)).toEqual([]);
});

test('an endpoint for one function cuts off neither another with a way of its own, nor what rotates a password', () => {
  const vpc = vpcWith(PRIVATE_ISOLATED, PRIVATE_WITH_EGRESS, PUBLIC);
  const cache = new SessionReplicationGroup(stack, 'Sessions', {
    vpc,
    nodeType: CacheNodeType.T4G_MICRO,
    authentication: CacheAuthentication.password(),
  });
  cache.attachFunction(plainFunction(stack, 'Isolated', isolated(vpc)));
  cache.attachFunction(plainFunction(stack, 'Private', { vpc }));
  expect(endpoints()).toEqual([SECRETS_MANAGER]);
  expect(openToVpc()).toEqual([443]);
  expect(resourcesOf('AWS::EC2::VPCEndpoint')).toEqual([expect.objectContaining({ PrivateDnsEnabled: true })]);
});

test('a function in no VPC gets no endpoint', () => {
  vpcWith(PRIVATE_ISOLATED);
  new SessionTable(stack, 'Sessions', { keys: keys() }).attachFunction(plainFunction(stack));
  expect(endpoints()).toEqual([]);
});

test('a function in public subnets, where it has no address, is warned of', () => {
  const vpc = vpcWith(PUBLIC);
  new SessionTable(stack, 'Sessions').attachFunction(
    plainFunction(stack, 'Web', { vpc, vpcSubnets: { subnetType: PUBLIC }, allowPublicSubnet: true }),
  );
  expect(endpoints()).toEqual([]);
  expect(warningsOf(stack)).toEqual([
    `Stack/Web may have no way to DynamoDB from its subnets of Stack/Vpc: take private or isolated subnets, as these public ones give it no public address, or attach with createVpcEndpoints: false if there is a way [ack: ${NO_WAY}]`,
  ]);
});

describe('a function in an imported VPC, of which the app does not see all', () => {
  const imported = () =>
    ec2.Vpc.fromVpcAttributes(stack, 'Vpc', {
      vpcId: 'vpc-1',
      vpcCidrBlock: '10.0.0.0/16',
      availabilityZones: ['us-east-1a'],
      isolatedSubnetIds: ['subnet-1'],
      isolatedSubnetRouteTableIds: ['rtb-1'],
    });

  test('is warned of what it may not reach, which can be acknowledged', () => {
    const fn = plainFunction(stack, 'Web', isolated(imported()));
    new SessionTable(stack, 'Sessions').attachFunction(fn);
    expect(endpoints()).toEqual([]);
    expect(warningsOf(stack)).toEqual([
      `Stack/Web may have no way to DynamoDB from its subnets of Stack/Vpc: attach with createVpcEndpoints: true to have a VPC endpoint made, or attach with createVpcEndpoints: false if there is a way [ack: ${NO_WAY}]`,
    ]);

    stack = deployedStack();
    const acknowledging = plainFunction(stack, 'Web', isolated(imported()));
    new SessionTable(stack, 'Sessions').attachFunction(acknowledging);
    Annotations.of(acknowledging).acknowledgeWarning(NO_WAY, 'there is an endpoint');
    expect(warningsOf(stack)).toEqual([]);
  });

  test('gets endpoints where they are asked for, one for all who import the VPC', () => {
    const other = ec2.Vpc.fromVpcAttributes(stack, 'Again', {
      vpcId: 'vpc-1',
      availabilityZones: ['us-east-1a'],
      isolatedSubnetIds: ['subnet-2'],
      isolatedSubnetRouteTableIds: ['rtb-2'],
    });
    const table = new SessionTable(stack, 'Sessions', { keys: keys() });
    table.attachFunction(plainFunction(stack, 'Web', isolated(imported())), { createVpcEndpoints: true });
    table.attachFunction(plainFunction(stack, 'Api', isolated(other)));
    expect(endpoints()).toEqual([DYNAMODB, SECRETS_MANAGER]);
    expect(warningsOf(stack)).toEqual([]);
  });

  test('fails where an endpoint is asked for that could not be open to all of the VPC', () => {
    const vpc = ec2.Vpc.fromVpcAttributes(stack, 'Vpc', {
      vpcId: 'vpc-1',
      availabilityZones: ['us-east-1a'],
      isolatedSubnetIds: ['subnet-1'],
      isolatedSubnetRouteTableIds: ['rtb-1'],
    });
    const fn = plainFunction(stack, 'Web', isolated(vpc));
    const table = new SessionTable(stack, 'Sessions', { keys: keys() });
    expect(refusalOf(() => table.attachFunction(fn, { createVpcEndpoints: true }))).toEqual({
      code: 'ERR_SESSION_ATTACH',
      message:
        'a VPC endpoint for Secrets Manager is open to its whole VPC, received Stack/Vpc without its addresses: import it with vpcCidrBlock, or attach with createVpcEndpoints: false and make the endpoint yourself (at Stack/Web)',
    });
  });

  test('gets endpoints of its own in each stage, as nothing refers from one to another', () => {
    const app = new App();
    const stacks = ['Test', 'Live'].map((id) => deployedStack(new Stage(app, id)));
    for (stack of stacks) {
      const fn = plainFunction(stack, 'Web', isolated(imported()));
      new SessionTable(stack, 'Sessions', { keys: keys() }).attachFunction(fn, { createVpcEndpoints: true });
    }
    for (stack of stacks) {
      expect(endpoints()).toEqual([DYNAMODB, SECRETS_MANAGER]);
    }
  });
});
