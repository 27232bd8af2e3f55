import path from 'node:path';
import { App, Stack } from 'aws-cdk-lib';
import { FunctionUrlAuthType, Runtime } from 'aws-cdk-lib/aws-lambda';
import { NodejsFunction } from 'aws-cdk-lib/aws-lambda-nodejs';
import { SessionKeys, SessionTable } from 'cdk-sessions';
import { type LocalCloud, startLocal } from 'cdk-sessions-local';
import { removeFolders, temporaryFolder } from './fixture.js';

let cloud: LocalCloud;

/** Keys in one stack, the store and its function in another, as the CDK itself synthesizes them. */
beforeAll(async () => {
  const app = new App({ outdir: path.join(await temporaryFolder(), 'cdk.out') });
  const env = { region: 'eu-central-1' };
  const keys = new SessionKeys(new Stack(app, 'Keys', { env }), 'Keys');
  const web = new Stack(app, 'Web', { env });
  const fn = new NodejsFunction(web, 'Fn', { entry: require.resolve('./visits.ts'), runtime: Runtime.NODEJS_24_X });
  fn.addFunctionUrl({ authType: FunctionUrlAuthType.NONE });
  new SessionTable(web, 'Sessions', { keys }).attachFunction(fn);
  cloud = await startLocal({ assembly: app.synth().directory });
});

afterAll(async () => {
  await cloud.stop();
  await removeFolders();
});

/** The count that a visit brings it to, and the cookie that comes back, if any. */
async function visit(cookie?: string) {
  const response = await fetch(cloud.fronts[0]?.url ?? '', { headers: cookie === undefined ? {} : { cookie } });
  const [set] = response.headers.getSetCookie();
  return { visits: await response.text(), cookie: set?.split(';')[0] ?? '' };
}

/** One character in the middle of a part of the cookie's value, counted from the end, is another. */
function forge(cookie: string, partFromEnd: number): string {
  const parts = cookie.split('.');
  const index = parts.length - partFromEnd;
  const part = parts[index] ?? '';
  const at = Math.floor(part.length / 2);
  return parts.with(index, `${part.slice(0, at)}${part[at] === '1' ? '2' : '1'}${part.slice(at + 1)}`).join('.');
}

test('a function reads the keys of its store: its cookies are signed, and still valid for a new instance', async () => {
  const first = await visit();
  expect(first.visits).toBe('1');
  expect(first.cookie).toMatch(/=v1\.[^.]+\.\d+\.\d+\.initial\.[\w-]{43}$/);
  expect((await visit(first.cookie)).visits).toBe('2');
  await cloud.recycle();
  expect((await visit(first.cookie)).visits).toBe('3');
});

test('a cookie that somebody forged begins a new session', async () => {
  const { cookie } = await visit();
  for (const partFromEnd of [1, 3, 4, 5]) {
    const forged = forge(cookie, partFromEnd);
    expect(forged).not.toBe(cookie);
    expect((await visit(forged)).visits).toBe('1');
  }
  const unsigned = cookie.split('.').slice(0, 3).join('.');
  expect((await visit(unsigned)).visits).toBe('1');
  expect((await visit(cookie)).visits).toBe('2');
});

test('only the rotation does not run', () => {
  expect(cloud.unsupported.map(({ type, stack }) => [stack, type])).toEqual([
    ['Keys', 'AWS::SecretsManager::RotationSchedule'],
  ]);
  expect(cloud.secrets).toMatchObject([
    { stack: 'Keys', arn: expect.stringMatching(/^arn:.*:eu-central-1:.*-\w{6}$/) },
  ]);
  expect(
    JSON.parse(cloud.functions.find(({ stack }) => stack === 'Web')?.environment['CDK_SESSIONS'] ?? ''),
  ).toMatchObject({
    keys: { secret: cloud.secrets[0]?.arn },
  });
});
