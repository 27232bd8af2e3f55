// biome-ignore-all lint/suspicious/noTemplateCurlyInString: placeholders of CloudFormation look like those of JavaScript.
import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { type LocalCloud, type LocalOptions, startLocal } from 'cdk-sessions-local';
import { selfSignedCertificate } from '../../lib/local/certificate.js';
import { type FixtureStack, inlineFunction, removeFolders, temporaryFolder, writeAssembly } from './fixture.js';

type Properties = Readonly<Record<string, unknown>>;

let cloud: LocalCloud | undefined;

afterEach(async () => {
  await cloud?.stop();
  cloud = undefined;
});
afterAll(removeFolders);

const group = (Properties: Properties = {}) => ({ Type: 'AWS::ElastiCache::ReplicationGroup', Properties });
const tls = { TransitEncryptionEnabled: true };
const attribute = (id: string, name: string) => ({ 'Fn::GetAtt': [id, name] });

async function start(resources: FixtureStack['Resources'], assets = {}, options: Partial<LocalOptions> = {}) {
  const assembly = await writeAssembly({ Web: { Resources: resources } }, { assets });
  cloud = await startLocal({ assembly, ...options });
  return cloud;
}

const reasons = ({ unsupported }: LocalCloud) =>
  unsupported
    .map(({ logicalId, reason }) => `${logicalId}: ${reason}`)
    .filter((line) => !/it has no snapshots|it runs in/.test(line));

describe('what a template knows of a cache', () => {
  test('is a host and a port of this machine, by whichever attribute it asks', async () => {
    const Variables = {
      PRIMARY: {
        'Fn::Join': [':', [attribute('Cache', 'PrimaryEndPoint.Address'), attribute('Cache', 'PrimaryEndPoint.Port')]],
      },
      READER: { 'Fn::Sub': 'rediss://${Cache.ReaderEndPoint.Address}:${Cache.ReaderEndPoint.Port}/0' },
      CLUSTER: { 'Fn::Sub': '${MyCache.ConfigurationEndPoint.Address}:${MyCache.ConfigurationEndPoint.Port}' },
      SERVERLESS: {
        'Fn::Sub': '${Serverless.Endpoint.Address}:${Serverless.Endpoint.Port} ${Serverless.ReaderEndpoint.Address}',
      },
      BOTH: { 'Fn::Sub': '${Cache.PrimaryEndPoint.Port} ${MyCache.PrimaryEndPoint.Address}' },
      ARN: { 'Fn::GetAtt': 'Serverless.ARN' },
      NAME: { Ref: 'Cache' },
    };
    const { caches, functions, unsupported } = await start({
      Cache: group({ ReplicationGroupId: 'mine' }),
      MyCache: group({ ClusterMode: 'enabled' }),
      Serverless: {
        Type: 'AWS::ElastiCache::ServerlessCache',
        Properties: { Engine: 'valkey', ServerlessCacheName: 'yours' },
      },
      Fn: inlineFunction('', { Environment: { Variables } }),
    });
    const [mine, clustered, serverless] = caches.map(({ port }) => `localhost:${port}`);
    expect(functions[0]?.environment).toEqual({
      PRIMARY: mine,
      READER: `rediss://${mine}/0`,
      CLUSTER: clustered,
      SERVERLESS: `${serverless} localhost`,
      BOTH: `${caches[0]?.port} localhost`,
      ARN: 'arn:aws:elasticache:us-east-1:000000000000:serverlesscache:yours',
      NAME: 'mine',
    });
    expect(unsupported.map(({ type }) => type)).not.toContain('AWS::Lambda::Function');
  });

  test('is in a contract its port, and all else stays as it was, fields of another release included', async () => {
    const contract = {
      version: 1,
      stores: {
        primary: {
          kind: 'redis',
          endpoint: '${Cache.PrimaryEndPoint.Address}',
          port: 6379,
          cluster: false,
          tls: false,
          authentication: { kind: 'iam', user: 'nobody', cache: 'mine' },
          more: 1,
        },
        later: { kind: 'other' },
      },
      policy: {
        idleTimeout: 1800,
        absoluteTimeout: 43200,
        touchAfter: 180,
        cookie: { name: '__Host-session', sameSite: 'lax', secure: true, persistent: false },
      },
    };
    const text = (value: object) => ({ 'Fn::Sub': JSON.stringify(value) });
    const elsewhere = { ...contract, stores: { primary: { ...contract.stores.primary, endpoint: 'example.com' } } };
    const { functions, caches } = await start({
      Cache: group(),
      Fn: inlineFunction('', {
        Environment: {
          Variables: {
            MINE: text(contract),
            THEIRS: text(elsewhere),
            NONE: { 'Fn::Sub': '{"x":"${Cache.PrimaryEndPoint.Address}"}' },
          },
        },
      }),
    });
    const { MINE = '', THEIRS = '', NONE } = functions[0]?.environment ?? {};
    const primary = { ...contract.stores.primary, endpoint: 'localhost', port: caches[0]?.port };
    expect(JSON.parse(MINE)).toEqual({ ...contract, stores: { ...contract.stores, primary } });
    expect(JSON.parse(THEIRS)).toEqual(elsewhere);
    expect(NONE).toBe('{"x":"localhost"}');
  });
});

