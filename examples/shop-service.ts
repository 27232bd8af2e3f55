import { Duration, RemovalPolicy } from 'aws-cdk-lib';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as ecs from 'aws-cdk-lib/aws-ecs';
import * as logs from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';
import { bundleServer } from './server-bundle.js';

/** What a shop on Fargate is made of, wherever its sessions are. */
export interface ShopServiceProps {
  /** The source of its server. */
  readonly entry: string;
  /** What else the server is told that nobody may read. */
  readonly secrets?: Readonly<Record<string, ecs.Secret>>;
  /** @default 2 */
  readonly tasks?: number;
}

/** Tasks on Fargate in a VPC of their own, each the same server, listening on 8080. */
export class ShopService extends Construct {
  readonly vpc: ec2.Vpc;
  readonly service: ecs.FargateService;

  constructor(scope: Construct, id: string, { entry, secrets, tasks = 2 }: ShopServiceProps) {
    super(scope, id);
    // The tasks have addresses of their own, which spares a NAT gateway: nobody but the load balancer may connect to them.
    this.vpc = new ec2.Vpc(this, 'Vpc', {
      maxAzs: 2,
      natGateways: 0,
      subnetConfiguration: [{ name: 'Public', subnetType: ec2.SubnetType.PUBLIC, mapPublicIpOnLaunch: false }],
    });
    const task = new ecs.FargateTaskDefinition(this, 'Task', {
      cpu: 256,
      memoryLimitMiB: 512,
      runtimePlatform: { cpuArchitecture: ecs.CpuArchitecture.ARM64 },
    });
    task.addContainer('Server', {
      image: ecs.ContainerImage.fromAsset(bundleServer(entry)),
      portMappings: [{ containerPort: 8080 }],
      memoryLimitMiB: 512,
      user: 'node',
      readonlyRootFilesystem: true,
      stopTimeout: Duration.seconds(30),
      ...(secrets && { secrets }),
      logging: ecs.LogDrivers.awsLogs({
        streamPrefix: 'shop',
        logGroup: new logs.LogGroup(this, 'Logs', {
          retention: logs.RetentionDays.ONE_MONTH,
          removalPolicy: RemovalPolicy.DESTROY,
        }),
      }),
    });
    this.service = new ecs.FargateService(this, 'Service', {
      cluster: new ecs.Cluster(this, 'Cluster', {
        vpc: this.vpc,
        containerInsightsV2: ecs.ContainerInsights.ENABLED,
      }),
      taskDefinition: task,
      desiredCount: tasks,
      assignPublicIp: true,
      minHealthyPercent: 100,
      circuitBreaker: { rollback: true },
    });
  }
}
