import type { ICertificate } from 'aws-cdk-lib/aws-certificatemanager';
import {
  AllowedMethods,
  CachePolicy,
  Distribution,
  OriginProtocolPolicy,
  OriginRequestPolicy,
  ViewerProtocolPolicy,
} from 'aws-cdk-lib/aws-cloudfront';
import { VpcOrigin } from 'aws-cdk-lib/aws-cloudfront-origins';
import { Peer, Port } from 'aws-cdk-lib/aws-ec2';
import type { SessionLoadBalancer } from 'cdk-sessions';
import type { Construct } from 'constructs';

/** What the distribution is called. */
export interface SiteNames {
  readonly domainName: string;
  /** For that name, in us-east-1. The load balancer has one for the same name, in its own region. */
  readonly certificate: ICertificate;
}

/**
 * CloudFront in front of a load balancer that has no public address (`internetFacing: false`): nobody passes by. It is
 * HTTPS all the way, so that cookies stay secure, and every cookie passes, those of stickiness too.
 */
export function cloudFrontLoadBalancer(scope: Construct, front: SessionLoadBalancer, site: SiteNames): Distribution {
  // CloudFront's own addresses in the VPC are of the VPC's network.
  const { vpc } = front.loadBalancer;
  if (vpc !== undefined) {
    front.connections.allowFrom(Peer.ipv4(vpc.vpcCidrBlock), Port.tcp(443), 'from CloudFront, inside the VPC');
  }
  return new Distribution(scope, 'Distribution', {
    domainNames: [site.domainName],
    certificate: site.certificate,
    defaultBehavior: {
      origin: VpcOrigin.withApplicationLoadBalancer(front.loadBalancer, {
        protocolPolicy: OriginProtocolPolicy.HTTPS_ONLY,
      }),
      viewerProtocolPolicy: ViewerProtocolPolicy.REDIRECT_TO_HTTPS,
      allowedMethods: AllowedMethods.ALLOW_ALL,
      cachePolicy: CachePolicy.CACHING_DISABLED,
      // The visitors' host is passed on: it is the one that the load balancer's certificate is for.
      originRequestPolicy: OriginRequestPolicy.ALL_VIEWER,
    },
  });
}
