import { randomInt } from 'node:crypto';
import { App, CfnParameter, Duration, RemovalPolicy } from 'aws-cdk-lib';
import * as iam from 'aws-cdk-lib/aws-iam';
import { Key } from 'aws-cdk-lib/aws-kms';
import {
  SessionKeys,
  type SessionKeysAttributes,
  type SessionKeysProps,
  SessionPolicy,
  SessionTable,
  type SessionTableProps,
} from 'cdk-sessions';
import { parseKeyDocument } from '../../lib/contract/parse-key-document.js';
import { refusalOf } from '../support/refusal.js';
import { deployedStack, templateOf } from '../support/stacks.js';
import { type CfnResource, onlyLogicalId } from '../support/template.js';

const ARN = 'arn:aws:secretsmanager:eu-west-1:123456789012:secret:Keys-AbCdEf';

function synthesized(props?: SessionKeysProps, stack = deployedStack()) {
  new SessionKeys(stack, 'Keys', props);
  const template = templateOf(stack);
  return (type: string): CfnResource => {
    const resource = template.Resources[onlyLogicalId(template, type)];
    if (!resource) {
      throw new Error(`there is no ${type}`);
    }
    return resource;
  };
}

/** What Secrets Manager makes of the template when it creates the secret. */
function generated({ Properties = {} }: CfnResource): string {
  const { GenerateSecretString } = Properties as Record<string, Record<string, string>>;
  const { SecretStringTemplate, GenerateStringKey, PasswordLength, ...rules } = GenerateSecretString ?? {};
  expect(rules).toEqual({ ExcludePunctuation: true, RequireEachIncludedType: false });
  const characters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789';
  const password = Array.from({ length: Number(PasswordLength) }, () => characters.charAt(randomInt(62))).join('');
  return JSON.stringify({ ...JSON.parse(SecretStringTemplate ?? ''), [GenerateStringKey ?? '']: password });
}

describe('keys', () => {
  test('are a secret that is kept, with nothing in the template that anybody could use', () => {
    expect(synthesized()('AWS::SecretsManager::Secret')).toEqual({
      Type: 'AWS::SecretsManager::Secret',
      DeletionPolicy: 'Retain',
      UpdateReplacePolicy: 'Retain',
      Properties: {
        Description: 'Keys of sessions',
        // Once deployed this must never change: CloudFormation would generate the value anew, and lose every key.
        GenerateSecretString: {
          SecretStringTemplate: '{"version":1}',
          GenerateStringKey: 'initial',
          PasswordLength: 42,
          ExcludePunctuation: true,
          RequireEachIncludedType: false,
        },
      },
    });
  });

  test('can be read from the first moment: what Secrets Manager generates is a key', () => {
    const secret = synthesized()('AWS::SecretsManager::Secret');
    for (let count = 0; count < 100; count++) {
      expect(parseKeyDocument(generated(secret)).keys).toEqual([
        { id: 'initial', secret: expect.any(String), createdAt: 0 },
      ]);
    }
  });

  test('keep their logical id: a new one would replace the secret and end every session that it signed', () => {
    const stack = deployedStack();
    new SessionKeys(stack, 'Keys');
    expect(onlyLogicalId(templateOf(stack), 'AWS::SecretsManager::Secret')).toBe('KeysSecret88F3B70F');
  });

  test('go with their stack when that is asked for', () => {
    const stack = deployedStack();
    const resource = synthesized({ removalPolicy: RemovalPolicy.DESTROY }, stack);
    expect(resource('AWS::SecretsManager::Secret')).toMatchObject({ DeletionPolicy: 'Delete' });
  });

  test('are reached by escape hatches through their default child', () => {
    const stack = deployedStack();
    new SessionKeys(stack, 'Keys').applyRemovalPolicy(RemovalPolicy.DESTROY);
    const template = templateOf(stack);
    expect(template.Resources['KeysSecret88F3B70F']).toMatchObject({ DeletionPolicy: 'Delete' });
  });

  test('are encrypted with a customer-managed key when there is one', () => {
    const stack = deployedStack();
    const resource = synthesized({ encryptionKey: new Key(stack, 'Key') }, stack);
    expect(resource('AWS::SecretsManager::Secret').Properties).toHaveProperty('KmsKeyId');
  });
});

