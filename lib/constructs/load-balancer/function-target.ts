import { Names, Stack } from 'aws-cdk-lib';
import * as elbv2 from 'aws-cdk-lib/aws-elasticloadbalancingv2';
import * as iam from 'aws-cdk-lib/aws-iam';
import type * as lambda from 'aws-cdk-lib/aws-lambda';
import { Construct } from 'constructs';

/**
 * A target group with a function in it, in the function's stack. Elastic Load Balancing may call the function through
 * this target group and through no other, as it recommends:
 * https://docs.aws.amazon.com/elasticloadbalancing/latest/application/lambda-functions.html#prepare-lambda-function
 *
 * CDK's own `LambdaTarget` permits every target group there is. The permission must exist before the function is
 * registered, which is when the target group is created, so that it cannot name the ARN, which ends in what AWS makes
 * up then. The name before that end is one of a kind in its account and region.
 */
export function functionTargetGroup(scope: Construct, fn: lambda.IFunction): elbv2.ApplicationTargetGroup {
  // The name of the stack is in it, so that two stacks made of the same constructs do not meet.
  const name = Names.uniqueResourceName(scope, { maxLength: 32 });
  const permissions = new Construct(scope, 'Permissions');
  const stack = Stack.of(scope);
  fn.addPermission('Invoke', {
    scope: permissions,
    principal: new iam.ServicePrincipal('elasticloadbalancing.amazonaws.com'),
    sourceAccount: stack.account,
    sourceArn: stack.formatArn({
      service: 'elasticloadbalancing',
      resource: 'targetgroup',
      resourceName: `${name}/*`,
    }),
  });
  const targetGroup = new elbv2.ApplicationTargetGroup(scope, 'TargetGroup', {
    targetGroupName: name,
    targetType: elbv2.TargetType.LAMBDA,
    targets: [
      {
        attachToApplicationTargetGroup: () => ({
          targetType: elbv2.TargetType.LAMBDA,
          targetJson: { id: fn.functionArn },
        }),
      },
    ],
    multiValueHeadersEnabled: true,
  });
  targetGroup.node.addDependency(permissions);
  return targetGroup;
}
