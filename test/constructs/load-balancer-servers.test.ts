import { Annotations, App, CfnOutput, Duration, type Stack } from 'aws-cdk-lib';
import { Match, Template } from 'aws-cdk-lib/assertions';
import * as acm from 'aws-cdk-lib/aws-certificatemanager';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as ecs from 'aws-cdk-lib/aws-ecs';
import * as elbv2 from 'aws-cdk-lib/aws-elasticloadbalancingv2';
import { SessionLoadBalancer, SessionTable, Stickiness } from 'cdk-sessions';
import { refusalOf } from '../support/refusal.js';
import { ec2Service, fargateService, instances } from '../support/servers.js';
import { deployedStack, plainFunction, templateOf, warningsOf } from '../support/stacks.js';

const CERTIFICATE_ARN = 'arn:aws:acm:us-east-1:123456789012:certificate/1';
const LISTENER_ARN = 'arn:aws:elasticloadbalancing:us-east-1:123456789012:listener/app/old/1/2';

let stack: Stack;
let vpc: ec2.Vpc;

beforeEach(() => {
  stack = deployedStack();
  vpc = new ec2.Vpc(stack, 'Vpc', { maxAzs: 2 });
});

const front = () => new SessionLoadBalancer(stack, 'Front', { vpc });

/** A rule of a security group, in either direction. */
const tcp = (port: number, to = port) => ({ IpProtocol: 'tcp', FromPort: port, ToPort: to });

const onlyGroup = (type: string) =>
  Template.fromStack(stack).hasResourceProperties('AWS::ElasticLoadBalancingV2::TargetGroup', { TargetType: type });

describe('a service of ECS as target', () => {
  test('is reached by the addresses of its tasks with awsvpc, at its first port', () => {
    const service = fargateService(stack, vpc);
    front().addEcsService('Web', service);
    onlyGroup('ip');
    const template = Template.fromStack(stack);
    template.hasResource('AWS::ECS::Service', {
      Properties: { LoadBalancers: [Match.objectLike({ ContainerName: 'web', ContainerPort: 8080 })] },
      // It would wait in vain for tasks to be well before there is a rule that has them asked.
      DependsOn: Match.arrayWith([Match.stringLikeRegexp('FrontWebRule')]),
    });
    template.hasResourceProperties('AWS::EC2::SecurityGroupIngress', tcp(8080));
    template.hasResourceProperties('AWS::EC2::SecurityGroupEgress', tcp(8080));
  });

  test.each([ecs.NetworkMode.BRIDGE, ecs.NetworkMode.HOST])('is reached by its instances in the mode %s', (mode) => {
    front().addEcsService('Web', ec2Service(stack, vpc, mode));
    onlyGroup('instance');
    const ports = mode === ecs.NetworkMode.BRIDGE ? tcp(32_768, 65_535) : tcp(8080);
    Template.fromStack(stack).hasResourceProperties('AWS::EC2::SecurityGroupIngress', ports);
  });

  test('is reached in the container and at the port that it is told', () => {
    const service = fargateService(stack, vpc);
    service.taskDefinition.addContainer('proxy', {
      image: ecs.ContainerImage.fromRegistry('proxy'),
      portMappings: [{ containerPort: 53, protocol: ecs.Protocol.UDP }, { containerPort: 80 }, { containerPort: 81 }],
    });
    const balancer = front();
    balancer.addEcsService('First', service, { containerName: 'proxy' });
    balancer.addEcsService('Other', service, { containerName: 'proxy', containerPort: 81 });
    Template.fromStack(stack).hasResourceProperties('AWS::ECS::Service', {
      LoadBalancers: [
        Match.objectLike({ ContainerName: 'proxy', ContainerPort: 80 }),
        Match.objectLike({ ContainerName: 'proxy', ContainerPort: 81 }),
      ],
    });
  });

  test('gets the lowest priority that is free among functions and services, and can be scaled by requests', () => {
    const balancer = front();
    balancer.addFunction('Api', plainFunction(stack), {
      conditions: [elbv2.ListenerCondition.pathPatterns(['/api/*'])],
    });
    const service = fargateService(stack, vpc);
    const targetGroup = balancer.addEcsService('Web', service);
    service
      .autoScaleTaskCount({ maxCapacity: 10 })
      .scaleOnRequestCount('Requests', { targetGroup, requestsPerTarget: 1000 });
    const template = Template.fromStack(stack);
    template.hasResourceProperties('AWS::ElasticLoadBalancingV2::ListenerRule', {
      Priority: 2,
      Conditions: [{ Field: 'path-pattern', PathPatternConfig: { Values: ['/*'] } }],
    });
    template.resourceCountIs('AWS::ApplicationAutoScaling::ScalingPolicy', 1);
  });

  test('is not let in by groups that may not be changed, of which there is a warning', () => {
    const group = ec2.SecurityGroup.fromSecurityGroupId(stack, 'Theirs', 'sg-1', { mutable: false });
    const taskDefinition = new ecs.FargateTaskDefinition(stack, 'Tasks');
    taskDefinition.addContainer('web', {
      image: ecs.ContainerImage.fromRegistry('web'),
      portMappings: [{ containerPort: 80 }],
    });
    const cluster = new ecs.Cluster(stack, 'Cluster', { vpc });
    const service = new ecs.FargateService(stack, 'Service', {
      cluster,
      taskDefinition,
      securityGroups: [group],
      minHealthyPercent: 100,
    });
    front().addEcsService('Web', service);
    expect(warningsOf(stack)).toEqual([
      'Stack/Front may not be let in by its targets: no rule was made in Stack/Theirs, imported with mutable: false. Import it without, or acknowledge this if it has such a rule [ack: cdk-sessions:noRule]',
    ]);
  });
});