describe('the rotation', () => {
  test('is every 30 days by a function that is told the overlap, and begins when the function may be called', () => {
    const stack = deployedStack();
    const resource = synthesized(undefined, stack);
    const template = templateOf(stack);
    const fn = onlyLogicalId(template, 'AWS::Lambda::Function');
    expect(resource('AWS::SecretsManager::RotationSchedule')).toEqual({
      Type: 'AWS::SecretsManager::RotationSchedule',
      Properties: {
        SecretId: { Ref: 'KeysSecret88F3B70F' },
        RotationLambdaARN: { 'Fn::GetAtt': [fn, 'Arn'] },
        RotationRules: { ScheduleExpression: 'rate(30 days)' },
      },
      DependsOn: expect.arrayContaining([
        onlyLogicalId(template, 'AWS::Lambda::Permission'),
        onlyLogicalId(template, 'AWS::IAM::Policy'),
      ]),
    });
    expect(resource('AWS::Lambda::Function').Properties).toMatchObject({
      Handler: 'index.handler',
      Environment: {
        Variables: { SECRET_ARN: { Ref: 'KeysSecret88F3B70F' }, OVERLAP_SECONDS: String(31 * 24 * 3600) },
      },
    });
  });

  test('is called by Secrets Manager for its own secret, and neither by others nor for others', () => {
    expect(synthesized()('AWS::Lambda::Permission').Properties).toMatchObject({
      Action: 'lambda:InvokeFunction',
      Principal: 'secretsmanager.amazonaws.com',
      SourceAccount: '123456789012',
      SourceArn: { Ref: 'KeysSecret88F3B70F' },
    });
  });

  test('has the same code wherever it is synthesized', () => {
    const codeOf = () => synthesized()('AWS::Lambda::Function').Properties?.['Code'];
    expect(codeOf()).toEqual(codeOf());
  });

  test.each<[Duration, string]>([
    [Duration.hours(4), 'rate(4 hours)'],
    [Duration.minutes(36 * 60), 'rate(36 hours)'],
    [Duration.days(1), 'rate(1 day)'],
    [Duration.days(1000), 'rate(1000 days)'],
  ])('may be every %s', (rotation, expression) => {
    const schedule = synthesized({ rotation, overlap: Duration.days(1) })('AWS::SecretsManager::RotationSchedule');
    expect(schedule.Properties?.['RotationRules']).toEqual({ ScheduleExpression: expression });
  });

  test.each([Duration.hours(3), Duration.minutes(270), Duration.days(1001)])(
    'fails when it is every %s',
    (rotation) => {
      expect(refusalOf(() => synthesized({ rotation }))).toEqual({
        code: 'ERR_SESSION_KEYS',
        message: `rotation must be a whole number of hours, at least 4, or of days, at most 1000, received ${rotation.toString()} (at Stack/Keys)`,
      });
    },
  );

  test('fails when its overlap is not of whole seconds', () => {
    expect(refusalOf(() => synthesized({ overlap: Duration.millis(1500) }))).toEqual({
      code: 'ERR_SESSION_KEYS',
      message: 'overlap must be a whole number of seconds, received Duration.millis(1500) (at Stack/Keys)',
    });
  });

  test('makes up to 32 keys valid at once, and fails where it could make more', () => {
    const rotation = Duration.days(1);
    expect(() => synthesized({ rotation, overlap: Duration.days(29) })).not.toThrow();
    expect(refusalOf(() => synthesized({ rotation, overlap: Duration.days(29).plus(Duration.seconds(1)) }))).toEqual({
      code: 'ERR_SESSION_KEYS',
      message:
        'a rotation every 1 day with an overlap of 29 days 1 second may make 33 keys valid at once, and at most 32 can be: rotate less often, or shorten the overlap (at Stack/Keys)',
    });
  });

  test('takes times that only the deployment knows', () => {
    const stack = deployedStack();
    const days = new CfnParameter(stack, 'Days', { type: 'Number' }).valueAsNumber;
    const seconds = new CfnParameter(stack, 'Seconds', { type: 'Number' }).valueAsNumber;
    const resource = synthesized({ rotation: Duration.days(days), overlap: Duration.seconds(seconds) }, stack);
    expect(resource('AWS::SecretsManager::RotationSchedule').Properties?.['RotationRules']).toEqual({
      ScheduleExpression: { 'Fn::Join': ['', ['rate(', { Ref: 'Days' }, ' days)']] },
    });
    expect(resource('AWS::Lambda::Function').Properties?.['Environment']).toEqual({
      Variables: expect.objectContaining({ OVERLAP_SECONDS: { Ref: 'Seconds' } }),
    });
  });
});

