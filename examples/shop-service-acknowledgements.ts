import type { Acknowledgement } from './acknowledgement.js';
import { publicNetwork } from './shop-front-acknowledgements.js';

/** What the rules find in a shop on Fargate, wherever its sessions are. */
export const SHOP_SERVICE: readonly Acknowledgement[] = [
  ...publicNetwork('Shop/Vpc'),
  {
    rules: ['ecs_service_assign_public_ip_disabled_check'],
    at: 'Shop/Service',
    reason: 'It spares a NAT gateway. Nobody but the load balancer may connect: the security group says so.',
  },
  {
    rules: ['AwsSolutions-IAM5[Resource::*]'],
    at: 'Shop/Task/ExecutionRole',
    reason: 'ecr:GetAuthorizationToken knows no resources. The image itself is granted by its repository.',
  },
  {
    rules: ['IAMNoInlinePolicy'],
    at: 'Shop/Task',
    reason: 'The policies are for roles of this one task. Inline, no other role can have them.',
  },
  {
    rules: ['CloudWatchLogGroupEncrypted', 'cloudwatch_log_group_encrypted_check'],
    at: 'Shop/Logs',
    reason: 'CloudWatch Logs encrypts with its own key. Logs hold fingerprints of sessions, never their ids or data.',
  },
  {
    rules: ['cloudwatch_log_group_retention_period_check'],
    at: 'Shop/Logs',
    reason: 'A shop has no use for the logs of visits that are older than a month, and visitors have none either.',
  },
];
