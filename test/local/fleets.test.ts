import { setTimeout as pause } from 'node:timers/promises';
import { type LocalCall, type LocalCloud, type LocalService, startLocal } from 'cdk-sessions-local';
import { type FixtureOptions, functionUrl, inlineFunction, removeFolders, table, writeAssembly } from './fixture.js';
import { isRunning } from './processes.js';
import { autoScalingGroup, balancer, ecsService, launchTemplate, SERVER, taskDefinition } from './services.js';

const clouds: LocalCloud[] = [];
const lines: string[] = [];
const calls: LocalCall[] = [];

afterEach(async () => {
  await Promise.all(clouds.splice(0).map((cloud) => cloud.stop()));
  lines.length = 0;
  calls.length = 0;
});
afterAll(removeFolders);

const DOCKERFILE = 'FROM node:22\nWORKDIR /app\nCMD ["node", "/app/server.js"]\n';
const IMAGES = { image: { Dockerfile: DOCKERFILE, 'server.js': SERVER } };
const SCRIPT = `#!/bin/bash
aws s3 cp s3://assets/code.zip /tmp/code.zip
unzip -o /tmp/code.zip -d /opt/shop
cat > /etc/systemd/system/shop.service <<'EOF'
[Service]
ExecStart=/usr/bin/node server.js
WorkingDirectory=/opt/shop
EOF
`;

/** The two kinds of services, each behind a load balancer. */
const KINDS = [
  ['an ECS service', { Service: ecsService('Task', ['Group']), Task: taskDefinition('image'), ...balancer() }],
  [
    'an Auto Scaling group',
    { Service: autoScalingGroup('Template'), Template: launchTemplate(SCRIPT), ...balancer('instance') },
  ],
] as const;

async function run(Resources: Readonly<Record<string, unknown>>, options: FixtureOptions = {}) {
  const assembly = await writeAssembly(
    { Web: { Resources } },
    { images: IMAGES, assets: { code: { 'server.js': SERVER } }, ...options },
  );
  const cloud = await startLocal({ assembly, log: (line) => lines.push(line), onCall: (call) => calls.push(call) });
  clouds.push(cloud);
  return cloud;
}

function serviceOf({ services }: LocalCloud): LocalService {
  const [service] = services;
  if (service === undefined) {
    throw new Error('there is no service');
  }
  return service;
}

interface About {
  readonly pid: number;
  readonly env: Readonly<Record<string, string>>;
}

async function about(url: string): Promise<About> {
  return JSON.parse(await (await fetch(url)).text());
}

function front({ fronts }: LocalCloud): string {
  return fronts[0]?.url ?? '';
}

/** The processes that answer requests, of so many. */
async function answering(cloud: LocalCloud, requests = 12): Promise<ReadonlySet<number>> {
  const answers = await Promise.all(Array.from({ length: requests }, () => about(front(cloud))));
  return new Set(answers.map(({ pid }) => pid));
}

test('a service that calls a front before it listens gets its answer', async () => {
  const eager = `fetch(process.env.API).then((reply) => console.log('the API answers', reply.status)).then(() => { ${SERVER} });`;
  const cloud = await run(
    {
      Service: ecsService('Task', [], { DesiredCount: 1 }),
      Task: taskDefinition('image', {
        Environment: [{ Name: 'API', Value: { 'Fn::GetAtt': ['Url', 'FunctionUrl'] } }],
      }),
      Api: inlineFunction('exports.handler = async () => "fine";'),
      Url: functionUrl('Api'),
    },
    { images: { image: { Dockerfile: DOCKERFILE, 'server.js': eager } } },
  );
  expect(lines).toContainEqual(expect.stringMatching(/the API answers 200$/));
  expect(serviceOf(cloud).members.map(({ state }) => state)).toEqual(['running']);
}, 30_000);