describe('what a function trusts', () => {
  const HANDLER = `
    const { connect } = require('node:tls');
    exports.handler = ({ port }) => new Promise((resolve) => {
      const socket = connect(port, 'localhost', { servername: 'localhost' }, () => {
        resolve(socket.authorized);
        socket.destroy();
      });
      socket.on('error', ({ message }) => resolve(message));
    });`;

  test('is the certificate of the caches, and what its template says', async () => {
    const { cert } = await selfSignedCertificate();
    const assets = {
      code: {
        'index.js': `${HANDLER}
      const trusted = require('node:fs').readFileSync(process.env.NODE_EXTRA_CA_CERTS, 'utf8');
      exports.both = async () => trusted.includes(${JSON.stringify(cert)});`,
        'own.pem': cert,
      },
    };
    const own = (file: string) => ({
      Code: { S3Key: 'code.zip' },
      Environment: { Variables: { NODE_EXTRA_CA_CERTS: file } },
    });
    const lines: string[] = [];
    const { functions, caches } = await start(
      {
        Cache: group(tls),
        Plain: inlineFunction(HANDLER),
        Relative: inlineFunction('', { ...own('own.pem'), Handler: 'index.both' }),
        Absolute: inlineFunction('', { ...own('/var/task/own.pem'), Handler: 'index.both' }),
        Missing: inlineFunction('', own('/var/runtime/ca-cert.pem')),
      },
      assets,
      { log: (line) => lines.push(line) },
    );
    const event = { port: caches[0]?.port };
    const results = await Promise.all(functions.map((each) => each.invoke(event)));
    expect(results).toEqual(functions.map(() => ({ kind: 'result', payload: 'true' })));
    expect(lines).toContain(
      'Web/Missing names /var/runtime/ca-cert.pem in NODE_EXTRA_CA_CERTS, and there is no such file here',
    );
  });

  test('is what its template says where no cache has TLS, since more costs each process time', async () => {
    const { functions } = await start({
      Cache: group(),
      Fn: inlineFunction("exports.handler = async () => process.env.NODE_EXTRA_CA_CERTS ?? 'nothing';"),
    });
    expect(await functions[0]?.invoke({})).toEqual({ kind: 'result', payload: '"nothing"' });
  });
});

test('rules for commands that the server lacks are left out, and said; a cache with rules that are none does not run', async () => {
  const user = (AccessString: string) => ({
    Type: 'AWS::ElastiCache::User',
    Properties: { UserName: 'mia', AccessString, AuthenticationMode: { Type: 'password', Passwords: ['top-secret'] } },
  });
  const users = (id: string) => ({ Type: 'AWS::ElastiCache::UserGroup', Properties: { UserIds: [{ Ref: id }] } });
  const running = await start({
    Newer: user('on ~* +get +no.such.command -@no-such-category'),
    Wrong: user('on ~* sesame'),
    NewerUsers: users('Newer'),
    WrongUsers: users('Wrong'),
    Cache: group({ UserGroupIds: [{ Ref: 'NewerUsers' }] }),
    Broken: group({ UserGroupIds: [{ Ref: 'WrongUsers' }] }),
    Fn: inlineFunction('', { Environment: { Variables: { HOST: attribute('Broken', 'PrimaryEndPoint.Address') } } }),
  });
  expect(running.caches.map(({ logicalId }) => logicalId)).toEqual(['Cache']);
  expect(reasons(running)).toEqual([
    expect.stringMatching(
      /^Cache: its user mia has no rule for \+no\.such\.command, -@no-such-category here: \w+ [\d.]+ knows no such command$/,
    ),
    expect.stringMatching(/^Broken: its user mia has rules that are none: .*'sesame': Syntax error$/),
    expect.stringMatching(/^Fn: .*the attribute PrimaryEndPoint\.Address of Broken .* has no value on this machine$/),
  ]);
  expect(JSON.stringify(running.unsupported)).not.toContain('top-secret');
});

