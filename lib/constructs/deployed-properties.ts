import { type CfnResource, Stack } from 'aws-cdk-lib';

/** The properties that a resource is deployed with, all overrides of escape hatches included. */
export function deployedProperties(resource: CfnResource): Readonly<Record<string, unknown>> {
  const { Resources = {} } = Stack.of(resource).resolve(resource._toCloudFormation());
  const [deployed] = Object.values<{ readonly Properties?: Record<string, unknown> }>(Resources);
  return deployed?.Properties ?? {};
}
