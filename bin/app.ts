import { App } from 'aws-cdk-lib';
import { Ec2ShopStack } from '../examples/ec2-shop/stack.js';
import { FargateShopStack } from '../examples/fargate-shop/stack.js';
import { RedisShopStack } from '../examples/redis-shop/stack.js';
import { ServerlessShopStack } from '../examples/serverless-shop/stack.js';
import type { ShopStoreKind } from '../examples/shop-store.js';
import { StickyLegacyStack } from '../examples/sticky-legacy/stack.js';

/** All samples: `npx cdk synth`, `npx cdk deploy ServerlessShop -c certificateArn=arn:aws:acm:…`. */
const app = new App();

// Customer-managed keys and access logs need to know the region; nothing here needs to know the account.
const env = { region: process.env.CDK_DEFAULT_REGION ?? 'us-east-1' };

const certificateArn: unknown = app.node.tryGetContext('certificateArn');
const certificate = typeof certificateArn === 'string' ? { certificateArn } : {};

/** Where FargateShop keeps its sessions: `-c store=replication-group` or `-c store=serverless-cache`. */
const store: ShopStoreKind = app.node.tryGetContext('store') ?? 'table';

new ServerlessShopStack(app, 'ServerlessShop', {
  env,
  description: 'cdk-sessions sample: a shop in one function, with its sessions in a table',
  ...certificate,
});

new RedisShopStack(app, 'RedisShop', {
  env,
  description: 'cdk-sessions sample: the shop in a VPC, with its sessions in ElastiCache',
});

new FargateShopStack(app, 'FargateShop', {
  env,
  description: 'cdk-sessions sample: the shop on Express, on Fargate, with its sessions in a store',
  ...certificate,
  store,
});

new Ec2ShopStack(app, 'Ec2Shop', {
  env,
  description: 'cdk-sessions sample: the shop on Express, on instances, with its sessions in a table',
  ...certificate,
});

new StickyLegacyStack(app, 'StickyLegacy', {
  env,
  description: 'cdk-sessions sample: what one leaves behind, sessions in the memory of sticky servers',
  ...certificate,
});
