import { RemovalPolicy } from 'aws-cdk-lib';
import { type IVpc, SubnetType } from 'aws-cdk-lib/aws-ec2';
import {
  CacheNodeType,
  type ISessionStore,
  SessionReplicationGroup,
  SessionServerlessCache,
  SessionTable,
} from 'cdk-sessions';
import type { Construct } from 'constructs';
import { shopPolicy } from './shop-front.js';

/** Where a shop keeps its sessions. */
export type ShopStoreKind = 'table' | 'replication-group' | 'serverless-cache';

/** What a store is made of, whatever its kind. */
export interface ShopStoreProps {
  readonly vpc: IVpc;
  readonly certificateArn: string | undefined;
}

/** The store of a shop: the one line in which shops on a table and on a cache differ. */
export function shopStore(
  scope: Construct,
  kind: ShopStoreKind,
  { vpc, certificateArn }: ShopStoreProps,
): ISessionStore {
  // Sample settings, so that `cdk destroy` leaves nothing behind. Leave them out in production.
  const removalPolicy = RemovalPolicy.DESTROY;
  const policy = shopPolicy(certificateArn);
  const place = { vpc, vpcSubnets: { subnetType: SubnetType.PUBLIC } };
  switch (kind) {
    case 'table':
      return new SessionTable(scope, 'Sessions', { policy, removalPolicy, deletionProtection: false });
    case 'replication-group':
      return new SessionReplicationGroup(scope, 'Sessions', {
        ...place,
        policy,
        removalPolicy,
        nodeType: CacheNodeType.T4G_MICRO,
      });
    case 'serverless-cache':
      return new SessionServerlessCache(scope, 'Sessions', { ...place, policy, removalPolicy });
  }
}
