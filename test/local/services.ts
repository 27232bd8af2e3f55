/** The pieces of templates with services, and servers for them to run. */

/** Tells of its process at `/`, answers slowly at `/slow`, ends at `/crash`; says when it gets SIGTERM. */
export const SERVER = `
  const { createServer } = require('node:http');
  let server;
  const routes = {
    '/': (response) => response.end(JSON.stringify({ pid: process.pid, cwd: process.cwd(), argv: process.argv.slice(2), env: process.env })),
    '/slow': (response) => setTimeout(() => response.end('slow but whole'), 800),
    '/crash': () => process.exit(3),
  };
  server = createServer((request, response) => (routes[request.url] ?? routes['/'])(response));
  server.listen(Number(process.env.PORT), '127.0.0.1', () => console.log('listening'));
  process.on('SIGTERM', () => { console.log('asked to end'); server.close(() => process.exit(0)); server.closeIdleConnections(); });
`;

type Properties = Readonly<Record<string, unknown>>;

/** A service of ECS, with the task definition of that logical id, behind the target groups of these. */
export function ecsService(taskDefinition: string, targetGroups: readonly string[] = [], properties: Properties = {}) {
  return {
    Type: 'AWS::ECS::Service',
    Properties: {
      Cluster: 'mine',
      LaunchType: 'FARGATE',
      DesiredCount: 2,
      TaskDefinition: { Ref: taskDefinition },
      LoadBalancers: targetGroups.map((group) => ({
        ContainerName: 'web',
        ContainerPort: 8080,
        TargetGroupArn: { Ref: group },
      })),
      ...properties,
    },
  };
}

/** A task definition with one container, from the image of that tag. */
export function taskDefinition(tag: string, container: Properties = {}, ...others: readonly Properties[]) {
  return {
    Type: 'AWS::ECS::TaskDefinition',
    Properties: {
      Family: 'web',
      RequiresCompatibilities: ['FARGATE'],
      ContainerDefinitions: [
        {
          Name: 'web',
          Essential: true,
          // As the CDK writes it.
          Image: { 'Fn::Sub': `\${AWS::AccountId}.dkr.ecr.us-east-1.\${AWS::URLSuffix}/images:${tag}` },
          PortMappings: [{ ContainerPort: 8080 }],
          ...container,
        },
        ...others,
      ],
    },
  };
}

/** A load balancer, with a listener on port 80 that sends everything to the target group `Group`. */
export function balancer(type: 'ip' | 'instance' = 'ip') {
  return {
    Balancer: { Type: 'AWS::ElasticLoadBalancingV2::LoadBalancer', Properties: {} },
    Listener: {
      Type: 'AWS::ElasticLoadBalancingV2::Listener',
      Properties: {
        LoadBalancerArn: { Ref: 'Balancer' },
        Port: 80,
        Protocol: 'HTTP',
        DefaultActions: [{ Type: 'forward', TargetGroupArn: { Ref: 'Group' } }],
      },
    },
    Group: {
      Type: 'AWS::ElasticLoadBalancingV2::TargetGroup',
      Properties: { TargetType: type, Port: 8080, Protocol: 'HTTP' },
    },
  };
}

/** An Auto Scaling group whose launch template, of that logical id, has the user data. */
export function autoScalingGroup(launchTemplate: string, properties: Properties = {}) {
  return {
    Type: 'AWS::AutoScaling::AutoScalingGroup',
    Properties: {
      MinSize: '1',
      MaxSize: '4',
      DesiredCapacity: '2',
      LaunchTemplate: {
        LaunchTemplateId: { Ref: launchTemplate },
        Version: { 'Fn::GetAtt': [launchTemplate, 'LatestVersionNumber'] },
      },
      TargetGroupARNs: [{ Ref: 'Group' }],
      ...properties,
    },
  };
}

/** A launch template with this script, whose parts may be references, for its user data. */
export function launchTemplate(...script: readonly unknown[]) {
  return {
    Type: 'AWS::EC2::LaunchTemplate',
    Properties: {
      LaunchTemplateData: {
        ImageId: { Ref: 'SsmParameter' },
        UserData: { 'Fn::Base64': { 'Fn::Join': ['', script] } },
      },
    },
  };
}
