import { Stack } from 'aws-cdk-lib';
import * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as elasticache from 'aws-cdk-lib/aws-elasticache';
import * as iam from 'aws-cdk-lib/aws-iam';
import { type RedisStoreContract, type SessionBinding, SessionStoreBase, type SessionStoreOptions } from 'cdk-sessions';
import type { Construct } from 'constructs';

/** What a store in a VPC is, to those who attach it: subnets, a security group, a port, and something to grant. */
export class NetworkedStore extends SessionStoreBase {
  readonly securityGroup: ec2.ISecurityGroup;

  constructor(
    scope: Construct,
    id: string,
    private readonly props: SessionStoreOptions & {
      readonly vpc: ec2.IVpc;
      readonly securityGroup?: ec2.ISecurityGroup;
      readonly authentication?: RedisStoreContract['authentication'];
      readonly hidesVpc?: boolean;
    },
  ) {
    super(scope, id, props);
    new elasticache.CfnSubnetGroup(this, 'Subnets', {
      description: 'where the store stands',
      subnetIds: props.vpc.selectSubnets().subnetIds,
    });
    this.securityGroup = props.securityGroup ?? new ec2.SecurityGroup(this, 'SecurityGroup', { vpc: props.vpc });
  }

  override bind(): SessionBinding {
    const { vpc, authentication, hidesVpc } = this.props;
    const endpoint = `${this.securityGroup.securityGroupId}.example.com`;
    return {
      stores: {
        primary: {
          kind: 'redis',
          endpoint,
          port: 6379,
          cluster: true,
          tls: true,
          ...(authentication && { authentication }),
        },
      },
      network: {
        ...(!hidesVpc && { vpc }),
        connections: new ec2.Connections({ securityGroups: [this.securityGroup] }),
        ports: [ec2.Port.tcp(6379)],
      },
    };
  }

  protected override grantStore(grantee: iam.IGrantable): iam.Grant {
    const cache = Stack.of(this).formatArn({
      service: 'elasticache',
      resource: 'replicationgroup',
      resourceName: 'sessions',
    });
    return iam.Grant.addToPrincipal({ grantee, actions: ['elasticache:Connect'], resourceArns: [cache] });
  }

  override grantRevoke(grantee: iam.IGrantable): iam.Grant {
    return this.grantStore(grantee);
  }

  override metric(metricName: string): cloudwatch.Metric {
    return new cloudwatch.Metric({ namespace: 'AWS/ElastiCache', metricName });
  }
}
