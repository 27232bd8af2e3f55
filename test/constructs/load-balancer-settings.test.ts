import { Duration, Lazy, Stack, Token } from 'aws-cdk-lib';
import { Match, Template } from 'aws-cdk-lib/assertions';
import * as acm from 'aws-cdk-lib/aws-certificatemanager';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as ecs from 'aws-cdk-lib/aws-ecs';
import * as elbv2 from 'aws-cdk-lib/aws-elasticloadbalancingv2';
import * as logs from 'aws-cdk-lib/aws-logs';
import * as s3 from 'aws-cdk-lib/aws-s3';
import {
  type SessionEcsTargetOptions,
  SessionLoadBalancer,
  type SessionLoadBalancerProps,
  SessionWebAcl,
  type SessionWebAclProps,
  Stickiness,
} from 'cdk-sessions';
import { refusalOf } from '../support/refusal.js';
import { ec2Service, fargateService, instances } from '../support/servers.js';
import { deployedStack, plainFunction } from '../support/stacks.js';

const { ROUND_ROBIN, LEAST_OUTSTANDING_REQUESTS, WEIGHTED_RANDOM } = elbv2.TargetGroupLoadBalancingAlgorithmType;

let stack: Stack;
let vpc: ec2.IVpc;

beforeEach(() => {
  stack = deployedStack();
  vpc = new ec2.Vpc(stack, 'Vpc', { maxAzs: 2 });
});

const front = (props: Partial<SessionLoadBalancerProps> = {}) =>
  new SessionLoadBalancer(stack, 'Front', { vpc, ...props });

const certificate = (id = 'Certificate', region = 'us-east-1') =>
  acm.Certificate.fromCertificateArn(stack, id, `arn:aws:acm:${region}:123456789012:certificate/${id}`);

const targetGroup = (id: string, stickiness?: Stickiness): elbv2.ApplicationTargetGroup => {
  const group = new elbv2.ApplicationTargetGroup(stack, id, { vpc, port: 80, targetType: elbv2.TargetType.IP });
  stickiness?.applyTo(group);
  return group;
};

/** The same group with each weight: one is enough for what is refused before it is looked at. */
const weighted = (...weights: (number | undefined)[]): elbv2.WeightedTargetGroup[] =>
  weights.map((weight, index) => ({ targetGroup: targetGroup(`Group${index}`), weight }));

const host = (...names: string[]) => elbv2.ListenerCondition.hostHeaders(names);

/** What JavaScript lets through. */
const missing = undefined as never;

