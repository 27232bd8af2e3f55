import { App, CfnParameter, Stack } from 'aws-cdk-lib';
import type * as lambda from 'aws-cdk-lib/aws-lambda';
import {
  type AttachOptions,
  type ISessionKeys,
  SessionAccess,
  SessionCookie,
  SessionKeys,
  SessionPolicy,
  SessionTable,
} from 'cdk-sessions';
import { CONTRACT_MAX_LENGTH } from '../../lib/contract/environment.js';
import { parseContract } from '../../lib/contract/parse.js';
import { refusalOf } from '../support/refusal.js';
import { deployedStack, plainFunction, templateOf } from '../support/stacks.js';
import { type CfnTemplate, onlyLogicalId, resolveIntrinsics } from '../support/template.js';

/** The environment of the only function, as it is once deployed. */
function environmentIn(template: CfnTemplate, others: CfnTemplate[] = []): Record<string, string> {
  const fn = template.Resources[onlyLogicalId(template, 'AWS::Lambda::Function')];
  const { Variables } = (fn?.Properties?.['Environment'] ?? {}) as { Variables?: unknown };
  return resolveIntrinsics(Variables ?? {}, template, others) as Record<string, string>;
}

describe('attaching a function', () => {
  let stack: Stack;
  let table: SessionTable;
  let fn: lambda.Function;

  beforeEach(() => {
    stack = deployedStack();
    table = new SessionTable(stack, 'Sessions');
    fn = plainFunction(stack);
  });

  test('tells the client of the store: what is synthesized is what the client parses', () => {
    table.attachFunction(fn);
    const template = templateOf(stack);
    expect(parseContract(environmentIn(template)['CDK_SESSIONS'] ?? '')).toEqual({
      version: 1,
      stores: { primary: { kind: 'dynamodb', table: onlyLogicalId(template, 'AWS::DynamoDB::GlobalTable') } },
      policy: table.policy._toContract(),
    });
  });

  test('grants what the client calls, and nothing else', () => {
    table.attachFunction(fn);
    const template = templateOf(stack);
    expect(template.Resources[onlyLogicalId(template, 'AWS::IAM::Policy')]?.Properties?.['PolicyDocument']).toEqual({
      Version: '2012-10-17',
      Statement: [
        {
          Effect: 'Allow',
          Action: ['dynamodb:GetItem', 'dynamodb:PutItem', 'dynamodb:UpdateItem', 'dynamodb:DeleteItem'],
          Resource: { 'Fn::GetAtt': [onlyLogicalId(template, 'AWS::DynamoDB::GlobalTable'), 'Arn'] },
        },
      ],
    });
  });

  test('does nothing the second time', () => {
    table.attachFunction(fn);
    const once = templateOf(stack);

    const again = deployedStack();
    const tableAgain = new SessionTable(again, 'Sessions');
    const fnAgain = plainFunction(again);
    tableAgain.attachFunction(fnAgain);
    tableAgain.attachFunction(fnAgain);
    expect(templateOf(again)).toEqual(once);
  });

  test('fails for a second store under the same variable', () => {
    const other = new SessionTable(stack, 'AdminSessions');
    table.attachFunction(fn);
    expect(refusalOf(() => other.attachFunction(fn))).toEqual({
      code: 'ERR_SESSION_ATTACH',
      message:
        "CDK_SESSIONS already tells of the store Stack/Sessions: give Stack/AdminSessions a variable of its own, attachFunction(fn, { variable: 'OTHER_SESSIONS' }) (at Stack/Web)",
    });
  });

  test('takes a second store under a variable of its own', () => {
    const other = SessionTable.fromSessionTableAttributes(stack, 'AdminSessions', { tableName: 'admin-sessions' });
    table.attachFunction(fn);
    other.attachFunction(fn, { variable: 'ADMIN_SESSIONS' });
    const environment = environmentIn(templateOf(stack));
    expect(Object.keys(environment)).toEqual(['CDK_SESSIONS', 'ADMIN_SESSIONS']);
    expect(parseContract(environment['ADMIN_SESSIONS'] ?? '').stores.primary).toMatchObject({
      table: 'admin-sessions',
    });
  });

  test.each(['', 'X', '1_SESSIONS', 'MY-SESSIONS'])('fails for the variable %j', (variable) => {
    expect(refusalOf(() => table.attachFunction(fn, { variable }))).toEqual({
      code: 'ERR_SESSION_ATTACH',
      message: `variable must be a letter followed by letters, digits and underscores, received ${JSON.stringify(variable)} (at Stack/Web)`,
    });
  });

  test('fails for an access that there is not, instead of granting everything', () => {
    // What JavaScript lets through.
    const options = { access: 'read' as SessionAccess };
    expect(refusalOf(() => table.attachFunction(fn, options))).toEqual({
      code: 'ERR_SESSION_ATTACH',
      message:
        'access must be one of SessionAccess, received "read": take SessionAccess.READ_WRITE or SessionAccess.REVOKE (at Stack/Web)',
    });
  });

  test('hands values that only the deployment knows through to it', () => {
    const domain = new CfnParameter(stack, 'Domain').valueAsString;
    const policy = SessionPolicy.of({ cookie: SessionCookie.shared('shop', domain) });
    new SessionTable(stack, 'Shared', { policy }).attachFunction(fn);
    expect(environmentIn(templateOf(stack))['CDK_SESSIONS']).toContain('"domain":"Domain"');
  });

  test('fails at synth when the variable was set to something else afterwards', () => {
    table.attachFunction(fn);
    fn.addEnvironment('CDK_SESSIONS', '{"version":1}');
    expect(refusalOf(() => templateOf(stack)).message).toContain(
      '[Stack/Web] CDK_SESSIONS is not what attachFunction() wrote: remove what sets it later, or attach Stack/Sessions with a variable of its own',
    );
  });

  test('counts in place of what the variable was set to before', () => {
    fn.addEnvironment('CDK_SESSIONS', 'by hand');
    table.attachFunction(fn);
    expect(() => parseContract(environmentIn(templateOf(stack))['CDK_SESSIONS'] ?? '')).not.toThrow();
  });

  test('fails at synth when the value could exceed what is allowed', () => {
    const label = new CfnParameter(stack, 'Label').valueAsString;
    const domain = `${label}.${label}.${label}.${label}.${label}.${label}.${label}.${label}`;
    const policy = SessionPolicy.of({ cookie: SessionCookie.shared('shop', domain) });
    new SessionTable(stack, 'Shared', { policy }).attachFunction(fn);
    expect(refusalOf(() => templateOf(stack)).message).toMatch(
      new RegExp(
        `\\[Stack/Web\\] CDK_SESSIONS may take up to \\d+ characters, and at most ${CONTRACT_MAX_LENGTH} are allowed: shorten`,
      ),
    );
  });
});

