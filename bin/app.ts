import { App } from 'aws-cdk-lib';
import { RedisShopStack } from '../examples/redis-shop/stack.js';
import { ServerlessShopStack } from '../examples/serverless-shop/stack.js';

/** All samples: `npx cdk synth`, `npx cdk deploy ServerlessShop -c certificateArn=arn:aws:acm:…`. */
const app = new App();

// Customer-managed keys and access logs need to know the region; nothing here needs to know the account.
const env = { region: process.env.CDK_DEFAULT_REGION ?? 'us-east-1' };

const certificateArn: unknown = app.node.tryGetContext('certificateArn');

new ServerlessShopStack(app, 'ServerlessShop', {
  env,
  description: 'cdk-sessions sample: a shop in one function, with its sessions in a table',
  ...(typeof certificateArn === 'string' && { certificateArn }),
});

new RedisShopStack(app, 'RedisShop', {
  env,
  description: 'cdk-sessions sample: the shop in a VPC, with its sessions in ElastiCache',
});
