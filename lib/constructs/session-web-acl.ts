import { ArnFormat, type IResource, Names, RemovalPolicy, Resource, Stack, Token } from 'aws-cdk-lib';
import * as logs from 'aws-cdk-lib/aws-logs';
import * as wafv2 from 'aws-cdk-lib/aws-wafv2';
import type { Construct } from 'constructs';
import { deployedProperties } from './deployed-properties.js';
import { SessionConstructError } from './errors.js';
import { wholeNumberFault } from './load-balancer/range-faults.js';

/** A web ACL of AWS WAF for load balancers, created or imported. */
export interface ISessionWebAcl extends IResource {
  /** The ARN of the web ACL. */
  readonly webAclArn: string;
}

/** How to create a web ACL. */
export interface SessionWebAclProps {
  /**
   * How many requests one address may send in five minutes, 10 to 2,000,000,000, before further ones are answered with
   * 403. Whoever shares an address, such as an office, a mobile network or a proxy in front, shares the limit. WAF counts roughly, and late by
   * up to a minute.
   * @default 2000
   */
  readonly rateLimit?: number;

  /**
   * Rules that come after those that are made here, with priorities from 10 on and names, each its own.
   * @default - none
   */
  readonly rules?: wafv2.CfnWebACL.RuleProperty[];

  /**
   * Where WAF writes what it looked at, without cookies and `Authorization`. Its name must begin with `aws-waf-logs-`.
   * @default - a new one, which keeps its entries for a month, and goes with the web ACL
   */
  readonly logGroup?: logs.ILogGroup;
}

/** Why rules of others begin there. */
const FIRST_OTHER_PRIORITY = 10;

/** What the rule that counts addresses is called. */
const RATE_LIMIT = 'RateLimit';

/** What WAF asks of the name of a log group. */
const LOG_GROUP_PREFIX = 'aws-waf-logs-';

/** The headers by which whoever reads them could go on with a session. */
const CREDENTIALS = ['cookie', 'authorization'];

/**
 * What must not be seen anywhere: what is redacted in the log still stands in sampled requests, and in what a rule matched.
 * https://docs.aws.amazon.com/waf/latest/developerguide/data-protection-masking.html
 */
const PROTECTED_FIELDS: readonly wafv2.CfnWebACL.FieldToProtectProperty[] = [
  { fieldType: 'SINGLE_HEADER', fieldKeys: CREDENTIALS },
  { fieldType: 'SINGLE_COOKIE' },
];

/** https://docs.aws.amazon.com/waf/latest/developerguide/aws-managed-rule-groups-list.html */
const MANAGED_RULES = [
  'AWSManagedRulesAmazonIpReputationList',
  'AWSManagedRulesKnownBadInputsRuleSet',
  'AWSManagedRulesCommonRuleSet',
] as const;

/**
 * What AWS WAF lets through to a load balancer: addresses that send too much, that are known for attacks, and requests that
 * look like one are answered with 403. Request bodies over 8 KB look like one to the common rules.
 */
export class SessionWebAcl extends Resource implements ISessionWebAcl {
  /**
   * Imports a web ACL.
   *
   * @throws if the ARN is not that of a regional one: those of CloudFront do not fit load balancers.
   */
  public static fromWebAclArn(scope: Construct, id: string, webAclArn: string): ISessionWebAcl {
    if (!Token.isUnresolved(webAclArn) && !/^arn:[^:]+:wafv2:[^:]+:\d{12}:regional\/webacl\/.+$/.test(webAclArn)) {
      throw new SessionConstructError(
        'ERR_SESSION_LOAD_BALANCER',
        `webAclArn must be that of a regional web ACL of WAFv2, received ${JSON.stringify(webAclArn)}, importing ${id}`,
        scope,
      );
    }
    return new ImportedWebAcl(scope, id, webAclArn);
  }

  public readonly webAclArn: string;
  /** Where WAF writes what it looked at. */
  public readonly logGroup: logs.ILogGroup;

