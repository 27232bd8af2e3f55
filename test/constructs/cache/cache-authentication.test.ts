import { App, CfnParameter, Duration, RemovalPolicy, type Stack } from 'aws-cdk-lib';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as iam from 'aws-cdk-lib/aws-iam';
import { Key } from 'aws-cdk-lib/aws-kms';
import { CacheAuthentication, CacheEngine, CacheNodeType, SessionReplicationGroup } from 'cdk-sessions';
import { CACHE_COMMANDS } from '../../../lib/contract/cache-access.js';
import { parseCacheSecret } from '../../../lib/contract/cache-secret.js';
import { simulate } from '../../support/iam.js';
import { type RedisServer, startRedisServer } from '../../support/redis-server.js';
import { refusalOf } from '../../support/refusal.js';
import { deployedStack, plainFunction, templateOf } from '../../support/stacks.js';
import { type CfnTemplate, onlyLogicalId } from '../../support/template.js';

interface Options {
  readonly engine?: CacheEngine;
  readonly sessionEvents?: boolean;
  readonly removalPolicy?: RemovalPolicy;
  readonly encryptionKey?: Key;
}

/** A cache whose clients authenticate so, and what of it is deployed. */
function cacheWith(authentication: CacheAuthentication, props: Options = {}, stack = deployedStack()) {
  // Two zones that every account has, and a NAT gateway that nobody pays for here.
  const subnetConfiguration = [
    { name: 'own', subnetType: ec2.SubnetType.PRIVATE_WITH_EGRESS },
    { name: 'public', subnetType: ec2.SubnetType.PUBLIC },
  ];
  const vpc = new ec2.Vpc(stack, 'Vpc', { maxAzs: 2, subnetConfiguration });
  const cache = new SessionReplicationGroup(stack, 'Cache', {
    vpc,
    nodeType: CacheNodeType.T4G_MICRO,
    authentication,
    ...props,
  });
  return { stack, cache };
}

function resources(stack: Stack, type: string) {
  return Object.values(templateOf(stack).Resources).filter(({ Type }) => Type === type);
}

function propertiesOf(stack: Stack, type: string): readonly Readonly<Record<string, unknown>>[] {
  return resources(stack, type).map(({ Properties = {} }) => Properties);
}

const IAM_KINDS: readonly [string, CacheAuthentication][] = [
  ['IAM', CacheAuthentication.iam()],
  ['a password', CacheAuthentication.password()],
];

describe.each(IAM_KINDS)('a cache of Valkey with %s', (_, authentication) => {
  const { stack } = cacheWith(authentication, { engine: CacheEngine.VALKEY_8_1 });
  const [user, ...others] = propertiesOf(stack, 'AWS::ElastiCache::User');
  const [group] = propertiesOf(stack, 'AWS::ElastiCache::UserGroup');

  test('has one user, whose id is its name, and no default user: Valkey turns that off by itself', () => {
    expect(others).toEqual([]);
    expect(user).toMatchObject({ UserName: user?.['UserId'] });
  });

  test('has a group with that user by reference, so that it comes after the user', () => {
    const id = onlyLogicalId(templateOf(stack), 'AWS::ElastiCache::User');
    expect(group).toMatchObject({ Engine: 'valkey', UserIds: [{ Ref: id }] });
    const [cache] = resources(stack, 'AWS::ElastiCache::ReplicationGroup');
    const groupId = onlyLogicalId(templateOf(stack), 'AWS::ElastiCache::UserGroup');
    expect(cache?.Properties).toMatchObject({ UserGroupIds: [{ Ref: groupId }] });
    expect(cache?.Properties).not.toHaveProperty('AuthToken');
  });
});

describe.each(IAM_KINDS)('a cache of Redis OSS with %s', (_, authentication) => {
  const { stack } = cacheWith(authentication, { engine: CacheEngine.REDIS_7_1 });

  test('has a default user who is off and may do nothing, in place of the one who may do everything', () => {
    expect(propertiesOf(stack, 'AWS::ElastiCache::User')).toContainEqual({
      Engine: 'redis',
      UserId: expect.stringMatching(/-default$/),
      UserName: 'default',
      AccessString: 'off -@all',
      AuthenticationMode: { Type: 'no-password-required' },
    });
    expect(propertiesOf(stack, 'AWS::ElastiCache::UserGroup')).toMatchObject([
      { Engine: 'redis', UserIds: [{ Ref: expect.any(String) }, { Ref: expect.any(String) }] },
    ]);
  });
});

