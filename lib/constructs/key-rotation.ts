import { join } from 'node:path';
import { Duration, RemovalPolicy, Stack, Tokenization } from 'aws-cdk-lib';
import * as events from 'aws-cdk-lib/aws-events';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import * as logs from 'aws-cdk-lib/aws-logs';
import * as secretsmanager from 'aws-cdk-lib/aws-secretsmanager';
import { Construct } from 'constructs';
import { grantOnSecret } from './secret-grant.js';

/** How keys are rotated. */
export interface KeyRotationProps {
  readonly secret: secretsmanager.ISecret;
  /** How often a new key is made. */
  readonly interval: Duration;
  /** How long a key stays valid after a newer one was made. */
  readonly overlap: Duration;
}

/** Beside `constructs` both in the sources and in what they compile to; `npm run build:functions` makes it. */
const CODE = join(__dirname, '../../assets/rotate-keys');

/** The function that rotates keys, and its schedule. */
export class KeyRotation extends Construct {
  constructor(scope: Construct, id: string, { secret, interval, overlap }: KeyRotationProps) {
    super(scope, id);
    // It runs once in a while, and says nothing unless a rotation fails; CloudTrail keeps the record of all of them.
    const logGroup = new logs.LogGroup(this, 'Logs', {
      retention: logs.RetentionDays.ONE_YEAR,
      removalPolicy: RemovalPolicy.DESTROY,
    });
    const role = new iam.Role(this, 'Role', { assumedBy: new iam.ServicePrincipal('lambda.amazonaws.com') });
    logGroup.grantWrite(role);
    grantOnSecret(secret, role, {
      calls: ['GetSecretValue', 'PutSecretValue', 'UpdateSecretVersionStage'],
      keyCalls: ['Decrypt', 'GenerateDataKey'],
    });
    const rotate = new lambda.Function(this, 'Function', {
      description: 'Rotates the keys of sessions',
      runtime: lambda.Runtime.NODEJS_24_X,
      handler: 'index.handler',
      code: lambda.Code.fromAsset(CODE),
      role,
      logGroup,
      // Loading the AWS SDK takes most of it.
      memorySize: 256,
      timeout: Duration.seconds(30),
      environment: {
        SECRET_ARN: secret.secretArn,
        OVERLAP_SECONDS: Tokenization.stringifyNumber(overlap.toSeconds()),
      },
    });
    rotate.addPermission('Rotate', {
      principal: new iam.ServicePrincipal('secretsmanager.amazonaws.com'),
      sourceAccount: Stack.of(this).account,
      sourceArn: secret.secretArn,
    });
    // CDK's own RotationSchedule would let the function draw random passwords and use the customer-managed key at will.
    const schedule = new secretsmanager.CfnRotationSchedule(this, 'Schedule', {
      secretId: secret.secretArn,
      rotationLambdaArn: rotate.functionArn,
      rotationRules: { scheduleExpression: events.Schedule.rate(interval).expressionString },
    });
    // Secrets Manager rotates as soon as there is a schedule.
    schedule.node.addDependency(rotate, role);
  }
}
