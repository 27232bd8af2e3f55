import type { Acknowledgement } from './acknowledgement.js';

/** What the rules find in the shop's function wherever it keeps its sessions, and in its logs. */
export const SHOP_FUNCTION: readonly Acknowledgement[] = [
  {
    rules: [
      'LambdaFunctionPublicAccessProhibited',
      'lambda_function_public_access_prohibited_check',
      'lambda_function_url_auth_check',
    ],
    at: 'Shop',
    reason: 'A public shop: everybody may call it. It authenticates people itself, by their session.',
  },
  {
    rules: ['LambdaConcurrency'],
    at: 'Shop',
    reason: 'A reservation would be taken from the account of whoever tries the sample. Set one to your own load.',
  },
  {
    rules: ['LambdaDLQ'],
    at: 'Shop',
    reason: 'It is only called synchronously: the caller sees a failure, and there is no event to keep.',
  },
  {
    rules: ['CloudWatchLogGroupEncrypted', 'cloudwatch_log_group_encrypted_check'],
    at: 'ShopLogs',
    reason: 'CloudWatch Logs encrypts with its own key. Logs hold fingerprints of sessions, never their ids or data.',
  },
  {
    rules: ['cloudwatch_log_group_retention_period_check'],
    at: 'ShopLogs',
    reason: 'A shop has no use for the logs of visits that are older than a month, and visitors have none either.',
  },
];
