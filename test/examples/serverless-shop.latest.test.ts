import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { App, CfnResource, type Stack } from 'aws-cdk-lib';
import { Validations } from 'aws-cdk-lib-latest';
import { AwsSolutionsChecks, HIPAASecurityChecks, NIST80053R5Checks, PCIDSS321Checks } from 'cdk-nag';
import type { IConstruct } from 'constructs';
import { acknowledgements } from '../../examples/serverless-shop/acknowledgements.js';
import { ServerlessShopStack } from '../../examples/serverless-shop/stack.js';

/** A rule, and the construct that broke it. */
interface Finding {
  readonly rule: string;
  readonly path: string;
}

/** The ids of a rule: the packs that look after a regulation name theirs alike. */
function idsOf(rule: string): string[] {
  return rule.startsWith('AwsSolutions-')
    ? [`AwsSolutions::${rule}`]
    : ['NIST.800.53.R5', 'HIPAA.Security', 'PCI.DSS.321'].map((pack) => `${pack}::${pack}-${rule}`);
}

/** What CDK's own validation of CloudFormation and four packs of cdk-nag find in the sample with all that it can have. */
function findingsIn(prepare: (stack: Stack) => void): Finding[] {
  // Other tests go without CDK's own validation, for the seconds that it takes; these are about it.
  delete process.env['CDK_VALIDATION'];
  const outdir = mkdtempSync(join(tmpdir(), 'serverless-shop-'));
  try {
    const app = new App({
      outdir,
      context: { '@aws-cdk/core:validateAgainstDefaultRules': true, 'aws:cdk:bundling-stacks': [] },
    });
    const packs = [AwsSolutionsChecks, NIST80053R5Checks, HIPAASecurityChecks, PCIDSS321Checks];
    Validations.of(app).addPlugins(...packs.map((Checks) => new Checks(app)));
    const stack = new ServerlessShopStack(app, 'ServerlessShop', {
      env: { region: 'us-east-1' },
      certificateArn: 'arn:aws:acm:us-east-1:123456789012:certificate/12345678-1234-1234-1234-123456789012',
    });
    prepare(stack);
    synthesizeWhateverIsFound(app);
    return findingsReported(join(outdir, 'validation-report.json'));
  } finally {
    rmSync(outdir, { recursive: true });
  }
}

function synthesizeWhateverIsFound(app: App): void {
  try {
    app.synth();
  } catch (error) {
    if (!(error instanceof Error && error.name === 'ValidationFailed')) {
      throw error;
    }
  }
}

interface Report {
  readonly pluginReports: readonly {
    readonly pluginName: string;
    readonly violations: readonly {
      readonly ruleName: string;
      readonly violatingConstructs: readonly { readonly constructPath: string }[];
    }[];
  }[];
}

function findingsReported(file: string): Finding[] {
  const { pluginReports }: Report = JSON.parse(readFileSync(file, 'utf8'));
  return pluginReports.flatMap(({ pluginName, violations }) =>
    violations.flatMap(({ ruleName, violatingConstructs }) =>
      violatingConstructs.map(({ constructPath }) => ({ rule: `${pluginName}::${ruleName}`, path: constructPath })),
    ),
  );
}

function acknowledgeAll(stack: Stack): void {
  for (const { rules, at, reason } of acknowledgements) {
    const construct = at.split('/').reduce((parent: IConstruct, id) => parent.node.findChild(id), stack);
    Validations.of(construct).acknowledge(...rules.flatMap(idsOf).map((id) => ({ id, reason })));
  }
}

test('the rules find nothing in the sample that is not acknowledged beside a reason', () => {
  expect(findingsIn(acknowledgeAll)).toEqual([]);
});

test('every acknowledgement is needed', () => {
  const findings = findingsIn(() => {});
  const needless = acknowledgements.flatMap(({ rules, at }) =>
    rules
      .filter((rule) => !findings.some((found) => idsOf(rule).includes(found.rule) && isBelow(found.path, at)))
      .map((rule) => `${rule} at ${at}`),
  );
  expect(needless).toEqual([]);
});

function isBelow(path: string, at: string): boolean {
  return `${path}/`.startsWith(`ServerlessShop/${at}/`);
}

test('the rules are awake: CloudFormation would refuse this resource, and they say so', () => {
  const findings = findingsIn((stack) => {
    acknowledgeAll(stack);
    new CfnResource(stack, 'Nonsense', { type: 'AWS::DynamoDB::GlobalTable', properties: { BillingMode: 'NONSENSE' } });
  });
  expect(findings).toContainEqual({ rule: 'CloudFormation Validate::W3030', path: 'ServerlessShop/Nonsense' });
});
