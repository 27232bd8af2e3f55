import { Annotations, type App, CfnParameter, Stack } from 'aws-cdk-lib';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import { CacheNodeType, type SessionBinding, SessionReplicationGroup } from 'cdk-sessions';
import { parseContract } from '../../../lib/contract/parse.js';
import { NetworkedStore } from '../../support/networked-store.js';
import { refusalOf } from '../../support/refusal.js';
import { deployedStack, plainFunction, templateOf, warningsOf } from '../../support/stacks.js';
import { type CfnTemplate, onlyLogicalId, resolveIntrinsics } from '../../support/template.js';

const OTHER_VPC = 'cdk-sessions:otherVpc';

/** The properties of all resources of a type. */
function all(template: CfnTemplate, type: string): unknown[] {
  return Object.values(template.Resources)
    .filter(({ Type }) => Type === type)
    .map(({ Properties }) => resolveIntrinsics(Properties, template));
}

class StoreWithoutGroup extends NetworkedStore {
  override bind(): SessionBinding {
    return { ...super.bind(), network: { connections: new ec2.Connections(), ports: [ec2.Port.tcp(6379)] } };
  }
}

describe('attaching a function to a store in its VPC', () => {
  let stack: Stack;
  let vpc: ec2.Vpc;
  let store: NetworkedStore;

  beforeEach(() => {
    stack = deployedStack();
    vpc = new ec2.Vpc(stack, 'Vpc', { maxAzs: 2 });
    store = new NetworkedStore(stack, 'Sessions', { vpc });
  });

  test('tells the client of the store, grants what it calls, and lets it in at the port alone', () => {
    const fn = plainFunction(stack, 'Web', { vpc });
    store.attachFunction(fn);
    const template = templateOf(stack);
    const [{ Environment }] = all(template, 'AWS::Lambda::Function') as [
      { Environment: { Variables: { CDK_SESSIONS: string } } },
    ];
    expect(parseContract(Environment.Variables.CDK_SESSIONS).stores.primary).toMatchObject({
      kind: 'redis',
      port: 6379,
    });
    expect(
      template.Resources[onlyLogicalId(template, 'AWS::IAM::Policy')]?.Properties?.['PolicyDocument'],
    ).toHaveProperty('Statement.0.Action', 'elasticache:Connect');
    expect(all(template, 'AWS::EC2::SecurityGroupIngress')).toEqual([
      {
        Description: 'sessions',
        FromPort: 6379,
        ToPort: 6379,
        IpProtocol: 'tcp',
        GroupId: resolveIntrinsics(stack.resolve(store.securityGroup.securityGroupId), template),
        SourceSecurityGroupId: resolveIntrinsics(
          stack.resolve(fn.connections.securityGroups[0]?.securityGroupId),
          template,
        ),
      },
    ]);
    expect(all(template, 'AWS::EC2::SecurityGroupEgress')).toEqual([]);
    expect(all(template, 'AWS::EC2::VPCEndpoint')).toEqual([]);
    expect(warningsOf(stack)).toEqual([]);
  });

  test('lets a function out whose security group lets nothing out', () => {
    store.attachFunction(plainFunction(stack, 'Web', { vpc, allowAllOutbound: false }));
    expect(all(templateOf(stack), 'AWS::EC2::SecurityGroupEgress')).toEqual([
      expect.objectContaining({ FromPort: 6379, ToPort: 6379, IpProtocol: 'tcp', Description: 'sessions' }),
    ]);
  });

  test('lets each security group of the function in, and one that two functions share once', () => {
    const [shared, own] = ['Shared', 'Own'].map((id) => new ec2.SecurityGroup(stack, id, { vpc }));
    const groups = (...securityGroups: (ec2.ISecurityGroup | undefined)[]) =>
      securityGroups.filter((group) => group !== undefined);
    store.attachFunction(plainFunction(stack, 'Web', { vpc, securityGroups: groups(shared, own) }));
    store.attachFunction(plainFunction(stack, 'Admin', { vpc, securityGroups: groups(shared) }));
    expect(all(templateOf(stack), 'AWS::EC2::SecurityGroupIngress')).toHaveLength(2);
  });

  describe('with a security group that was imported as not to be changed', () => {
    const imported = () => ec2.SecurityGroup.fromSecurityGroupId(stack, 'Theirs', 'sg-1', { mutable: false });

    test('leaves its rules alone, and warns of that, which can be acknowledged', () => {
      const fn = plainFunction(stack, 'Web', { vpc });
      new NetworkedStore(stack, 'Imported', { vpc, securityGroup: imported() }).attachFunction(fn);
      expect(all(templateOf(stack), 'AWS::EC2::SecurityGroupIngress')).toEqual([]);
      expect(warningsOf(stack)).toEqual([
        'Stack/Web may not be let in by the store Stack/Imported: no rule was made in Stack/Theirs, imported with mutable: false. Import it without, or acknowledge this if it has such a rule [ack: cdk-sessions:noRule]',
      ]);
    });

    test('warns of nothing that was acknowledged', () => {
      const fn = plainFunction(stack, 'Web', { vpc });
      new NetworkedStore(stack, 'Imported', { vpc, securityGroup: imported() }).attachFunction(fn);
      Annotations.of(fn).acknowledgeWarning('cdk-sessions:noRule', 'their rules let it in');
      expect(warningsOf(stack)).toEqual([]);
    });

    test('is content with a rule in another group of the store', () => {
      const cache = new SessionReplicationGroup(stack, 'Cache', {
        vpc,
        nodeType: CacheNodeType.T4G_MICRO,
        securityGroups: [imported(), new ec2.SecurityGroup(stack, 'Own', { vpc })],
      });
      cache.attachFunction(plainFunction(stack, 'Web', { vpc }));
      expect(all(templateOf(stack), 'AWS::EC2::SecurityGroupIngress')).toHaveLength(1);
      expect(warningsOf(stack)).toEqual([]);
    });
  });

  test('fails for a store without a security group, which would let nobody in', () => {
    const other = new StoreWithoutGroup(stack, 'Other', { vpc });
    expect(refusalOf(() => other.attachFunction(plainFunction(stack, 'Web', { vpc })))).toEqual({
      code: 'ERR_SESSION_ATTACH',
      message:
        'consumers are let in by a security group, received the store Stack/Other without any: give it one (at Stack/Web)',
    });
  });

  test('fails for a function in no VPC', () => {
    expect(refusalOf(() => store.attachFunction(plainFunction(stack)))).toEqual({
      code: 'ERR_SESSION_ATTACH',
      message:
        'the store Stack/Sessions is reached from inside its VPC only, received a consumer in no VPC: give it the same vpc, or take a SessionTable (at Stack/Web)',
    });
  });

  test('fails for a function in another region', () => {
    const web = new Stack(stack.node.root as App, 'Web', { env: { account: '123456789012', region: 'eu-west-1' } });
    const fn = plainFunction(web, 'Web', { vpc: new ec2.Vpc(web, 'Vpc') });
    expect(refusalOf(() => store.attachFunction(fn))).toEqual({
      code: 'ERR_SESSION_ATTACH',
      message:
        "a store in a VPC serves consumers of its own region, received a store of us-east-1 and a consumer of eu-west-1: create a store in the consumer's region (at Web/Web)",
    });
  });

  test('leaves it to the deployment whether a region that only it knows is the same', () => {
    const web = new Stack(stack.node.root as App, 'Web');
    const fn = plainFunction(web, 'Web', { vpc: new ec2.Vpc(web, 'Vpc') });
    expect(() => store.attachFunction(fn)).not.toThrow();
  });
});