describe('attaching a store that has keys', () => {
  const SECRET = 'arn:aws:secretsmanager:us-east-1:123456789012:secret:Keys-AbCdEf';

  test('tells the client where they are, and what is done with them', () => {
    const stack = deployedStack();
    const keys = SessionKeys.fromSessionKeysAttributes(stack, 'Keys', { secretArn: SECRET });
    const told = (id: string, uses: { encryptData?: boolean; acceptUnprotected?: boolean }) => {
      const app = deployedStack(new App(), id);
      new SessionTable(app, 'Sessions', { keys, ...uses }).attachFunction(plainFunction(app));
      return parseContract(environmentIn(templateOf(app))['CDK_SESSIONS'] ?? '').keys;
    };
    expect(told('Signed', {})).toEqual({ secret: SECRET });
    expect(told('Not', { encryptData: false, acceptUnprotected: false })).toEqual({ secret: SECRET });
    expect(told('Encrypted', { encryptData: true })).toEqual({ secret: SECRET, encryptsData: true });
    expect(told('Changing', { acceptUnprotected: true })).toEqual({ secret: SECRET, acceptsUnprotected: true });
  });

  test('tells of the secret by its ARN when that is known to the deployment alone, and never of a key', () => {
    const app = new App();
    const web = deployedStack(app, 'Web');
    const secrets = deployedStack(app, 'Secrets');
    new SessionTable(web, 'Sessions', { keys: new SessionKeys(secrets, 'Keys') }).attachFunction(plainFunction(web));
    const [template, others] = [templateOf(web), [templateOf(secrets)]];
    expect(parseContract(environmentIn(template, others)['CDK_SESSIONS'] ?? '').keys).toEqual({
      secret: 'arn:aws:secretsmanager:us-east-1:123456789012:secret:KeysSecret88F3B70F-AbCdEf',
    });
    expect(JSON.stringify(template)).not.toContain('resolve:secretsmanager');
  });

  test('tells the region of a secret in another region', () => {
    const stack = deployedStack();
    const secretArn = SECRET.replace('us-east-1', 'eu-west-1');
    const keys = SessionKeys.fromSessionKeysAttributes(stack, 'Keys', { secretArn });
    new SessionTable(stack, 'Sessions', { keys }).attachFunction(plainFunction(stack));
    const contract = parseContract(environmentIn(templateOf(stack))['CDK_SESSIONS'] ?? '');
    expect(contract.keys).toEqual({ secret: secretArn, region: 'eu-west-1' });
    expect(contract.stores.primary).not.toHaveProperty('region');
  });

  test('grants reading them', () => {
    const stack = deployedStack();
    const keys = SessionKeys.fromSessionKeysAttributes(stack, 'Keys', { secretArn: SECRET });
    new SessionTable(stack, 'Sessions', { keys }).attachFunction(plainFunction(stack));
    const template = templateOf(stack);
    expect(
      template.Resources[onlyLogicalId(template, 'AWS::IAM::Policy')]?.Properties?.['PolicyDocument'],
    ).toHaveProperty('Statement.1', {
      Effect: 'Allow',
      Action: 'secretsmanager:GetSecretValue',
      Resource: SECRET,
    });
  });

  test('fails for a secret of another account', () => {
    const stack = deployedStack();
    const secretArn = SECRET.replace('123456789012', '210987654321');
    const keys = SessionKeys.fromSessionKeysAttributes(stack, 'Keys', { secretArn });
    expect(refusalOf(() => new SessionTable(stack, 'Sessions', { keys }).attachFunction(plainFunction(stack)))).toEqual(
      {
        code: 'ERR_SESSION_ATTACH',
        message:
          "a secret serves consumers of its own account, received a secret of 210987654321 and a consumer of 123456789012: create a secret in the consumer's account (at Stack/Web)",
      },
    );
  });
});