describe.each(KINDS)('%s', (_, resources) => {
  test('has processes that answer as soon as it is started', async () => {
    const cloud = await run(resources);
    expect(serviceOf(cloud).members.map(({ state, health }) => [state, health])).toEqual([
      ['running', 'healthy'],
      ['running', 'healthy'],
    ]);
    expect((await answering(cloud)).size).toBe(2);
  });

  test('is scaled, and all that it has gets requests', async () => {
    const cloud = await run(resources);
    await serviceOf(cloud).scale(4);
    expect((await answering(cloud, 40)).size).toBe(4);
    await serviceOf(cloud).scale(1);
    expect((await answering(cloud)).size).toBe(1);
  });

  test('loses no request when a member is stopped', async () => {
    const cloud = await run(resources);
    const slow = Promise.all(
      [1, 2, 3, 4].map(async () => {
        const response = await fetch(`${front(cloud)}slow`);
        return `${response.status} ${await response.text()}`;
      }),
    );
    await pause(100);
    const service = serviceOf(cloud);
    const stopped = service.members.map(({ id }) => id);
    await Promise.all(stopped.map((id) => service.stop(id)));
    expect(await slow).toEqual(Array(4).fill('200 slow but whole'));
    await service.scale(2);
    expect((await answering(cloud)).size).toBe(2);
    expect(service.members.filter(({ id }) => stopped.includes(id))).toEqual([]);
  });

  test('has another member in place of one that was killed, once that is noticed', async () => {
    const cloud = await run(resources);
    const service = serviceOf(cloud);
    const before = await answering(cloud);
    const killed = service.members[0]?.id ?? '';
    await service.kill(killed);
    const requests = await Promise.all([1, 2, 3, 4].map(() => fetch(front(cloud))));
    expect(requests.map(({ status }) => status).sort()).toEqual([200, 200, 502, 502]);
    const replaced = () =>
      service.members.every(({ id }) => id !== killed) &&
      service.members.filter(({ health }) => health === 'healthy').length === 2;
    for (const deadline = Date.now() + 10_000; !replaced() && Date.now() < deadline; ) {
      await pause(20);
    }
    const after = await answering(cloud);
    expect(after.size).toBe(2);
    expect([...after].filter((pid) => before.has(pid))).toHaveLength(1);
  });

  test('is recycled without a failed request', async () => {
    const cloud = await run(resources);
    const before = await answering(cloud);
    const statuses = new Set<number>();
    let recycling = true;
    const requests = (async () => {
      while (recycling) {
        statuses.add((await fetch(front(cloud))).status);
      }
    })();
    await cloud.recycle();
    recycling = false;
    await requests;
    expect([...statuses]).toEqual([200]);
    expect([...(await answering(cloud))].filter((pid) => before.has(pid))).toEqual([]);
  });

  test('is gone with the run', async () => {
    const cloud = await run(resources);
    const pids = [...(await answering(cloud))];
    await cloud.stop();
    expect(await Promise.all(pids.map(isRunning))).toEqual([false, false]);
    expect(lines.filter((line) => line.includes('ended'))).toEqual([]);
  });

  test('gets nothing of the developer, and what leads an AWS SDK to this machine', async () => {
    process.env['AWS_PROFILE'] = 'mine';
    process.env['MY_TOKEN'] = 'secret';
    const cloud = await run(resources);
    delete process.env['AWS_PROFILE'];
    delete process.env['MY_TOKEN'];
    const { env } = await about(front(cloud));
    expect(env).not.toHaveProperty('AWS_PROFILE');
    expect(env).not.toHaveProperty('MY_TOKEN');
    expect(env['HOME']).not.toBe(process.env['HOME']);
    expect(env).toMatchObject({
      AWS_ENDPOINT_URL: cloud.dynamodbEndpoint,
      AWS_ENDPOINT_URL_DYNAMODB: cloud.dynamodbEndpoint,
      AWS_ENDPOINT_URL_SECRETS_MANAGER: cloud.dynamodbEndpoint,
      AWS_REGION: 'us-east-1',
      AWS_SECRET_ACCESS_KEY: 'local',
      AWS_CONFIG_FILE: '/dev/null',
      AWS_SHARED_CREDENTIALS_FILE: '/dev/null',
    });
  });
});

test('a service is given what its template sets, but for what the runner decides', async () => {
  const container = {
    Environment: [
      { Name: 'TABLE', Value: { Ref: 'Table' } },
      { Name: 'FRONT', Value: { 'Fn::GetAtt': ['Balancer', 'DNSName'] } },
      { Name: 'AWS_PROFILE', Value: 'mine' },
      { Name: 'PATH', Value: '/nowhere' },
      { Name: 'shop.name', Value: 'mine' },
    ],
    Secrets: [{ Name: 'PASSWORD', ValueFrom: { Ref: 'Secret' } }],
  };
  const cloud = await run({
    Service: ecsService('Task', ['Group']),
    Task: taskDefinition('image', container),
    Table: table(),
    Secret: { Type: 'AWS::SecretsManager::Secret', Properties: { SecretString: 'open sesame' } },
    ...balancer(),
  });
  const { env } = await about(front(cloud));
  expect(env).toMatchObject({ TABLE: 'Web-Table', FRONT: new URL(front(cloud)).host, PASSWORD: 'open sesame' });
  expect(env).not.toHaveProperty('AWS_PROFILE');
  expect(env['PATH']).not.toContain('/nowhere');
  expect(env).not.toHaveProperty('shop.name');
  expect(cloud.unsupported.map(({ reason }) => reason)).toEqual(
    expect.arrayContaining([
      'its variables AWS_PROFILE are not passed on: the runner decides them',
      'its variables shop.name are lost: a shell starts it, and knows no such names',
    ]),
  );
});