describe('an Auto Scaling group as target', () => {
  test('is reached at the port that it is told', () => {
    const group = instances(stack, vpc);
    front().addAutoScalingGroup('Web', group, { port: 3000 });
    const template = Template.fromStack(stack);
    template.hasResourceProperties('AWS::ElasticLoadBalancingV2::TargetGroup', {
      TargetType: 'instance',
      Port: 3000,
      Protocol: 'HTTP',
      VpcId: { Ref: Match.stringLikeRegexp('^Vpc') },
    });
    template.hasResourceProperties('AWS::AutoScaling::AutoScalingGroup', {
      TargetGroupARNs: [{ Ref: Match.stringLikeRegexp('FrontWebTargetGroup') }],
    });
    template.hasResourceProperties('AWS::EC2::SecurityGroupIngress', tcp(3000));
    template.hasResourceProperties('AWS::EC2::SecurityGroupEgress', tcp(3000));
  });

  test('can be scaled by requests', () => {
    const group = instances(stack, vpc);
    front().addAutoScalingGroup('Web', group, { port: 3000 });
    group.scaleOnRequestCount('Requests', { targetRequestsPerMinute: 1000 });
    Template.fromStack(stack).resourceCountIs('AWS::AutoScaling::ScalingPolicy', 1);
  });
});

describe('a secure cookie over plain HTTP fails at synth', () => {
  const message = (path: string) =>
    `[Stack/Front] ${path} is reached over plain HTTP, where browsers drop its secure cookie __Host-session: give this load balancer a certificate, or tlsTerminatedInFront if visitors come over HTTPS all the same, or the store a policy with SessionCookie.insecure(name)`;

  test('of a service', () => {
    const service = fargateService(stack, vpc);
    front().addEcsService('Web', service);
    new SessionTable(stack, 'Sessions').attachEcsService(service);
    expect(refusalOf(() => Template.fromStack(stack)).message).toContain(message('Stack/Service'));
  });

  test('of an Auto Scaling group', () => {
    const group = instances(stack, vpc);
    front().addAutoScalingGroup('Web', group, { port: 80 });
    new SessionTable(stack, 'Sessions').attachAutoScalingGroup(group);
    expect(refusalOf(() => Template.fromStack(stack)).message).toContain(message('Stack/Instances'));
  });
});

