import { join } from 'node:path';
import { Annotations, Duration, Stack } from 'aws-cdk-lib';
import * as ecs from 'aws-cdk-lib/aws-ecs';
import * as secretsmanager from 'aws-cdk-lib/aws-secretsmanager';
import { Stickiness } from 'cdk-sessions';
import type { Construct } from 'constructs';
import type { FrontedShopStackProps } from '../fargate-shop/stack.js';
import { shopFront } from '../shop-front.js';
import { ShopService } from '../shop-service.js';

/** What many applications are today: sessions in the memory of the task that began them, behind a sticky load balancer. */
export class StickyLegacyStack extends Stack {
  constructor(scope: Construct, id: string, { certificateArn, ...props }: FrontedShopStackProps = {}) {
    super(scope, id, props);
    const secret = new secretsmanager.Secret(this, 'CookieSecret');
    const { vpc, service } = new ShopService(this, 'Shop', {
      entry: join(__dirname, 'server.ts'),
      secrets: { SESSION_SECRET: ecs.Secret.fromSecretsManager(secret) },
    });
    const targets = shopFront(this, vpc, certificateArn).addEcsService('Shop', service, {
      stickiness: Stickiness.loadBalancerCookie(Duration.days(1)),
    });
    Annotations.of(targets).acknowledgeWarning('cdk-sessions:loadBalancerCookie', 'It is what this sample is about.');
  }
}
