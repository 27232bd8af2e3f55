import { mkdir, realpath, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { createServer, request } from 'node:http';
import { request as secureRequest } from 'node:https';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { type LocalCloud, type LocalOptions, startLocal } from 'cdk-sessions-local';
import { close, listen } from '../../lib/local/http.js';
import {
  type FixtureStack,
  functionUrl,
  inlineFunction,
  removeFolders,
  table,
  temporaryFolder,
  writeAssembly,
} from './fixture.js';

const clouds: LocalCloud[] = [];
const lines: string[] = [];

afterEach(async () => {
  await Promise.all(clouds.splice(0).map((cloud) => cloud.stop()));
  lines.length = 0;
});
afterAll(removeFolders);

async function run(options: LocalOptions): Promise<LocalCloud> {
  const cloud = await startLocal({ log: (line) => lines.push(line), ...options });
  clouds.push(cloud);
  return cloud;
}

async function runStack(stack: FixtureStack, options: Partial<LocalOptions> = {}): Promise<LocalCloud> {
  return run({ assembly: await writeAssembly({ Web: stack }), ...options });
}

function urlOf(cloud: LocalCloud, logicalId?: string): string {
  const front = cloud.fronts.find((each) => logicalId === undefined || each.logicalId === logicalId);
  if (front === undefined) {
    throw new Error(`there is no front ${logicalId}`);
  }
  return front.url;
}

const HELLO = 'exports.handler = async () => ({ statusCode: 200, body: "hello" });';
const PROCESS = 'exports.handler = async () => ({ statusCode: 200, body: String(process.pid) });';

/** Counts in the table that the environment names, by DynamoDB's API itself. */
const COUNTER = `
const { DynamoDBClient, UpdateItemCommand } = require('@aws-sdk/client-dynamodb');
const client = new DynamoDBClient({});
exports.handler = async () => {
  const { Attributes } = await client.send(new UpdateItemCommand({
    TableName: process.env.TABLE,
    Key: { id: { S: 'visits' } },
    UpdateExpression: 'ADD visits :one',
    ExpressionAttributeValues: { ':one': { N: '1' } },
    ReturnValues: 'UPDATED_NEW',
  }));
  return { statusCode: 200, body: Attributes.visits.N };
};`;

describe('a function with a table', () => {
  const assembly = () =>
    writeAssembly({
      Web: {
        Resources: {
          Fn: inlineFunction(COUNTER, { Environment: { Variables: { TABLE: { 'Fn::ImportValue': 'Data:Table' } } } }),
          Url: functionUrl('Fn'),
        },
      },
      Data: {
        Resources: { Table: table() },
        Outputs: { Table: { Value: { Ref: 'Table' }, Export: { Name: 'Data:Table' } } },
      },
    });

  test('in another stack keeps what requests at once, from several instances, write', async () => {
    const onCall = jest.fn();
    const cloud = await run({ assembly: await assembly(), onCall, maxInstances: 3 });
    const answers = await Promise.all(Array.from({ length: 20 }, async () => (await fetch(urlOf(cloud))).text()));
    expect(answers.map(Number).sort((one, other) => one - other)).toEqual(Array.from({ length: 20 }, (_, i) => i + 1));
    expect(onCall).toHaveBeenCalledTimes(20);
    expect(onCall).toHaveBeenCalledWith(
      expect.objectContaining({ stack: 'Web', function: 'Fn', operation: 'UpdateItem', table: 'Data-Table' }),
    );
    await cloud.recycle();
    expect(await (await fetch(urlOf(cloud))).text()).toBe('21');
  });

  test('is described', async () => {
    const cloud = await run({ assembly: await assembly() });
    expect(cloud).toMatchObject({
      fronts: [{ kind: 'function-url', stack: 'Web', logicalId: 'Url', path: 'Web/Url', function: 'Fn' }],
      tables: [{ stack: 'Data', logicalId: 'Table', path: 'Data/Table', name: 'Data-Table' }],
      functions: [{ stack: 'Web', logicalId: 'Fn', name: 'Web-Fn', environment: { TABLE: 'Data-Table' } }],
      unsupported: [],
      dynamodbEndpoint: expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+$/),
    });
    expect(await cloud.functions[0]?.invoke({})).toMatchObject({ kind: 'result' });
  });

  test('sees nothing of the environment of whoever runs it, and calls the local endpoint for AWS', async () => {
    process.env['AWS_PROFILE'] = 'production';
    const cloud = await runStack({
      Resources: { Fn: inlineFunction('exports.handler = async () => process.env;') },
    });
    const outcome = await cloud.functions[0]?.invoke({});
    delete process.env['AWS_PROFILE'];
    const environment = outcome?.kind === 'result' ? JSON.parse(outcome.payload) : outcome;
    expect(environment).toMatchObject({
      AWS_ACCESS_KEY_ID: 'ASIALOCAL00000000000',
      AWS_ENDPOINT_URL: cloud.dynamodbEndpoint,
      AWS_ENDPOINT_URL_DYNAMODB: cloud.dynamodbEndpoint,
      AWS_ENDPOINT_URL_SECRETS_MANAGER: cloud.dynamodbEndpoint,
      AWS_LAMBDA_FUNCTION_NAME: 'Web-Fn',
      AWS_LAMBDA_FUNCTION_MEMORY_SIZE: '128',
      AWS_REGION: 'us-east-1',
      _HANDLER: 'index.handler',
    });
    for (const absent of ['AWS_PROFILE', 'NODE_OPTIONS', 'NODE_PATH', 'JEST_WORKER_ID', 'NODE_CHANNEL_FD']) {
      expect(environment).not.toHaveProperty(absent);
    }
    expect(environment.HOME).not.toBe(process.env['HOME']);
  });

  test("signs as itself and calls the local endpoint, even where its template names a developer's profile", async () => {
    const home = await temporaryFolder();
    await mkdir(path.join(home, '.aws'));
    await writeFile(
      path.join(home, '.aws', 'credentials'),
      '[prod]\naws_access_key_id=AKIADEVELOPER\naws_secret_access_key=secret\n',
    );
    const calls = jest.fn();
    const Variables = {
      HOME: home,
      USERPROFILE: home,
      AWS_PROFILE: 'prod',
      AWS_SHARED_CREDENTIALS_FILE: path.join(home, '.aws', 'credentials'),
      AWS_IGNORE_CONFIGURED_ENDPOINT_URLS: 'true',
      AWS_ENDPOINT_URL_SQS: 'https://sqs.us-east-1.amazonaws.com',
      AWS_CONTAINER_CREDENTIALS_FULL_URI: 'http://127.0.0.1:1/credentials',
      AWS_WEB_IDENTITY_TOKEN_FILE: '/token',
      AWS_ROLE_ARN: 'arn:aws:iam::123456789012:role/prod',
      AWS_EC2_METADATA_DISABLED: 'false',
      AWS_USE_FIPS_ENDPOINT: 'true',
      MINE: 'kept',
    };
    const source = `
      const { DynamoDBClient, ListTablesCommand } = require('@aws-sdk/client-dynamodb');
      exports.handler = async () => {
        const client = new DynamoDBClient({ maxAttempts: 1 });
        const { accessKeyId } = await client.config.credentials();
        await client.send(new ListTablesCommand({}));
        return { accessKeyId, environment: process.env };
      };`;
    const cloud = await runStack(
      { Resources: { Fn: inlineFunction(source, { Environment: { Variables } }) } },
      { onCall: calls },
    );
    const outcome = await cloud.functions[0]?.invoke({});
    const { accessKeyId, environment } = outcome?.kind === 'result' ? JSON.parse(outcome.payload) : { ...outcome };
    expect(accessKeyId).toBe('ASIALOCAL00000000000');
    expect(calls).toHaveBeenCalledWith(expect.objectContaining({ operation: 'ListTables' }));
    expect(environment).toMatchObject({ MINE: 'kept', AWS_EC2_METADATA_DISABLED: 'true' });
    const decidedHere =
      /^AWS_(?:PROFILE|IGNORE_\w+|ENDPOINT_URL_SQS|CONTAINER_\w+|WEB_IDENTITY_TOKEN_FILE|ROLE_ARN|USE_FIPS_ENDPOINT)$/;
    expect(Object.keys(environment).filter((name) => decidedHere.test(name))).toEqual([]);
    expect(cloud.unsupported.map(({ reason }) => reason)).toContainEqual(
      expect.stringMatching(/^its variables HOME, .*AWS_PROFILE, .* are not passed on: /),
    );
  });
});