describe('a listener that exists', () => {
  const imported = (
    securityGroup = ec2.SecurityGroup.fromSecurityGroupId(stack, 'Group', 'sg-1', { allowAllOutbound: false }),
  ) =>
    elbv2.ApplicationListener.fromApplicationListenerAttributes(stack, 'Imported', {
      listenerArn: LISTENER_ARN,
      securityGroup,
    });

  test('gets targets of every kind, and lets its balancer reach them', () => {
    const existing = SessionLoadBalancer.fromApplicationListener(stack, 'Front', { listener: imported(), vpc });
    existing.addFunction('Api', plainFunction(stack), { priority: 10 });
    existing.addEcsService('Web', fargateService(stack, vpc), { priority: 20 });
    existing.addAutoScalingGroup('Old', instances(stack, vpc), { port: 80, priority: 30 });
    const template = Template.fromStack(stack);
    for (const Priority of [10, 20, 30]) {
      template.hasResourceProperties('AWS::ElasticLoadBalancingV2::ListenerRule', {
        ListenerArn: LISTENER_ARN,
        Priority,
      });
    }
    for (const port of [8080, 80]) {
      template.hasResourceProperties('AWS::EC2::SecurityGroupIngress', { ...tcp(port), SourceSecurityGroupId: 'sg-1' });
      template.hasResourceProperties('AWS::EC2::SecurityGroupEgress', { ...tcp(port), GroupId: 'sg-1' });
    }
    expect(existing.connections.securityGroups.map(({ securityGroupId }) => securityGroupId)).toEqual(['sg-1']);
  });

  test('fails without a priority, since its rules are not known', () => {
    const existing = SessionLoadBalancer.fromApplicationListener(stack, 'Front', { listener: imported() });
    expect(refusalOf(() => existing.addFunction('Web', plainFunction(stack)))).toEqual({
      code: 'ERR_SESSION_LOAD_BALANCER',
      message:
        'a listener that exists may have rules that are not seen here, received no priority: give one that none of them has (at Stack/Web/FrontWeb)',
    });
  });

  test('fails with instances if nobody says where they stand', () => {
    const existing = SessionLoadBalancer.fromApplicationListener(stack, 'Front', { listener: imported() });
    expect(
      refusalOf(() => existing.addAutoScalingGroup('Web', instances(stack, vpc), { port: 80, priority: 1 })),
    ).toEqual({
      code: 'ERR_SESSION_LOAD_BALANCER',
      message:
        'a target group of instances needs their VPC, received a listener without one: give vpc, too (at Stack/Instances/FrontWeb)',
    });
  });

  test('knows the VPC of a balancer of this app', () => {
    const balancer = new elbv2.ApplicationLoadBalancer(stack, 'Balancer', { vpc });
    const listener = balancer.addListener('Http', { port: 80, defaultAction: elbv2.ListenerAction.fixedResponse(404) });
    const existing = SessionLoadBalancer.fromApplicationListener(stack, 'Front', { listener });
    existing.addAutoScalingGroup('Web', instances(stack, vpc), { port: 80, priority: 1 });
    onlyGroup('instance');
  });

  test.each([
    [
      'plain HTTP',
      elbv2.ApplicationProtocol.HTTP,
      /Stack\/Web is reached over plain HTTP, where browsers drop its secure cookie/,
    ],
    ['HTTPS', elbv2.ApplicationProtocol.HTTPS, undefined],
  ])('with %s is asked whether secure cookies get through', (_, protocol, message) => {
    const certificates = [acm.Certificate.fromCertificateArn(stack, 'Certificate', CERTIFICATE_ARN)];
    const listener = new elbv2.ApplicationLoadBalancer(stack, 'Balancer', { vpc }).addListener('Listener', {
      protocol,
      ...(protocol === elbv2.ApplicationProtocol.HTTPS && { certificates }),
      defaultAction: elbv2.ListenerAction.fixedResponse(404),
    });
    const fn = plainFunction(stack);
    SessionLoadBalancer.fromApplicationListener(stack, 'Front', { listener }).addFunction('Web', fn, { priority: 1 });
    new SessionTable(stack, 'Sessions').attachFunction(fn);
    const synth = () => Template.fromStack(stack);
    message ? expect(synth).toThrow(message) : expect(synth).not.toThrow();
  });
});