  /** @throws if WAF would refuse it. */
  constructor(scope: Construct, id: string, props: SessionWebAclProps = {}) {
    super(scope, id);
    const fault = wholeNumberFault('rateLimit', props.rateLimit, [10, 2_000_000_000]) ?? rulesFault(props.rules ?? []);
    if (fault !== undefined) {
      throw new SessionConstructError('ERR_SESSION_LOAD_BALANCER', fault, this);
    }
    const webAcl = new wafv2.CfnWebACL(this, 'WebAcl', {
      dataProtectionConfig: { dataProtections: PROTECTED_FIELDS.map((field) => ({ field, action: 'SUBSTITUTION' })) },
      scope: 'REGIONAL',
      defaultAction: { allow: {} },
      visibilityConfig: visibility(Names.uniqueResourceName(this, { maxLength: 128 })),
      rules: [
        {
          name: RATE_LIMIT,
          priority: 0,
          action: { block: {} },
          statement: { rateBasedStatement: { limit: props.rateLimit ?? 2000, aggregateKeyType: 'IP' } },
          visibilityConfig: visibility(RATE_LIMIT),
        },
        ...MANAGED_RULES.map((name, index) => ({
          name,
          priority: index + 1,
          overrideAction: { none: {} },
          statement: { managedRuleGroupStatement: { vendorName: 'AWS', name } },
          visibilityConfig: visibility(name),
        })),
        ...(props.rules ?? []),
      ],
    });
    this.node.defaultChild = webAcl;
    this.webAclArn = webAcl.attrArn;
    this.logGroup =
      props.logGroup ??
      new logs.LogGroup(this, 'Logs', {
        logGroupName: LOG_GROUP_PREFIX + Names.uniqueResourceName(this, { maxLength: 128 }),
        retention: logs.RetentionDays.ONE_MONTH,
        removalPolicy: RemovalPolicy.DESTROY,
      });
    this.node.addValidation({ validate: () => logGroupFaults(this.logGroup) });
    new wafv2.CfnLoggingConfiguration(this, 'Logging', {
      resourceArn: webAcl.attrArn,
      // Without the `:*` that CDK ends the ARN of a log group with.
      logDestinationConfigs: [
        Stack.of(this).formatArn({
          service: 'logs',
          resource: 'log-group',
          resourceName: this.logGroup.logGroupName,
          arnFormat: ArnFormat.COLON_RESOURCE_NAME,
        }),
      ],
      redactedFields: CREDENTIALS.map((Name) => ({ singleHeader: { Name } })),
    });
  }
}

class ImportedWebAcl extends Resource implements ISessionWebAcl {
  constructor(
    scope: Construct,
    id: string,
    public readonly webAclArn: string,
  ) {
    super(scope, id, { environmentFromArn: webAclArn });
  }
}

function visibility(metricName: string): wafv2.CfnWebACL.VisibilityConfigProperty {
  return { cloudWatchMetricsEnabled: true, sampledRequestsEnabled: true, metricName };
}

function rulesFault(rules: readonly wafv2.CfnWebACL.RuleProperty[]): string | undefined {
  const names = [RATE_LIMIT, ...MANAGED_RULES, ...rules.map(({ name }) => name)];
  const twice = names.find((name, index) => names.indexOf(name) < index);
  if (twice !== undefined) {
    return `each rule of a web ACL must have a name of its own, received ${twice} twice: give rules other names`;
  }
  const priorities = rules.map(({ priority }) => priority).filter((priority) => !Token.isUnresolved(priority));
  const misplaced = priorities.find(
    (priority, index) => priority < FIRST_OTHER_PRIORITY || priorities.indexOf(priority) < index,
  );
  return misplaced === undefined
    ? undefined
    : `rules must have priorities from ${FIRST_OTHER_PRIORITY} on, each its own, received ${priorities.join()}`;
}

/** Found when the app is synthesized: only then does a group tell whether it has a name of its own. */
function logGroupFaults(logGroup: logs.ILogGroup): string[] {
  const { defaultChild } = logGroup.node;
  const name: unknown =
    defaultChild instanceof logs.CfnLogGroup
      ? deployedProperties(defaultChild)['LogGroupName']
      : Stack.of(logGroup).resolve(logGroup.logGroupName);
  const named = typeof name === 'string' ? name.startsWith(LOG_GROUP_PREFIX) : name !== undefined;
  return named
    ? []
    : [
        `WAF writes to log groups whose names begin with ${LOG_GROUP_PREFIX}, received ${name ?? 'one without a name'}: give it a logGroupName`,
      ];
}
