import path from 'node:path';
import { autoScalingGroupDefinition } from '../../lib/local/auto-scaling-group.js';
import { type FixtureOptions, removeFolders } from './fixture.js';
import { definitionOf } from './fleet-definitions.js';
import { autoScalingGroup, balancer, launchTemplate } from './services.js';

afterAll(removeFolders);

const DOWNLOAD = `#!/bin/bash
aws s3 cp s3://assets/code.zip /tmp/code.zip
unzip -o /tmp/code.zip -d /opt/shop
`;
const UNIT = `[Service]
ExecStart=/usr/bin/node /opt/shop/server.js --port=\${PORT}
WorkingDirectory=/opt/shop
Environment=PORT=8080 GREETING=unit
EnvironmentFile=-/etc/shop.env
TimeoutStopSec=5
`;
const written = (unit: string) => `cat > /etc/systemd/system/shop.service <<'EOF'\n${unit}EOF\n`;
const ASSETS = { code: { 'server.js': '' } };

async function read(
  script: readonly unknown[] = [DOWNLOAD, written(UNIT)],
  group: Readonly<Record<string, unknown>> = {},
  { assets = ASSETS, ...options }: FixtureOptions = {},
) {
  const Resources = {
    Service: autoScalingGroup('Template', group),
    Template: launchTemplate(...script),
    ...balancer('instance'),
  };
  const { definition, folder } = await definitionOf(
    autoScalingGroupDefinition,
    { Web: { Resources } },
    { assets, ...options },
  );
  const [program] = definition.programs;
  if (program === undefined) {
    throw new Error('it runs nothing');
  }
  return { definition, folder, program };
}

test('reads how many instances there are, what they run, where, and behind which target group', async () => {
  const { definition, program, folder } = await read();
  const code = path.join(folder, 'code');
  expect(definition).toMatchObject({
    kind: 'auto-scaling-group',
    name: 'Web-Service',
    desired: 2,
    minimum: 1,
    maximum: 4,
    registrations: [{ targetGroupArn: expect.stringContaining('targetgroup/'), program: 'shop' }],
    stopTimeout: 5000,
    stopsAll: true,
  });
  expect(program).toMatchObject({
    name: 'shop',
    folder: code,
    port: 8080,
    variables: { PORT: '8080', GREETING: 'unit' },
  });
  expect(program.command({ PORT: '1234' })).toEqual([process.execPath, path.join(code, 'server.js'), '--port=1234']);
  expect(definition.limits).toEqual([
    'its instances run only the unit shop of their user data, with the programs of this machine',
    'an instance whose process ends is replaced, whatever its unit says of restarting it',
    'its variable PORT is not 8080 here: it names a free port, another one for each process',
  ]);
});

test('has as many instances as it must have at least, unless it says how many', async () => {
  expect((await read(undefined, { DesiredCapacity: undefined, MinSize: '3' })).definition.desired).toBe(3);
});

test('reads references in user data, and the environment files that it writes', async () => {
  const file = ['cat > /etc/shop.env <<EOF\nTABLE="', { Ref: 'AWS::StackName' }, '-table"\nGREETING=file\nEOF\n'];
  const { program } = await read([DOWNLOAD, ...file, written(UNIT)]);
  expect(program.variables).toEqual({ PORT: '8080', GREETING: 'file', TABLE: 'Web-table' });
});

test('runs in a folder within the archive', async () => {
  const unit = written(UNIT.replace('WorkingDirectory=/opt/shop', 'WorkingDirectory=/opt/shop/web'));
  await expect(read([DOWNLOAD, unit])).rejects.toThrow(
    'the unit shop runs in /opt/shop/web, which is not in its asset',
  );
});