describe('imported keys', () => {
  const imported = (attributes: SessionKeysAttributes, stack = deployedStack()) =>
    SessionKeys.fromSessionKeysAttributes(stack, 'Keys', attributes);

  test('are where their ARN says, for whoever is granted to read them', () => {
    const stack = deployedStack();
    const encryptionKey = Key.fromKeyArn(stack, 'Key', 'arn:aws:kms:eu-west-1:123456789012:key/1234');
    const keys = imported({ secretArn: ARN, encryptionKey }, stack);
    keys.grantRead(new iam.Role(stack, 'Role', { assumedBy: new iam.AccountRootPrincipal() }));
    const template = templateOf(stack);
    expect(keys.env).toMatchObject({ region: 'eu-west-1', account: '123456789012' });
    expect(
      template.Resources[onlyLogicalId(template, 'AWS::IAM::Policy')]?.Properties?.['PolicyDocument'],
    ).toHaveProperty('Statement', [
      { Effect: 'Allow', Action: 'secretsmanager:GetSecretValue', Resource: ARN },
      {
        Effect: 'Allow',
        Action: 'kms:Decrypt',
        Resource: 'arn:aws:kms:eu-west-1:123456789012:key/1234',
        Condition: {
          StringEquals: {
            'kms:ViaService': 'secretsmanager.eu-west-1.amazonaws.com',
            'kms:EncryptionContext:SecretARN': ARN,
          },
        },
      },
    ]);
  });

  test('stay valid for as long as is said, or as the default is', () => {
    expect(imported({ secretArn: ARN }).overlap.toDays()).toBe(31);
    expect(imported({ secretArn: ARN, overlap: Duration.days(2) }).overlap.toDays()).toBe(2);
  });

  test('may have an ARN that only the deployment knows', () => {
    const stack = deployedStack();
    const secretArn = new CfnParameter(stack, 'SecretArn').valueAsString;
    expect(stack.resolve(imported({ secretArn }, stack).secret.secretArn)).toEqual({ Ref: 'SecretArn' });
  });

  test.each(['Keys', ARN.replace(/-AbCdEf$/, ''), ARN.replace('secretsmanager', 'ssm'), `${ARN}:password`])(
    'fail with the ARN %s',
    (secretArn) => {
      expect(refusalOf(() => imported({ secretArn }))).toEqual({
        code: 'ERR_SESSION_KEYS',
        message: `secretArn must be the whole ARN of a secret, its six random characters included, received ${JSON.stringify(secretArn)}, importing Keys (at Stack)`,
      });
    },
  );

  test('fail with an overlap that is not of whole seconds', () => {
    expect(refusalOf(() => imported({ secretArn: ARN, overlap: Duration.millis(1) }))).toEqual({
      code: 'ERR_SESSION_KEYS',
      message: 'overlap must be a whole number of seconds, received Duration.millis(1), importing Keys (at Stack)',
    });
  });
});