describe("a function's folder", () => {
  const WHERE = 'exports.handler = async () => process.env.LAMBDA_TASK_ROOT;';

  test('is within the folder of the run, whatever the template calls the function', async () => {
    const cloud = await runStack({ Resources: { '/../../escaped': inlineFunction(WHERE) } });
    const outcome = await cloud.functions[0]?.invoke({});
    const taskRoot: string = outcome?.kind === 'result' ? JSON.parse(outcome.payload) : '';
    expect(path.relative(await realpath(tmpdir()), taskRoot)).toMatch(/^cdk-sessions-local-\w+[/\\]0[/\\]task$/);
  });

  test("is its own, and nobody else on the machine may look into the run's", async () => {
    const cloud = await runStack({ Resources: { A: inlineFunction(WHERE), B: inlineFunction(WHERE) } });
    const outcomes = await Promise.all(cloud.functions.map(({ invoke }) => invoke({})));
    const [one = '', other = '']: string[] = outcomes.map((outcome) =>
      outcome.kind === 'result' ? JSON.parse(outcome.payload) : '',
    );
    expect(one).not.toBe(other);
    const { mode } = await stat(path.resolve(one, '..', '..'));
    expect(mode & 0o077).toBe(0);
  });
});

describe('a function of an asset finds the SDK but nothing else of the project', () => {
  const required = `
    const { DynamoDBClient } = require('@aws-sdk/client-dynamodb');
    const missing = (() => { try { require('jest'); } catch (error) { return error.code; } })();
    exports.handler = async () => [typeof DynamoDBClient, missing];`;
  const imported = `
    import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
    const missing = await import('jest').catch((error) => error.code);
    export const handler = async () => [typeof DynamoDBClient, missing];`;

  test.each<[string, Readonly<Record<string, string>>, string]>([
    ['CommonJS', { 'web.js': required }, 'MODULE_NOT_FOUND'],
    ['an ES module', { 'web.mjs': imported }, 'ERR_MODULE_NOT_FOUND'],
    [
      'an ES module by its package.json',
      { 'web.js': imported, 'package.json': '{"type":"module"}' },
      'ERR_MODULE_NOT_FOUND',
    ],
  ])('be it %s', async (_, code, missing) => {
    const Fn = inlineFunction('', { Handler: 'web.handler', Code: { S3Bucket: 'b', S3Key: 'code.zip' } });
    const assembly = await writeAssembly({ Web: { Resources: { Fn } } }, { assets: { code } });
    const cloud = await run({ assembly });
    expect(await cloud.functions[0]?.invoke({})).toEqual({ kind: 'result', payload: `["function","${missing}"]` });
  });
});

