import { Stack, Token } from 'aws-cdk-lib';
import type * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as s3 from 'aws-cdk-lib/aws-s3';
import { concrete } from '../placement.js';
import type { SessionLoadBalancerProps } from '../session-load-balancer-props.js';
import { secondsFault } from './range-faults.js';

/** Why Elastic Load Balancing would refuse such a load balancer, or `undefined`. */
export function balancerFault(
  props: SessionLoadBalancerProps,
  subnets: ec2.SelectedSubnets,
  region: string,
): string | undefined {
  return (
    subnetsFault(subnets) ??
    tlsFault(props) ??
    regionFault(props, region) ??
    secondsFault('idleTimeout', props.idleTimeout, [1, 4000]) ??
    logsFault('accessLogs', props.accessLogsBucket, props.accessLogsPrefix, region) ??
    logsFault('connectionLogs', props.connectionLogsBucket, props.connectionLogsPrefix, region)
  );
}

/** Zones that only the deployment knows are not judged. */
function subnetsFault({ subnetIds, availabilityZones, isPendingLookup }: ec2.SelectedSubnets): string | undefined {
  if (isPendingLookup || Token.isUnresolved(subnetIds)) {
    return undefined;
  }
  const zones = availabilityZones.filter((zone) => !Token.isUnresolved(zone));
  const apart = new Set(zones).size === zones.length;
  return subnetIds.length >= 2 && apart
    ? undefined
    : `a load balancer takes two subnets or more, each in another availability zone, received ${subnetIds.length}${zones.length > 0 ? ` in ${zones.join()}` : ''}: give other vpcSubnets`;
}

function tlsFault(props: SessionLoadBalancerProps): string | undefined {
  const { certificate, additionalCertificates, sslPolicy, tlsTerminatedInFront } = props;
  if (certificate) {
    return tlsTerminatedInFront
      ? 'tlsTerminatedInFront is for plain HTTP, received a certificate, with which this load balancer ends TLS itself: leave one of them out'
      : undefined;
  }
  const [needless] = [additionalCertificates && 'additionalCertificates', sslPolicy && 'sslPolicy'].filter(Boolean);
  return needless ? `${needless} is for HTTPS, received no certificate: give certificate, too` : undefined;
}

function regionFault(
  { certificate, additionalCertificates = [], webAcl }: SessionLoadBalancerProps,
  region: string,
): string | undefined {
  const arns = {
    certificate: certificate ? [certificate.certificateArn] : [],
    additionalCertificates: additionalCertificates.map(({ certificateArn }) => certificateArn),
    webAcl: webAcl ? [webAcl.webAclArn] : [],
  };
  const [fault] = Object.entries(arns).flatMap(([name, each]) =>
    each
      .map(regionOf)
      .filter((other) => other && concrete(region) && other !== region)
      .map(
        (other) =>
          `${name} must be in the load balancer's region ${region}, received one in ${other}: take one of ${region}`,
      ),
  );
  return fault;
}

/** None where only the deployment knows it, and of a certificate of IAM, which is for all regions. */
function regionOf(arn: string): string | undefined {
  return concrete(arn) ? arn.split(':')[3] : undefined;
}

/** https://docs.aws.amazon.com/elasticloadbalancing/latest/application/enable-access-logging.html */
function logsFault(
  name: 'accessLogs' | 'connectionLogs',
  bucket: s3.IBucket | undefined,
  prefix: string | undefined,
  region: string,
): string | undefined {
  if (!bucket) {
    return prefix === undefined
      ? undefined
      : `${name}Prefix is for a bucket, received none: give ${name}Bucket, or leave it out`;
  }
  if (Token.isUnresolved(region)) {
    return `logs need a stack with a region, which decides who writes them, received ${name}Bucket in one without: give the stack env: { region }`;
  }
  if (isEncryptedByKms(bucket)) {
    return `a load balancer writes no logs with a key of KMS, received ${bucket.node.path} as ${name}Bucket: take a bucket with BucketEncryption.S3_MANAGED`;
  }
  const plain =
    prefix === undefined || Token.isUnresolved(prefix) || (/^[^/](.*[^/])?$/.test(prefix) && !/AWSLogs/.test(prefix));
  return plain
    ? undefined
    : `${name}Prefix must neither begin nor end with a slash, nor have AWSLogs in it, received ${JSON.stringify(prefix)}`;
}

/** A key of AWS's own, as of `BucketEncryption.KMS_MANAGED`, is not told as a key. */
function isEncryptedByKms(bucket: s3.IBucket): boolean {
  const { defaultChild } = bucket.node;
  const encryption = defaultChild instanceof s3.CfnBucket ? defaultChild.bucketEncryption : undefined;
  return (
    bucket.encryptionKey !== undefined || JSON.stringify(Stack.of(bucket).resolve(encryption) ?? '').includes('aws:kms')
  );
}
