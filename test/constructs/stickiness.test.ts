import { Annotations, Duration, type Stack } from 'aws-cdk-lib';
import { Match, Template } from 'aws-cdk-lib/assertions';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as ecs from 'aws-cdk-lib/aws-ecs';
import * as patterns from 'aws-cdk-lib/aws-ecs-patterns';
import * as elbv2 from 'aws-cdk-lib/aws-elasticloadbalancingv2';
import * as targets from 'aws-cdk-lib/aws-elasticloadbalancingv2-targets';
import { SessionLoadBalancer, Stickiness } from 'cdk-sessions';
import { refusalOf } from '../support/refusal.js';
import { fargateService } from '../support/servers.js';
import { deployedStack, plainFunction, warningsOf } from '../support/stacks.js';

let stack: Stack;
let vpc: ec2.IVpc;
let targetGroup: elbv2.ApplicationTargetGroup;

beforeEach(() => {
  stack = deployedStack();
  vpc = new ec2.Vpc(stack, 'Vpc', { maxAzs: 2 });
  targetGroup = new elbv2.ApplicationTargetGroup(stack, 'Group', { vpc, port: 80, targetType: elbv2.TargetType.IP });
});

const hour = Duration.hours(1);
const sid = Stickiness.applicationCookie('sid', hour);

const SID_ATTRIBUTES = [
  { Key: 'stickiness.enabled', Value: 'true' },
  { Key: 'stickiness.type', Value: 'app_cookie' },
  { Key: 'stickiness.app_cookie.cookie_name', Value: 'sid' },
  { Key: 'stickiness.app_cookie.duration_seconds', Value: '3600' },
];

function expectAttributes(attributes: unknown): void {
  Template.fromStack(stack).hasResourceProperties('AWS::ElasticLoadBalancingV2::TargetGroup', {
    TargetGroupAttributes: attributes,
  });
}

describe('stickiness on a target group that exists', () => {
  test('is what the group is deployed with', () => {
    sid.applyTo(targetGroup);
    expectAttributes(SID_ATTRIBUTES);
  });

  test('takes the place of what was there, and leaves nothing of it behind', () => {
    targetGroup.enableCookieStickiness(Duration.days(1));
    sid.applyTo(targetGroup);
    expectAttributes(SID_ATTRIBUTES);
  });

  test('is the one that was applied last', () => {
    sid.applyTo(targetGroup);
    Stickiness.none().applyTo(targetGroup);
    expectAttributes([{ Key: 'stickiness.enabled', Value: 'false' }]);
  });

  test('works on the service of an ecs-patterns construct', () => {
    const service = new patterns.ApplicationLoadBalancedFargateService(stack, 'Service', {
      vpc,
      minHealthyPercent: 100,
      taskImageOptions: { image: ecs.ContainerImage.fromRegistry('web') },
    });
    sid.applyTo(service.targetGroup);
    expectAttributes(SID_ATTRIBUTES);
  });

  test('is refused where CDK knows no more of the group than its ARN', () => {
    const imported = elbv2.ApplicationTargetGroup.fromTargetGroupAttributes(stack, 'Imported', {
      targetGroupArn: 'arn:aws:elasticloadbalancing:us-east-1:123456789012:targetgroup/web/1',
    });
    expect(refusalOf(() => sid.applyTo(imported))).toEqual({
      code: 'ERR_SESSION_LOAD_BALANCER',
      message:
        'the stickiness of an imported target group cannot be changed, received one: apply it where the target group is created (at Stack/Imported)',
    });
  });
});

describe('stickiness on a target group with a function', () => {
  const message =
    'a target group with a Lambda function cannot be sticky: leave stickiness out, and keep sessions in a shared store such as SessionTable';

  test.each([
    ['by cookie', sid],
    ['even none', Stickiness.none()],
  ])('is refused: %s', (_, stickiness) => {
    const group = new elbv2.ApplicationTargetGroup(stack, 'Function', {
      targets: [new targets.LambdaTarget(plainFunction(stack))],
    });
    expect(refusalOf(() => stickiness.applyTo(group))).toEqual({
      code: 'ERR_SESSION_LOAD_BALANCER',
      message: `${message} (at Stack/Function)`,
    });
  });

  test('is found at synth if the function came later', () => {
    const group = new elbv2.ApplicationTargetGroup(stack, 'Function');
    sid.applyTo(group);
    group.addTarget(new targets.LambdaTarget(plainFunction(stack)));
    expect(refusalOf(() => Template.fromStack(stack)).message).toContain(`[Stack/Function] ${message}`);
  });
});

