import { Annotations, App, Stack, Token } from 'aws-cdk-lib';
import { Annotations as AnnotationsFound, Match, Template } from 'aws-cdk-lib/assertions';
import * as acm from 'aws-cdk-lib/aws-certificatemanager';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import { IpAddressType, ListenerCondition, SslPolicy } from 'aws-cdk-lib/aws-elasticloadbalancingv2';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import * as s3 from 'aws-cdk-lib/aws-s3';
import {
  SessionAccess,
  SessionCookie,
  SessionLoadBalancer,
  type SessionLoadBalancerProps,
  SessionPolicy,
  SessionTable,
} from 'cdk-sessions';
import { refusalOf } from '../support/refusal.js';
import { deployedStack, plainFunction, templateOf } from '../support/stacks.js';
import { onlyLogicalId, resolveIntrinsics } from '../support/template.js';

const CERTIFICATE_ARN = 'arn:aws:acm:us-east-1:123456789012:certificate/12345678-1234-1234-1234-123456789012';

let stack: Stack;

beforeEach(() => {
  stack = deployedStack();
});

const certificate = () => acm.Certificate.fromCertificateArn(stack, 'Certificate', CERTIFICATE_ARN);

function front(props: Partial<SessionLoadBalancerProps> = {}): SessionLoadBalancer {
  return new SessionLoadBalancer(stack, 'Front', { ...props, vpc: props.vpc ?? new ec2.Vpc(stack, 'Vpc') });
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

  test('tells browsers to come over HTTPS only, for a year, and says nothing of subdomains', () => {
    front({ certificate: certificate() });
    Template.fromStack(stack).hasResourceProperties('AWS::ElasticLoadBalancingV2::Listener', {
      Port: 443,
      ListenerAttributes: [
        { Key: 'routing.http.response.strict_transport_security.header_value', Value: 'max-age=31536000' },
      ],
    });
  });

  test('tells browsers something else if the listener is set to', () => {
    const hsts = 'routing.http.response.strict_transport_security.header_value';
    front({ certificate: certificate() }).listener.setAttribute(hsts, 'max-age=31536000; includeSubDomains');
    Template.fromStack(stack).hasResourceProperties('AWS::ElasticLoadBalancingV2::Listener', {
      Port: 443,
      ListenerAttributes: [{ Key: hsts, Value: 'max-age=31536000; includeSubDomains' }],
    });
  });

  test('redirects plain HTTP to it, where browsers ignore what a header says of HTTPS', () => {
    front({ certificate: certificate() });
    Template.fromStack(stack).hasResourceProperties('AWS::ElasticLoadBalancingV2::Listener', {
      Port: 80,
      Protocol: 'HTTP',
      ListenerAttributes: Match.absent(),
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

  test('says nothing of HTTPS without a certificate', () => {
    front();
    Template.fromStack(stack).hasResourceProperties('AWS::ElasticLoadBalancingV2::Listener', {
      Protocol: 'HTTP',
      ListenerAttributes: Match.absent(),
    });
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

describe('the HTTPS of a load balancer', () => {
  test('has further certificates for further domains', () => {
    const further = acm.Certificate.fromCertificateArn(stack, 'Further', CERTIFICATE_ARN.replace('/1', '/2'));
    front({ certificate: certificate(), additionalCertificates: [further] });
    Template.fromStack(stack).hasResourceProperties('AWS::ElasticLoadBalancingV2::ListenerCertificate', {
      Certificates: [{ CertificateArn: further.certificateArn }],
    });
  });

  test('keeps the certificates that stay when another one goes', () => {
    const arn = (id: string) => CERTIFICATE_ARN.replace('/12345678', `/${id}`);
    const associations = (ids: string[]) => {
      stack = deployedStack();
      front({
        certificate: certificate(),
        additionalCertificates: ids.map((id) => acm.Certificate.fromCertificateArn(stack, id, arn(id))),
      });
      return Template.fromStack(stack).findResources('AWS::ElasticLoadBalancingV2::ListenerCertificate');
    };
    const [both, one] = [associations(['First', 'Second']), associations(['Second'])];
    expect(Object.keys(both)).toHaveLength(2);
    expect(both).toMatchObject(one);
    expect(Object.values(one).map(({ Properties }) => Properties.Certificates)).toEqual([
      [{ CertificateArn: arn('Second') }],
    ]);
  });

  test('takes another TLS policy', () => {
    front({ certificate: certificate(), sslPolicy: SslPolicy.TLS13_13 });
    Template.fromStack(stack).hasResourceProperties('AWS::ElasticLoadBalancingV2::Listener', {
      Port: 443,
      SslPolicy: SslPolicy.TLS13_13,
    });
  });
});

describe('the network of a load balancer', () => {
  /** The addresses that everybody may connect from, by port. */
  function open(): string[] {
    const [group] = Object.values(Template.fromStack(stack).findResources('AWS::EC2::SecurityGroup'));
    const rules: { readonly CidrIp?: string; readonly CidrIpv6?: string; readonly FromPort: number }[] =
      group?.Properties.SecurityGroupIngress;
    return rules.map(({ CidrIp, CidrIpv6, FromPort }) => `${CidrIp ?? CidrIpv6} ${FromPort}`).sort();
  }

  test.each([IpAddressType.DUAL_STACK, IpAddressType.DUAL_STACK_WITHOUT_PUBLIC_IPV4])(
    'is open to IPv6 with %s',
    (ipAddressType) => {
      const vpc = new ec2.Vpc(stack, 'Vpc', { ipProtocol: ec2.IpProtocol.DUAL_STACK });
      front({ vpc, certificate: certificate(), ipAddressType });
      expect(open()).toEqual(['0.0.0.0/0 443', '0.0.0.0/0 80', '::/0 443', '::/0 80']);
    },
  );

  test('is closed to IPv6 without', () => {
    front({ certificate: certificate() });
    expect(open()).toEqual(['0.0.0.0/0 443', '0.0.0.0/0 80']);
  });

  test('consists of the subnets and the group that it was given', () => {
    const vpc = new ec2.Vpc(stack, 'Vpc', { maxAzs: 2 });
    const securityGroup = ec2.SecurityGroup.fromSecurityGroupId(stack, 'Group', 'sg-1');
    new SessionLoadBalancer(stack, 'Front', { vpc, vpcSubnets: { subnets: vpc.privateSubnets }, securityGroup });
    Template.fromStack(stack).hasResourceProperties('AWS::ElasticLoadBalancingV2::LoadBalancer', {
      Subnets: vpc.privateSubnets.map((subnet) => stack.resolve(subnet.subnetId)),
      SecurityGroups: ['sg-1'],
    });
  });

  test.each([IpAddressType.IPV4, IpAddressType.DUAL_STACK_WITHOUT_PUBLIC_IPV4])(
    'is open to whom the group that it was given says, and to nobody else, with %s',
    (ipAddressType) => {
      const vpc = new ec2.Vpc(stack, 'Vpc', { maxAzs: 2, ipProtocol: ec2.IpProtocol.DUAL_STACK });
      const securityGroup = new ec2.SecurityGroup(stack, 'Group', { vpc });
      securityGroup.addIngressRule(ec2.Peer.ipv4('192.0.2.0/24'), ec2.Port.tcp(443));
      new SessionLoadBalancer(stack, 'Front', { vpc, securityGroup, certificate: certificate(), ipAddressType });
      expect(open()).toEqual(['192.0.2.0/24 443']);
    },
  );
});

describe('logs of a load balancer', () => {
  test('are written to the buckets that they are given, which let them', () => {
    const bucket = new s3.Bucket(stack, 'Logs', { encryption: s3.BucketEncryption.S3_MANAGED });
    front({ accessLogsBucket: bucket, accessLogsPrefix: 'front/requests', connectionLogsBucket: bucket });
    const template = Template.fromStack(stack);
    for (const [kind, prefix] of [
      ['access', 'front/requests'],
      ['connection', ''],
    ] as const) {
      template.hasResourceProperties('AWS::ElasticLoadBalancingV2::LoadBalancer', {
        LoadBalancerAttributes: Match.arrayWith([
          { Key: `${kind}_logs.s3.enabled`, Value: 'true' },
          { Key: `${kind}_logs.s3.bucket`, Value: stack.resolve(bucket.bucketName) },
          { Key: `${kind}_logs.s3.prefix`, Value: prefix },
        ]),
      });
    }
    template.hasResourceProperties('AWS::S3::BucketPolicy', {
      PolicyDocument: { Statement: Match.arrayWith([Match.objectLike({ Action: 's3:PutObject', Effect: 'Allow' })]) },
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
  });

  test('may be called by load balancing through its own target group alone, and may be before it is registered there', () => {
    front().addFunction('Web', plainFunction(stack));
    const template = templateOf(stack);
    const permission = onlyLogicalId(template, 'AWS::Lambda::Permission');
    const fn = onlyLogicalId(template, 'AWS::Lambda::Function');
    const targetGroup = template.Resources[onlyLogicalId(template, 'AWS::ElasticLoadBalancingV2::TargetGroup')];
    const name = String(targetGroup?.Properties?.['Name']);
    expect(name).toMatch(/^[A-Za-z0-9]{1,32}$/);
    expect(resolveIntrinsics(template.Resources[permission]?.Properties, template)).toEqual({
      Action: 'lambda:InvokeFunction',
      FunctionName: `arn:aws:lambda:us-east-1:123456789012:function:${fn}`,
      Principal: 'elasticloadbalancing.amazonaws.com',
      SourceAccount: '123456789012',
      SourceArn: `arn:aws:elasticloadbalancing:us-east-1:123456789012:targetgroup/${name}/*`,
    });
    expect(targetGroup).toMatchObject({
      DependsOn: [permission],
      Properties: { Targets: [{ Id: { 'Fn::GetAtt': [fn, 'Arn'] } }] },
    });
  });

  test('has a target group of its own behind every load balancer, in every stack and under every id', () => {
    const app = new App();
    const stacks = ['Blue', 'Green'].map((id) => deployedStack(app, id));
    for (const stack of stacks) {
      const fn = plainFunction(stack);
      const vpc = new ec2.Vpc(stack, 'Vpc');
      for (const balancer of ['Front', 'Back']) {
        const front = new SessionLoadBalancer(stack, balancer, { vpc });
        front.addFunction('Web', fn);
        front.addFunction('Api', fn);
      }
    }
    const names = stacks.flatMap((stack) => {
      const groups = Template.fromStack(stack).findResources('AWS::ElasticLoadBalancingV2::TargetGroup');
      return Object.values(groups).map(({ Properties }) => Properties.Name);
    });
    expect(new Set(names).size).toBe(8);
  });

  test('is called by its alias, which alone is permitted', () => {
    front().addFunction('Web', plainFunction(stack).addAlias('live'));
    const template = Template.fromStack(stack);
    const [alias] = Object.keys(template.findResources('AWS::Lambda::Alias'));
    template.resourceCountIs('AWS::Lambda::Permission', 1);
    template.hasResourceProperties('AWS::Lambda::Permission', { FunctionName: { Ref: alias } });
    template.hasResourceProperties('AWS::ElasticLoadBalancingV2::TargetGroup', { Targets: [{ Id: { Ref: alias } }] });
  });

  test('may be imported from the same account, and is permitted to be called there', () => {
    const functionArn = 'arn:aws:lambda:us-east-1:123456789012:function:web';
    front().addFunction('Web', lambda.Function.fromFunctionArn(stack, 'Imported', functionArn));
    const template = Template.fromStack(stack);
    template.hasResourceProperties('AWS::Lambda::Permission', { FunctionName: functionArn });
    template.hasResource('AWS::ElasticLoadBalancingV2::TargetGroup', {
      DependsOn: Object.keys(template.findResources('AWS::Lambda::Permission')),
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

test('a function imported from who knows where is a target without a permission, and CDK says so', () => {
  stack = new Stack(new App(), 'Stack');
  const functionArn = 'arn:aws:lambda:us-east-1:123456789012:function:web';
  front().addFunction('Web', lambda.Function.fromFunctionArn(stack, 'Imported', functionArn));
  const template = Template.fromStack(stack);
  template.resourceCountIs('AWS::Lambda::Permission', 0);
  template.hasResource('AWS::ElasticLoadBalancingV2::TargetGroup', {
    DependsOn: Match.absent(),
    Properties: { Targets: [{ Id: functionArn }] },
  });
  const warning = Match.stringLikeRegexp('addPermission\\(\\) has no effect');
  AnnotationsFound.fromStack(stack).hasWarning('/Stack/Imported', warning);
});

describe('a secure cookie over plain HTTP', () => {
  const refusal =
    '[Stack/Front] Stack/Web is reached over plain HTTP, where browsers drop its secure cookie __Host-session: give this load balancer a certificate, or tlsTerminatedInFront if visitors come over HTTPS all the same, or the store a policy with SessionCookie.insecure(name)';

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

  test('is no matter where TLS ends in front of it, also on a listener that exists', () => {
    const fn = plainFunction(stack);
    new SessionTable(stack, 'Sessions').attachFunction(fn);
    const balancer = front({ tlsTerminatedInFront: true });
    balancer.addFunction('Web', fn, { priority: 1 });
    const { listener } = balancer;
    SessionLoadBalancer.fromApplicationListener(stack, 'Again', { listener, tlsTerminatedInFront: true }).addFunction(
      'Web',
      fn,
      { priority: 2 },
    );
    Template.fromStack(stack).resourceCountIs('AWS::ElasticLoadBalancingV2::ListenerRule', 2);
  });

  test('is no matter where no visitor gets the cookie: the function only ends sessions', () => {
    const fn = plainFunction(stack);
    new SessionTable(stack, 'Sessions').attachFunction(fn, { access: SessionAccess.REVOKE });
    front().addFunction('Web', fn);
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

describe('an insecure cookie behind a certificate', () => {
  const ID = 'cdk-sessions:insecureCookieBehindHttps';
  const warning =
    'Stack/Web has the insecure cookie shop, which browsers also send over plain HTTP, in clear, before they are redirected: give its store a policy with SessionCookie.host(name)';

  const warnings = () =>
    AnnotationsFound.fromStack(stack)
      .findWarning('/Stack/Front/LoadBalancer/Listener', Match.anyValue())
      .map(({ entry }) => entry.data);

  function insecureShop(props: Partial<SessionLoadBalancerProps>): SessionLoadBalancer {
    const balancer = front(props);
    const fn = plainFunction(stack);
    balancer.addFunction('Web', fn);
    const policy = SessionPolicy.of({ cookie: SessionCookie.insecure('shop') });
    new SessionTable(stack, 'Sessions', { policy }).attachFunction(fn);
    return balancer;
  }

  test('is warned of at synth, whatever was called first', () => {
    insecureShop({ certificate: certificate() });
    expect(warnings()).toEqual([`${warning} [ack: ${ID}]`]);
  });

  test('can be acknowledged', () => {
    const balancer = insecureShop({ certificate: certificate() });
    Annotations.of(balancer).acknowledgeWarning(ID, 'the cookie is shared with a site that has no HTTPS');
    expect(warnings()).toEqual([]);
  });

  test('is what was asked for without a certificate', () => {
    insecureShop({});
    expect(warnings()).toEqual([]);
  });

  test('is no matter where the cookie is secure', () => {
    const fn = plainFunction(stack);
    new SessionTable(stack, 'Sessions').attachFunction(fn);
    front({ certificate: certificate() }).addFunction('Web', fn);
    expect(warnings()).toEqual([]);
  });
});