test("a function's environment may name the address of a front", async () => {
  const Variables = { SELF: { 'Fn::GetAtt': ['Url', 'FunctionUrl'] } };
  const cloud = await runStack({
    Resources: { Url: functionUrl('Fn'), Fn: inlineFunction(HELLO, { Environment: { Variables } }) },
  });
  expect(cloud.functions[0]?.environment).toEqual({ SELF: urlOf(cloud) });
});

test('a function URL may lead to an alias', async () => {
  const cloud = await runStack({
    Resources: {
      Fn: inlineFunction(HELLO),
      Version: { Type: 'AWS::Lambda::Version', Properties: { FunctionName: { Ref: 'Fn' } } },
      Live: {
        Type: 'AWS::Lambda::Alias',
        Properties: {
          FunctionName: { Ref: 'Fn' },
          FunctionVersion: { 'Fn::GetAtt': ['Version', 'Version'] },
          Name: 'live',
        },
      },
      Url: functionUrl('Fn', { TargetFunctionArn: { Ref: 'Live' } }),
    },
  });
  expect(await (await fetch(urlOf(cloud))).text()).toBe('hello');
});

/** What a front answers to a request under some name of a host. */
function under(host: string, url: string): Promise<{ readonly status: number | undefined; readonly body: string }> {
  return new Promise((resolve, reject) => {
    request(url, { headers: { host } }, async (response) => {
      const chunks: string[] = [];
      for await (const chunk of response.setEncoding('utf8')) {
        chunks.push(chunk);
      }
      resolve({ status: response.statusCode, body: chunks.join('') });
    })
      .on('error', reject)
      .end();
  });
}

