import { join } from 'node:path';
import { Duration, Stack } from 'aws-cdk-lib';
import * as autoscaling from 'aws-cdk-lib/aws-autoscaling';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as iam from 'aws-cdk-lib/aws-iam';
import { Asset } from 'aws-cdk-lib/aws-s3-assets';
import type { Construct } from 'constructs';
import type { FrontedShopStackProps } from '../fargate-shop/stack.js';
import { bundleServer } from '../server-bundle.js';
import { shopFront } from '../shop-front.js';
import { shopStore } from '../shop-store.js';

/** The unit of systemd that runs the shop. The table is told to it in the file that attaching writes. */
const UNIT = `[Unit]
Description=The shop
After=network-online.target

[Service]
WorkingDirectory=/opt/shop
ExecStart=/usr/bin/node server.js
EnvironmentFile=/etc/cdk-sessions/CDK_SESSIONS.env
Environment=NODE_ENV=production PORT=8080
DynamicUser=yes
Restart=always

[Install]
WantedBy=multi-user.target
`;

/** The shop on Express, on instances of an Auto Scaling group, with its sessions in a table. */
export class Ec2ShopStack extends Stack {
  constructor(scope: Construct, id: string, { certificateArn, ...props }: FrontedShopStackProps = {}) {
    super(scope, id, props);
    // The instances have addresses of their own, which spares a NAT gateway: nobody but the load balancer may connect to them.
    const vpc = new ec2.Vpc(this, 'Vpc', {
      maxAzs: 2,
      natGateways: 0,
      subnetConfiguration: [{ name: 'Public', subnetType: ec2.SubnetType.PUBLIC, mapPublicIpOnLaunch: false }],
    });
    const launchTemplate = new ec2.LaunchTemplate(this, 'Launch', {
      instanceType: ec2.InstanceType.of(ec2.InstanceClass.T4G, ec2.InstanceSize.MICRO),
      machineImage: ec2.MachineImage.latestAmazonLinux2023({ cpuType: ec2.AmazonLinuxCpuType.ARM_64 }),
      userData: ec2.UserData.forLinux(),
      role: new iam.Role(this, 'Role', { assumedBy: new iam.ServicePrincipal('ec2.amazonaws.com') }),
      securityGroup: new ec2.SecurityGroup(this, 'SecurityGroup', { vpc }),
      associatePublicIpAddress: true,
      requireImdsv2: true,
      detailedMonitoring: true,
      blockDevices: [{ deviceName: '/dev/xvda', volume: ec2.BlockDeviceVolume.ebs(8, { encrypted: true }) }],
    });
    const group = new autoscaling.AutoScalingGroup(this, 'Instances', {
      vpc,
      vpcSubnets: { subnetType: ec2.SubnetType.PUBLIC },
      launchTemplate,
      minCapacity: 2,
      maxCapacity: 4,
      healthChecks: autoscaling.HealthChecks.withAdditionalChecks({
        additionalTypes: [autoscaling.AdditionalHealthCheckType.ELB],
        gracePeriod: Duration.minutes(3),
      }),
      // New instances take the place of the old ones whenever something about them changes, some at a time.
      updatePolicy: autoscaling.UpdatePolicy.rollingUpdate({ minInstancesInService: 2 }),
    });

    const code = new Asset(this, 'Code', { path: bundleServer(join(__dirname, '../fargate-shop/server.ts')) });
    code.grantRead(group);
    group.userData.addCommands(
      'dnf install -y nodejs22 unzip',
      `aws s3 cp ${code.s3ObjectUrl} /tmp/shop.zip`,
      'mkdir -p /opt/shop',
      'unzip -o /tmp/shop.zip -d /opt/shop',
      `cat > /etc/systemd/system/shop.service <<'EOF'\n${UNIT}EOF`,
      'systemctl daemon-reload',
      'systemctl enable --now shop',
    );
    shopStore(this, 'table', { vpc, certificateArn }).attachAutoScalingGroup(group);
    shopFront(this, vpc, certificateArn).addAutoScalingGroup('Shop', group, { port: 8080 });
  }
}
