import { App, type Stack } from 'aws-cdk-lib';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import { CacheAuthentication, CacheNodeType, SessionKeys, SessionReplicationGroup } from 'cdk-sessions';
import { CONTRACT_MAX_LENGTH } from '../../../lib/contract/environment.js';
import { parseContract } from '../../../lib/contract/parse.js';
import { deployedStack, plainFunction, templateOf } from '../../support/stacks.js';
import { onlyLogicalId, resolveIntrinsics } from '../../support/template.js';

/** A replication group, its network and a function that it is attached to, each in a stack of its own. */
function threeStacks(authentication: CacheAuthentication, subnetType = ec2.SubnetType.PRIVATE_ISOLATED) {
  const app = new App();
  const network = deployedStack(app, 'Network');
  const storage = deployedStack(app, 'Storage');
  const web = deployedStack(app, 'Web');
  const vpc = new ec2.Vpc(network, 'Vpc', { maxAzs: 2, subnetConfiguration: [{ name: 'own', subnetType }] });
  const group = new SessionReplicationGroup(storage, 'Sessions', {
    vpc,
    nodeType: CacheNodeType.T4G_MICRO,
    authentication,
    keys: new SessionKeys(storage, 'Keys'),
  });
  group.attachFunction(plainFunction(web, 'Web', { vpc, vpcSubnets: { subnetType } }));
  return { app, network, storage, web, group };
}

const typesIn = (stack: Stack) => Object.values(templateOf(stack).Resources).map(({ Type }) => Type);

describe.each([
  ['IAM', CacheAuthentication.iam(), 'iam', 1],
  ['a password, which is rotated', CacheAuthentication.password(), 'password', 2],
  ['an AUTH token, which is rotated', CacheAuthentication.authToken(), 'token', 2],
])('a replication group with %s', (_, authentication, kind, endpoints) => {
  const { app, network, storage, web } = threeStacks(authentication);

  test('serves a function of another stack, in the network of a third, and none waits for itself', () => {
    const dependencies = app
      .synth()
      .stacks.map(({ id, dependencies }) => [
        id,
        dependencies.map((dependency) => dependency.id.split('.')[0]).filter((name) => name !== id),
      ]);
    expect(Object.fromEntries(dependencies)).toEqual({
      Network: [],
      Storage: ['Network'],
      Web: ['Network', 'Storage'],
    });
  });

  test('lets the function in by a rule in its stack, and to what is called by endpoints in that of the VPC', () => {
    expect(typesIn(web).filter((type) => type === 'AWS::EC2::SecurityGroupIngress')).toHaveLength(2);
    expect(typesIn(network).filter((type) => type === 'AWS::EC2::VPCEndpoint')).toHaveLength(endpoints);
  });

  test('tells the client where it is and how to say who it is, and no secret, well within what is allowed', () => {
    const template = templateOf(web);
    const fn = template.Resources[onlyLogicalId(template, 'AWS::Lambda::Function')];
    const { Variables } = resolveIntrinsics(fn?.Properties?.['Environment'], template, [
      templateOf(storage),
      templateOf(network),
    ]) as { Variables: { CDK_SESSIONS: string } };
    expect(parseContract(Variables.CDK_SESSIONS).stores.primary).toMatchObject({
      kind: 'redis',
      cluster: true,
      tls: true,
      authentication: { kind },
    });
    expect(Variables.CDK_SESSIONS).not.toContain('resolve:');
    expect(Variables.CDK_SESSIONS.length).toBeLessThan(CONTRACT_MAX_LENGTH / 2);
  });
});

test('IAM lets the function connect to exactly the group and its user', () => {
  const { storage, web } = threeStacks(CacheAuthentication.iam());
  const [template, of] = [templateOf(web), templateOf(storage)];
  const policy = template.Resources[onlyLogicalId(template, 'AWS::IAM::Policy')]?.Properties?.['PolicyDocument'];
  const { Statement } = policy as { Statement: { Action: unknown; Resource: unknown[] }[] };
  const [connect] = Statement.filter(({ Action }) => Action === 'elasticache:Connect');
  expect(resolveIntrinsics(connect?.Resource, template, [of])).toEqual([
    expect.stringMatching(/^arn:aws:elasticache:us-east-1:123456789012:replicationgroup:[a-z0-9-]+$/i),
    expect.stringMatching(/^arn:aws:elasticache:us-east-1:123456789012:user:[a-z]*sessionsusers[a-z0-9]+$/i),
  ]);
});

test('a function with a way to the internet needs no endpoint', () => {
  const app = new App();
  const stack = deployedStack(app);
  const vpc = new ec2.Vpc(stack, 'Vpc', { maxAzs: 2 });
  const group = new SessionReplicationGroup(stack, 'Sessions', { vpc, nodeType: CacheNodeType.T4G_MICRO });
  group.attachFunction(plainFunction(stack, 'Web', { vpc }));
  expect(typesIn(stack)).not.toContain('AWS::EC2::VPCEndpoint');
});
