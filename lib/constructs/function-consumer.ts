import { Stack } from 'aws-cdk-lib';
import type * as lambda from 'aws-cdk-lib/aws-lambda';
import type { Consumer } from './consumer.js';

/** A function that uses a store. */
export function functionConsumer(fn: lambda.Function): Consumer {
  const resource = fn.node.defaultChild as lambda.CfnFunction;
  return {
    construct: fn,
    method: 'attachFunction',
    grantee: fn,
    roleHolder: fn,
    environment: {
      holder: fn,
      set: (name, value) => fn.addEnvironment(name, value),
      get: (name) => Stack.of(fn).resolve(resource.environment)?.variables?.[name],
    },
    ...(fn.isBoundToVpc && { network: { connections: fn.connections, subnetIds: subnetIdsOf(resource) } }),
  };
}

/** A function does not tell its VPC, only what CloudFormation is told of it. */
function subnetIdsOf({ vpcConfig }: lambda.CfnFunction): readonly string[] {
  return vpcConfig && 'subnetIds' in vpcConfig ? (vpcConfig.subnetIds ?? []) : [];
}