test('calls of DynamoDB are reported with the service that makes them', async () => {
  const source = `
    const { request } = require('node:http');
    const credential = process.env.AWS_ACCESS_KEY_ID + '/20270101/us-east-1/dynamodb/aws4_request';
    const call = request(process.env.AWS_ENDPOINT_URL_DYNAMODB, { method: 'POST', headers: {
      'content-type': 'application/x-amz-json-1.0',
      'x-amz-target': 'DynamoDB_20120810.GetItem',
      authorization: 'AWS4-HMAC-SHA256 Credential=' + credential + ', SignedHeaders=host, Signature=none',
    } });
    call.end(JSON.stringify({ TableName: process.env.TABLE, Key: { id: { S: 'a' } } }));
    setInterval(() => {}, 1000);
  `;
  const Environment = [{ Name: 'TABLE', Value: { Ref: 'Table' } }];
  await run(
    {
      Fn: inlineFunction('exports.handler = async () => {};'),
      Service: ecsService('Task', [], { DesiredCount: 1 }),
      Task: taskDefinition('image', { Environment, PortMappings: [] }),
      Table: table(),
    },
    { images: { image: { Dockerfile: DOCKERFILE, 'server.js': source } } },
  );
  for (let tries = 0; tries < 200 && calls.length === 0; tries += 1) {
    await pause(20);
  }
  expect(calls).toMatchObject([{ stack: 'Web', function: 'Service', operation: 'GetItem', table: 'Web-Table' }]);
});

test('what cannot run is listed with its reason, and the rest runs', async () => {
  const cloud = await run({
    Registry: ecsService('Pulled'),
    Pulled: taskDefinition('image', { Image: 'nginx' }),
    Unknown: ecsService('Referring'),
    Referring: taskDefinition('image', {
      Environment: [{ Name: 'URL', Value: { 'Fn::GetAtt': ['Queue', 'QueueUrl'] } }],
    }),
    Queue: { Type: 'AWS::SQS::Queue' },
    Bare: autoScalingGroup('Empty'),
    Empty: launchTemplate('#!/bin/bash'),
    Policy: { Type: 'AWS::AutoScaling::ScalingPolicy' },
    Cluster: { Type: 'AWS::ECS::Cluster' },
    Service: ecsService('Task', ['Group']),
    Task: taskDefinition('image'),
    ...balancer(),
  });
  const reasons = Object.fromEntries(
    cloud.unsupported.filter(({ runs }) => !runs).map(({ logicalId, reason }) => [logicalId, reason]),
  );
  expect(reasons).toEqual({
    Registry: expect.stringContaining('its container web has no command: its image nginx comes from a registry'),
    Unknown: expect.stringContaining('the attribute QueueUrl of Queue'),
    Queue: 'resources of this type do not run here',
    Bare: expect.stringContaining('its user data writes no unit of systemd'),
    Policy: 'nothing scales by itself here: scale on command',
  });
  expect(cloud.services.map(({ path }) => path)).toEqual(['Web/Service']);
  expect((await answering(cloud)).size).toBe(2);
});

test('a service that does not stay up does not keep the others from starting', async () => {
  const cloud = await run(
    {
      Broken: ecsService('Failing'),
      Failing: taskDefinition('broken'),
      Service: ecsService('Task', ['Group']),
      Task: taskDefinition('image'),
      ...balancer(),
    },
    { images: { ...IMAGES, broken: { Dockerfile: DOCKERFILE, 'server.js': 'throw new Error("it is broken")' } } },
  );
  expect((await answering(cloud)).size).toBe(2);
  expect(lines).toContainEqual(expect.stringMatching(/^Web\/Broken #\w+ Error: it is broken$/));
});