describe('the ids of users and groups', () => {
  const idsWith = (engine: CacheEngine, name = 'Stack') => {
    const { stack } = cacheWith(CacheAuthentication.iam(), { engine }, deployedStack(new App(), name));
    return [
      ...propertiesOf(stack, 'AWS::ElastiCache::User').map(({ UserId }) => String(UserId)),
      ...propertiesOf(stack, 'AWS::ElastiCache::UserGroup').map(({ UserGroupId }) => String(UserGroupId)),
    ];
  };

  test.each(['Stack', 'A-Stack-With-A-Name-That-Is-Much-Longer-Than-All-That-ElastiCache-Takes'])(
    'are such as ElastiCache takes in %s: lower case, a letter first, no two hyphens together, at most 40 characters',
    (name) => {
      for (const engine of [CacheEngine.VALKEY_8_1, CacheEngine.REDIS_7_1]) {
        const ids = idsWith(engine, name);
        expect(ids.filter((id) => !/^[a-z](?:-?[a-z0-9])*$/.test(id) || id.length > 40)).toEqual([]);
      }
    },
  );

  test('leave a user as it is with another engine, and give the cache another group, under the same logical ids', () => {
    const logicalIds = (engine: CacheEngine) => {
      const { Resources } = templateOf(cacheWith(CacheAuthentication.iam(), { engine }).stack);
      return Object.keys(Resources).filter((id) => /ElastiCache::User/.test(Resources[id]?.Type ?? ''));
    };
    const [user, group] = idsWith(CacheEngine.VALKEY_8_1);
    const [sameUser, , otherGroup] = idsWith(CacheEngine.REDIS_7_1);
    expect(sameUser).toBe(user);
    expect(otherGroup).not.toBe(group);
    const engineOf = (engine: CacheEngine) =>
      propertiesOf(cacheWith(CacheAuthentication.iam(), { engine }).stack, 'AWS::ElastiCache::User')[0]?.['Engine'];
    expect(engineOf(CacheEngine.VALKEY_8_1)).toBe(engineOf(CacheEngine.REDIS_7_1));
    expect(logicalIds(CacheEngine.REDIS_7_1)).toEqual(expect.arrayContaining(logicalIds(CacheEngine.VALKEY_8_1)));
  });

  test('are the same from one version of an engine to the next', () => {
    expect(idsWith(CacheEngine.VALKEY_7_2)).toEqual(idsWith(CacheEngine.VALKEY_9_0));
  });

  test('are others in another stack', () => {
    const [one, other] = [idsWith(CacheEngine.VALKEY_8_1, 'One'), idsWith(CacheEngine.VALKEY_8_1, 'Other')];
    expect(one.filter((id) => other.includes(id))).toEqual([]);
  });
});

