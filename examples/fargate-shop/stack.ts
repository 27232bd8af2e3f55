import { join } from 'node:path';
import { RemovalPolicy, Stack, type StackProps } from 'aws-cdk-lib';
import { SessionTable } from 'cdk-sessions';
import type { Construct } from 'constructs';
import { shopFront, shopPolicy } from '../shop-front.js';
import { ShopService } from '../shop-service.js';

/** How to deploy a shop behind a load balancer. */
export interface FrontedShopStackProps extends StackProps {
  /**
   * The ARN of a certificate for the shop's domain.
   * @default - plain HTTP, with an insecure cookie: for a look only
   */
  readonly certificateArn?: string;
}

/** The shop on Express, in containers on Fargate, with its sessions in a table. */
export class FargateShopStack extends Stack {
  constructor(scope: Construct, id: string, { certificateArn, ...props }: FrontedShopStackProps = {}) {
    super(scope, id, props);
    const sessions = new SessionTable(this, 'Sessions', {
      policy: shopPolicy(certificateArn),
      // Sample settings, so that `cdk destroy` leaves nothing behind. Leave both out in production.
      removalPolicy: RemovalPolicy.DESTROY,
      deletionProtection: false,
    });
    const { vpc, service } = new ShopService(this, 'Shop', { entry: join(__dirname, 'server.ts') });
    sessions.attachEcsService(service);
    shopFront(this, vpc, certificateArn).addEcsService('Shop', service);
  }
}