describe('attaching a store to a function that only ends sessions', () => {
  const REVOKE = { access: SessionAccess.REVOKE };
  let stack: Stack;
  let keys: ISessionKeys;
  let table: SessionTable;
  let fn: lambda.Function;

  beforeEach(() => {
    stack = deployedStack();
    const secretArn = 'arn:aws:secretsmanager:us-east-1:123456789012:secret:Keys-AbCdEf';
    keys = SessionKeys.fromSessionKeysAttributes(stack, 'Keys', { secretArn });
    table = new SessionTable(stack, 'Sessions', { keys, encryptData: true });
    fn = plainFunction(stack);
  });

  test('tells the client what it may do, and nothing of keys', () => {
    table.attachFunction(fn, REVOKE);
    const template = templateOf(stack);
    expect(parseContract(environmentIn(template)['CDK_SESSIONS'] ?? '')).toEqual({
      version: 1,
      stores: { primary: { kind: 'dynamodb', table: onlyLogicalId(template, 'AWS::DynamoDB::GlobalTable') } },
      policy: table.policy._toContract(),
      access: 'revoke',
    });
  });

  test('grants what grantRevoke() does', () => {
    table.attachFunction(fn, REVOKE);
    const granting = deployedStack();
    const granted = new SessionTable(granting, 'Sessions');
    granted.grantRevoke(plainFunction(granting));
    const policyIn = (of: Stack) => {
      const template = templateOf(of);
      return template.Resources[onlyLogicalId(template, 'AWS::IAM::Policy')]?.Properties?.['PolicyDocument'];
    };
    expect(policyIn(stack)).toEqual(policyIn(granting));
  });

  test('does nothing the second time', () => {
    table.attachFunction(fn, REVOKE);
    expect(() => table.attachFunction(fn, REVOKE)).not.toThrow();
  });

  test.each<[AttachOptions | undefined, AttachOptions, string]>([
    [undefined, REVOKE, 'read-write access, received revoke'],
    [REVOKE, {}, 'revoke access, received read-write'],
    [REVOKE, { variable: 'OTHER_SESSIONS' }, 'revoke access, received read-write'],
  ])('fails beside another access to the same store: %j and %j', (first, second, what) => {
    table.attachFunction(fn, first);
    expect(refusalOf(() => table.attachFunction(fn, second))).toEqual({
      code: 'ERR_SESSION_ATTACH',
      message: `the store Stack/Sessions is already attached for ${what}: attach it once, with SessionAccess.READ_WRITE to do both (at Stack/Web)`,
    });
  });

  test('may serve visitors from another store', () => {
    const own = SessionTable.fromSessionTableAttributes(stack, 'Own', { tableName: 'admin-sessions' });
    own.attachFunction(fn);
    table.attachFunction(fn, { ...REVOKE, variable: 'SHOP_SESSIONS' });
    expect(Object.keys(environmentIn(templateOf(stack)))).toEqual(['CDK_SESSIONS', 'SHOP_SESSIONS']);
  });

  test('may leave the keys in another account, of which it is told nothing', () => {
    const elsewhere = 'arn:aws:secretsmanager:us-east-1:210987654321:secret:Keys-AbCdEf';
    const foreign = SessionKeys.fromSessionKeysAttributes(stack, 'Foreign', { secretArn: elsewhere });
    const store = new SessionTable(stack, 'Other', { keys: foreign });
    expect(() => store.attachFunction(fn, REVOKE)).not.toThrow();
  });
});