describe('what a user may do', () => {
  let server: RedisServer;
  beforeAll(async () => {
    server = await startRedisServer();
  });
  afterAll(() => server?.stop());

  const accessOf = (engine: CacheEngine) =>
    String(
      propertiesOf(cacheWith(CacheAuthentication.iam(), { engine }).stack, 'AWS::ElastiCache::User')[0]?.[
        'AccessString'
      ],
    );
  /** What the server says to a dry run of a command. */
  const allows = async (...command: string[]) =>
    (await server.command('ACL', 'DRYRUN', 'sessions', ...command)) === 'OK';

  test('is to call what sessions need on their keys, as a real server understands it', async () => {
    const rules = accessOf(CacheEngine.REDIS_7_1).split(' ');
    await server.command('ACL', 'SETUSER', 'sessions', 'reset', ...rules);
    const allowed = [
      ['GET', 'session:a'],
      ['EVALSHA', 'e0e1f9fabfc9d4800c877a703b823ac0578ff8db', '1', 'session:a'],
      ['EVAL', 'return 1', '1', 'session:a'],
      ['ZADD', 'session:a', '1', 'member'],
      ['ZRANGE', 'session:a', '0', '-1'],
      ['PING'],
      ['CLIENT', 'SETNAME', 'name'],
      ['CLUSTER', 'SLOTS'],
      ['ASKING'],
    ];
    const refused = [
      ['GET', 'other:a'],
      ['EVAL', 'return 1', '1', 'other:a'],
      ['KEYS', '*'],
      ['SCAN', '0'],
      ['FLUSHALL'],
      ['CONFIG', 'GET', '*'],
      ['CLIENT', 'LIST'],
      ['CLUSTER', 'RESET'],
      ['SCRIPT', 'LOAD', 'return 1'],
      ['SCRIPT', 'FLUSH'],
      ['ACL', 'LIST'],
      ['MONITOR'],
      ['SUBSCRIBE', 'channel'],
    ];
    const answers = async (commands: string[][]) => Promise.all(commands.map((command) => allows(...command)));
    expect(await answers(allowed)).toEqual(allowed.map(() => true));
    expect(await answers(refused)).toEqual(refused.map(() => false));
  });

  test('includes nothing that Redis counts among what is dangerous but what a client asks of a cluster', async () => {
    const dangerous = (await server.command('ACL', 'CAT', 'dangerous')).split('\n');
    expect(CACHE_COMMANDS.filter((command) => dangerous.includes(command))).toEqual([]);
  });

  test.each(IAM_KINDS)(
    'includes with %s to listen to the events that were asked for, and to no other channel',
    async (_, authentication) => {
      const { stack } = cacheWith(authentication, { engine: CacheEngine.REDIS_7_1, sessionEvents: true });
      const [user] = propertiesOf(stack, 'AWS::ElastiCache::User');
      const rules = String(user?.['AccessString']).split(' ');
      await server.command('ACL', 'SETUSER', 'sessions', 'reset', ...rules);
      expect(await allows('SUBSCRIBE', '__keyevent@0__:expired')).toBe(true);
      expect(await allows('PSUBSCRIBE', '__keyevent@0__:*')).toBe(true);
      expect(await allows('SUBSCRIBE', 'channel')).toBe(false);
      expect(await allows('GET', 'session:a')).toBe(true);
      expect(await allows('PUBLISH', '__keyevent@0__:expired', 'x')).toBe(false);
    },
  );

  test('is said in rules for channels only where there are any', () => {
    const { stack } = cacheWith(CacheAuthentication.password(), {
      engine: CacheEngine.redis('6.0'),
      sessionEvents: true,
    });
    expect(propertiesOf(stack, 'AWS::ElastiCache::User')[0]?.['AccessString']).toMatch(
      /^on ~session:\* -@all .*\+psubscribe/,
    );
  });

  test('may be told, in any case', () => {
    const { stack } = cacheWith(CacheAuthentication.iam({ accessString: 'ON ~* +@all' }));
    expect(propertiesOf(stack, 'AWS::ElastiCache::User')).toMatchObject([{ AccessString: 'ON ~* +@all' }]);
  });

  test('may be told', () => {
    const authentication = CacheAuthentication.iam({ accessString: 'on ~* +@all -@dangerous' });
    expect(propertiesOf(cacheWith(authentication).stack, 'AWS::ElastiCache::User')).toMatchObject([
      { AccessString: 'on ~* +@all -@dangerous' },
    ]);
  });

  test('may be known to the deployment only', () => {
    const stack = deployedStack();
    const accessString = new CfnParameter(stack, 'Access').valueAsString;
    cacheWith(CacheAuthentication.iam({ accessString }), {}, stack);
    expect(propertiesOf(stack, 'AWS::ElastiCache::User')).toMatchObject([{ AccessString: { Ref: 'Access' } }]);
  });
});