test('a function URL answers to this machine alone, so that no web page can give itself its name', async () => {
  const cloud = await runStack({
    Resources: {
      Fn: inlineFunction('console.log("started"); exports.handler = async () => "hello";'),
      Url: functionUrl('Fn'),
    },
  });
  expect(await under('evil.example:80', urlOf(cloud))).toEqual({
    status: 421,
    body: 'this front answers to localhost and to the hosts that its template names, received the host "evil.example"\n',
  });
  expect(lines).toEqual([]);
  expect((await under('localhost', urlOf(cloud))).status).toBe(200);
});

describe('a load balancer', () => {
  const listener = (Port: number, Protocol: string, action: unknown) => ({
    Type: 'AWS::ElasticLoadBalancingV2::Listener',
    Properties: { LoadBalancerArn: { Ref: 'Balancer' }, Port, Protocol, DefaultActions: [action] },
  });
  const assembly = () =>
    writeAssembly({
      Net: {
        Resources: {
          Balancer: { Type: 'AWS::ElasticLoadBalancingV2::LoadBalancer', Properties: {} },
          Plain: listener(80, 'HTTP', {
            Type: 'redirect',
            RedirectConfig: { Protocol: 'HTTPS', Port: '443', StatusCode: 'HTTP_301' },
          }),
          Secure: listener(443, 'HTTPS', { Type: 'fixed-response', FixedResponseConfig: { StatusCode: '404' } }),
        },
        Outputs: { Secure: { Value: { Ref: 'Secure' }, Export: { Name: 'Secure' } } },
      },
      Web: {
        Resources: {
          Fn: inlineFunction(
            `exports.handler = async (event) => ({
               statusCode: 200,
               multiValueHeaders: { 'Set-Cookie': ['a=1', 'b=2'] },
               body: JSON.stringify(event.multiValueHeaders),
             });`,
          ),
          Group: {
            Type: 'AWS::ElasticLoadBalancingV2::TargetGroup',
            Properties: {
              TargetType: 'lambda',
              Targets: [{ Id: { 'Fn::GetAtt': ['Fn', 'Arn'] } }],
              TargetGroupAttributes: [{ Key: 'lambda.multi_value_headers.enabled', Value: 'true' }],
            },
          },
          Rule: {
            Type: 'AWS::ElasticLoadBalancingV2::ListenerRule',
            Properties: {
              ListenerArn: { 'Fn::ImportValue': 'Secure' },
              Priority: 1,
              Conditions: [{ Field: 'path-pattern', PathPatternConfig: { Values: ['/shop*'] } }],
              Actions: [{ Type: 'forward', TargetGroupArn: { Ref: 'Group' } }],
            },
          },
        },
      },
    });

  test('forwards by rules of other stacks, and tells the function what its listener is in AWS', async () => {
    const cloud = await run({ assembly: await assembly() });
    const response = await fetch(`${urlOf(cloud, 'Secure')}shop`);
    expect(response.headers.getSetCookie()).toEqual(['a=1', 'b=2']);
    expect(await response.json()).toMatchObject({ 'x-forwarded-proto': ['https'], 'x-forwarded-port': ['443'] });
    expect((await fetch(`${urlOf(cloud, 'Secure')}other`)).status).toBe(404);
  });

  test('redirects to the right local port', async () => {
    const cloud = await run({ assembly: await assembly() });
    const response = await fetch(`${urlOf(cloud, 'Plain')}shop?a=b`);
    expect(response.url).toBe(`${urlOf(cloud, 'Secure')}shop?a=b`);
    expect(response.status).toBe(200);
  });

  test('answers to this machine and to the hosts of its rules, and to no other name', async () => {
    const balancer = { Type: 'AWS::ElasticLoadBalancingV2::LoadBalancer', Properties: {} };
    const rule = (Priority: number, host: string) => ({
      Type: 'AWS::ElasticLoadBalancingV2::ListenerRule',
      Properties: {
        ListenerArn: { Ref: 'Plain' },
        Priority,
        Conditions: [{ Field: 'host-header', HostHeaderConfig: { Values: [host] } }],
        Actions: [{ Type: 'fixed-response', FixedResponseConfig: { StatusCode: '201' } }],
      },
    });
    const Plain = listener(80, 'HTTP', { Type: 'fixed-response', FixedResponseConfig: { StatusCode: '404' } });
    const cloud = await runStack({
      Resources: {
        Balancer: balancer,
        Plain,
        One: rule(1, 'shop.test'),
        Any: rule(2, '*.shop.test'),
        Other: listener(81, 'HTTP', { Type: 'fixed-response', FixedResponseConfig: { StatusCode: '404' } }),
      },
    });
    const { port } = new URL(urlOf(cloud, 'Plain'));
    for (const [host, status] of [
      [`localhost:${port}`, 404],
      [`127.0.0.1:${port}`, 404],
      [`shop.localhost:${port}`, 404],
      ['SHOP.test', 201],
      [`de.shop.test:${port}`, 201],
      [`evil.example:${port}`, 421],
      [`localhost.evil.example:${port}`, 421],
      [`shop.test.evil.example:${port}`, 421],
    ] as const) {
      expect([host, (await under(host, urlOf(cloud, 'Plain'))).status]).toEqual([host, status]);
    }
    expect((await under('shop.test', urlOf(cloud, 'Other'))).status).toBe(421);
  });

  test('with servers for targets has none of them until something registers them', async () => {
    const cloud = await runStack({
      Resources: {
        Balancer: { Type: 'AWS::ElasticLoadBalancingV2::LoadBalancer', Properties: {} },
        Plain: listener(80, 'HTTP', { Type: 'forward', TargetGroupArn: { Ref: 'Group' } }),
        Group: {
          Type: 'AWS::ElasticLoadBalancingV2::TargetGroup',
          Properties: { TargetType: 'ip', HealthCheckIntervalSeconds: 2, Targets: [{ Id: '10.0.0.1', Port: 80 }] },
        },
      },
    });
    expect((await fetch(urlOf(cloud, 'Plain'))).status).toBe(503);
    expect(cloud.unsupported).toEqual([
      expect.objectContaining({
        logicalId: 'Group',
        runs: true,
        reason: 'its targets 10.0.0.1 are not on this machine: services and instance groups register theirs',
      }),
    ]);
  });

  test('has its listener for HTTPS first', async () => {
    const cloud = await run({ assembly: await assembly() });
    expect(cloud.fronts.map(({ listener: each }) => each)).toEqual([
      { protocol: 'HTTPS', port: 443 },
      { protocol: 'HTTP', port: 80 },
    ]);
  });

  test('listens over HTTPS where it is asked for, and redirects there', async () => {
    const cloud = await run({ assembly: await assembly(), https: true });
    expect(new URL(urlOf(cloud, 'Secure')).protocol).toBe('https:');
    const redirected = await fetch(`${urlOf(cloud, 'Plain')}shop`, { redirect: 'manual' });
    expect(redirected.headers.get('location')).toBe(`${urlOf(cloud, 'Secure')}shop`);
    const status = await new Promise((resolve, reject) => {
      secureRequest(`${urlOf(cloud, 'Secure')}shop`, { rejectUnauthorized: false }, (response) => {
        response.resume();
        resolve(response.statusCode);
      })
        .on('error', reject)
        .end();
    });
    expect(status).toBe(200);
  });
});

