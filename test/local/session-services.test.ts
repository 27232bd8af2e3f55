import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import {
  App,
  aws_autoscaling as autoscaling,
  aws_ec2 as ec2,
  aws_ecs as ecs,
  aws_iam as iam,
  Stack,
} from 'aws-cdk-lib';
import {
  type ApplicationLoadBalancer,
  ApplicationProtocol,
  type IApplicationLoadBalancerTarget,
  ApplicationLoadBalancer as LoadBalancer,
} from 'aws-cdk-lib/aws-elasticloadbalancingv2';
import { Asset } from 'aws-cdk-lib/aws-s3-assets';
import { CacheNodeType, SessionReplicationGroup, SessionTable } from 'cdk-sessions';
import { type LocalCloud, type LocalService, startLocal } from 'cdk-sessions-local';
import { build } from 'esbuild';
import { removeFolders, temporaryFolder } from './fixture.js';

let cloud: LocalCloud;

const UNIT = `[Service]
WorkingDirectory=/opt/visits
ExecStart=/usr/bin/node server.js
EnvironmentFile=/etc/cdk-sessions/CDK_SESSIONS.env
`;

/** A folder with a server in one file, and the Dockerfile of its image. */
async function bundle(): Promise<string> {
  const folder = await temporaryFolder();
  await build({
    entryPoints: [require.resolve('./visits-server.ts')],
    bundle: true,
    platform: 'node',
    target: 'node20',
    outfile: path.join(folder, 'server.js'),
    logLevel: 'error',
  });
  await writeFile(path.join(folder, 'Dockerfile'), 'FROM node:22\nCOPY server.js /\nCMD ["node", "server.js"]\n');
  return folder;
}

function inFront(balancer: ApplicationLoadBalancer, port: number, target: IApplicationLoadBalancerTarget) {
  balancer.addListener(`${port}`, { port, protocol: ApplicationProtocol.HTTP }).addTargets('Targets', {
    port: 8080,
    protocol: ApplicationProtocol.HTTP,
    targets: [target],
    healthCheck: { path: '/health' },
  });
}

