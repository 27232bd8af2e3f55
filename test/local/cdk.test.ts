import path from 'node:path';
import { App, Stack } from 'aws-cdk-lib';
import * as dynamodb from 'aws-cdk-lib/aws-dynamodb';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as elb from 'aws-cdk-lib/aws-elasticloadbalancingv2';
import { LambdaTarget } from 'aws-cdk-lib/aws-elasticloadbalancingv2-targets';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import { type LocalCloud, startLocal } from 'cdk-sessions-local';
import { removeFolders, temporaryFolder } from './fixture.js';

const SOURCE = `
const { DynamoDBClient, PutItemCommand, QueryCommand } = require('@aws-sdk/client-dynamodb');
const client = new DynamoDBClient({});
exports.handler = async (event) => {
  const TableName = process.env.TABLE;
  const owner = { S: 'me' };
  await client.send(new PutItemCommand({ TableName, Item: { id: { S: event.rawPath ?? event.path }, owner } }));
  const { Items } = await client.send(new QueryCommand({
    TableName,
    IndexName: 'byOwner',
    KeyConditionExpression: '#o = :o',
    ExpressionAttributeNames: { '#o': 'owner' },
    ExpressionAttributeValues: { ':o': owner },
  }));
  return { statusCode: 200, headers: { 'content-type': 'text/plain' }, body: Items.map(({ id }) => id.S).sort().join() };
};`;

let cloud: LocalCloud;
const calls: string[] = [];

/** An app as the CDK itself synthesizes it: table, network, balancer and function, each in a stack of its own. */
beforeAll(async () => {
  const app = new App({ outdir: path.join(await temporaryFolder(), 'cdk.out') });
  const env = { region: 'eu-central-1' };
  const table = new dynamodb.TableV2(new Stack(app, 'Data', { env }), 'Table', {
    partitionKey: { name: 'id', type: dynamodb.AttributeType.STRING },
    timeToLiveAttribute: 'ttl',
    globalSecondaryIndexes: [
      { indexName: 'byOwner', partitionKey: { name: 'owner', type: dynamodb.AttributeType.STRING } },
    ],
  });
  const vpc = new ec2.Vpc(new Stack(app, 'Net', { env }), 'Vpc', { natGateways: 0 });
  const balancer = new elb.ApplicationLoadBalancer(new Stack(app, 'Front', { env }), 'Balancer', { vpc });
  const listener = balancer.addListener('Http', { port: 80, defaultAction: elb.ListenerAction.fixedResponse(404) });
  const web = new Stack(app, 'Web', { env });
  const handler = new lambda.Function(web, 'Fn', {
    runtime: lambda.Runtime.NODEJS_22_X,
    handler: 'index.handler',
    code: lambda.Code.fromInline(SOURCE),
    environment: { TABLE: table.tableName },
  });
  table.grantReadWriteData(handler);
  handler.addFunctionUrl({ authType: lambda.FunctionUrlAuthType.NONE });
  new elb.ApplicationListenerRule(web, 'Rule', {
    listener,
    priority: 1,
    conditions: [elb.ListenerCondition.pathPatterns(['/shop*'])],
    targetGroups: [
      new elb.ApplicationTargetGroup(web, 'Group', {
        targetType: elb.TargetType.LAMBDA,
        targets: [new LambdaTarget(handler)],
      }),
    ],
  });
  cloud = await startLocal({
    assembly: app.synth().directory,
    onCall: ({ operation, table: name, index }) => calls.push([operation, name, index].join(' ').trim()),
  });
});

afterAll(async () => {
  await cloud.stop();
  await removeFolders();
});

test('what the CDK synthesizes runs, with nothing left out', async () => {
  const url = (kind: string) => cloud.fronts.find((front) => front.kind === kind)?.url;
  expect(await (await fetch(`${url('function-url')}one`)).text()).toBe('/one');
  expect(await (await fetch(`${url('load-balancer')}shop`)).text()).toBe('/one,/shop');
  expect((await fetch(`${url('load-balancer')}other`)).status).toBe(404);
  const [{ name } = { name: '' }] = cloud.tables;
  expect(calls).toEqual([`PutItem ${name}`, `Query ${name} byOwner`, `PutItem ${name}`, `Query ${name} byOwner`]);
  expect(cloud.unsupported.filter(({ type }) => !type.startsWith('Custom::'))).toEqual([]);
});
