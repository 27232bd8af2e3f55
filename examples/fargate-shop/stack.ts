import { join } from 'node:path';
import { Stack, type StackProps } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import { shopFront } from '../shop-front.js';
import { ShopService } from '../shop-service.js';
import { type ShopStoreKind, shopStore } from '../shop-store.js';

/** How to deploy a shop behind a load balancer. */
export interface FrontedShopStackProps extends StackProps {
  /**
   * The ARN of a certificate for the shop's domain.
   * @default - plain HTTP, with an insecure cookie: for a look only
   */
  readonly certificateArn?: string;
}

/** How to deploy this one. */
export interface FargateShopStackProps extends FrontedShopStackProps {
  /**
   * Where the shop keeps its sessions.
   * @default 'table'
   */
  readonly store?: ShopStoreKind;
}

/** The shop on Express, in containers on Fargate, with its sessions in a table, or in a cache. */
export class FargateShopStack extends Stack {
  constructor(scope: Construct, id: string, props: FargateShopStackProps = {}) {
    const { certificateArn, store = 'table', ...stackProps } = props;
    super(scope, id, stackProps);
    const { vpc, service } = new ShopService(this, 'Shop', { entry: join(__dirname, 'server.ts') });
    const sessions = shopStore(this, store, { vpc, certificateArn });
    sessions.attachEcsService(service);
    shopFront(this, vpc, certificateArn).addEcsService('Shop', service);
  }
}
