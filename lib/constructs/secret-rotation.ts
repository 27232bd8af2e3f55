import { join } from 'node:path';
import { Duration, RemovalPolicy, Stack } from 'aws-cdk-lib';
import type * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as events from 'aws-cdk-lib/aws-events';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import * as logs from 'aws-cdk-lib/aws-logs';
import * as secretsmanager from 'aws-cdk-lib/aws-secretsmanager';
import type { Construct } from 'constructs';
import { grantOnSecret } from './secret-grant.js';

/** How a secret is rotated by a function of the library. */
export interface SecretRotationProps {
  readonly secret: secretsmanager.ISecret;
  readonly interval: Duration;
  /** The folder of `assets` that the function's code is in. */
  readonly asset: string;
  readonly description: string;
  /** What the function is told beside the secret's ARN. */
  readonly environment: Record<string, string>;
  /**
   * The longest that a step may take.
   * @default - what calls of Secrets Manager alone take
   */
  readonly timeout?: Duration;
  /**
   * Where the function stands.
   * @default - in no VPC
   */
  readonly network?: RotationNetwork;
}

/** Where in a VPC a function stands. */
export interface RotationNetwork {
  readonly vpc: ec2.IVpc;
  readonly vpcSubnets?: ec2.SubnetSelection;
  readonly securityGroups: ec2.ISecurityGroup[];
}

/** What a rotation is made of. */
export interface SecretRotation {
  readonly rotate: lambda.Function;
  /** Secrets Manager rotates as soon as it is there: it waits for all that the function needs. */
  readonly schedule: secretsmanager.CfnRotationSchedule;
}

/** Beside `constructs` both in the sources and in what they compile to; `npm run build:functions` makes what is in it. */
const ASSETS = join(__dirname, '../../assets');

/** Makes the function that rotates a secret, this one and no other, and its schedule. */
export function rotateSecret(scope: Construct, props: SecretRotationProps): SecretRotation {
  const { secret, interval, timeout = Duration.seconds(30) } = props;
  // It runs once in a while, and says nothing unless a rotation fails; CloudTrail keeps the record of all of them.
  const logGroup = new logs.LogGroup(scope, 'Logs', {
    retention: logs.RetentionDays.ONE_YEAR,
    removalPolicy: RemovalPolicy.DESTROY,
  });
  const role = new iam.Role(scope, 'Role', { assumedBy: new iam.ServicePrincipal('lambda.amazonaws.com') });
  logGroup.grantWrite(role);
  grantOnSecret(secret, role, {
    calls: ['GetSecretValue', 'PutSecretValue', 'UpdateSecretVersionStage'],
    keyCalls: ['Decrypt', 'GenerateDataKey'],
  });
  const rotate = new lambda.Function(scope, 'Function', {
    description: props.description,
    runtime: lambda.Runtime.NODEJS_24_X,
    handler: 'index.handler',
    code: lambda.Code.fromAsset(join(ASSETS, props.asset)),
    role,
    logGroup,
    ...props.network,
    // Loading the AWS SDK takes most of it.
    memorySize: 256,
    timeout,
    environment: { ...props.environment, SECRET_ARN: secret.secretArn },
  });
  rotate.addPermission('Rotate', {
    principal: new iam.ServicePrincipal('secretsmanager.amazonaws.com'),
    sourceAccount: Stack.of(scope).account,
    sourceArn: secret.secretArn,
  });
  // CDK's own RotationSchedule would let the function draw random passwords and use the customer-managed key at will.
  const schedule = new secretsmanager.CfnRotationSchedule(scope, 'Schedule', {
    secretId: secret.secretArn,
    rotationLambdaArn: rotate.functionArn,
    rotationRules: { scheduleExpression: events.Schedule.rate(interval).expressionString },
  });
  schedule.node.addDependency(rotate, role);
  return { rotate, schedule };
}
