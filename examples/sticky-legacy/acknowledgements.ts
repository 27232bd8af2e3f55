import type { Acknowledgement } from '../acknowledgement.js';
import { SHOP_FRONT } from '../shop-front-acknowledgements.js';
import { SHOP_SERVICE } from '../shop-service-acknowledgements.js';

/**
 * What the packs AwsSolutions, NIST 800-53 R5, HIPAA and PCI DSS of cdk-nag and the proactive controls of Control Tower find
 * in this sample. Everything else they find is a fault.
 */
export const acknowledgements: readonly Acknowledgement[] = [
  ...SHOP_FRONT,
  ...SHOP_SERVICE,
  {
    rules: ['AwsSolutions-SMG4', 'SecretsManagerRotationEnabled'],
    at: 'CookieSecret',
    reason:
      'express-session would take several secrets, but nothing here would tell a running task of a new one: SessionKeys rotates, and what reads it follows.',
  },
  {
    rules: ['SecretsManagerUsingKMSKey'],
    at: 'CookieSecret',
    reason: 'The key aws/secretsmanager encrypts it, and IAM decides who reads it.',
  },
];