describe('a refusal', () => {
  const ON = 'begin it with "on", or leave it out for what sessions need';
  const PASSWORD = 'leave it out, the password comes from the authentication';

  test.each<[string, CacheAuthentication, Options, string]>([
    [
      'IAM with an engine that knows none of it',
      CacheAuthentication.iam(),
      { engine: CacheEngine.REDIS_6_2 },
      'authentication with IAM takes Valkey 7.2 or Redis OSS 7.0, received redis 6.2: take a later engine, or CacheAuthentication.password()',
    ],
    [
      'an access string for a user that is off',
      CacheAuthentication.iam({ accessString: 'on ~* +@all off' }),
      {},
      `an access string must turn its user on, received "on ~* +@all off": ${ON}`,
    ],
    [
      'an access string for a user that is neither on nor off',
      CacheAuthentication.password({ accessString: '~* +@all' }),
      {},
      `an access string must turn its user on, received "~* +@all": ${ON}`,
    ],
    [
      'an access string with a password, which is not repeated',
      CacheAuthentication.password({ accessString: 'on >hunter2 ~* +@all' }),
      {},
      `an access string has no rules for passwords, received one that begins with ">": ${PASSWORD}`,
    ],
    [
      'an access string that needs no password',
      CacheAuthentication.iam({ accessString: 'on nopass ~* +@all' }),
      {},
      `an access string has no rules for passwords, received one that begins with "n": ${PASSWORD}`,
    ],
    [
      'a rule in upper case, which an engine reads all the same',
      CacheAuthentication.iam({ accessString: 'on NOPASS ~* +@all' }),
      {},
      `an access string has no rules for passwords, received one that begins with "n": ${PASSWORD}`,
    ],
    [
      'a rotation of passwords that is too often',
      CacheAuthentication.password({ rotation: Duration.hours(3) }),
      {},
      'rotation must be a whole number of hours, at least 4, or of days, at most 1000, received Duration.hours(3)',
    ],
    [
      'a rotation of tokens that is too rare',
      CacheAuthentication.authToken({ rotation: Duration.days(1001) }),
      {},
      'rotation must be a whole number of hours, at least 4, or of days, at most 1000, received Duration.days(1001)',
    ],
  ])('meets %s', (_, authentication, options, message) => {
    expect(refusalOf(() => cacheWith(authentication, options))).toEqual({
      code: 'ERR_SESSION_CACHE',
      message: `${message} (at Stack/Cache)`,
    });
  });
});

const SECRET_KINDS: readonly [string, () => CacheAuthentication][] = [
  ['the password of a user', () => CacheAuthentication.password()],
  ['the token of a group', () => CacheAuthentication.authToken()],
];

