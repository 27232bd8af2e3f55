import { type Stack, Token } from 'aws-cdk-lib';
import { Match, Template } from 'aws-cdk-lib/assertions';
import * as acm from 'aws-cdk-lib/aws-certificatemanager';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import { ListenerCondition } from 'aws-cdk-lib/aws-elasticloadbalancingv2';
import {
  SessionCookie,
  SessionLoadBalancer,
  type SessionLoadBalancerProps,
  SessionPolicy,
  SessionTable,
} from 'cdk-sessions';
import { refusalOf } from '../support/refusal.js';
import { deployedStack, plainFunction } from '../support/stacks.js';

const CERTIFICATE_ARN = 'arn:aws:acm:us-east-1:123456789012:certificate/12345678-1234-1234-1234-123456789012';

let stack: Stack;

beforeEach(() => {
  stack = deployedStack();
});

const certificate = () => acm.Certificate.fromCertificateArn(stack, 'Certificate', CERTIFICATE_ARN);

function front(props: Partial<SessionLoadBalancerProps> = {}): SessionLoadBalancer {
  return new SessionLoadBalancer(stack, 'Front', { vpc: new ec2.Vpc(stack, 'Vpc'), ...props });
}

describe('a load balancer with a certificate', () => {
  test('serves HTTPS with the recommended policy, and answers 404 to what no target takes', () => {
    front({ certificate: certificate() });
    Template.fromStack(stack).hasResourceProperties('AWS::ElasticLoadBalancingV2::Listener', {
      Port: 443,
      Protocol: 'HTTPS',
      Certificates: [{ CertificateArn: CERTIFICATE_ARN }],
      SslPolicy: 'ELBSecurityPolicy-TLS13-1-2-Res-PQ-2025-09',
      DefaultActions: [
        {
          Type: 'fixed-response',
          FixedResponseConfig: { StatusCode: '404', ContentType: 'text/plain', MessageBody: 'not found' },
        },
      ],
    });
  });

  test('redirects plain HTTP to it', () => {
    front({ certificate: certificate() });
    Template.fromStack(stack).hasResourceProperties('AWS::ElasticLoadBalancingV2::Listener', {
      Port: 80,
      Protocol: 'HTTP',
      DefaultActions: [
        { Type: 'redirect', RedirectConfig: { Port: '443', Protocol: 'HTTPS', StatusCode: 'HTTP_301' } },
      ],
    });
  });
});

describe('a load balancer', () => {
  const attributes = (expected: Record<string, string>) => ({
    LoadBalancerAttributes: Match.arrayWith(
      Object.entries(expected).map(([Key, Value]) => Match.objectLike({ Key, Value })),
    ),
  });

  test('is public, protected, and drops what a request smuggler would send', () => {
    front();
    const template = Template.fromStack(stack);
    template.hasResourceProperties('AWS::ElasticLoadBalancingV2::LoadBalancer', { Scheme: 'internet-facing' });
    for (const [key, value] of [
      ['deletion_protection.enabled', 'true'],
      ['routing.http.drop_invalid_header_fields.enabled', 'true'],
      ['routing.http.desync_mitigation_mode', 'defensive'],
    ] as const) {
      template.hasResourceProperties('AWS::ElasticLoadBalancingV2::LoadBalancer', attributes({ [key]: value }));
    }
    template.hasResourceProperties('AWS::EC2::SecurityGroup', {
      SecurityGroupIngress: [Match.objectLike({ CidrIp: '0.0.0.0/0', FromPort: 80 })],
    });
  });

  test('can be unprotected', () => {
    front({ deletionProtection: false });
    Template.fromStack(stack).hasResourceProperties(
      'AWS::ElasticLoadBalancingV2::LoadBalancer',
      attributes({ 'deletion_protection.enabled': 'false' }),
    );
  });

  test('can be internal, where only those connect who are let in', () => {
    const balancer = front({ internetFacing: false });
    balancer.connections.allowFrom(ec2.Peer.ipv4('10.0.0.0/8'), ec2.Port.tcp(80));
    const template = Template.fromStack(stack);
    template.hasResourceProperties('AWS::ElasticLoadBalancingV2::LoadBalancer', { Scheme: 'internal' });
    template.hasResourceProperties('AWS::EC2::SecurityGroup', {
      SecurityGroupIngress: [Match.objectLike({ CidrIp: '10.0.0.0/8', FromPort: 80 })],
    });
  });
});

