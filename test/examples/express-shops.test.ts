import { App, type Stack } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { Ec2ShopStack } from '../../examples/ec2-shop/stack.js';
import { FargateShopStack } from '../../examples/fargate-shop/stack.js';
import { StickyLegacyStack } from '../../examples/sticky-legacy/stack.js';
import { parseContract } from '../../lib/contract/parse.js';
import { type CfnTemplate, resolveIntrinsics } from '../support/template.js';

const SAMPLES: Readonly<Record<string, (app: App, certificateArn?: string) => Stack>> = {
  FargateShop: (app, certificateArn) => new FargateShopStack(app, 'FargateShop', props(certificateArn)),
  Ec2Shop: (app, certificateArn) => new Ec2ShopStack(app, 'Ec2Shop', props(certificateArn)),
  StickyLegacy: (app, certificateArn) => new StickyLegacyStack(app, 'StickyLegacy', props(certificateArn)),
};

const CERTIFICATE = 'arn:aws:acm:us-east-1:123456789012:certificate/0001';

function props(certificateArn: string | undefined) {
  return { env: { region: 'us-east-1' }, ...(certificateArn !== undefined && { certificateArn }) };
}

/** A container of a task definition. */
interface Container {
  readonly Environment: readonly { readonly Name: string; readonly Value: unknown }[];
}

/** The template, without the hashes of what its assets hold. */
function synthesize(sample: string, certificateArn?: string): CfnTemplate {
  const stack = SAMPLES[sample]?.(new App(), certificateArn);
  if (stack === undefined) {
    throw new Error(`there is no sample ${sample}`);
  }
  const template = JSON.stringify(Template.fromStack(stack).toJSON());
  return JSON.parse(template.replaceAll(/[0-9a-f]{64}/g, 'hash'));
}

const ofType = ({ Resources }: CfnTemplate, type: string) =>
  Object.values(Resources).filter(({ Type }) => Type === type);

test.each(Object.keys(SAMPLES))('%s is what it was', (sample) => {
  expect(synthesize(sample, CERTIFICATE)).toMatchSnapshot();
});

test.each(['FargateShop', 'Ec2Shop'])(
  '%s has a host cookie behind HTTPS, and an insecure one for a look without',
  (sample) => {
    const cookies = [CERTIFICATE, undefined].map((certificate) =>
      JSON.stringify(synthesize(sample, certificate)).includes('__Host-session'),
    );
    expect(cookies).toEqual([true, false]);
  },
);

test('a container of FargateShop is told of the table in a variable that the client reads', () => {
  const template = synthesize('FargateShop', CERTIFICATE);
  const [task] = ofType(template, 'AWS::ECS::TaskDefinition');
  const containers = task?.Properties?.['ContainerDefinitions'] as readonly Container[] | undefined;
  const value = containers?.[0]?.Environment.find(({ Name }) => Name === 'CDK_SESSIONS')?.Value;
  expect(parseContract(String(resolveIntrinsics(value, template)))).toMatchObject({
    stores: { primary: { kind: 'dynamodb' } },
  });
});

test('only StickyLegacy is sticky', () => {
  const stickiness = Object.keys(SAMPLES).map((sample) => {
    const [group] = ofType(synthesize(sample), 'AWS::ElasticLoadBalancingV2::TargetGroup');
    const attributes = group?.Properties?.['TargetGroupAttributes'] as { Key: string; Value: string }[];
    return [sample, attributes.find(({ Key }) => Key === 'stickiness.enabled')?.Value];
  });
  expect(Object.fromEntries(stickiness)).toEqual({ FargateShop: 'false', Ec2Shop: 'false', StickyLegacy: 'true' });
});

test('only the load balancer may connect to a server, and only to its port', () => {
  for (const sample of Object.keys(SAMPLES)) {
    const rules = ofType(synthesize(sample), 'AWS::EC2::SecurityGroupIngress').map(({ Properties }) => Properties);
    expect(rules).toEqual([expect.objectContaining({ FromPort: 8080, ToPort: 8080 })]);
    expect(rules[0]).toHaveProperty('SourceSecurityGroupId');
  }
});
