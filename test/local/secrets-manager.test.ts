import { DescribeSecretCommand, GetSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { type LocalCloud, startLocal } from 'cdk-sessions-local';
import { type FixtureStack, inlineFunction, removeFolders, writeAssembly } from './fixture.js';

const open: { cloud: LocalCloud; client: SecretsManagerClient }[] = [];
const lines: string[] = [];

afterEach(async () => {
  lines.length = 0;
  for (const { cloud, client } of open.splice(0)) {
    client.destroy();
    await cloud.stop();
  }
});
afterAll(removeFolders);

function secret(properties: Readonly<Record<string, unknown>> = {}) {
  return { Type: 'AWS::SecretsManager::Secret', Properties: properties };
}

/** A running stack, and a client that calls it as anybody on this machine may. */
async function runStack(Resources: FixtureStack['Resources']) {
  const cloud = await startLocal({
    assembly: await writeAssembly({ Web: { Resources } }),
    log: (line) => lines.push(line),
  });
  const client = new SecretsManagerClient({
    endpoint: cloud.dynamodbEndpoint,
    region: 'us-east-1',
    credentials: { accessKeyId: 'SOMEBODY', secretAccessKey: 'local' },
  });
  open.push({ cloud, client });
  const read = async (SecretId: string | undefined, version: { VersionId?: string; VersionStage?: string } = {}) =>
    client.send(new GetSecretValueCommand({ SecretId, ...version }));
  return { cloud, client, read };
}

describe('a secret', () => {
  test('is found by its name, its ARN, and its ARN without the six characters', async () => {
    const { cloud, read } = await runStack({ Given: secret({ Name: 'mine/db-1', SecretString: 'open sesame' }) });
    expect(cloud.secrets).toEqual([
      { stack: 'Web', logicalId: 'Given', path: 'Web/Given', name: 'mine/db-1', arn: expect.any(String) },
    ]);
    const [{ arn } = { arn: '' }] = cloud.secrets;
    expect(arn).toMatch(/^arn:aws:secretsmanager:us-east-1:000000000000:secret:mine\/db-1-[A-Za-z0-9]{6}$/);
    for (const id of ['mine/db-1', arn, arn.slice(0, -7)]) {
      expect(await read(id)).toMatchObject({
        ARN: arn,
        Name: 'mine/db-1',
        SecretString: 'open sesame',
        VersionId: expect.stringMatching(/^[0-9a-f-]{36}$/),
        VersionStages: ['AWSCURRENT'],
        CreatedDate: expect.any(Date),
      });
    }
    expect(cloud.unsupported).toEqual([]);
  });

  test('has one value for as long as the run lasts, and another one in the next', async () => {
    const resources = { Generated: secret({ GenerateSecretString: {} }) };
    const first = await runStack(resources);
    const id = first.cloud.secrets[0]?.arn;
    const { SecretString: value, VersionId, CreatedDate } = await first.read(id);
    expect(value).toHaveLength(32);
    expect(Math.abs(Date.now() - Number(CreatedDate))).toBeLessThan(60_000);
    const again = await first.read(id, { VersionStage: 'AWSCURRENT', VersionId });
    expect(again.SecretString).toBe(value);
    const second = await runStack(resources);
    expect((await second.read(id)).SecretString).not.toBe(value);
  });

  test('may hold what is generated in a field of its own', async () => {
    const { read, cloud } = await runStack({
      Db: secret({
        GenerateSecretString: {
          SecretStringTemplate: { 'Fn::Join': ['', ['{"user":"', { Ref: 'AWS::StackName' }, '","password":"none"}']] },
          GenerateStringKey: 'password',
          PasswordLength: 8,
        },
      }),
    });
    const { SecretString = '' } = await read(cloud.secrets[0]?.arn);
    expect(JSON.parse(SecretString)).toEqual({ user: 'Web', password: expect.stringMatching(/^.{8}$/) });
    expect(JSON.parse(SecretString).password).not.toBe('none');
  });

  test('is named by the ARN in what refers to it, and by a name from which the CDK cuts the ARN’s end', async () => {
    const Variables = { ARN: { Ref: 'Keys' }, ID: { 'Fn::GetAtt': ['Keys', 'Id'] } };
    const { cloud } = await runStack({
      Fn: inlineFunction('', { Environment: { Variables } }),
      Keys: secret({ SecretString: 'x', KmsKeyId: { 'Fn::GetAtt': ['Key', 'Arn'] } }),
      Key: { Type: 'AWS::KMS::Key' },
    });
    const [{ arn, name } = { arn: '', name: '' }] = cloud.secrets;
    expect(cloud.functions[0]?.environment).toEqual({ ARN: arn, ID: arn });
    expect(name).toMatch(/^Keys-[A-Za-z0-9]{12}$/);
    expect(arn.split(':').at(-1)).toMatch(new RegExp(`^${name}-[A-Za-z0-9]{6}$`));
    expect(cloud.unsupported).toEqual([]);
  });
});

describe('what is not there is not found, in the words of the service', () => {
  test.each([undefined, '', 'Given', 'arn:aws:secretsmanager:us-east-1:000000000000:secret:min'])(
    'a secret %j',
    async (id) => {
      const { read } = await runStack({ Given: secret({ Name: 'mine', SecretString: 'x' }) });
      await expect(read(id)).rejects.toMatchObject({
        name: 'ResourceNotFoundException',
        message: "Secrets Manager can't find the specified secret.",
        $metadata: { httpStatusCode: 400 },
      });
    },
  );

  test.each([
    [{ VersionStage: 'AWSPREVIOUS' }, 'staging label: AWSPREVIOUS'],
    [{ VersionId: '00000000-0000-0000-0000-000000000000' }, 'VersionId: 00000000-0000-0000-0000-000000000000'],
  ])('a version %j', async (version, named) => {
    const { read } = await runStack({ Given: secret({ Name: 'mine', SecretString: 'x' }) });
    await expect(read('mine', version)).rejects.toMatchObject({
      name: 'ResourceNotFoundException',
      message: `Secrets Manager can't find the specified secret value for ${named}`,
    });
  });

  test('a value that the template gives none', async () => {
    const { read } = await runStack({ Empty: secret({ Name: 'mine' }) });
    await expect(read('mine')).rejects.toMatchObject({
      name: 'ResourceNotFoundException',
      message: "Secrets Manager can't find the specified secret value for staging label: AWSCURRENT",
    });
  });
});

test('other operations are unknown, and the log says so', async () => {
  const { client } = await runStack({ Given: secret({ Name: 'mine', SecretString: 'x' }) });
  await expect(client.send(new DescribeSecretCommand({ SecretId: 'mine' }))).rejects.toMatchObject({
    name: 'UnknownOperationException',
    $metadata: { httpStatusCode: 400 },
  });
  expect(lines).toEqual([
    'somebody called AWS: only GetSecretValue of Secrets Manager runs on this machine, not DescribeSecret',
  ]);
});

test('no web page can read it', async () => {
  const { cloud } = await runStack({ Given: secret({ Name: 'mine', SecretString: 'open sesame' }) });
  const get = (headers: Readonly<Record<string, string>>) =>
    fetch(cloud.dynamodbEndpoint, {
      method: 'POST',
      headers: { 'x-amz-target': 'secretsmanager.GetSecretValue', ...headers },
      body: '{"SecretId":"mine"}',
    });
  expect(await (await get({})).text()).toContain('open sesame');
  for (const [name, value] of [
    ['origin', 'http://localhost:3000'],
    ['sec-fetch-site', 'same-origin'],
  ] as const) {
    const response = await get({ [name]: value });
    expect(response.status).toBe(403);
    expect(await response.text()).not.toContain('open sesame');
  }
});

describe('what cannot be run is listed', () => {
  test.each<[object, string]>([
    [
      { SecretString: 'x', GenerateSecretString: {} },
      'it has both SecretString and GenerateSecretString: one of them can be its value',
    ],
    [
      { GenerateSecretString: { PasswordLength: 3 } },
      'its PasswordLength is 3, and 4 types of characters are required',
    ],
    [
      { GenerateSecretString: { GenerateStringKey: 'password' } },
      'its SecretStringTemplate and its GenerateStringKey need each other: one of them is missing',
    ],
    [
      { GenerateSecretString: { GenerateStringKey: 'password', SecretStringTemplate: '"hidden"' } },
      'its SecretStringTemplate is not the text of a JSON object',
    ],
    [
      { GenerateSecretString: { GenerateStringKey: 'password', SecretStringTemplate: '{' } },
      'its SecretStringTemplate is not the text of a JSON object',
    ],
    [
      { SecretString: '{{resolve:ssm:mine}}' },
      'stack Web: the dynamic reference {{resolve:ssm:mine}} has no value on this machine',
    ],
  ])('%j', async (properties, reason) => {
    const { cloud } = await runStack({ Given: secret({ ...properties }) });
    expect(cloud.unsupported.map((each) => each.reason)).toEqual([reason]);
    expect(cloud.secrets).toEqual([]);
  });

  test('a rotation, and replicas; not who may read the secret', async () => {
    const { cloud } = await runStack({
      Given: secret({ SecretString: 'x', ReplicaRegions: [{ Region: 'eu-west-1' }] }),
      Rotation: { Type: 'AWS::SecretsManager::RotationSchedule', Properties: { SecretId: { Ref: 'Given' } } },
      Policy: { Type: 'AWS::SecretsManager::ResourcePolicy', Properties: { SecretId: { Ref: 'Given' } } },
    });
    expect(cloud.unsupported.map(({ logicalId, reason }) => [logicalId, reason])).toEqual([
      ['Given', 'it has no replicas in other regions here'],
      ['Rotation', 'nothing is rotated here: its secret keeps the value that it starts with'],
    ]);
    expect(cloud.secrets).toHaveLength(1);
  });
});
