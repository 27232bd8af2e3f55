import type { Acknowledgement } from './acknowledgement.js';

/** What the rules find in the load balancer of any sample. */
export const SHOP_FRONT: readonly Acknowledgement[] = [
  {
    rules: ['AwsSolutions-EC23'],
    at: 'Front/LoadBalancer/SecurityGroup',
    reason: 'A public site: everybody may connect to ports 443 and 80, and port 80 only redirects.',
  },
  {
    rules: ['ELBv2ACMCertificateRequired'],
    at: 'Front/LoadBalancer/Redirect80To443',
    reason: 'This listener answers nothing but a redirect to HTTPS, whose listener has the certificate.',
  },
  {
    rules: ['AwsSolutions-ELB2', 'ELBLoggingEnabled', 'elbv2_logging_enabled_check'],
    at: 'Front/LoadBalancer',
    reason:
      'Sample setting: a bucket of logs would outlive it. In production: accessLogsBucket of SessionLoadBalancer.',
  },
  {
    rules: ['ELBDeletionProtectionEnabled', 'elbv2_deletion_protection_enabled_check'],
    at: 'Front/LoadBalancer',
    reason: 'Sample setting, so that it can be destroyed. SessionLoadBalancer protects by default.',
  },
  {
    rules: ['ALBWAFEnabled'],
    at: 'Front/LoadBalancer',
    reason:
      'Which rules and rates fit is the application’s to say; webAcl of SessionLoadBalancer takes a SessionWebAcl.',
  },
];

/** What they find in a network whose servers have public addresses, and in servers that do. */
export function publicNetwork(vpc: string): readonly Acknowledgement[] {
  return [
    {
      rules: ['VPCNoUnrestrictedRouteToIGW'],
      at: vpc,
      reason:
        'The load balancer needs the route. The servers take it to AWS: a NAT gateway, or an endpoint for each service that they call, costs by the hour.',
    },
    {
      rules: ['AwsSolutions-VPC7', 'VPCFlowLogsEnabled'],
      at: vpc,
      reason: 'Sample setting: logs would outlive it. In production: vpc.addFlowLog().',
    },
    {
      rules: ['VPCDefaultSecurityGroupClosed'],
      at: vpc,
      reason: 'Nothing uses the default group; closing it takes a custom resource, which a sample can do without.',
    },
  ];
}