describe('what cannot be run is listed, and the rest runs', () => {
  const listed = (cloud: LocalCloud) => cloud.unsupported.map(({ logicalId, reason }) => [logicalId, reason]);

  test('types, and settings without effect; not what makes no difference here', async () => {
    const cloud = await runStack({
      Resources: {
        Fn: inlineFunction(HELLO, { Layers: ['arn'] }),
        Url: functionUrl('Fn', { Cors: { AllowOrigins: ['*'] } }),
        Signed: functionUrl('Fn', { AuthType: 'AWS_IAM' }),
        Streamed: functionUrl('Fn', { InvokeMode: 'RESPONSE_STREAM' }),
        Queue: { Type: 'AWS::SQS::Queue' },
        Role: { Type: 'AWS::IAM::Role' },
        Metadata: { Type: 'AWS::CDK::Metadata' },
        Subnet: { Type: 'AWS::EC2::Subnet' },
        Python: inlineFunction('', { Runtime: 'python3.13' }),
        Image: inlineFunction('', { PackageType: 'Image' }),
        Broken: inlineFunction(HELLO, { Environment: { Variables: { Q: { 'Fn::GetAtt': ['Queue', 'QueueUrl'] } } } }),
        Balancers: { Type: 'AWS::ElasticLoadBalancingV2::TargetGroup', Properties: { TargetType: 'alb' } },
        Tcp: { Type: 'AWS::ElasticLoadBalancingV2::Listener', Properties: { Protocol: 'TCP', Port: 80 } },
        Nowhere: { Type: 'AWS::ElasticLoadBalancingV2::Listener', Properties: { Protocol: { Ref: 'Missing' } } },
        Perhaps: { Type: 'AWS::SQS::Queue', Condition: 'Missing' },
        Unknown: inlineFunction('', { Code: { S3Bucket: 'b', S3Key: 'unknown.zip' } }),
      },
    });
    expect(listed(cloud)).toEqual(
      expect.arrayContaining([
        ['Fn', 'its layers are not loaded'],
        ['Url', 'it is served without its CORS settings'],
        ['Signed', 'its AuthType is AWS_IAM: signatures are not checked here'],
        ['Streamed', 'its InvokeMode is RESPONSE_STREAM: answers are not streamed here'],
        ['Queue', 'resources of this type do not run here'],
        ['Python', 'its runtime is python3.13: only Node.js functions run here'],
        ['Image', 'it is a container image'],
        ['Broken', 'stack Web: the attribute QueueUrl of Queue (AWS::SQS::Queue) has no value on this machine'],
        ['Balancers', 'its targets are of the type alb: only functions, instances and addresses run here'],
        ['Tcp', 'its protocol is TCP: only HTTP and HTTPS run here'],
        ['Nowhere', 'stack Web: there is no resource or parameter Missing'],
        ['Perhaps', 'stack Web: there is no condition Missing'],
        ['Unknown', 'its code unknown.zip is not an asset of the cloud assembly'],
      ]),
    );
    expect(cloud.unsupported).toHaveLength(13);
    expect(cloud.unsupported.filter(({ runs }) => runs).map(({ logicalId }) => logicalId)).toEqual(['Fn', 'Url']);
    expect(cloud.unsupported[0]).toMatchObject({ stack: 'Web', type: expect.any(String), path: expect.any(String) });
    expect(await (await fetch(urlOf(cloud))).text()).toBe('hello');
  });

  test('a function whose asset is gone: its front answers 502', async () => {
    const Code = { S3Bucket: 'b', S3Key: 'code.zip' };
    const Resources = {
      Fn: inlineFunction('', { Code }),
      Url: functionUrl('Fn'),
      Other: inlineFunction(HELLO),
      OtherUrl: functionUrl('Other'),
    };
    const assembly = await writeAssembly({ Web: { Resources } }, { assets: { code: { 'index.js': HELLO } } });
    await rm(path.join(assembly, 'code'), { recursive: true });
    const cloud = await run({ assembly });
    expect(listed(cloud)).toEqual([
      ['Fn', `its asset ${path.join(assembly, 'code')} is missing: run "cdk synth" again`],
    ]);
    expect((await fetch(urlOf(cloud, 'Url'))).status).toBe(502);
    expect((await fetch(urlOf(cloud, 'OtherUrl'))).status).toBe(200);
  });

  test('a rule with a condition that is not evaluated is not taken for one without', async () => {
    const cloud = await runStack({
      Resources: {
        Rule: {
          Type: 'AWS::ElasticLoadBalancingV2::ListenerRule',
          Properties: { ListenerArn: 'arn', Priority: 1, Conditions: [{ Field: 'weather' }], Actions: [] },
        },
      },
    });
    expect(listed(cloud)).toEqual([['Rule', 'conditions of the kind "weather" are not evaluated here']]);
  });

  test('a rule that rewrites requests, which here it does not', async () => {
    const cloud = await runStack({
      Resources: {
        Rule: {
          Type: 'AWS::ElasticLoadBalancingV2::ListenerRule',
          Properties: {
            ListenerArn: 'arn',
            Priority: 1,
            Conditions: [],
            Actions: [{ Type: 'fixed-response', FixedResponseConfig: { StatusCode: '200' } }],
            Transforms: [{ Type: 'url-rewrite', UrlRewriteConfig: { Rewrites: [{ Regex: '^/a', Replace: '/b' }] } }],
          },
        },
      },
    });
    expect(listed(cloud)).toEqual([['Rule', 'its transforms are not applied: requests arrive as they were sent']]);
  });

  test('a load balancer and a listener that add headers, which here they do not', async () => {
    const LoadBalancerAttributes = [{ Key: 'routing.http.xff_client_port.enabled', Value: 'true' }];
    const cloud = await runStack({
      Resources: {
        Balancer: { Type: 'AWS::ElasticLoadBalancingV2::LoadBalancer', Properties: { LoadBalancerAttributes } },
        Listener: {
          Type: 'AWS::ElasticLoadBalancingV2::Listener',
          Properties: {
            LoadBalancerArn: { Ref: 'Balancer' },
            Protocol: 'HTTP',
            DefaultActions: [{ Type: 'fixed-response', FixedResponseConfig: { StatusCode: '200' } }],
            ListenerAttributes: [{ Key: 'routing.http.response.server.enabled', Value: 'false' }],
          },
        },
      },
    });
    expect(listed(cloud)).toEqual([
      ['Listener', 'its attributes are not applied: no header is renamed, added or taken away'],
      ['Balancer', "its targets do not get the client's port in X-Forwarded-For"],
    ]);
  });

  test('a function whose asset cannot be copied', async () => {
    const Fn = inlineFunction('', { Code: { S3Bucket: 'b', S3Key: 'code.zip' } });
    const assembly = await writeAssembly({ Web: { Resources: { Fn } } }, { assets: { code: { 'index.js': HELLO } } });
    await symlink('nowhere', path.join(assembly, 'code', 'dangling'));
    const cloud = await run({ assembly });
    expect(listed(cloud)).toEqual([['Fn', expect.stringMatching(/^its asset .*code cannot be copied: .*dangling/)]]);
  });

  test('stacks that were not asked for are not, although others may refer to them', async () => {
    const assembly = await writeAssembly({
      Web: {
        Resources: { Fn: inlineFunction(HELLO, { Environment: { Variables: { T: { 'Fn::ImportValue': 'T' } } } }) },
      },
      Data: {
        Resources: { T: table(), Q: { Type: 'AWS::SQS::Queue' } },
        Outputs: { T: { Value: { Ref: 'T' }, Export: { Name: 'T' } } },
      },
    });
    const cloud = await run({ assembly, stacks: ['Web'] });
    expect(cloud).toMatchObject({ tables: [], unsupported: [], functions: [{ environment: { T: 'Data-T' } }] });
  });
});

