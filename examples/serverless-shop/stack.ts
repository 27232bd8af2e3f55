import { join } from 'node:path';
import { CfnOutput, Duration, RemovalPolicy, Stack, type StackProps } from 'aws-cdk-lib';
import * as acm from 'aws-cdk-lib/aws-certificatemanager';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import { NodejsFunction } from 'aws-cdk-lib/aws-lambda-nodejs';
import * as logs from 'aws-cdk-lib/aws-logs';
import { SessionKeys, SessionLoadBalancer, SessionTable } from 'cdk-sessions';
import type { Construct } from 'constructs';

/** How to deploy the shop. */
export interface ServerlessShopStackProps extends StackProps {
  /**
   * The ARN of a certificate for the shop's domain. With it the shop has a load balancer too.
   * @default - a function URL only
   */
  readonly certificateArn?: string;
}

/** A shop in one function, with its sessions in a table. */
export class ServerlessShopStack extends Stack {
  constructor(scope: Construct, id: string, props: ServerlessShopStackProps = {}) {
    super(scope, id, props);

    // Sample settings, so that `cdk destroy` leaves nothing behind. Leave both out in production.
    const sampleSettings = { removalPolicy: RemovalPolicy.DESTROY, deletionProtection: false };

    const sessions = new SessionTable(this, 'Sessions', {
      ...sampleSettings,
      keys: new SessionKeys(this, 'Keys', { removalPolicy: sampleSettings.removalPolicy }),
      encryptData: true,
    });

    const shop = new NodejsFunction(this, 'Shop', {
      entry: join(__dirname, 'handler.ts'),
      runtime: lambda.Runtime.NODEJS_24_X,
      architecture: lambda.Architecture.ARM_64,
      memorySize: 512,
      timeout: Duration.seconds(10),
      logGroup: new logs.LogGroup(this, 'ShopLogs', {
        retention: logs.RetentionDays.ONE_MONTH,
        removalPolicy: sampleSettings.removalPolicy,
      }),
    });
    sessions.attachFunction(shop);

    shop.addFunctionUrl({ authType: lambda.FunctionUrlAuthType.NONE });
    // A command, not the address itself: stand-ins for AWS deploy this stack, and they know no attribute of a function URL.
    new CfnOutput(this, 'ShopUrlCommand', {
      value: `aws lambda get-function-url-config --function-name ${shop.functionName} --query FunctionUrl --output text`,
    });

    if (props.certificateArn !== undefined) {
      const front = new SessionLoadBalancer(this, 'Front', {
        vpc: new ec2.Vpc(this, 'Vpc', {
          maxAzs: 2,
          natGateways: 0,
          // Only the load balancer lives here, and it brings its own addresses.
          subnetConfiguration: [{ name: 'Public', subnetType: ec2.SubnetType.PUBLIC, mapPublicIpOnLaunch: false }],
        }),
        certificate: acm.Certificate.fromCertificateArn(this, 'Certificate', props.certificateArn),
        deletionProtection: sampleSettings.deletionProtection,
      });
      front.addFunction('Shop', shop);
      new CfnOutput(this, 'FrontDnsName', { value: front.loadBalancer.loadBalancerDnsName });
    }
  }
}