describe('what contradicts the stickiness that was applied is found at synth', () => {
  const found = () => refusalOf(() => Template.fromStack(stack)).message;

  test('an attribute that was set', () => {
    Stickiness.none().applyTo(targetGroup);
    targetGroup.enableCookieStickiness(hour);
    expect(found()).toContain(
      '[Stack/Group] Stickiness.none() was applied, and stickiness.enabled is "true": remove what changes it later, or apply another Stickiness',
    );
    expect(found()).toContain('Stickiness.none() was applied, and stickiness.type is "lb_cookie"');
  });

  test('an attribute that an escape hatch took away', () => {
    sid.applyTo(targetGroup);
    const resource = targetGroup.node.defaultChild as elbv2.CfnTargetGroup;
    resource.addPropertyOverride('TargetGroupAttributes', SID_ATTRIBUTES.slice(0, 3));
    expect(found()).toContain(
      '[Stack/Group] Stickiness.applicationCookie() was applied, and stickiness.app_cookie.duration_seconds is missing: remove what changes it later, or apply another Stickiness',
    );
  });

  test.each<[string, Stickiness, string[]]>([
    [
      'is in the way of stickiness',
      sid,
      [
        '[Stack/Local] Stickiness.applicationCookie() was applied, and load_balancing.cross_zone.enabled is "false", with which no target group can be sticky: leave crossZoneEnabled out, or apply Stickiness.none()',
      ],
    ],
    ['is no matter without', Stickiness.none(), []],
  ])('cross-zone load balancing that is off %s', (_, stickiness, faults) => {
    const local = new elbv2.ApplicationTargetGroup(stack, 'Local', {
      vpc,
      port: 80,
      targetType: elbv2.TargetType.IP,
      crossZoneEnabled: false,
    });
    stickiness.applyTo(local);
    expect(local.node.validate().map((fault) => `[${local.node.path}] ${fault}`)).toEqual(faults);
  });

  test('attributes that an escape hatch leaves to the deployment', () => {
    sid.applyTo(targetGroup);
    const resource = targetGroup.node.defaultChild as elbv2.CfnTargetGroup;
    resource.addPropertyOverride('TargetGroupAttributes', { 'Fn::If': ['IsProduction', SID_ATTRIBUTES, []] });
    expect(found()).toContain('Stickiness.applicationCookie() was applied, and stickiness.enabled is missing');
  });

  test('on a target of a load balancer as well, where no stickiness is the default', () => {
    const group = new SessionLoadBalancer(stack, 'Front', { vpc }).addEcsService('Web', fargateService(stack, vpc));
    group.setAttribute('stickiness.enabled', 'true');
    expect(found()).toContain(
      '[Stack/Service/FrontWeb/TargetGroup] Stickiness.none() was applied, and stickiness.enabled is "true"',
    );
  });

  test('other attributes are nobody’s business', () => {
    sid.applyTo(targetGroup);
    targetGroup.setAttribute('load_balancing.cross_zone.enabled', 'true');
    expectAttributes(Match.arrayWith([{ Key: 'load_balancing.cross_zone.enabled', Value: 'true' }]));
  });
});

describe('cookies that scanners report', () => {
  const ID = 'cdk-sessions:loadBalancerCookie';

  test('are warned of, with the way out', () => {
    Stickiness.loadBalancerCookie(hour).applyTo(targetGroup);
    expect(warningsOf(stack)).toEqual([
      `the cookie AWSALB can be neither Secure nor HttpOnly, and AWSALBCORS not HttpOnly, which security scanners report: keep sessions in a store that all targets share, with Stickiness.none(), or acknowledge this [ack: ${ID}]`,
    ]);
  });

  test('can be acknowledged', () => {
    Stickiness.loadBalancerCookie(hour).applyTo(targetGroup);
    Annotations.of(targetGroup).acknowledgeWarning(ID, 'sessions move to a table next month');
    expect(warningsOf(stack)).toEqual([]);
  });

  test('are not set by other kinds of stickiness', () => {
    sid.applyTo(targetGroup);
    Stickiness.none().applyTo(
      new elbv2.ApplicationTargetGroup(stack, 'Other', { vpc, port: 80, targetType: elbv2.TargetType.IP }),
    );
    expect(warningsOf(stack)).toEqual([]);
  });
});