describe('a handler that fails is an error of its request alone', () => {
  const source = `exports.handler = async (event) => {
    switch (event.rawPath) {
      case '/throws': throw new Error('no');
      case '/late': return new Promise((resolve) => setTimeout(resolve, 30_000));
      case '/nonsense': return { statusCode: 'three' };
      case '/header': return { statusCode: 200, headers: { 'bad name': 'x' } };
      case '/exits': process.exit(1);
      default: return { statusCode: 200, body: 'fine' };
    }
  };`;

  test.each([
    ['throws', 'Error: no'],
    ['late', 'Task timed out after 1.00 seconds'],
    ['nonsense', 'is not one that a function URL understands'],
    ['header', 'a header of the answer is not permitted by HTTP'],
    ['exits', 'Runtime.ExitError'],
  ])('it %s: 502, with the reason in the log', async (what, reason) => {
    const cloud = await runStack({ Resources: { Fn: inlineFunction(source, { Timeout: 1 }), Url: functionUrl('Fn') } });
    expect((await fetch(`${urlOf(cloud)}${what}`)).status).toBe(502);
    expect(lines.join('\n')).toContain(reason);
    expect(await (await fetch(urlOf(cloud))).text()).toBe('fine');
  });

  test('one that cannot find the SDK is told what to do', async () => {
    const cloud = await runStack({ Resources: { Fn: inlineFunction("require('@aws-sdk/client-nowhere');") } });
    await cloud.functions[0]?.invoke({});
    expect(lines.join('\n')).toContain('npm install --save-dev @aws-sdk/client-nowhere');
  });

  test('one that says itself what to install is left its word', async () => {
    const said = "Cannot find package '@aws-sdk/client-nowhere': npm install @aws-sdk/client-nowhere";
    const cloud = await runStack({ Resources: { Fn: inlineFunction(`console.error(${JSON.stringify(said)});`) } });
    await cloud.functions[0]?.invoke({});
    expect(lines.filter((line) => line.includes('npm install'))).toEqual([expect.stringMatching(/client-nowhere$/)]);
    expect(lines.join('\n')).not.toContain('--save-dev');
  });
});