/** Services of each kind that use a table, or a cache, as the CDK itself synthesizes them. */
beforeAll(async () => {
  const folder = await bundle();
  const app = new App({
    outdir: path.join(await temporaryFolder(), 'cdk.out'),
    context: { 'aws:cdk:enable-path-metadata': true },
  });
  const env = { region: 'eu-central-1' };
  const data = new Stack(app, 'Data', { env });
  const vpc = new ec2.Vpc(data, 'Vpc', {
    maxAzs: 2,
    natGateways: 0,
    subnetConfiguration: [{ name: 'Isolated', subnetType: ec2.SubnetType.PRIVATE_ISOLATED }],
  });
  const vpcSubnets = { subnetType: ec2.SubnetType.PRIVATE_ISOLATED };
  const table = new SessionTable(data, 'Table');
  const cache = new SessionReplicationGroup(data, 'Cache', { vpc, nodeType: CacheNodeType.T4G_MICRO });

  const web = new Stack(app, 'Web', { env });
  const balancer = new LoadBalancer(web, 'Balancer', { vpc, vpcSubnets });
  const cluster = new ecs.Cluster(web, 'Cluster', { vpc });
  for (const [index, [name, store]] of Object.entries({ OnTable: table, OnCache: cache }).entries()) {
    const taskDefinition = new ecs.FargateTaskDefinition(web, `${name}Task`);
    taskDefinition.addContainer('Server', {
      image: ecs.ContainerImage.fromAsset(folder),
      portMappings: [{ containerPort: 8080 }],
      logging: ecs.LogDrivers.awsLogs({ streamPrefix: 'web' }),
    });
    const service = new ecs.FargateService(web, name, {
      cluster,
      taskDefinition,
      vpcSubnets,
      desiredCount: 2,
      minHealthyPercent: 100,
    });
    store.attachEcsService(service);
    inFront(balancer, 80 + index, service);
  }

  const code = new Asset(web, 'Code', { path: folder });
  const machine = {
    instanceType: ec2.InstanceType.of(ec2.InstanceClass.T4G, ec2.InstanceSize.MICRO),
    machineImage: ec2.MachineImage.latestAmazonLinux2023(),
  };
  const commands = (userData: ec2.UserData) => {
    const archive = userData.addS3DownloadCommand({ bucket: code.bucket, bucketKey: code.s3ObjectKey });
    userData.addCommands(
      `unzip -o ${archive} -d /opt/visits`,
      `cat > /etc/systemd/system/visits.service <<'EOF'\n${UNIT}EOF`,
      'systemctl enable --now visits',
    );
  };
  const launch = (name: string, userData: ec2.UserData) =>
    new ec2.LaunchTemplate(web, `${name}Launch`, {
      ...machine,
      userData,
      role: new iam.Role(web, `${name}Role`, { assumedBy: new iam.ServicePrincipal('ec2.amazonaws.com') }),
      securityGroup: new ec2.SecurityGroup(web, `${name}SecurityGroup`, { vpc }),
    });
  const script = ec2.UserData.forLinux();
  const multipart = new ec2.MultipartUserData();
  multipart.addUserDataPart(script, ec2.MultipartBody.SHELL_SCRIPT, true);
  const groups = {
    OnTemplate: { launchTemplate: launch('OnTemplate', ec2.UserData.forLinux()) },
    OnParts: { launchTemplate: launch('OnParts', multipart) },
    OnConfiguration: machine,
  };
  for (const [index, [name, launching]] of Object.entries(groups).entries()) {
    const updatePolicy = autoscaling.UpdatePolicy.rollingUpdate();
    const group = new autoscaling.AutoScalingGroup(web, name, {
      vpc,
      vpcSubnets,
      minCapacity: 2,
      maxCapacity: 4,
      updatePolicy,
      ...launching,
    });
    commands(group.userData);
    table.attachAutoScalingGroup(group);
    inFront(balancer, 90 + index, group);
  }
  cloud = await startLocal({ assembly: app.synth().directory });
}, 120_000);

afterAll(async () => {
  await cloud?.stop();
  await removeFolders();
});

const NAMES = [
  ['OnTable', 80],
  ['OnCache', 81],
  ['OnTemplate', 90],
  ['OnParts', 91],
  ['OnConfiguration', 92],
] as const;

function serviceOf(name: string): LocalService {
  const found = cloud.services.find(({ path: of }) => of.startsWith(`Web/${name}/`));
  if (found === undefined) {
    throw new Error(`${name} does not run: ${JSON.stringify(cloud.unsupported)}`);
  }
  return found;
}

/** The visits that a visitor's cookie stands for, the process that counted, and the cookie. */
async function visit(port: number, cookie = '') {
  const url = cloud.fronts.find(({ listener }) => listener?.port === port)?.url ?? '';
  const response = await fetch(url, { headers: { cookie } });
  const { visits, pid } = JSON.parse(await response.text());
  return {
    visits: Number(visits),
    pid: Number(pid),
    cookie: response.headers.getSetCookie()[0]?.split(';')[0] ?? cookie,
  };
}

describe.each(NAMES)('%s', (name, port) => {
  test('its members share the sessions of the store that was attached', async () => {
    let visitor = await visit(port);
    const pids = new Set([visitor.pid]);
    for (let visits = 2; visits <= 6; visits += 1) {
      visitor = await visit(port, visitor.cookie);
      expect(visitor.visits).toBe(visits);
      pids.add(visitor.pid);
    }
    expect(pids.size).toBe(2);
  });

  test('a session survives all of them', async () => {
    const { cookie, pid } = await visit(port);
    await cloud.recycle();
    const again = await visit(port, cookie);
    expect(again.visits).toBe(2);
    expect(again.pid).not.toBe(pid);
    expect(serviceOf(name).members).toHaveLength(2);
  });
});

test('all that cannot run is listed', () => {
  expect(cloud.unsupported.filter(({ runs }) => !runs)).toEqual([]);
});
