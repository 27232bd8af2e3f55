import { App, Stack } from 'aws-cdk-lib';
import { Match, Template } from 'aws-cdk-lib/assertions';
import { Certificate } from 'aws-cdk-lib/aws-certificatemanager';
import { CachePolicy, OriginRequestPolicy } from 'aws-cdk-lib/aws-cloudfront';
import { Vpc } from 'aws-cdk-lib/aws-ec2';
import { Code, Function as LambdaFunction, Runtime } from 'aws-cdk-lib/aws-lambda';
import { SessionLoadBalancer, SessionTable } from 'cdk-sessions';
import { cloudFrontHttpApi } from '../../examples/recipes/cloudfront-http-api.js';
import { cloudFrontLoadBalancer } from '../../examples/recipes/cloudfront-load-balancer.js';
import { httpApi } from '../../examples/recipes/http-api.js';
import { restApi } from '../../examples/recipes/rest-api.js';

let stack: Stack;
let shop: LambdaFunction;

beforeEach(() => {
  stack = new Stack(new App(), 'Stack', { env: { region: 'us-east-1' } });
  shop = new LambdaFunction(stack, 'Shop', {
    runtime: Runtime.NODEJS_24_X,
    handler: 'index.handler',
    code: Code.fromInline('exports.handler = async () => ({ statusCode: 200 })'),
  });
  new SessionTable(stack, 'Sessions').attachFunction(shop);
});

/** A distribution that caches nothing, passes everything on, and speaks HTTPS to visitors. */
const passesSessions = (passesOn: { readonly originRequestPolicyId: string }) => ({
  DistributionConfig: {
    DefaultCacheBehavior: {
      CachePolicyId: CachePolicy.CACHING_DISABLED.cachePolicyId,
      OriginRequestPolicyId: passesOn.originRequestPolicyId,
      ViewerProtocolPolicy: 'redirect-to-https',
      AllowedMethods: Match.arrayWith(['GET', 'POST', 'DELETE']),
    },
  },
});

test('an HTTP API passes its events on in the format that has cookies of their own', () => {
  httpApi(stack, shop);
  Template.fromStack(stack).hasResourceProperties('AWS::ApiGatewayV2::Integration', { PayloadFormatVersion: '2.0' });
});

test('a REST API passes everything on, and caches nothing', () => {
  restApi(stack, shop);
  const template = Template.fromStack(stack);
  template.hasResourceProperties('AWS::ApiGateway::Resource', { PathPart: '{proxy+}' });
  template.hasResourceProperties('AWS::ApiGateway::Stage', { CacheClusterEnabled: Match.absent() });
});

test('CloudFront in front of an HTTP API passes on all but the host', () => {
  cloudFrontHttpApi(stack, httpApi(stack, shop));
  Template.fromStack(stack).hasResourceProperties(
    'AWS::CloudFront::Distribution',
    passesSessions(OriginRequestPolicy.ALL_VIEWER_EXCEPT_HOST_HEADER),
  );
});

test('CloudFront in front of a load balancer is the only way to it, and speaks HTTPS all the way', () => {
  const certificate = Certificate.fromCertificateArn(
    stack,
    'Certificate',
    'arn:aws:acm:us-east-1:123456789012:certificate/0001',
  );
  const front = new SessionLoadBalancer(stack, 'Front', {
    vpc: new Vpc(stack, 'Vpc'),
    certificate,
    internetFacing: false,
  });
  front.addFunction('Shop', shop);
  cloudFrontLoadBalancer(stack, front, { domainName: 'shop.example.com', certificate });
  const template = Template.fromStack(stack);
  template.hasResourceProperties('AWS::CloudFront::Distribution', passesSessions(OriginRequestPolicy.ALL_VIEWER));
  template.hasResourceProperties('AWS::CloudFront::VpcOrigin', {
    VpcOriginEndpointConfig: { OriginProtocolPolicy: 'https-only' },
  });
  template.hasResourceProperties('AWS::ElasticLoadBalancingV2::LoadBalancer', { Scheme: 'internal' });
  template.hasResourceProperties('AWS::EC2::SecurityGroup', {
    SecurityGroupIngress: [
      Match.objectLike({ CidrIp: { 'Fn::GetAtt': [Match.stringLikeRegexp('Vpc'), 'CidrBlock'] }, FromPort: 443 }),
    ],
  });
});