describe.each(SECRET_KINDS)('%s', (_, authentication) => {
  test('is generated by Secrets Manager, such as ElastiCache takes it, and goes with the cache', () => {
    expect(resources(cacheWith(authentication()).stack, 'AWS::SecretsManager::Secret')).toEqual([
      {
        Type: 'AWS::SecretsManager::Secret',
        DeletionPolicy: 'Delete',
        UpdateReplacePolicy: 'Delete',
        Properties: {
          Description: expect.any(String),
          // Once deployed this must never change: CloudFormation would generate another, which the cache does not take.
          GenerateSecretString: {
            SecretStringTemplate: '{}',
            GenerateStringKey: 'password',
            PasswordLength: 64,
            ExcludePunctuation: true,
          },
        },
      },
    ]);
    expect(parseCacheSecret(JSON.stringify({ password: 'aZ9'.repeat(21).concat('0') }))).toHaveLength(64);
  });

  test('stays, and who has it, with a cache that stays', () => {
    const { stack } = cacheWith(authentication(), { removalPolicy: RemovalPolicy.RETAIN });
    const kept = /^AWS::(?:SecretsManager::Secret|ElastiCache::User|ElastiCache::UserGroup)$/;
    const policies = Object.values(templateOf(stack).Resources)
      .filter(({ Type }) => kept.test(Type))
      .map((resource) => Reflect.get(resource, 'DeletionPolicy'));
    expect(new Set(policies)).toEqual(new Set(['Retain']));
  });

  test('is in the template by a reference that CloudFormation resolves, and nowhere else', () => {
    const { stack } = cacheWith(authentication());
    const template = JSON.stringify(templateOf(stack));
    expect(template.match(/:SecretString:password::}}/g)).toHaveLength(1);
    const functions = JSON.stringify(resources(stack, 'AWS::Lambda::Function'));
    expect(functions).not.toContain('{{resolve:');
  });

  test('is rotated every 30 days when all that this needs is there, the way to the cache included', () => {
    const { stack } = cacheWith(authentication());
    const template = templateOf(stack);
    const [schedule] = resources(stack, 'AWS::SecretsManager::RotationSchedule');
    expect(schedule).toMatchObject({
      Properties: {
        RotationLambdaARN: { 'Fn::GetAtt': [rotationOf(template), 'Arn'] },
        RotationRules: { ScheduleExpression: 'rate(30 days)' },
      },
    });
    const way = Object.keys(template.Resources).filter(
      (id) => template.Resources[id]?.Type === 'AWS::EC2::SecurityGroupIngress',
    );
    expect(way).toHaveLength(1);
    expect(Reflect.get(schedule ?? {}, 'DependsOn')).toEqual(
      expect.arrayContaining([...way, onlyLogicalId(template, 'AWS::Lambda::Permission')]),
    );
  });

  test('is rotated by a function of the VPC that is told where the cache is, called by Secrets Manager for its secret', () => {
    const { stack } = cacheWith(authentication());
    const template = templateOf(stack);
    const secret = onlyLogicalId(template, 'AWS::SecretsManager::Secret');
    expect(template.Resources[rotationOf(template)]?.Properties).toMatchObject({
      Handler: 'index.handler',
      Timeout: 900,
      Environment: {
        Variables: { SECRET_ARN: { Ref: secret }, ENDPOINT: expect.anything(), PORT: expect.anything() },
      },
      VpcConfig: { SubnetIds: [expect.anything(), expect.anything()], SecurityGroupIds: [expect.anything()] },
    });
    expect(resources(stack, 'AWS::Lambda::Permission')).toMatchObject([
      {
        Properties: {
          Principal: 'secretsmanager.amazonaws.com',
          SourceAccount: '123456789012',
          SourceArn: { Ref: secret },
        },
      },
    ]);
  });

  test('may be read by whoever connects, and by nobody else', async () => {
    const { stack, cache } = cacheWith(authentication());
    const client = plainFunction(stack, 'Web');
    const stranger = plainFunction(stack, 'Stranger');
    stranger.addToRolePolicy(new iam.PolicyStatement({ actions: ['sqs:ListQueues'], resources: ['*'] }));
    cache.grantReadWrite(client);
    const template = templateOf(stack);
    const idOf = (fn: typeof client) => stack.getLogicalId(fn.node.defaultChild as never);
    const call = { action: 'secretsmanager:GetSecretValue', resourceArn: secretArn(template) };
    await expect(simulate(template, idOf(client), call)).resolves.toBe('Allowed');
    await expect(simulate(template, idOf(stranger), call)).resolves.toBe('ImplicitlyDenied');
  });
});

