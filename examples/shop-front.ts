import { CfnOutput, type Stack } from 'aws-cdk-lib';
import * as acm from 'aws-cdk-lib/aws-certificatemanager';
import type * as ec2 from 'aws-cdk-lib/aws-ec2';
import { SessionCookie, SessionLoadBalancer, SessionPolicy } from 'cdk-sessions';

/** The load balancer of a sample: HTTPS with a certificate; without one plain HTTP, which is for a look only. */
export function shopFront(stack: Stack, vpc: ec2.IVpc, certificateArn: string | undefined): SessionLoadBalancer {
  const front = new SessionLoadBalancer(stack, 'Front', {
    vpc,
    ...(certificateArn !== undefined && {
      certificate: acm.Certificate.fromCertificateArn(stack, 'Certificate', certificateArn),
    }),
    // So that `cdk destroy` leaves nothing behind. Leave it out in production.
    deletionProtection: false,
  });
  new CfnOutput(stack, 'FrontDnsName', { value: front.loadBalancer.loadBalancerDnsName });
  return front;
}

/** Over plain HTTP browsers keep no secure cookie, so that the sample's must be asked to be insecure, by name. */
export function shopPolicy(certificateArn: string | undefined): SessionPolicy {
  return SessionPolicy.of(certificateArn === undefined ? { cookie: SessionCookie.insecure('session') } : {});
}
