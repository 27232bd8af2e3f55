import { App, type Stack } from 'aws-cdk-lib';
import * as autoscaling from 'aws-cdk-lib/aws-autoscaling';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as ecs from 'aws-cdk-lib/aws-ecs';
import type { Construct } from 'constructs';

/** An app whose Auto Scaling groups are launched by templates, as those of new projects are. */
export function launchTemplateApp(): App {
  return new App({ context: { '@aws-cdk/aws-autoscaling:generateLaunchTemplateInsteadOfLaunchConfig': true } });
}

/** What instances are made of, without a lookup. */
export const INSTANCE = {
  instanceType: ec2.InstanceType.of(ec2.InstanceClass.T4G, ec2.InstanceSize.MICRO),
  machineImage: ec2.MachineImage.genericLinux({ 'us-east-1': 'ami-0123456789abcdef0' }),
};

/** A group of instances that are replaced when what they are told changes. */
export function plainGroup(
  scope: Construct,
  vpc: ec2.IVpc,
  props: Partial<autoscaling.AutoScalingGroupProps> = {},
): autoscaling.AutoScalingGroup {
  return new autoscaling.AutoScalingGroup(scope, 'Web', {
    vpc,
    ...INSTANCE,
    updatePolicy: autoscaling.UpdatePolicy.rollingUpdate(),
    ...props,
  });
}

/** A task definition for Fargate with one container. */
export function plainTask(scope: Construct, id = 'Task'): ecs.FargateTaskDefinition {
  const task = new ecs.FargateTaskDefinition(scope, id);
  task.addContainer('web', { image: ecs.ContainerImage.fromRegistry('shop') });
  return task;
}

/** A service on Fargate in a cluster of its own. */
export function plainService(
  scope: Stack,
  vpc: ec2.IVpc,
  props: Partial<ecs.FargateServiceProps> = {},
): ecs.FargateService {
  return new ecs.FargateService(scope, 'Web', {
    cluster: new ecs.Cluster(scope, 'Cluster', { vpc }),
    taskDefinition: props.taskDefinition ?? plainTask(scope),
    ...props,
  });
}
