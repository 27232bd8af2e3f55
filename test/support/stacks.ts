import { App, Stack } from 'aws-cdk-lib';
import { Annotations, Match, Template } from 'aws-cdk-lib/assertions';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import type { Construct } from 'constructs';
import type { CfnTemplate } from './template.js';
import { ACCOUNT, REGION } from './template.js';

/** A stack in the tests' account and region. */
export function deployedStack(scope: Construct = new App(), id = 'Stack'): Stack {
  return new Stack(scope, id, { env: { account: ACCOUNT, region: REGION } });
}

/** A function with next to no code, for tests that look at what is around it. */
export function plainFunction(
  scope: Construct,
  id = 'Web',
  props: Partial<lambda.FunctionProps> = {},
): lambda.Function {
  return new lambda.Function(scope, id, {
    runtime: lambda.Runtime.NODEJS_24_X,
    handler: 'index.handler',
    code: lambda.Code.fromInline('exports.handler = async () => ({ statusCode: 204 });'),
    ...props,
  });
}

/** What a stack deploys. */
export function templateOf(stack: Stack): CfnTemplate {
  return Template.fromStack(stack).toJSON() as CfnTemplate;
}

/** What this library warns of in a stack, unless it was acknowledged. */
export function warningsOf(stack: Stack): string[] {
  return Annotations.fromStack(stack)
    .findWarning('*', Match.stringLikeRegexp('ack: cdk-sessions:'))
    .map(({ entry }) => String(entry.data));
}