test('reads a launch configuration as well, and a policy of mixed instances', async () => {
  const UserData = { 'Fn::Base64': `${DOWNLOAD}${written(UNIT)}` };
  const stacks = {
    Web: {
      Resources: {
        Service: autoScalingGroup('', { LaunchTemplate: undefined, LaunchConfigurationName: { Ref: 'Launch' } }),
        Launch: { Type: 'AWS::AutoScaling::LaunchConfiguration', Properties: { UserData } },
        ...balancer('instance'),
      },
    },
  };
  const found = await definitionOf(autoScalingGroupDefinition, stacks, { assets: ASSETS });
  expect(found.definition.programs).toHaveLength(1);
  const LaunchTemplateSpecification = { LaunchTemplateId: { Ref: 'Template' }, Version: '1' };
  const mixed = {
    LaunchTemplate: undefined,
    MixedInstancesPolicy: { LaunchTemplate: { LaunchTemplateSpecification } },
  };
  expect((await read(undefined, mixed)).definition.programs).toHaveLength(1);
});

test('reads user data in several parts', async () => {
  const part = (text: string) => Buffer.from(text).toString('base64');
  const script = [
    'Content-Type: multipart/mixed; boundary="+AWS+"\nMIME-Version: 1.0\n\n',
    `--+AWS+\nContent-Type: text/cloud-boothook\nContent-Transfer-Encoding: base64\n\n${part(DOWNLOAD)}\n`,
    `--+AWS+\nContent-Type: text/x-shellscript\n\n${written(UNIT)}\n--+AWS+--\n`,
  ];
  expect((await read(script)).program.name).toBe('shop');
});

describe('refuses', () => {
  const NEEDED = 'what runs here is a unit that the user data writes with a here-document into /etc/systemd/system';

  test.each([
    [
      'user data without a unit',
      ['#!/bin/bash\nyum install -y httpd'],
      `its user data writes no unit of systemd: ${NEEDED}`,
    ],
    [
      'several units',
      [DOWNLOAD, written(UNIT), written(UNIT).replace('shop.service', 'other.service')],
      'its user data writes several units, shop, other: one runs here',
    ],
    [
      'a unit without code',
      [written(UNIT)],
      'its user data unpacks no asset into /opt/shop, where the unit shop runs: ',
    ],
    [
      'code that is not in the assembly',
      [DOWNLOAD.replaceAll('code.zip', 'other.zip'), written(UNIT)],
      'its code other.zip is not an asset of the cloud assembly',
    ],
    [
      'an environment file that nothing writes',
      [DOWNLOAD, written(UNIT.replace('EnvironmentFile=-', 'EnvironmentFile='))],
      'the EnvironmentFile /etc/shop.env of the unit shop is written by nothing that is understood here',
    ],
    [
      'instances for tasks, as an ECS cluster has them',
      ['#!/bin/bash\necho ECS_CLUSTER=', { Ref: 'AWS::StackName' }, ' >> /etc/ecs/ecs.config'],
      'its instances are there for tasks of ECS, which run here without them',
    ],
    ['a unit that starts nothing', [DOWNLOAD, written('[Service]\nType=simple\n')], 'its unit has no ExecStart='],
  ])('%s', async (_, script, message) => {
    const attempt = read(script);
    await expect(attempt).rejects.toMatchObject({ code: 'ERR_LOCAL_TEMPLATE' });
    await expect(attempt).rejects.toThrow(message);
  });

  test('a launch template that is not there', async () => {
    const LaunchTemplate = { LaunchTemplateId: 'lt-123', Version: '1' };
    await expect(read(undefined, { LaunchTemplate })).rejects.toThrow(
      'what launches its instances, lt-123, is not in the stacks that run',
    );
  });
});

test('says when its target groups ask for several ports', async () => {
  const groups = balancer('instance');
  const Second = { ...groups.Group, Properties: { ...groups.Group.Properties, Port: 9090 } };
  const Resources = {
    Service: autoScalingGroup('Template', { TargetGroupARNs: [{ Ref: 'Group' }, { Ref: 'Second' }] }),
    Template: launchTemplate(DOWNLOAD, written(UNIT)),
    ...groups,
    Second,
  };
  const { definition } = await definitionOf(autoScalingGroupDefinition, { Web: { Resources } }, { assets: ASSETS });
  expect(definition.registrations).toHaveLength(2);
  expect(definition.limits).toContain('its instances listen on one port here, not on 8080 and 9090');
});