test('a body beyond 6 MB is 413', async () => {
  const cloud = await runStack({ Resources: { Fn: inlineFunction(HELLO), Url: functionUrl('Fn') } });
  const response = await fetch(urlOf(cloud), { method: 'POST', body: Buffer.alloc(7e6) });
  expect(response.status).toBe(413);
});

test('a function that reserves no concurrency is throttled: 429', async () => {
  const Fn = inlineFunction(HELLO, { ReservedConcurrentExecutions: 0 });
  const cloud = await runStack({ Resources: { Fn, Url: functionUrl('Fn') } });
  const response = await fetch(urlOf(cloud));
  expect(response.status).toBe(429);
  expect(await response.json()).toMatchObject({ message: 'Rate Exceeded.' });
});

test('instances are retired after so many requests, and on command', async () => {
  const cloud = await runStack(
    { Resources: { Fn: inlineFunction(PROCESS), Url: functionUrl('Fn') } },
    { recycleEvery: 2 },
  );
  const pid = async () => (await fetch(urlOf(cloud))).text();
  const [first, second, third] = [await pid(), await pid(), await pid()];
  expect(second).toBe(first);
  expect(third).not.toBe(first);
  await cloud.recycle();
  expect(await pid()).not.toBe(third);
});

test('fronts take the ports that follow the first', async () => {
  const port = await firstOfTwoFreePorts();
  const Resources = { Fn: inlineFunction(HELLO), One: functionUrl('Fn'), Two: functionUrl('Fn') };
  const cloud = await runStack({ Resources }, { port });
  expect(cloud.fronts.map(({ url }) => url)).toEqual([`http://localhost:${port}/`, `http://localhost:${port + 1}/`]);
});