describe('a function as target', () => {
  test('gets every request, its headers with all their values', () => {
    front().addFunction('Web', plainFunction(stack));
    const template = Template.fromStack(stack);
    template.hasResourceProperties('AWS::ElasticLoadBalancingV2::TargetGroup', {
      TargetType: 'lambda',
      TargetGroupAttributes: Match.arrayWith([{ Key: 'lambda.multi_value_headers.enabled', Value: 'true' }]),
    });
    template.hasResourceProperties('AWS::ElasticLoadBalancingV2::ListenerRule', {
      Priority: 1,
      Conditions: [{ Field: 'path-pattern', PathPatternConfig: { Values: ['/*'] } }],
      Actions: [Match.objectLike({ Type: 'forward' })],
    });
    template.hasResourceProperties('AWS::Lambda::Permission', {
      Action: 'lambda:InvokeFunction',
      Principal: 'elasticloadbalancing.amazonaws.com',
    });
  });

  test('gets the priority and the conditions that it was given, or the lowest priority that is free', () => {
    const balancer = front();
    const fn = plainFunction(stack);
    balancer.addFunction('Api', fn, { priority: 1, conditions: [ListenerCondition.hostHeaders(['api.example.com'])] });
    balancer.addFunction('Web', fn);
    balancer.addFunction('Last', fn, { priority: 50_000 });
    const rules = Template.fromStack(stack).findResources('AWS::ElasticLoadBalancingV2::ListenerRule');
    expect(Object.values(rules).map(({ Properties }) => [Properties.Priority, Properties.Conditions[0].Field])).toEqual(
      [
        [1, 'host-header'],
        [2, 'path-pattern'],
        [50_000, 'path-pattern'],
      ],
    );
  });

  test('takes a priority that only the deployment knows', () => {
    front().addFunction('Web', plainFunction(stack), { priority: Token.asNumber({ Ref: 'Priority' }) });
    Template.fromStack(stack).hasResourceProperties('AWS::ElasticLoadBalancingV2::ListenerRule', {
      Priority: { Ref: 'Priority' },
    });
  });

  test('fails with a priority that is taken', () => {
    const balancer = front();
    const fn = plainFunction(stack);
    balancer.addFunction('Web', fn, { priority: 10 });
    expect(refusalOf(() => balancer.addFunction('Api', fn, { priority: 10 }))).toEqual({
      code: 'ERR_SESSION_LOAD_BALANCER',
      message:
        'priority 10 is taken by Stack/Web/FrontWeb: take another, and give every target of this load balancer one (at Stack/Web/FrontApi)',
    });
  });

  test.each([0, 50_001, 1.5])('fails with the priority %d', (priority) => {
    expect(refusalOf(() => front().addFunction('Web', plainFunction(stack), { priority }))).toEqual({
      code: 'ERR_SESSION_LOAD_BALANCER',
      message: `priority must be a whole number from 1 to 50000, received ${priority} (at Stack/Web/FrontWeb)`,
    });
  });
});

describe('a secure cookie over plain HTTP', () => {
  const refusal =
    '[Stack/Front] Stack/Web is reached over plain HTTP, where browsers drop its secure cookie __Host-session: give this load balancer a certificate, or the store a policy with SessionCookie.insecure(name)';

  test('fails at synth, whatever was called first', () => {
    const fn = plainFunction(stack);
    front().addFunction('Web', fn);
    new SessionTable(stack, 'Sessions').attachFunction(fn);
    expect(refusalOf(() => Template.fromStack(stack)).message).toContain(refusal);
  });

  test('fails at synth behind an alias too', () => {
    const fn = plainFunction(stack);
    new SessionTable(stack, 'Sessions').attachFunction(fn);
    front().addFunction('Web', fn.addAlias('live'));
    expect(refusalOf(() => Template.fromStack(stack)).message).toContain(
      refusal.replace('Stack/Web is', 'Stack/Web/Aliaslive is'),
    );
  });

  test('is no matter with a certificate', () => {
    const fn = plainFunction(stack);
    new SessionTable(stack, 'Sessions').attachFunction(fn);
    front({ certificate: certificate() }).addFunction('Web', fn);
    Template.fromStack(stack).resourceCountIs('AWS::ElasticLoadBalancingV2::ListenerRule', 1);
  });

  test('is no matter when the insecure cookie was asked for by name', () => {
    const fn = plainFunction(stack);
    const policy = SessionPolicy.of({ cookie: SessionCookie.insecure('shop') });
    new SessionTable(stack, 'Sessions', { policy }).attachFunction(fn);
    front().addFunction('Web', fn);
    Template.fromStack(stack).resourceCountIs('AWS::ElasticLoadBalancingV2::ListenerRule', 1);
  });
});
