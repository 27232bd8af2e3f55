import * as autoscaling from 'aws-cdk-lib/aws-autoscaling';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as ecs from 'aws-cdk-lib/aws-ecs';
import type { Construct } from 'constructs';

/** A service on Fargate, with one container named `web` that listens on port 8080. */
export function fargateService(scope: Construct, vpc: ec2.IVpc, id = 'Service'): ecs.FargateService {
  const taskDefinition = new ecs.FargateTaskDefinition(scope, `${id}Tasks`);
  taskDefinition.addContainer('web', {
    image: ecs.ContainerImage.fromRegistry('web'),
    portMappings: [{ containerPort: 8080 }],
  });
  return new ecs.FargateService(scope, id, {
    cluster: new ecs.Cluster(scope, `${id}Cluster`, { vpc }),
    taskDefinition,
    minHealthyPercent: 100,
  });
}

/** A service on instances of EC2, in one of the modes in which containers share the instance's addresses. */
export function ec2Service(
  scope: Construct,
  vpc: ec2.IVpc,
  networkMode: ecs.NetworkMode = ecs.NetworkMode.BRIDGE,
): ecs.Ec2Service {
  const cluster = new ecs.Cluster(scope, 'Ec2Cluster', { vpc });
  const autoScalingGroup = instances(scope, vpc, 'ClusterInstances', ecs.EcsOptimizedImage.amazonLinux2023());
  cluster.addAsgCapacityProvider(new ecs.AsgCapacityProvider(scope, 'Capacity', { autoScalingGroup }));
  // CDK does not, for instances of a capacity provider.
  cluster.connections.addSecurityGroup(...autoScalingGroup.connections.securityGroups);
  const taskDefinition = new ecs.Ec2TaskDefinition(scope, 'Ec2Tasks', { networkMode });
  taskDefinition.addContainer('web', {
    image: ecs.ContainerImage.fromRegistry('web'),
    memoryLimitMiB: 256,
    portMappings: networkMode === ecs.NetworkMode.NONE ? [] : [{ containerPort: 8080 }],
  });
  return new ecs.Ec2Service(scope, 'Ec2Service', { cluster, taskDefinition, minHealthyPercent: 100 });
}

/** An Auto Scaling group of small instances. */
export function instances(
  scope: Construct,
  vpc: ec2.IVpc,
  id = 'Instances',
  machineImage: ec2.IMachineImage = ec2.MachineImage.latestAmazonLinux2023(),
): autoscaling.AutoScalingGroup {
  return new autoscaling.AutoScalingGroup(scope, id, {
    vpc,
    instanceType: new ec2.InstanceType('t4g.small'),
    machineImage,
  });
}
