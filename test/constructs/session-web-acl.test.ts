import { RemovalPolicy, type Stack } from 'aws-cdk-lib';
import { Match, Template } from 'aws-cdk-lib/assertions';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as logs from 'aws-cdk-lib/aws-logs';
import { type ISessionWebAcl, SessionLoadBalancer, SessionWebAcl } from 'cdk-sessions';
import { deployedStack } from '../support/stacks.js';

const ARN = 'arn:aws:wafv2:us-east-1:123456789012:regional/webacl/site/1234';

let stack: Stack;

beforeEach(() => {
  stack = deployedStack();
});

describe('a web ACL', () => {
  test('blocks addresses that send too much, and what the managed rules find, and lets the rest through', () => {
    new SessionWebAcl(stack, 'Firewall');
    Template.fromStack(stack).hasResourceProperties('AWS::WAFv2::WebACL', {
      Scope: 'REGIONAL',
      DefaultAction: { Allow: {} },
      Rules: [
        Match.objectLike({
          Priority: 0,
          Action: { Block: {} },
          Statement: { RateBasedStatement: { Limit: 2000, AggregateKeyType: 'IP' } },
        }),
        ...[
          'AWSManagedRulesAmazonIpReputationList',
          'AWSManagedRulesKnownBadInputsRuleSet',
          'AWSManagedRulesCommonRuleSet',
        ].map((Name, index) =>
          Match.objectLike({
            Priority: index + 1,
            OverrideAction: { None: {} },
            Statement: { ManagedRuleGroupStatement: { VendorName: 'AWS', Name } },
          }),
        ),
      ],
    });
  });

  test('counts what each rule does', () => {
    new SessionWebAcl(stack, 'Firewall');
    const [webAcl] = Object.values(Template.fromStack(stack).findResources('AWS::WAFv2::WebACL'));
    const rules: { readonly VisibilityConfig: unknown }[] = webAcl?.Properties.Rules;
    for (const { VisibilityConfig } of [webAcl?.Properties, ...rules]) {
      expect(VisibilityConfig).toMatchObject({ CloudWatchMetricsEnabled: true, SampledRequestsEnabled: true });
    }
  });

  test.each([10, 2_000_000_000])('takes a rate of %d', (rateLimit) => {
    new SessionWebAcl(stack, 'Firewall', { rateLimit });
    Template.fromStack(stack).hasResourceProperties('AWS::WAFv2::WebACL', {
      Rules: Match.arrayWith([
        Match.objectLike({ Statement: { RateBasedStatement: { Limit: rateLimit, AggregateKeyType: 'IP' } } }),
      ]),
    });
  });

  test('takes further rules after its own', () => {
    new SessionWebAcl(stack, 'Firewall', {
      rules: [
        {
          name: 'Countries',
          priority: 10,
          action: { block: {} },
          statement: { geoMatchStatement: { countryCodes: ['AQ'] } },
          visibilityConfig: { cloudWatchMetricsEnabled: true, sampledRequestsEnabled: true, metricName: 'Countries' },
        },
      ],
    });
    const [webAcl] = Object.values(Template.fromStack(stack).findResources('AWS::WAFv2::WebACL'));
    const rules: { readonly Priority: number }[] = webAcl?.Properties.Rules;
    expect(rules.map(({ Priority }) => Priority)).toEqual([0, 1, 2, 3, 10]);
  });

  test('logs without cookies to a group of its own, whose name WAF takes, and which goes with it', () => {
    new SessionWebAcl(stack, 'Firewall');
    const template = Template.fromStack(stack);
    template.hasResource('AWS::Logs::LogGroup', {
      Properties: { LogGroupName: Match.stringLikeRegexp('^aws-waf-logs-'), RetentionInDays: 30 },
      DeletionPolicy: 'Delete',
    });
    const [logGroup] = Object.keys(template.findResources('AWS::Logs::LogGroup'));
    template.hasResourceProperties('AWS::WAFv2::LoggingConfiguration', {
      LogDestinationConfigs: [
        {
          'Fn::Join': [
            '',
            ['arn:', { Ref: 'AWS::Partition' }, ':logs:us-east-1:123456789012:log-group:', { Ref: logGroup }],
          ],
        },
      ],
      RedactedFields: [{ SingleHeader: { Name: 'cookie' } }, { SingleHeader: { Name: 'authorization' } }],
    });
  });

  test('keeps cookies and Authorization out of sampled requests, and of what a rule matched, too', () => {
    new SessionWebAcl(stack, 'Firewall');
    Template.fromStack(stack).hasResourceProperties('AWS::WAFv2::WebACL', {
      DataProtectionConfig: {
        DataProtections: [
          { Action: 'SUBSTITUTION', Field: { FieldType: 'SINGLE_HEADER', FieldKeys: ['cookie', 'authorization'] } },
          { Action: 'SUBSTITUTION', Field: { FieldType: 'SINGLE_COOKIE' } },
        ],
      },
    });
  });

  test.each([
    [
      'created',
      () =>
        new logs.LogGroup(stack, 'Logs', { logGroupName: 'aws-waf-logs-site', removalPolicy: RemovalPolicy.DESTROY }),
    ],
    ['imported', () => logs.LogGroup.fromLogGroupName(stack, 'Logs', 'aws-waf-logs-site')],
  ])('logs to a group that was %s', (_, logGroup) => {
    const webAcl = new SessionWebAcl(stack, 'Firewall', { logGroup: logGroup() });
    Template.fromStack(stack).resourceCountIs('AWS::WAFv2::LoggingConfiguration', 1);
    expect(webAcl.logGroup.node.path).toBe('Stack/Logs');
  });
});

describe('a load balancer', () => {
  test.each<[string, () => ISessionWebAcl, unknown]>([
    [
      'created',
      () => new SessionWebAcl(stack, 'Firewall'),
      { 'Fn::GetAtt': [Match.stringLikeRegexp('^Firewall'), 'Arn'] },
    ],
    ['imported', () => SessionWebAcl.fromWebAclArn(stack, 'Firewall', ARN), ARN],
  ])('is associated with a web ACL that was %s', (_, webAcl, arn) => {
    new SessionLoadBalancer(stack, 'Front', { vpc: new ec2.Vpc(stack, 'Vpc'), webAcl: webAcl() });
    Template.fromStack(stack).hasResourceProperties('AWS::WAFv2::WebACLAssociation', {
      WebACLArn: arn,
      ResourceArn: { Ref: Match.stringLikeRegexp('^FrontLoadBalancer') },
    });
  });
});