describe('a store', () => {
  const store = (props: SessionTableProps, stack = deployedStack()) => new SessionTable(stack, 'Sessions', props);

  test('has the keys that it was given', () => {
    const stack = deployedStack();
    const keys = new SessionKeys(stack, 'Keys');
    expect(store({ keys }, stack).keys).toBe(keys);
    const attributes = { tableName: 'sessions', keys };
    expect(SessionTable.fromSessionTableAttributes(stack, 'Imported', attributes).keys).toBe(keys);
    expect(store({}).keys).toBeUndefined();
  });

  test.each(['encryptData', 'acceptUnprotected'])('fails with %s and without keys', (option) => {
    const message = `${option} needs keys, received none: give the store keys, new SessionKeys(this, 'Keys'), or leave it out`;
    expect(refusalOf(() => store({ [option]: true }))).toEqual({
      code: 'ERR_SESSION_KEYS',
      message: `${message} (at Stack/Sessions)`,
    });
    const attributes = { tableName: 'sessions', [option]: true };
    const imported = () => SessionTable.fromSessionTableAttributes(deployedStack(), 'Sessions', attributes);
    expect(refusalOf(imported).code).toBe('ERR_SESSION_KEYS');
    expect(() => store({ [option]: false })).not.toThrow();
  });

  test('fails with keys that go while a session may still live that they signed last, a new key being 15 minutes idle', () => {
    const policy = SessionPolicy.aal1();
    const keysFor = (overlap: Duration) => {
      const stack = deployedStack();
      return store({ policy, keys: new SessionKeys(stack, 'Keys', { overlap }) }, stack);
    };
    const enough = Duration.days(30).plus(Duration.minutes(15));
    expect(() => keysFor(enough)).not.toThrow();
    expect(refusalOf(() => keysFor(enough.minus(Duration.seconds(1))))).toEqual({
      code: 'ERR_SESSION_KEYS',
      message:
        "keys must stay valid for as long as a session that they signed last: an absoluteTimeout of 30 days needs an overlap of at least 2592900 s, received 2592899 s: lengthen it, new SessionKeys(this, 'Keys', { overlap }), or shorten the timeout (at Stack/Sessions)",
    });
  });

  test('fails with imported keys that go too early, too', () => {
    const stack = deployedStack();
    const keys = SessionKeys.fromSessionKeysAttributes(stack, 'Keys', { secretArn: ARN, overlap: Duration.hours(12) });
    expect(refusalOf(() => store({ keys }, stack)).code).toBe('ERR_SESSION_KEYS');
  });

  test.each([SessionPolicy.of(), SessionPolicy.aal1(), SessionPolicy.aal2(), SessionPolicy.aal3()])(
    'of each preset is content with keys as they are by default',
    (policy) => {
      const stack = deployedStack();
      expect(() => store({ policy, keys: new SessionKeys(stack, 'Keys') }, stack)).not.toThrow();
    },
  );

  test('takes times that only the deployment knows', () => {
    const stack = deployedStack();
    const time = Duration.seconds(new CfnParameter(stack, 'Time', { type: 'Number' }).valueAsNumber);
    const short = new SessionKeys(stack, 'Short', { overlap: Duration.seconds(1) });
    const policy = SessionPolicy.of({ absoluteTimeout: time });
    expect(() => new SessionTable(stack, 'One', { policy, keys: short })).not.toThrow();
    const unknown = new SessionKeys(stack, 'Unknown', { overlap: time });
    expect(() => new SessionTable(stack, 'Other', { keys: unknown })).not.toThrow();
  });
});

test('keys, store and consumer may live in three stacks', () => {
  const app = new App();
  const keys = new SessionKeys(deployedStack(app, 'Secrets'), 'Keys');
  const table = new SessionTable(deployedStack(app, 'Storage'), 'Sessions', { keys });
  const web = deployedStack(app, 'Web');
  table.grantReadWrite(new iam.Role(web, 'Role', { assumedBy: new iam.AccountRootPrincipal() }));
  const dependencies = app
    .synth()
    .stacks.map(({ id, dependencies }) => [
      id,
      dependencies.flatMap((each) => each.id.match(/^\w+$/)?.[0] ?? []).sort(),
    ]);
  expect(Object.fromEntries(dependencies)).toEqual({ Secrets: [], Storage: [], Web: ['Secrets', 'Storage'] });
});
