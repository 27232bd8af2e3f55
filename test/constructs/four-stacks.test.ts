import { App } from 'aws-cdk-lib';
import * as acm from 'aws-cdk-lib/aws-certificatemanager';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import { SessionLoadBalancer, SessionTable } from 'cdk-sessions';
import { deployedStack, plainFunction, templateOf } from '../support/stacks.js';

test('table, network, balancer and function live in four stacks, and none waits for itself', () => {
  const app = new App();
  const storage = deployedStack(app, 'Storage');
  const network = deployedStack(app, 'Network');
  const edge = deployedStack(app, 'Edge');
  const web = deployedStack(app, 'Web');

  const sessions = new SessionTable(storage, 'Sessions');
  const front = new SessionLoadBalancer(edge, 'Front', {
    vpc: new ec2.Vpc(network, 'Vpc'),
    certificate: acm.Certificate.fromCertificateArn(
      edge,
      'Certificate',
      'arn:aws:acm:us-east-1:123456789012:certificate/1',
    ),
  });
  const fn = plainFunction(web);
  sessions.attachFunction(fn);
  front.addFunction('Web', fn);

  const assembly = app.synth();
  const dependencies = assembly.stacks.map(({ id, dependencies }) => [
    id,
    dependencies.map((dependency) => dependency.id.split('.')[0]).filter((name) => name !== id),
  ]);
  expect(Object.fromEntries(dependencies)).toEqual({
    Storage: [],
    Network: [],
    Edge: ['Network'],
    Web: ['Storage', 'Edge'],
  });
  const types = Object.values(templateOf(web).Resources).map(({ Type }) => Type);
  expect(types).toEqual(
    expect.arrayContaining(['AWS::ElasticLoadBalancingV2::TargetGroup', 'AWS::ElasticLoadBalancingV2::ListenerRule']),
  );
});
