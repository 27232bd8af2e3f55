import type { Duration } from 'aws-cdk-lib';
import type * as acm from 'aws-cdk-lib/aws-certificatemanager';
import type * as ec2 from 'aws-cdk-lib/aws-ec2';
import type * as elbv2 from 'aws-cdk-lib/aws-elasticloadbalancingv2';
import type * as s3 from 'aws-cdk-lib/aws-s3';
import type { ISessionWebAcl } from './session-web-acl.js';

/** How to create a load balancer in front of an application with sessions. */
export interface SessionLoadBalancerProps {
  /** Where the load balancer stands: its public subnets in two zones or more, or private ones if it is internal. */
  readonly vpc: ec2.IVpc;

  /**
   * The subnets that it stands in: two or more, each in another availability zone.
   * @default - the public subnets of the VPC, or its private ones if it is internal
   */
  readonly vpcSubnets?: ec2.SubnetSelection;

  /**
   * The security group that says who may connect, also to an internet-facing load balancer: nobody is added to it. Rules
   * for its targets are.
   * @default - a new one, open to everybody if the load balancer is internet-facing
   */
  readonly securityGroup?: ec2.ISecurityGroup;

  /**
   * The certificate of the site's domain, in the region of the load balancer. With it the site is served over HTTPS, plain HTTP redirects there, and
   * browsers that were here once take HTTPS by themselves for a year (`Strict-Transport-Security`). That covers the
   * site's host names alone; `listener.setAttribute()` says otherwise.
   * @default - plain HTTP only, which carries no session unless its cookie is `SessionCookie.insecure()`
   */
  readonly certificate?: acm.ICertificate;

  /**
   * Whether something in front ends TLS (CloudFront, a Network Load Balancer, a proxy), so that visitors come over HTTPS
   * although this listener speaks plain HTTP, and their browsers keep secure cookies. Nobody but what stands in front should
   * be able to connect then.
   * @default false
   */
  readonly tlsTerminatedInFront?: boolean;

  /**
   * Certificates of further domains, chosen by the name that a browser asks for (SNI); up to 25 unless the account has
   * another quota. Only with `certificate`.
   * @default - none
   */
  readonly additionalCertificates?: acm.ICertificate[];

  /**
   * Which versions of TLS and which ciphers browsers may use. Only with `certificate`.
   * @default - the policy that Elastic Load Balancing recommends: TLS 1.3 and 1.2, with post-quantum key agreement
   */
  readonly sslPolicy?: elbv2.SslPolicy;

  /**
   * Whether the load balancer has public addresses, and everybody may connect, unless `securityGroup` says who. To an
   * internal one nobody may until `connections` says so.
   * @default true
   */
  readonly internetFacing?: boolean;

  /**
   * Which addresses it has. DUAL_STACK needs subnets with IPv6; targets are reached over IPv4 in any case.
   * @default IpAddressType.IPV4
   */
  readonly ipAddressType?: elbv2.IpAddressType;

  /**
   * For how long a connection may be silent: whole seconds, 1 to 4000. Servers must keep theirs open for longer, or a
   * request meets a connection that is being closed, and fails with 502: `server.keepAliveTimeout` of Node is 5 seconds.
   * @default Duration.seconds(60)
   */
  readonly idleTimeout?: Duration;

  /**
   * What becomes of requests that two servers might read differently, with which one visitor's request can be smuggled into
   * another's connection. Headers that are not valid are dropped in any case.
   * @default DesyncMitigationMode.DEFENSIVE
   */
  readonly desyncMitigationMode?: elbv2.DesyncMitigationMode;

  /**
   * Whether the load balancer refuses to be deleted until this is turned off: a new one has another DNS name.
   * @default true
   */
  readonly deletionProtection?: boolean;

  /**
   * Where a line about each request is written. The bucket must be in the same region, and encrypted with S3's own keys
   * (SSE-S3) if at all. Its policy is made to let the load balancer write, unless it is imported: then it must do so
   * already. Cookies are not in the lines, URLs are.
   * @default - nowhere
   */
  readonly accessLogsBucket?: s3.IBucket;

  /**
   * What the names of these logs begin with; no slash first or last, and without `AWSLogs`, which is added.
   * @default - nothing
   */
  readonly accessLogsPrefix?: string;

  /**
   * Where a line about each connection is written: addresses, TLS, and why a handshake failed. The same kind of bucket.
   * @default - nowhere
   */
  readonly connectionLogsBucket?: s3.IBucket;

  /**
   * What the names of these logs begin with, as with `accessLogsPrefix`.
   * @default - nothing
   */
  readonly connectionLogsPrefix?: string;

  /**
   * What filters requests before they are looked at, in the region of the load balancer.
   * @default - nothing does
   */
  readonly webAcl?: ISessionWebAcl;
}

/** What is known of a listener that exists. */
export interface SessionLoadBalancerAttributes {
  /**
   * The listener: created elsewhere in this app, looked up, or imported with
   * `ApplicationListener.fromApplicationListenerAttributes()`. Import it in the stack of its targets.
   */
  readonly listener: elbv2.IApplicationListener;

  /**
   * Where its load balancer stands. Only instances need it.
   * @default - that of the listener's load balancer, if the listener was created in this app
   */
  readonly vpc?: ec2.IVpc;

  /**
   * Whether something in front ends TLS (CloudFront, a Network Load Balancer, a proxy), so that visitors come over HTTPS
   * although this listener speaks plain HTTP, and their browsers keep secure cookies. Nobody but what stands in front should
   * be able to connect then.
   * @default false
   */
  readonly tlsTerminatedInFront?: boolean;
}