describe('the role of the function that rotates', () => {
  const USER = /user:stackcacheusers/;
  const GROUP = /replicationgroup:CacheReplicationGroup/;
  const kinds: readonly [string, CacheAuthentication, string, string, RegExp][] = [
    ['a password', CacheAuthentication.password(), 'DescribeUsers', 'ModifyUser', USER],
    ['a token', CacheAuthentication.authToken(), 'DescribeReplicationGroups', 'ModifyReplicationGroup', GROUP],
  ];

  test.each(kinds)(
    'of %s lets it change that, and nothing else',
    async (_, authentication, describes, modifies, what) => {
      const stack = deployedStack();
      cacheWith(authentication, { encryptionKey: new Key(stack, 'Key') }, stack);
      const template = templateOf(stack);
      const holder = holderIn(template);
      expect(holder).toMatch(what);
      const secret = secretArn(template);
      const ask = (action: string, resourceArn: string, context?: Record<string, string>) =>
        simulate(template, rotationOf(template), { action, resourceArn, context });
      const allowed = [
        ['secretsmanager:GetSecretValue', secret],
        ['secretsmanager:PutSecretValue', secret],
        ['secretsmanager:UpdateSecretVersionStage', secret],
        [`elasticache:${describes}`, holder],
        [`elasticache:${modifies}`, holder],
        ['ec2:CreateNetworkInterface', '*'],
      ] as const;
      const refused = [
        ['secretsmanager:GetSecretValue', `${secret.slice(0, -6)}Others`],
        ['secretsmanager:DeleteSecret', secret],
        ['secretsmanager:GetRandomPassword', '*'],
        [`elasticache:${modifies}`, `${holder}2`],
        ['elasticache:AddTagsToResource', holder],
        ['elasticache:Connect', holder],
        ['ec2:TerminateInstances', 'arn:aws:ec2:us-east-1:123456789012:instance/i-1'],
      ] as const;
      for (const [action, resourceArn] of allowed) {
        expect([action, await ask(action, resourceArn)]).toEqual([action, 'Allowed']);
      }
      for (const [action, resourceArn] of refused) {
        expect([action, await ask(action, resourceArn)]).toEqual([action, 'ImplicitlyDenied']);
      }
      const key = `arn:aws:kms:us-east-1:123456789012:key/${onlyLogicalId(template, 'AWS::KMS::Key')}`;
      const through = (arn: string) => ({
        'kms:ViaService': 'secretsmanager.us-east-1.amazonaws.com',
        'kms:EncryptionContext:SecretARN': arn,
      });
      await expect(ask('kms:Decrypt', key, through(secret))).resolves.toBe('Allowed');
      await expect(ask('kms:GenerateDataKey', key, through(secret))).resolves.toBe('Allowed');
      await expect(ask('kms:Decrypt', key, through(`${secret}2`))).resolves.toBe('ImplicitlyDenied');
      await expect(ask('kms:Decrypt', key)).resolves.toBe('ImplicitlyDenied');
    },
  );
});

describe('a grant with IAM', () => {
  test('is to connect to exactly this cache as exactly this user', async () => {
    const { stack, cache } = cacheWith(CacheAuthentication.iam());
    const client = plainFunction(stack, 'Web');
    cache.grantReadWrite(client);
    const template = templateOf(stack);
    const ask = (resourceArn: string) =>
      simulate(template, rotationOf(template), { action: 'elasticache:Connect', resourceArn });
    const user = `arn:aws:elasticache:us-east-1:123456789012:user:${propertiesOf(stack, 'AWS::ElastiCache::User')[0]?.['UserId']}`;
    const group = `arn:aws:elasticache:us-east-1:123456789012:replicationgroup:${onlyLogicalId(template, 'AWS::ElastiCache::ReplicationGroup')}`;
    await expect(ask(user)).resolves.toBe('Allowed');
    await expect(ask(group)).resolves.toBe('Allowed');
    await expect(ask(`${user}2`)).resolves.toBe('ImplicitlyDenied');
    await expect(ask(`${group}2`)).resolves.toBe('ImplicitlyDenied');
    expect(resources(stack, 'AWS::SecretsManager::Secret')).toEqual([]);
  });
});

/** What the function is told that it changes. */
function holderIn(template: CfnTemplate): string {
  const { Variables } = Object(template.Resources[rotationOf(template)]?.Properties?.['Environment']);
  return 'USER_ID' in Variables
    ? `arn:aws:elasticache:us-east-1:123456789012:user:${Variables.USER_ID}`
    : `arn:aws:elasticache:us-east-1:123456789012:replicationgroup:${onlyLogicalId(template, 'AWS::ElastiCache::ReplicationGroup')}`;
}

/** The function that rotates, which is the only one unless a test has others. */
function rotationOf(template: CfnTemplate): string {
  return onlyLogicalId(template, 'AWS::Lambda::Function');
}

function secretArn(template: CfnTemplate): string {
  const id = onlyLogicalId(template, 'AWS::SecretsManager::Secret');
  return `arn:aws:secretsmanager:us-east-1:123456789012:secret:${id}-AbCdEf`;
}
