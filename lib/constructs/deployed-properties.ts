import { type CfnResource, Stack } from 'aws-cdk-lib';

/**
 * The properties that a resource is deployed with, all overrides of escape hatches included. For validations at synth: what
 * CDK computes late it computes once, so that asking earlier would leave out what is set later.
 */
export function deployedProperties(resource: CfnResource): Readonly<Record<string, unknown>> {
  const { Resources = {} } = Stack.of(resource).resolve(resource._toCloudFormation());
  const [deployed] = Object.values<{ readonly Properties?: Record<string, unknown> }>(Resources);
  return deployed?.Properties ?? {};
}