describe('a store and a consumer in different stacks', () => {
  test('the consumer is told of a table in another stack', () => {
    const app = new App();
    const storage = deployedStack(app, 'Storage');
    const web = deployedStack(app, 'Web');
    new SessionTable(storage, 'Sessions').attachFunction(plainFunction(web));
    const [storageTemplate, webTemplate] = [templateOf(storage), templateOf(web)];
    const contract = parseContract(environmentIn(webTemplate, [storageTemplate])['CDK_SESSIONS'] ?? '');
    expect(contract.stores.primary).toEqual({
      kind: 'dynamodb',
      table: onlyLogicalId(storageTemplate, 'AWS::DynamoDB::GlobalTable'),
    });
  });

  test('the consumer is told the region of a table in another region', () => {
    const app = new App();
    const storage = new Stack(app, 'Storage', { env: { account: '123456789012', region: 'eu-central-1' } });
    const web = deployedStack(app, 'Web');
    new SessionTable(storage, 'Sessions', { tableName: 'sessions' }).attachFunction(plainFunction(web));
    const contract = parseContract(environmentIn(templateOf(web))['CDK_SESSIONS'] ?? '');
    expect(contract.stores.primary).toEqual({ kind: 'dynamodb', table: 'sessions', region: 'eu-central-1' });
  });

  test('fails across accounts', () => {
    const app = new App();
    const storage = new Stack(app, 'Storage', { env: { account: '210987654321', region: 'us-east-1' } });
    const table = new SessionTable(storage, 'Sessions', { tableName: 'sessions' });
    expect(refusalOf(() => table.attachFunction(plainFunction(deployedStack(app, 'Web'))))).toEqual({
      code: 'ERR_SESSION_ATTACH',
      message:
        "a table serves consumers of its own account, received a table of 210987654321 and a consumer of 123456789012: create a table in the consumer's account (at Web/Web)",
    });
  });
});
