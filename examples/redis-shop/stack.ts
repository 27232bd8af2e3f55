import { join } from 'node:path';
import { CfnOutput, Duration, RemovalPolicy, Stack, type StackProps } from 'aws-cdk-lib';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import { NodejsFunction } from 'aws-cdk-lib/aws-lambda-nodejs';
import * as logs from 'aws-cdk-lib/aws-logs';
import { CacheNodeType, SessionReplicationGroup } from 'cdk-sessions';
import type { Construct } from 'constructs';

/** The shop in one function, in a VPC, with its sessions in a replication group of ElastiCache. */
export class RedisShopStack extends Stack {
  constructor(scope: Construct, id: string, props: StackProps = {}) {
    super(scope, id, props);

    // Sample setting, so that `cdk destroy` leaves nothing behind. Leave it out in production.
    const sampleSettings = { removalPolicy: RemovalPolicy.DESTROY };

    // Nothing leads in or out, which costs nothing: Lambda brings the requests, and IAM's signatures are made in the function.
    const vpc = new ec2.Vpc(this, 'Vpc', {
      maxAzs: 2,
      natGateways: 0,
      subnetConfiguration: [{ name: 'Isolated', subnetType: ec2.SubnetType.PRIVATE_ISOLATED }],
    });

    const sessions = new SessionReplicationGroup(this, 'Sessions', {
      ...sampleSettings,
      vpc,
      nodeType: CacheNodeType.T4G_MICRO, // the smallest there is, twice: one replica takes over when the primary fails
    });

    const shop = new NodejsFunction(this, 'Shop', {
      // The same application as with the table: where sessions are kept is no matter of its code.
      entry: join(__dirname, '../serverless-shop/handler.ts'),
      runtime: lambda.Runtime.NODEJS_24_X,
      architecture: lambda.Architecture.ARM_64,
      memorySize: 512,
      timeout: Duration.seconds(10),
      logGroup: new logs.LogGroup(this, 'ShopLogs', {
        retention: logs.RetentionDays.ONE_MONTH,
        removalPolicy: sampleSettings.removalPolicy,
      }),
      vpc,
      vpcSubnets: { subnetType: ec2.SubnetType.PRIVATE_ISOLATED },
    });
    sessions.attachFunction(shop);

    shop.addFunctionUrl({ authType: lambda.FunctionUrlAuthType.NONE });
    // A command, not the address itself: stand-ins for AWS deploy this stack, and they know no attribute of a function URL.
    new CfnOutput(this, 'ShopUrlCommand', {
      value: `aws lambda get-function-url-config --function-name ${shop.functionName} --query FunctionUrl --output text`,
    });
    new CfnOutput(this, 'CacheCommand', {
      value: `aws elasticache describe-replication-groups --replication-group-id ${sessions.replicationGroupId}`,
    });
  }
}
