import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CfnGuardValidator } from '@cdklabs/cdk-validator-cfnguard';
import { App, type Stack } from 'aws-cdk-lib';
import { Validations } from 'aws-cdk-lib-latest';
import { AwsSolutionsChecks, HIPAASecurityChecks, NIST80053R5Checks, PCIDSS321Checks } from 'cdk-nag';
import type { IConstruct } from 'constructs';
import type { Acknowledgement } from '../../examples/acknowledgement.js';

/** A rule, and the construct that broke it. */
export interface Finding {
  readonly rule: string;
  readonly path: string;
}

/** A sample, with all that it can have, and what it accepts of what is found in it. */
export interface Sample {
  readonly create: (app: App) => Stack;
  readonly acknowledgements: readonly Acknowledgement[];
}

/** The packs that look after a regulation; they name their rules alike. */
const REGULATIONS = ['NIST.800.53.R5', 'HIPAA.Security', 'PCI.DSS.321'];

/** The ids under which a rule reports. Those of Control Tower are words that end in `_check`. */
function idsOf(rule: string): string[] {
  if (rule.startsWith('AwsSolutions-')) {
    return [`AwsSolutions::${rule}`];
  }
  return rule.endsWith('_check')
    ? [`cdk-validator-cfnguard::${rule}`]
    : REGULATIONS.map((pack) => `${pack}::${pack}-${rule}`);
}

/**
 * What CDK's own validation of CloudFormation, four packs of cdk-nag and the proactive controls of Control Tower find in a
 * sample. Needs an app of the newest aws-cdk-lib.
 *
 * @param prepare what is done to the sample before it is looked at: nothing has been acknowledged.
 */
export function findingsIn(sample: Sample, prepare: (stack: Stack) => void = () => {}): Finding[] {
  // Other tests go without CDK's own validation, for the seconds that it takes; this is about it.
  delete process.env['CDK_VALIDATION'];
  const outdir = mkdtempSync(join(tmpdir(), 'findings-'));
  try {
    const app = new App({
      outdir,
      context: { '@aws-cdk/core:validateAgainstDefaultRules': true, 'aws:cdk:bundling-stacks': [] },
    });
    const packs = [AwsSolutionsChecks, NIST80053R5Checks, HIPAASecurityChecks, PCIDSS321Checks];
    Validations.of(app).addPlugins(...packs.map((Checks) => new Checks(app)), new CfnGuardValidator());
    prepare(sample.create(app));
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

/** Acknowledges in a stack all that its sample accepts. @throws if there is no such construct. */
export function acknowledgeAll(stack: Stack, { acknowledgements }: Sample): void {
  for (const { rules, at, reason } of acknowledgements) {
    const construct = at.split('/').reduce((parent: IConstruct, id) => parent.node.findChild(id), stack);
    Validations.of(construct).acknowledge(...rules.flatMap(idsOf).map((id) => ({ id, reason })));
  }
}

/** The acknowledgements that none of these findings needs, as `rule at path`. */
export function needless({ acknowledgements }: Sample, findings: readonly Finding[]): string[] {
  const isBelow = (path: string, at: string) => `${path.slice(path.indexOf('/') + 1)}/`.startsWith(`${at}/`);
  return acknowledgements.flatMap(({ rules, at }) =>
    rules
      .filter((rule) => !findings.some((found) => idsOf(rule).includes(found.rule) && isBelow(found.path, at)))
      .map((rule) => `${rule} at ${at}`),
  );
}