describe('refused, with what to do', () => {
  const refused = (action: () => unknown, message: string) => {
    expect(refusalOf(action)).toEqual({ code: 'ERR_SESSION_LOAD_BALANCER', message });
  };

  const DURATION = 'the duration of stickiness must be a whole number of seconds from 1 to 604800, received';
  const NAME = "the application's cookie must have a name of 1 to 64 letters, digits and !#$%&'*+-.^_`|~, received";
  const RESERVED = (name: string) =>
    `names that begin with AWSALB are the load balancer's own, received ${name}: give the name of a cookie that the application sets`;
  const NO_DURATION =
    'stickiness needs a duration, received none: give one from Duration.seconds(1) to Duration.days(7)';

  test.each<[string, () => unknown, string]>([
    ['no time', () => Stickiness.loadBalancerCookie(Duration.seconds(0)), `${DURATION} Duration.seconds(0)`],
    [
      'part of a second',
      () => Stickiness.loadBalancerCookie(Duration.millis(1500)),
      `${DURATION} Duration.millis(1500)`,
    ],
    [
      'over 7 days',
      () => Stickiness.loadBalancerCookie(Duration.seconds(604_801)),
      `${DURATION} Duration.seconds(604801)`,
    ],
    [
      'a cookie for 8 days',
      () => Stickiness.applicationCookie('sid', Duration.days(8)),
      `${DURATION} Duration.days(8)`,
    ],
    ['a missing duration', () => Stickiness.loadBalancerCookie(missing), NO_DURATION],
    ['a name without a duration', () => Stickiness.applicationCookie('sid', missing), NO_DURATION],
    ['a duration without a name', () => Stickiness.applicationCookie(missing, Duration.days(1)), `${NAME} none`],
    [
      'a number of seconds',
      () => Stickiness.loadBalancerCookie(3600 as never),
      'the duration of stickiness must be a Duration, like Duration.seconds(604800), received 3600',
    ],
    ['null for a duration', () => Stickiness.loadBalancerCookie(null as never), NO_DURATION],
    ['null for a name', () => Stickiness.applicationCookie(null as never, Duration.days(1)), `${NAME} null`],
    ['a number for a name', () => Stickiness.applicationCookie(5 as never, Duration.days(1)), `${NAME} 5`],
    ['an empty name', () => Stickiness.applicationCookie('', Duration.days(1)), `${NAME} ""`],
    [
      'a name that is no token',
      () => Stickiness.applicationCookie('bad name;=', Duration.days(1)),
      `${NAME} "bad name;="`,
    ],
    [
      'a name of 65',
      () => Stickiness.applicationCookie('s'.repeat(65), Duration.days(1)),
      `${NAME} "${'s'.repeat(65)}"`,
    ],
    ['AWSALB', () => Stickiness.applicationCookie('AWSALB', Duration.days(1)), RESERVED('AWSALB')],
    ['AWSALBAPP', () => Stickiness.applicationCookie('AWSALBAPP-0', Duration.days(1)), RESERVED('AWSALBAPP-0')],
    ['AWSALBTG', () => Stickiness.applicationCookie('AWSALBTG', Duration.days(1)), RESERVED('AWSALBTG')],
    ['AWSALBCORS', () => Stickiness.applicationCookie('AWSALBCORS', Duration.days(1)), RESERVED('AWSALBCORS')],
  ])('as stickiness: %s', (_, action, message) => {
    refused(action, message);
  });

  const AT_SERVICE = '(at Stack/Service/FrontWeb)';

  test.each<[string, SessionEcsTargetOptions, string]>([
    ['priority 0', { priority: 0 }, 'priority must be a whole number from 1 to 50000, received 0'],
    ['priority 50001', { priority: 50_001 }, 'priority must be a whole number from 1 to 50000, received 50001'],
    [
      'a deregistration delay of 2 hours',
      { deregistrationDelay: Duration.hours(2) },
      'deregistrationDelay must be a whole number of seconds from 0 to 3600, received Duration.hours(2)',
    ],
    [
      'slow start of 29 seconds',
      { slowStart: Duration.seconds(29) },
      'slowStart must be a whole number of seconds from 30 to 900, received Duration.seconds(29)',
    ],
    [
      'slow start of 16 minutes',
      { slowStart: Duration.minutes(16) },
      'slowStart must be a whole number of seconds from 30 to 900, received Duration.minutes(16)',
    ],
    [
      'slow start with least outstanding requests',
      { slowStart: Duration.seconds(30), loadBalancingAlgorithm: LEAST_OUTSTANDING_REQUESTS },
      'slowStart needs the algorithm round_robin, received least_outstanding_requests: leave one of the two out',
    ],
    [
      'slow start with weighted random',
      { slowStart: Duration.seconds(30), loadBalancingAlgorithm: WEIGHTED_RANDOM },
      'slowStart needs the algorithm round_robin, received weighted_random: leave one of the two out',
    ],
    [
      'anomaly mitigation without its algorithm',
      { anomalyMitigation: true },
      'anomalyMitigation needs the algorithm weighted_random, received round_robin: take TargetGroupLoadBalancingAlgorithmType.WEIGHTED_RANDOM, or leave it out',
    ],
    [
      'a protocol of another load balancer',
      { protocol: 'TCP' as elbv2.ApplicationProtocol },
      'servers are spoken to in HTTP or HTTPS, received "TCP": take one of ApplicationProtocol',
    ],
    [
      'a health check path without a slash',
      { healthCheckPath: 'health' },
      'healthCheckPath must be a path from / on, of up to 1024 printable characters and no spaces, received "health"',
    ],
    [
      'a health check path with a space',
      { healthCheckPath: '/is well' },
      'healthCheckPath must be a path from / on, of up to 1024 printable characters and no spaces, received "/is well"',
    ],
    [
      'codes that a load balancer takes for errors',
      { healthyHttpCodes: '200-500' },
      'healthyHttpCodes must be codes from 200 to 499, like 200, 200,204 or 200-299, received "200-500"',
    ],
    [
      'what is no code',
      { healthyHttpCodes: 'ok' },
      'healthyHttpCodes must be codes from 200 to 499, like 200, 200,204 or 200-299, received "ok"',
    ],
    [
      'a range of codes that ends before it begins',
      { healthyHttpCodes: '299-200' },
      'healthyHttpCodes must be codes from 200 to 499, like 200, 200,204 or 200-299, received "299-200"',
    ],
    [
      'a range of codes in three parts',
      { healthyHttpCodes: '200-299-300' },
      'healthyHttpCodes must be codes from 200 to 499, like 200, 200,204 or 200-299, received "200-299-300"',
    ],
    [
      'an algorithm that there is not',
      { loadBalancingAlgorithm: 'random' as elbv2.TargetGroupLoadBalancingAlgorithmType },
      'loadBalancingAlgorithm must be one of TargetGroupLoadBalancingAlgorithmType, received "random"',
    ],
    [
      'stickiness by a name',
      { stickiness: 'lb_cookie' as never },
      'stickiness must be made by Stickiness, received "lb_cookie": take Stickiness.none(), or one with a duration',
    ],
    [
      'a number of seconds',
      { deregistrationDelay: 30 as never },
      'deregistrationDelay must be a Duration, like Duration.seconds(3600), received 30',
    ],
    [
      'six values in its conditions',
      {
        conditions: [
          elbv2.ListenerCondition.pathPatterns(['/a', '/b', '/c']),
          elbv2.ListenerCondition.httpHeader('X-Version', ['1', '2', '3']),
        ],
      },
      'conditions take 1 to 5 values together, received 6: leave conditions out for every request, or add several targets',
    ],
    [
      'no conditions in a list',
      { conditions: [] },
      'conditions take 1 to 5 values together, received 0: leave conditions out for every request, or add several targets',
    ],
    [
      'an interval of 4 seconds',
      { healthCheckInterval: Duration.seconds(4) },
      'healthCheckInterval must be a whole number of seconds from 5 to 300, received Duration.seconds(4)',
    ],
    [
      'a timeout of 121 seconds',
      { healthCheckTimeout: Duration.seconds(121) },
      'healthCheckTimeout must be a whole number of seconds from 2 to 120, received Duration.seconds(121)',
    ],
    [
      'an interval that ends with the timeout',
      { healthCheckInterval: Duration.seconds(5) },
      'healthCheckInterval must be longer than healthCheckTimeout, received Duration.seconds(5) and Duration.seconds(5)',
    ],
    [
      'one healthy answer',
      { healthyThresholdCount: 1 },
      'healthyThresholdCount must be a whole number from 2 to 10, received 1',
    ],
    [
      'eleven unhealthy answers',
      { unhealthyThresholdCount: 11 },
      'unhealthyThresholdCount must be a whole number from 2 to 10, received 11',
    ],
    [
      'a container that is not there',
      { containerName: 'app' },
      'Stack/ServiceTasks has no container named app: add it before, or give the name of one that it has',
    ],
    [
      'a port that is not mapped',
      { containerPort: 3000 },
      'the container web has no port mapping for TCP of the port 3000, received mappings of 8080: add one, or take one of these',
    ],
  ])('of a service: %s', (_, options, message) => {
    const service = fargateService(stack, vpc);
    refused(() => front().addEcsService('Web', service, options), `${message} ${AT_SERVICE}`);
  });

  const OTHER_VPC =
    'servers stand in the VPC of their load balancer, received some in Stack/Other for one in Stack/Vpc: take one VPC for both';

  test('of a service: one in another VPC', () => {
    const service = fargateService(stack, new ec2.Vpc(stack, 'Other'));
    refused(() => front().addEcsService('Web', service), `${OTHER_VPC} ${AT_SERVICE}`);
  });

  test('of a group: one in another VPC', () => {
    const group = instances(stack, new ec2.Vpc(stack, 'Other'));
    refused(
      () => front().addAutoScalingGroup('Web', group, { port: 80 }),
      `${OTHER_VPC} (at Stack/Instances/FrontWeb)`,
    );
  });

  test('of a service: one that was imported', () => {
    const arn = 'arn:aws:ecs:us-east-1:123456789012:service/cluster/shop';
    const service = ecs.FargateService.fromFargateServiceArn(stack, 'Service', arn);
    refused(
      // What JavaScript lets through.
      () => front().addEcsService('Web', service as ecs.FargateService),
      `an imported service or task definition cannot be put into a target group, received one: make it a target where both are created ${AT_SERVICE}`,
    );
  });

  test('of a service: an id that it is a target under already, of whichever load balancer', () => {
    const service = fargateService(stack, vpc);
    front().addEcsService('Web', service);
    const other = new SessionLoadBalancer(deployedStack(stack, 'Other'), 'Front', { vpc });
    refused(
      () => other.addEcsService('Web', service),
      'the id FrontWeb, of the load balancer and the target, is taken: give the target another id (at Stack/Service)',
    );
  });

  test('of a service: tasks without a container yet', () => {
    const service = new ecs.FargateService(stack, 'Service', {
      cluster: new ecs.Cluster(stack, 'Cluster', { vpc }),
      taskDefinition: new ecs.FargateTaskDefinition(stack, 'Tasks'),
      minHealthyPercent: 100,
    });
    refused(
      () => front().addEcsService('Web', service),
      `Stack/Tasks has no essential container yet: add it before the service becomes a target ${AT_SERVICE}`,
    );
  });

  test('of a service: a container that maps no port for TCP', () => {
    const service = fargateService(stack, vpc);
    service.taskDefinition.addContainer('dns', {
      image: ecs.ContainerImage.fromRegistry('dns'),
      portMappings: [{ containerPort: 53, protocol: ecs.Protocol.UDP }],
    });
    refused(
      () => front().addEcsService('Web', service, { containerName: 'dns' }),
      `the container dns has no port mapping for TCP: add one with addPortMappings() ${AT_SERVICE}`,
    );
  });

  test('of a service: tasks without a network', () => {
    const service = ec2Service(stack, vpc, ecs.NetworkMode.NONE);
    refused(
      () => front().addEcsService('Web', service),
      'tasks without a network cannot be reached, received Stack/Ec2Tasks with NetworkMode.NONE: take AWS_VPC (at Stack/Ec2Service/FrontWeb)',
    );
  });

  test('of a service: tasks on instances that nobody could be let in by', () => {
    const cluster = new ecs.Cluster(stack, 'Cluster', { vpc });
    const autoScalingGroup = instances(stack, vpc);
    cluster.addAsgCapacityProvider(new ecs.AsgCapacityProvider(stack, 'Capacity', { autoScalingGroup }));
    const taskDefinition = new ecs.Ec2TaskDefinition(stack, 'Tasks');
    taskDefinition.addContainer('web', {
      image: ecs.ContainerImage.fromRegistry('web'),
      memoryLimitMiB: 256,
      portMappings: [{ containerPort: 80 }],
    });
    const service = new ecs.Ec2Service(stack, 'Service', { cluster, taskDefinition });
    refused(
      () => front().addEcsService('Web', service),
      'servers are let in by a security group, received some without any, as tasks on instances of addAsgCapacityProvider() are: cluster.connections.addSecurityGroup(...group.connections.securityGroups) before the service is created (at Stack/Service/FrontWeb/TargetGroup)',
    );
  });

  test.each<[string, number, string]>([
    ['port 0', 0, 'port must be a whole number from 1 to 65535, received 0'],
    ['port 65536', 65_536, 'port must be a whole number from 1 to 65535, received 65536'],
    ['no port', missing, 'instances are reached on a port, received none: give port'],
  ])('of a group: %s', (_, port, message) => {
    const group = instances(stack, vpc);
    refused(() => front().addAutoScalingGroup('Web', group, { port }), `${message} (at Stack/Instances/FrontWeb)`);
  });

  test('of a group: no options', () => {
    const group = instances(stack, vpc);
    refused(
      () => front().addAutoScalingGroup('Web', group, missing),
      'instances are reached on a port, received none: give port (at Stack/Instances/FrontWeb)',
    );
  });

  test('of a function: stickiness', () => {
    // What JavaScript lets through.
    const options: object = { stickiness: Stickiness.loadBalancerCookie(Duration.hours(1)) };
    refused(
      () => front().addFunction('Web', plainFunction(stack), options),
      'a target group with a Lambda function cannot be sticky: leave stickiness out, and keep sessions in a shared store such as SessionTable (at Stack/Web/FrontWeb)',
    );
  });

  const GROUPS = 'groupStickiness must be a whole number of seconds from 1 to 604800, received';

  test.each<[string, (number | undefined)[], Duration | undefined, string]>([
    ['six groups', [1, 1, 1, 1, 1, 1], undefined, 'a rule forwards to 1 to 5 target groups, received 6'],
    ['a weight of 1000', [1, 1000], undefined, 'weight must be a whole number from 0 to 999, received 1000'],
    ['a weight below 0', [1, -1], undefined, 'weight must be a whole number from 0 to 999, received -1'],
    ['half a weight', [0.5], undefined, 'weight must be a whole number from 0 to 999, received 0.5'],
    [
      'no weight but 0',
      [0, 0],
      undefined,
      'somebody must serve the requests of a rule, received the weights 0,0: give one above 0',
    ],
    ['no time for one group', [1, 1], Duration.seconds(0), `${GROUPS} Duration.seconds(0)`],
    ['30 days for one group', [1, 1], Duration.days(30), `${GROUPS} Duration.days(30)`],
  ])('among target groups: %s', (_, weights, groupStickiness, message) => {
    refused(
      () => front().addTargetGroups('Canary', weighted(...weights), { groupStickiness }),
      `${message} (at Stack/Group0/FrontCanary)`,
    );
  });

  test('among target groups: none', () => {
    refused(
      () => front().addTargetGroups('Canary', []),
      'a rule forwards to 1 to 5 target groups, received none (at Stack/Front)',
    );
  });

  test('among target groups: the same twice', () => {
    const group = targetGroup('Group');
    refused(
      () => front().addTargetGroups('Canary', [{ targetGroup: group }, { targetGroup: group }]),
      'a rule names a target group once, received Stack/Group twice: give it one weight (at Stack/Group/FrontCanary)',
    );
  });

  test('among target groups, at synth: one that is sticky in a rule that is not', () => {
    const sticky = targetGroup('Sticky', Stickiness.loadBalancerCookie(Duration.hours(1)));
    front().addTargetGroups('Canary', [{ targetGroup: sticky }, { targetGroup: targetGroup('Plain') }]);
    expect(refusalOf(() => Template.fromStack(stack)).message).toContain(
      '[Stack/Sticky/FrontCanary] the target group Stack/Sticky is sticky, and its visitors would not find back to it among several: give the rule a groupStickiness, or the target group Stickiness.none()',
    );
  });

  test('among target groups, at synth: one that is sticky by a cookie of the application', () => {
    const sticky = targetGroup('Sticky', Stickiness.applicationCookie('sid', Duration.hours(1)));
    const groups = [{ targetGroup: sticky }, { targetGroup: targetGroup('Plain') }];
    front().addTargetGroups('Canary', groups, { groupStickiness: Duration.hours(1) });
    expect(refusalOf(() => Template.fromStack(stack)).message).toContain(
      '[Stack/Sticky/FrontCanary] the target group Stack/Sticky is sticky by a cookie of the application, which load balancers do not heed among several target groups: apply Stickiness.loadBalancerCookie() or Stickiness.none()',
    );
  });

  test('of a load balancer, at synth: IPv6 in subnets without', () => {
    front({ ipAddressType: elbv2.IpAddressType.DUAL_STACK });
    expect(refusalOf(() => Template.fromStack(stack)).message).toContain(
      '[Stack/Front] ipAddressType dualstack needs subnets with IPv6, received Stack/Vpc/PublicSubnet1,Stack/Vpc/PublicSubnet2 without: give the VPC ipProtocol: IpProtocol.DUAL_STACK',
    );
  });

  test('of a load balancer: a certificate although TLS ends in front', () => {
    refused(
      () => front({ certificate: certificate(), tlsTerminatedInFront: true }),
      'tlsTerminatedInFront is for plain HTTP, received a certificate, with which this load balancer ends TLS itself: leave one of them out (at Stack/Front)',
    );
  });

  test('of rules, at synth: a priority that another rule of the listener has, whoever made it', () => {
    const balancer = front();
    const fn = plainFunction(stack);
    balancer.addFunction('Web', fn, { priority: 10 });
    const again = SessionLoadBalancer.fromApplicationListener(stack, 'Again', { listener: balancer.listener });
    again.addFunction('Web', fn, { priority: 10 });
    expect(refusalOf(() => Template.fromStack(stack)).message).toContain(
      '[Stack/Web/FrontWeb/Rule] priority 10 of this listener is also that of Stack/Web/AgainWeb/Rule/Resource: give each rule its own',
    );
  });

  test.each<[string, () => Partial<SessionLoadBalancerProps>, string]>([
    [
      'an idle timeout of 0',
      () => ({ idleTimeout: Duration.seconds(0) }),
      'idleTimeout must be a whole number of seconds from 1 to 4000, received Duration.seconds(0)',
    ],
    [
      'an idle timeout of 2 hours',
      () => ({ idleTimeout: Duration.hours(2) }),
      'idleTimeout must be a whole number of seconds from 1 to 4000, received Duration.hours(2)',
    ],
    [
      'one subnet',
      () => ({
        vpcSubnets: { availabilityZones: [vpc.availabilityZones[0] ?? ''], subnetType: ec2.SubnetType.PUBLIC },
      }),
      'a load balancer takes two subnets or more, each in another availability zone, received 1 in dummy1a: give other vpcSubnets',
    ],
    [
      'two subnets in one zone',
      () => ({
        vpcSubnets: {
          availabilityZones: [vpc.availabilityZones[0] ?? ''],
          subnets: [...vpc.publicSubnets.slice(0, 1), ...vpc.privateSubnets.slice(0, 1)],
        },
      }),
      'a load balancer takes two subnets or more, each in another availability zone, received 2 in dummy1a,dummy1a: give other vpcSubnets',
    ],
    [
      'further certificates without the first',
      () => ({ additionalCertificates: [certificate()] }),
      'additionalCertificates is for HTTPS, received no certificate: give certificate, too',
    ],
    [
      'a TLS policy without a certificate',
      () => ({ sslPolicy: elbv2.SslPolicy.TLS13_RES }),
      'sslPolicy is for HTTPS, received no certificate: give certificate, too',
    ],
    [
      'a certificate of another region',
      () => ({ certificate: certificate('Certificate', 'eu-west-1') }),
      "certificate must be in the load balancer's region us-east-1, received one in eu-west-1: take one of us-east-1",
    ],
    [
      'a further certificate of another region',
      () => ({ certificate: certificate(), additionalCertificates: [certificate('Further', 'eu-west-1')] }),
      "additionalCertificates must be in the load balancer's region us-east-1, received one in eu-west-1: take one of us-east-1",
    ],
    [
      'a web ACL of another region',
      () => ({
        webAcl: SessionWebAcl.fromWebAclArn(
          stack,
          'Firewall',
          'arn:aws:wafv2:eu-west-1:123456789012:regional/webacl/site/1',
        ),
      }),
      "webAcl must be in the load balancer's region us-east-1, received one in eu-west-1: take one of us-east-1",
    ],
    [
      'a prefix without a bucket',
      () => ({ accessLogsPrefix: 'front' }),
      'accessLogsPrefix is for a bucket, received none: give accessLogsBucket, or leave it out',
    ],
    [
      'a prefix that ends with a slash',
      () => ({ accessLogsBucket: new s3.Bucket(stack, 'Logs'), accessLogsPrefix: 'front/' }),
      'accessLogsPrefix must neither begin nor end with a slash, nor have AWSLogs in it, received "front/"',
    ],
    [
      'a prefix with what is added',
      () => ({ connectionLogsBucket: new s3.Bucket(stack, 'Logs'), connectionLogsPrefix: 'AWSLogs' }),
      'connectionLogsPrefix must neither begin nor end with a slash, nor have AWSLogs in it, received "AWSLogs"',
    ],
    ...[
      s3.BucketEncryption.KMS,
      s3.BucketEncryption.KMS_MANAGED,
      s3.BucketEncryption.DSSE,
      s3.BucketEncryption.DSSE_MANAGED,
    ].map((encryption): [string, () => Partial<SessionLoadBalancerProps>, string] => [
      `logs in a bucket with a key of KMS: ${encryption}`,
      () => ({ connectionLogsBucket: new s3.Bucket(stack, 'Logs', { encryption }) }),
      'a load balancer writes no logs with a key of KMS, received Stack/Logs as connectionLogsBucket: take a bucket with BucketEncryption.S3_MANAGED',
    ]),
  ])('of a load balancer: %s', (_, props, message) => {
    refused(() => front(props()), `${message} (at Stack/Front)`);
  });

  test('of a load balancer: logs in a stack that does not know its region', () => {
    stack = new Stack();
    vpc = new ec2.Vpc(stack, 'Vpc');
    const accessLogsBucket = new s3.Bucket(stack, 'Logs');
    refused(
      () => front({ accessLogsBucket }),
      'logs need a stack with a region, which decides who writes them, received accessLogsBucket in one without: give the stack env: { region } (at Default/Front)',
    );
  });

  const rule = (priority: number) => ({
    name: `Rule${priority}`,
    priority,
    statement: {},
    visibilityConfig: { cloudWatchMetricsEnabled: false, sampledRequestsEnabled: false, metricName: 'Rule' },
  });

  test.each<[string, () => SessionWebAclProps, string]>([
    ['a rate of 9', () => ({ rateLimit: 9 }), 'rateLimit must be a whole number from 10 to 2000000000, received 9'],
    [
      'a rate over 2 billions',
      () => ({ rateLimit: 2_000_000_001 }),
      'rateLimit must be a whole number from 10 to 2000000000, received 2000000001',
    ],
    [
      'a rule among those that are made',
      () => ({ rules: [rule(9)] }),
      'rules must have priorities from 10 on, each its own, received 9',
    ],
    [
      'two rules with one priority',
      () => ({ rules: [rule(10), { ...rule(10), name: 'Other' }] }),
      'rules must have priorities from 10 on, each its own, received 10,10',
    ],
    [
      'a rule with the name of one that is made',
      () => ({ rules: [{ ...rule(10), name: 'RateLimit' }] }),
      'each rule of a web ACL must have a name of its own, received RateLimit twice: give rules other names',
    ],
  ])('of a web ACL: %s', (_, props, message) => {
    refused(() => new SessionWebAcl(stack, 'Firewall', props()), `${message} (at Stack/Firewall)`);
  });

  test.each<[string, logs.LogGroupProps, string]>([
    ['of any name', { logGroupName: 'front' }, 'front'],
    ['that CloudFormation names', {}, 'one without a name'],
  ])('of a web ACL, at synth: a log group %s', (_, props, received) => {
    new SessionWebAcl(stack, 'Firewall', { logGroup: new logs.LogGroup(stack, 'Logs', props) });
    expect(refusalOf(() => Template.fromStack(stack)).message).toContain(
      `[Stack/Firewall] WAF writes to log groups whose names begin with aws-waf-logs-, received ${received}: give it a logGroupName`,
    );
  });

  test.each([
    'arn:aws:wafv2:us-east-1:123456789012:global/webacl/cdn/1',
    'arn:aws:waf-regional:us-east-1:123456789012:webacl/1',
  ])('of a web ACL: the import of %s', (arn) => {
    refused(
      () => SessionWebAcl.fromWebAclArn(stack, 'Firewall', arn),
      `webAclArn must be that of a regional web ACL of WAFv2, received "${arn}", importing Firewall (at Stack)`,
    );
  });
});