/** Where no system gives out ports by itself: other tests run at the same time, and take what they are given. */
async function firstOfTwoFreePorts(): Promise<number> {
  for (;;) {
    const port = 20_000 + Math.floor(Math.random() * 10_000);
    const servers = [createServer(), createServer()];
    const heard = await Promise.allSettled(servers.map((server, index) => listen(server, port + index)));
    await Promise.all(servers.map((server, index) => heard[index]?.status === 'fulfilled' && close(server)));
    if (heard.every(({ status }) => status === 'fulfilled')) {
      return port;
    }
  }
}

test('fails for a port in use, and leaves nothing running', async () => {
  const taken = createServer();
  const port = await listen(taken, 0);
  const Resources = { Fn: inlineFunction(HELLO), Url: functionUrl('Fn') };
  await expect(runStack({ Resources }, { port })).rejects.toMatchObject({ code: 'ERR_LOCAL_PORT' });
  await close(taken);
  const cloud = await runStack({ Resources }, { port });
  expect(await (await fetch(urlOf(cloud))).text()).toBe('hello');
});

test.each<[Partial<LocalOptions>, string]>([
  [{ port: 70_000 }, 'port must be a whole number from 0 to 65535, received 70000'],
  [{ recycleEvery: 0 }, 'recycleEvery must be a whole number of at least 1, received 0'],
  [{ maxInstances: 1.5 }, 'maxInstances must be a whole number of at least 1, received 1.5'],
])('fails for %j', async (options, message) => {
  await expect(startLocal({ assembly: '.', ...options })).rejects.toMatchObject({ code: 'ERR_LOCAL_OPTION', message });
});

test('stops everything, in the middle of requests, and may be stopped again', async () => {
  const source =
    'exports.handler = () => { console.log("pid", process.pid); return new Promise((r) => setTimeout(r, 60_000)); };';
  const cloud = await runStack({ Resources: { Fn: inlineFunction(source, { Timeout: 60 }), Url: functionUrl('Fn') } });
  const cut = new Promise((resolve) => request(urlOf(cloud)).on('error', resolve).end());
  while (!lines.some((line) => line.includes('pid'))) {
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  const pid = Number(/pid (\d+)/.exec(lines.join())?.[1]);
  await cloud.stop();
  await cloud.stop();
  await expect(cut).resolves.toMatchObject({ code: expect.stringMatching(/ECONN/) });
  expect(() => process.kill(pid, 0)).toThrow('ESRCH');
  await expect(fetch(urlOf(cloud))).rejects.toThrow();
});
