import path from 'node:path';
import { App, Stack } from 'aws-cdk-lib';
import { SubnetType, Vpc } from 'aws-cdk-lib/aws-ec2';
import { Runtime } from 'aws-cdk-lib/aws-lambda';
import { NodejsFunction } from 'aws-cdk-lib/aws-lambda-nodejs';
import {
  CacheAuthentication,
  CacheNodeType,
  ClusterMode,
  EvictionPolicy,
  SessionReplicationGroup,
  SessionServerlessCache,
} from 'cdk-sessions';
import { type LocalCache, type LocalCloud, startLocal } from 'cdk-sessions-local';
import { removeFolders, temporaryFolder } from './fixture.js';

let cloud: LocalCloud;

/** A cache of each kind in one stack, and a function for each, in the network of the caches, in another. */
beforeAll(async () => {
  const app = new App({
    outdir: path.join(await temporaryFolder(), 'cdk.out'),
    context: { 'aws:cdk:enable-path-metadata': true },
  });
  const env = { region: 'eu-central-1' };
  const data = new Stack(app, 'Data', { env });
  const vpc = new Vpc(data, 'Vpc', {
    maxAzs: 2,
    natGateways: 0,
    subnetConfiguration: [{ name: 'Isolated', subnetType: SubnetType.PRIVATE_ISOLATED }],
  });
  const node = { vpc, nodeType: CacheNodeType.T4G_MICRO };
  const stores = {
    Iam: new SessionReplicationGroup(data, 'Iam', { ...node, shards: 2 }),
    Password: new SessionReplicationGroup(data, 'Password', {
      ...node,
      clusterMode: ClusterMode.DISABLED,
      authentication: CacheAuthentication.password(),
      evictionPolicy: EvictionPolicy.NO_EVICTION,
      sessionEvents: true,
      parameters: { 'slowlog-max-len': '64', 'no-such-parameter': '1', databases: '4' },
    }),
    Token: new SessionReplicationGroup(data, 'Token', { ...node, authentication: CacheAuthentication.authToken() }),
    Serverless: new SessionServerlessCache(data, 'Serverless', { vpc }),
  };
  const web = new Stack(app, 'Web', { env });
  for (const [name, store] of Object.entries(stores)) {
    const fn = new NodejsFunction(web, name, {
      entry: require.resolve('./cache-visitor.ts'),
      runtime: Runtime.NODEJS_24_X,
      vpc,
      vpcSubnets: { subnetType: SubnetType.PRIVATE_ISOLATED },
    });
    store.attachFunction(fn);
  }
  cloud = await startLocal({ assembly: app.synth().directory });
}, 120_000);

afterAll(async () => {
  await cloud?.stop();
  await removeFolders();
});

const cacheOf = (name: string): LocalCache => {
  const found = cloud.caches.find(({ path: of }) => of.startsWith(`Data/${name}/`));
  if (found === undefined) {
    throw new Error(`there is no cache ${name}`);
  }
  return found;
};

const functionOf = (name: string) => cloud.functions.find(({ path: of }) => of === `Web/${name}`);

/** What a function gets for a command that it sends to its cache. */
async function ask(name: string, ...command: string[]): Promise<unknown> {
  const outcome = await functionOf(name)?.invoke({ command });
  return outcome?.kind === 'result' ? JSON.parse(outcome.payload) : outcome;
}

const storeOf = (name: string) => JSON.parse(functionOf(name)?.environment['CDK_SESSIONS'] ?? '').stores.primary;

test('each cache runs, with TLS, on a port of this machine', () => {
  expect(cloud.caches.map(({ path: of, host, tls, cluster }) => [of, host, tls, cluster])).toEqual([
    ['Data/Iam/ReplicationGroup', 'localhost', true, true],
    ['Data/Password/ReplicationGroup', 'localhost', true, false],
    ['Data/Token/ReplicationGroup', 'localhost', true, true],
    ['Data/Serverless/ServerlessCache', 'localhost', true, true],
  ]);
  expect(new Set(cloud.caches.map(({ port }) => port)).size).toBe(4);
});

test.each(['Iam', 'Password', 'Token', 'Serverless'])(
  'the function of the cache %s connects as its contract tells, and trusts the certificate',
  async (name) => {
    expect(storeOf(name)).toMatchObject({ endpoint: 'localhost', port: cacheOf(name).port });
    expect(await ask(name, 'GET', 'session:1')).toBeNull();
  },
);

test('a cache has as many nodes as shards, each of which can be asked', async () => {
  expect(await cacheOf('Iam').command('DBSIZE')).toEqual([0, 0]);
  expect(await cacheOf('Serverless').command('DBSIZE')).toEqual([0]);
});

test.each(['Iam', 'Serverless'])('the contract of the cache %s has a password in place of IAM', (name) => {
  const { authentication } = storeOf(name);
  expect(authentication).toEqual({ kind: 'password', user: expect.any(String), secret: expect.any(String) });
  expect(cloud.secrets.find(({ arn }) => arn === authentication.secret)).toMatchObject({
    path: `Data/${name}/Users/User`,
    name: `elasticache-iam/${authentication.user}`,
  });
});

test.each(['Iam', 'Password', 'Serverless'])('the user of the cache %s may do what it may on AWS', async (name) => {
  expect(await ask(name, 'GET', 'other:1')).toMatch(/^NOPERM/);
  expect(await ask(name, 'FLUSHALL')).toMatch(/^NOPERM/);
});

test('whoever has the token may do all that ElastiCache lets anybody do', async () => {
  expect(await ask('Token', 'GET', 'other:1')).toBeNull();
  expect(await ask('Token', 'CONFIG', 'GET', 'save')).toMatch(/^NOPERM/);
});

test('parameters are those of the template where the server knows them', async () => {
  const { command } = cacheOf('Password');
  const parameters = ['maxmemory-policy', 'notify-keyspace-events', 'slowlog-max-len', 'databases'];
  const found = await Promise.all(parameters.map((name) => command('CONFIG', 'GET', name)));
  expect(found.flat().map((pair) => (Array.isArray(pair) ? pair[1] : pair))).toEqual([
    'noeviction',
    'gxeE',
    '64',
    '16',
  ]);
});

test('what is otherwise here is said', () => {
  const said = (name: string) =>
    cloud.unsupported
      .filter(({ path: of }) => of.startsWith(`Data/${name}/`))
      .map(({ type, reason, runs }) => [runs, type, reason]);
  const [group, user] = ['AWS::ElastiCache::ReplicationGroup', 'AWS::ElastiCache::User'];
  const always = 'it has no snapshots, no maintenance and no limit to its memory here, and starts empty';
  const replicas = 'it has no replicas here: whoever reads from one reads from its primary';
  const version = expect.stringMatching(/^it runs in (redis|valkey) \d+\.\d+\.\d+ here, not in valkey 9/);
  const iam = expect.stringMatching(/^nobody checks signatures of IAM here: .* in the secret elasticache-iam\//);
  // A server that is older than the template's engine lacks some of its commands, too.
  expect(said('Iam')).toEqual(
    expect.arrayContaining([
      [true, user, iam],
      [true, group, always],
      [true, group, replicas],
      [true, group, version],
    ]),
  );
  expect(said('Password')).toEqual(
    expect.arrayContaining([
      [true, group, expect.stringMatching(/^its parameter no-such-parameter is not applied: here only those are/)],
      [true, group, expect.stringMatching(/^its parameter databases is not applied: .*immutable/)],
      [false, 'AWS::SecretsManager::RotationSchedule', expect.any(String)],
    ]),
  );
});