test('target groups that exist are divided by weight, in their stack, and the services in them stand where they like', () => {
  const app = new App();
  const edge = deployedStack(app, 'Edge');
  const shared = new ec2.Vpc(edge, 'Vpc', { maxAzs: 2 });
  const [blue, green] = ['Blue', 'Green'].map((id) => {
    const targetGroup = new elbv2.ApplicationTargetGroup(edge, id, { vpc: shared, port: 80 });
    targetGroup.addTarget(fargateService(deployedStack(app, `${id}Stack`), shared));
    return targetGroup;
  });
  if (!blue || !green) {
    throw new Error('two target groups were made');
  }
  new SessionLoadBalancer(edge, 'Front', { vpc: shared }).addTargetGroups(
    'Canary',
    [
      { targetGroup: blue, weight: 95 },
      { targetGroup: green, weight: 5 },
    ],
    { priority: 7, groupStickiness: Duration.minutes(10) },
  );
  Template.fromStack(edge).hasResourceProperties('AWS::ElasticLoadBalancingV2::ListenerRule', {
    Priority: 7,
    Actions: [
      Match.objectLike({
        ForwardConfig: {
          TargetGroups: [
            { TargetGroupArn: { Ref: Match.stringLikeRegexp('^Blue') }, Weight: 95 },
            { TargetGroupArn: { Ref: Match.stringLikeRegexp('^Green') }, Weight: 5 },
          ],
          TargetGroupStickinessConfig: { Enabled: true, DurationSeconds: 600 },
        },
      }),
    ],
  });
});

test('network, balancer, table and servers live in their own stacks, and none waits for itself', () => {
  const app = new App();
  const network = deployedStack(app, 'Network');
  const storage = deployedStack(app, 'Storage');
  const edge = deployedStack(app, 'Edge');
  const web = deployedStack(app, 'Web');

  const shared = new ec2.Vpc(network, 'Vpc', { maxAzs: 2 });
  const sessions = new SessionTable(storage, 'Sessions');
  const balancer = new SessionLoadBalancer(edge, 'Front', {
    vpc: shared,
    certificate: acm.Certificate.fromCertificateArn(edge, 'Certificate', CERTIFICATE_ARN),
  });
  const service = fargateService(web, shared);
  const group = instances(web, shared);
  balancer.addEcsService('Web', service, { priority: 20 });
  balancer.addAutoScalingGroup('Old', group, { priority: 30, port: 80 });
  sessions.attachEcsService(service);
  sessions.attachAutoScalingGroup(group);
  new CfnOutput(edge, 'Address', { value: balancer.loadBalancer.loadBalancerDnsName });

  const dependencies = app
    .synth()
    .stacks.map(({ id, dependencies }) => [
      id,
      dependencies.map((dependency) => dependency.id.split('.')[0]).filter((name) => name !== id),
    ]);
  expect(Object.fromEntries(dependencies)).toEqual({
    Network: [],
    Storage: [],
    Edge: ['Network'],
    Web: expect.arrayContaining(['Network', 'Storage', 'Edge']),
  });
  const types = (of: Stack) => Object.values(templateOf(of).Resources).map(({ Type }) => Type);
  expect(types(web)).toEqual(
    expect.arrayContaining(['AWS::EC2::SecurityGroupIngress', 'AWS::EC2::SecurityGroupEgress']),
  );
  expect(types(edge)).not.toContain('AWS::EC2::SecurityGroupEgress');
});

test('a warning of a load balancer’s own cookie can be acknowledged for all of a service', () => {
  const service = fargateService(stack, vpc);
  front().addEcsService('Web', service, { stickiness: Stickiness.loadBalancerCookie(Duration.hours(1)) });
  expect(warningsOf(stack)).toHaveLength(1);
  Annotations.of(service).acknowledgeWarning('cdk-sessions:loadBalancerCookie', 'until sessions are in a table');
  expect(warningsOf(stack)).toEqual([]);
});