describe('accepted, as it is deployed', () => {
  /** The attributes of the only target group. */
  function attributes(): Record<string, string> {
    const [group] = Object.values(Template.fromStack(stack).findResources('AWS::ElasticLoadBalancingV2::TargetGroup'));
    const list: { readonly Key: string; readonly Value: string }[] = group?.Properties.TargetGroupAttributes;
    return Object.fromEntries(list.map(({ Key, Value }) => [Key, Value]));
  }

  const lbCookie = (seconds: string) => ({
    'stickiness.enabled': 'true',
    'stickiness.type': 'lb_cookie',
    'stickiness.lb_cookie.duration_seconds': seconds,
  });
  const appCookie = (name: string, seconds: string) => ({
    'stickiness.enabled': 'true',
    'stickiness.type': 'app_cookie',
    'stickiness.app_cookie.cookie_name': name,
    'stickiness.app_cookie.duration_seconds': seconds,
  });
  const unlessTold = { 'stickiness.enabled': 'false', 'deregistration_delay.timeout_seconds': '30' };

  test.each<[string, SessionEcsTargetOptions, Record<string, string>]>([
    ['nothing', {}, unlessTold],
    ['Stickiness.none()', { stickiness: Stickiness.none() }, unlessTold],
    [
      'a second',
      { stickiness: Stickiness.loadBalancerCookie(Duration.seconds(1)) },
      { ...unlessTold, ...lbCookie('1') },
    ],
    [
      '7 days',
      { stickiness: Stickiness.loadBalancerCookie(Duration.days(7)) },
      { ...unlessTold, ...lbCookie('604800') },
    ],
    [
      'a cookie of the application',
      { stickiness: Stickiness.applicationCookie('JSESSIONID', Duration.hours(1)) },
      { ...unlessTold, ...appCookie('JSESSIONID', '3600') },
    ],
    [
      'the session cookie itself',
      { stickiness: Stickiness.applicationCookie('__Host-session', Duration.days(7)) },
      { ...unlessTold, ...appCookie('__Host-session', '604800') },
    ],
    [
      'a name that only begins alike',
      { stickiness: Stickiness.applicationCookie('AWSAL', Duration.seconds(1)) },
      { ...unlessTold, ...appCookie('AWSAL', '1') },
    ],
    [
      'no deregistration delay',
      { deregistrationDelay: Duration.seconds(0) },
      { ...unlessTold, 'deregistration_delay.timeout_seconds': '0' },
    ],
    [
      'an hour of it',
      { deregistrationDelay: Duration.hours(1) },
      { ...unlessTold, 'deregistration_delay.timeout_seconds': '3600' },
    ],
    ['slow start', { slowStart: Duration.seconds(30) }, { ...unlessTold, 'slow_start.duration_seconds': '30' }],
    [
      'slow start with its algorithm',
      { slowStart: Duration.minutes(15), loadBalancingAlgorithm: ROUND_ROBIN },
      { ...unlessTold, 'slow_start.duration_seconds': '900', 'load_balancing.algorithm.type': 'round_robin' },
    ],
    [
      'least outstanding requests',
      { loadBalancingAlgorithm: LEAST_OUTSTANDING_REQUESTS },
      { ...unlessTold, 'load_balancing.algorithm.type': 'least_outstanding_requests' },
    ],
    [
      'anomaly mitigation',
      { loadBalancingAlgorithm: WEIGHTED_RANDOM, anomalyMitigation: true },
      {
        ...unlessTold,
        'load_balancing.algorithm.type': 'weighted_random',
        'load_balancing.algorithm.anomaly_mitigation': 'on',
      },
    ],
  ])('of a service: %s', (_, options, expected) => {
    front().addEcsService('Web', fargateService(stack, vpc), options);
    expect(attributes()).toEqual(expected);
  });

  test('of stickiness: what only the deployment knows', () => {
    const ref = (name: string) => Lazy.any({ produce: () => ({ Ref: name }) });
    const stickiness = Stickiness.applicationCookie(
      Token.asString(ref('Name')),
      Duration.seconds(Token.asNumber(ref('Seconds'))),
    );
    stickiness.applyTo(targetGroup('Group'));
    expect(attributes()).toMatchObject({
      'stickiness.app_cookie.cookie_name': { Ref: 'Name' },
      'stickiness.app_cookie.duration_seconds': { Ref: 'Seconds' },
    });
  });

  test.each<[string, SessionEcsTargetOptions, Record<string, unknown>]>([
    [
      'nothing',
      {},
      {
        HealthCheckPath: '/health',
        Matcher: { HttpCode: '200' },
        Protocol: 'HTTP',
        HealthCheckIntervalSeconds: Match.absent(),
      },
    ],
    ['another path', { healthCheckPath: '/up?deep=no' }, { HealthCheckPath: '/up?deep=no' }],
    ['codes', { healthyHttpCodes: '200-299,401' }, { Matcher: { HttpCode: '200-299,401' } }],
    [
      'times',
      { healthCheckInterval: Duration.seconds(10), healthCheckTimeout: Duration.seconds(2) },
      { HealthCheckIntervalSeconds: 10, HealthCheckTimeoutSeconds: 2 },
    ],
    [
      'thresholds',
      { healthyThresholdCount: 2, unhealthyThresholdCount: 10 },
      { HealthyThresholdCount: 2, UnhealthyThresholdCount: 10 },
    ],
    [
      'HTTPS',
      { protocol: elbv2.ApplicationProtocol.HTTPS },
      { Protocol: 'HTTPS', Port: 443, HealthCheckProtocol: 'HTTPS' },
    ],
  ])('of a service, how it is asked: %s', (_, options, expected) => {
    front().addEcsService('Web', fargateService(stack, vpc), options);
    Template.fromStack(stack).hasResourceProperties('AWS::ElasticLoadBalancingV2::TargetGroup', expected);
  });

  test.each<[string, elbv2.ListenerCondition[]]>([
    ['five values', [elbv2.ListenerCondition.pathPatterns(['/1', '/2', '/3', '/4']), host('a.example.com')]],
    ['a list that only the deployment knows', [host(...Token.asList({ Ref: 'Hosts' }))]],
    ['pairs', [elbv2.ListenerCondition.queryStrings([{ key: 'v', value: '2' }])]],
  ])('of a rule, its conditions: %s', (_, conditions) => {
    front().addFunction('Web', plainFunction(stack), { conditions });
    Template.fromStack(stack).resourceCountIs('AWS::ElasticLoadBalancingV2::ListenerRule', 1);
  });

  test('of rules: one priority on two listeners', () => {
    const fn = plainFunction(stack);
    front().addFunction('Web', fn, { priority: 10 });
    new SessionLoadBalancer(stack, 'Back', { vpc }).addFunction('Web', fn, { priority: 10 });
    Template.fromStack(stack).resourceCountIs('AWS::ElasticLoadBalancingV2::ListenerRule', 2);
  });

  test.each<[string, (number | undefined)[], Duration | undefined, unknown]>([
    [
      'one',
      [undefined],
      undefined,
      { Type: 'forward', TargetGroupArn: Match.anyValue(), ForwardConfig: Match.absent() },
    ],
    ['two', [90, 10], undefined, { ForwardConfig: { TargetGroups: [{ Weight: 90 }, { Weight: 10 }] } }],
    ['one that waits', [999, 0], undefined, { ForwardConfig: { TargetGroups: [{ Weight: 999 }, { Weight: 0 }] } }],
    [
      'two for a second',
      [1, undefined],
      Duration.seconds(1),
      {
        ForwardConfig: {
          TargetGroups: [{ Weight: 1 }, { Weight: 1 }],
          TargetGroupStickinessConfig: { Enabled: true, DurationSeconds: 1 },
        },
      },
    ],
    [
      'five for 7 days',
      [1, 2, 3, 4, 5],
      Duration.days(7),
      { ForwardConfig: { TargetGroupStickinessConfig: { Enabled: true, DurationSeconds: 604_800 } } },
    ],
  ])('among target groups: %s', (_, weights, groupStickiness, expected) => {
    front().addTargetGroups('Canary', weighted(...weights), { groupStickiness });
    Template.fromStack(stack).hasResourceProperties('AWS::ElasticLoadBalancingV2::ListenerRule', {
      Actions: [Match.objectLike(expected as Record<string, unknown>)],
    });
  });

  test.each<[string, Stickiness, Duration | undefined]>([
    ['sticky in a rule that is sticky', Stickiness.loadBalancerCookie(Duration.hours(1)), Duration.hours(1)],
    ['not sticky in one that is not', Stickiness.none(), undefined],
  ])('among target groups: %s', (_, stickiness, groupStickiness) => {
    const groups = ['Old', 'New'].map((id) => ({ targetGroup: targetGroup(id, stickiness) }));
    front().addTargetGroups('Canary', groups, { groupStickiness });
    Template.fromStack(stack).resourceCountIs('AWS::ElasticLoadBalancingV2::ListenerRule', 1);
  });

  const balancer = (...pairs: [key: string, value: string][]) => ({
    LoadBalancerAttributes: Match.arrayWith(pairs.map(([Key, Value]) => ({ Key, Value }))),
  });

  test.each<[string, Partial<SessionLoadBalancerProps>, Record<string, unknown>]>([
    ['an idle timeout', { idleTimeout: Duration.seconds(4000) }, balancer(['idle_timeout.timeout_seconds', '4000'])],
    [
      'the strictest mode',
      { desyncMitigationMode: elbv2.DesyncMitigationMode.STRICTEST },
      balancer(
        ['routing.http.drop_invalid_header_fields.enabled', 'true'],
        ['routing.http.desync_mitigation_mode', 'strictest'],
      ),
    ],
  ])('of a load balancer: %s', (_, props, expected) => {
    front(props);
    Template.fromStack(stack).hasResourceProperties('AWS::ElasticLoadBalancingV2::LoadBalancer', expected);
  });

  test.each<[string, () => ec2.IVpc]>([
    ['of the VPC', () => new ec2.Vpc(stack, 'Dual', { maxAzs: 2, ipProtocol: ec2.IpProtocol.DUAL_STACK })],
    [
      'of resources of their own',
      () => {
        for (const [index, { subnetId }] of vpc.publicSubnets.entries()) {
          new ec2.CfnSubnetCidrBlock(stack, `Block${index}`, { subnetId, ipv6CidrBlock: `2001:db8:0:${index}::/64` });
        }
        return vpc;
      },
    ],
    [
      'of a VPC that was imported',
      () =>
        ec2.Vpc.fromVpcAttributes(stack, 'Imported', {
          vpcId: 'vpc-1',
          availabilityZones: ['us-east-1a', 'us-east-1b'],
          publicSubnetIds: ['subnet-1', 'subnet-2'],
        }),
    ],
  ])('of a load balancer: IPv6 with the addresses %s', (_, make) => {
    front({ vpc: make(), ipAddressType: elbv2.IpAddressType.DUAL_STACK });
    Template.fromStack(stack).hasResourceProperties('AWS::ElasticLoadBalancingV2::LoadBalancer', {
      IpAddressType: 'dualstack',
    });
  });
});
