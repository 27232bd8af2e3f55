import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { App, type Stack } from 'aws-cdk-lib';
import { CfnSecret } from 'aws-cdk-lib/aws-secretsmanager';
import { Validations } from 'aws-cdk-lib-latest';
import { AwsSolutionsChecks } from 'cdk-nag';
import { SessionKeys } from 'cdk-sessions';
import { deployedStack } from '../support/stacks.js';

interface Report {
  readonly pluginReports: readonly { readonly violations: readonly { readonly ruleName: string }[] }[];
}

/** What CDK's own validation of CloudFormation and cdk-nag's AwsSolutions find in a stack. */
function findingsIn(prepare: (stack: Stack) => void): string[] {
  // Other tests go without CDK's own validation, for the seconds that it takes; these are about it.
  delete process.env['CDK_VALIDATION'];
  const outdir = mkdtempSync(join(tmpdir(), 'session-keys-'));
  try {
    const app = new App({ outdir, context: { '@aws-cdk/core:validateAgainstDefaultRules': true } });
    Validations.of(app).addPlugins(new AwsSolutionsChecks(app));
    prepare(deployedStack(app));
    try {
      app.synth();
    } catch (error) {
      if (!(error instanceof Error && error.name === 'ValidationFailed')) {
        throw error;
      }
    }
    const { pluginReports }: Report = JSON.parse(readFileSync(join(outdir, 'validation-report.json'), 'utf8'));
    return pluginReports.flatMap(({ violations }) => violations.map(({ ruleName }) => ruleName));
  } finally {
    rmSync(outdir, { recursive: true });
  }
}

test('the rules of AWS find nothing in keys as they are by default', () => {
  expect(findingsIn((stack) => new SessionKeys(stack, 'Keys'))).toEqual([]);
});

test('the rules are awake: they would find a secret that nobody rotates', () => {
  expect(findingsIn((stack) => new CfnSecret(stack, 'Secret'))).toEqual(['AwsSolutions-SMG4']);
});