test('where there is no server the run does not start, and says how to get one', async () => {
  const { PATH } = process.env;
  process.env['PATH'] = await temporaryFolder();
  try {
    await expect(start({ Cache: group() })).rejects.toMatchObject({
      code: 'ERR_LOCAL_REDIS',
      message: expect.stringContaining('apt-get install redis-server'),
    });
  } finally {
    process.env['PATH'] = PATH;
  }
});

test('a server that ends by itself is told of at once, and how it ended; none is when the run stops', async () => {
  const lines: string[] = [];
  const { caches } = await start({ Cache: group({ NumNodeGroups: 2 }) }, {}, { log: (line) => lines.push(line) });
  const [info] = (await caches[0]?.command('INFO', 'server')) ?? [];
  lines.length = 0;
  process.kill(Number(/^process_id:(\d+)/m.exec(String(info))?.[1]), 'SIGKILL');
  while (lines.length === 0) {
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  await cloud?.stop();
  expect(lines).toEqual([
    'Web/Cache: a server of this cache ended by SIGKILL, and the sessions in it are gone: start the run again',
  ]);
});

describe('a password in place of IAM is read with a package of the project', () => {
  const resources = {
    User: {
      Type: 'AWS::ElastiCache::User',
      Properties: { UserId: 'mia', UserName: 'mia', AccessString: 'on ~* +get', AuthenticationMode: { Type: 'iam' } },
    },
    Users: { Type: 'AWS::ElastiCache::UserGroup', Properties: { UserIds: [{ Ref: 'User' }] } },
    Cache: group({ ReplicationGroupId: 'mine', UserGroupIds: [{ Ref: 'Users' }] }),
    Fn: inlineFunction('', {
      Environment: {
        Variables: {
          CDK_SESSIONS: {
            'Fn::Sub': JSON.stringify({
              version: 1,
              stores: {
                primary: {
                  kind: 'redis',
                  endpoint: '${Cache.PrimaryEndPoint.Address}',
                  port: 6379,
                  cluster: false,
                  tls: false,
                  authentication: { kind: 'iam', user: 'mia', cache: 'mine' },
                },
              },
              policy: {
                idleTimeout: 1800,
                absoluteTimeout: 43200,
                touchAfter: 180,
                cookie: { name: '__Host-session', sameSite: 'lax', secure: true, persistent: false },
              },
            }),
          },
        },
      },
    }),
    Other: inlineFunction(''),
  };

  /** What is said about the package where a project has these of the SDK. */
  async function said(...packages: string[]): Promise<readonly string[]> {
    const assembly = await writeAssembly({ Web: { Resources: resources } });
    for (const name of packages) {
      await mkdir(path.join(assembly, 'node_modules', '@aws-sdk', name), { recursive: true });
    }
    const lines: string[] = [];
    cloud = await startLocal({ assembly, log: (line) => lines.push(line) });
    return lines.filter((line) => line.includes('npm install'));
  }

  test('that is asked for at the start where the project lacks it', async () => {
    expect(await said('client-dynamodb')).toEqual([
      'Web/Fn: a password stands in for IAM here, and @aws-sdk/client-secrets-manager, which reads it, is not in your project: npm install --save-dev @aws-sdk/client-secrets-manager',
    ]);
  });

  test('of which nothing is said where the project has it', async () => {
    expect(await said('client-dynamodb', 'client-secrets-manager')).toEqual([]);
  });
});

test('the servers go with the run', async () => {
  const { caches } = await start({ Cache: group({ NumNodeGroups: 2 }) });
  const [pong] = (await caches[0]?.command('PING')) ?? [];
  expect(pong).toBe('PONG');
  await cloud?.stop();
  await expect(caches[0]?.command('PING')).rejects.toThrow('ECONNREFUSED');
});