describe('whether the function is in the VPC of the store', () => {
  let stack: Stack;
  beforeEach(() => {
    stack = deployedStack();
  });

  const importedVpc = (id: string, vpcId: string, subnet = `subnet-${id}`) =>
    ec2.Vpc.fromVpcAttributes(stack, id, {
      vpcId,
      availabilityZones: ['us-east-1a'],
      privateSubnetIds: [subnet],
    });
  const warnings = (storeVpc: ec2.IVpc, functionVpc: ec2.IVpc, more: { hidesVpc?: boolean } = {}) => {
    const securityGroup = ec2.SecurityGroup.fromSecurityGroupId(stack, 'Group', 'sg-1');
    new NetworkedStore(stack, 'Sessions', { vpc: storeVpc, securityGroup, ...more }).attachFunction(
      plainFunction(stack, 'Web', { vpc: functionVpc }),
    );
    return warningsOf(stack);
  };

  test('is warned of when this app creates both', () => {
    expect(warnings(new ec2.Vpc(stack, 'Data'), new ec2.Vpc(stack, 'Apps'))).toEqual([
      `Stack/Web is in the VPC Stack/Apps, and the store Stack/Sessions in Stack/Data: take one VPC for both, or acknowledge this if the two are peered [ack: ${OTHER_VPC}]`,
    ]);
  });

  test('is warned of when two ids differ', () => {
    expect(warnings(importedVpc('Data', 'vpc-1'), importedVpc('Apps', 'vpc-2'))).toEqual([
      expect.stringContaining('Stack/Web is in the VPC Stack/Apps, and the store Stack/Sessions in Stack/Data'),
    ]);
  });

  test('is no question for one VPC, imported twice', () => {
    expect(warnings(importedVpc('Data', 'vpc-1', 'subnet-1'), importedVpc('Apps', 'vpc-1', 'subnet-1'))).toEqual([]);
  });

  test.each<[string, () => [ec2.IVpc, ec2.IVpc]]>([
    [
      'an id that only the deployment knows',
      () => [importedVpc('Data', new CfnParameter(stack, 'VpcId').valueAsString), importedVpc('Apps', 'vpc-1')],
    ],
    ['a created and an imported one', () => [new ec2.Vpc(stack, 'Data'), importedVpc('Apps', 'vpc-1')]],
  ])('is left open with %s', (_, vpcs) => {
    expect(warnings(...vpcs())).toEqual([]);
  });

  test('is left open with a store that does not tell its VPC', () => {
    expect(warnings(importedVpc('Data', 'vpc-1'), importedVpc('Apps', 'vpc-2'), { hidesVpc: true })).toEqual([]);
  });

  test('is left open with subnets of which no VPC of the app is', () => {
    const vpc = importedVpc('Apps', 'vpc-2');
    const subnets = [ec2.Subnet.fromSubnetId(stack, 'Subnet', 'subnet-9')];
    new NetworkedStore(stack, 'Sessions', { vpc: new ec2.Vpc(stack, 'Data') }).attachFunction(
      plainFunction(stack, 'Web', { vpc, vpcSubnets: { subnets } }),
    );
    expect(warningsOf(stack)).toEqual([]);
  });

  test('can be acknowledged, before and after', () => {
    const store = new NetworkedStore(stack, 'Sessions', { vpc: new ec2.Vpc(stack, 'Data') });
    const vpc = new ec2.Vpc(stack, 'Apps');
    const [before, after] = ['Before', 'After'].map((id) => plainFunction(stack, id, { vpc }));
    if (!before || !after) {
      throw new Error('there must be two functions');
    }
    Annotations.of(before).acknowledgeWarning(OTHER_VPC, 'they are peered');
    store.attachFunction(before);
    store.attachFunction(after);
    Annotations.of(after).acknowledgeWarning(OTHER_VPC, 'they are peered');
    expect(warningsOf(stack)).toEqual([]);
  });
});
