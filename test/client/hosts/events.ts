import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { LambdaHttpEvent, LambdaSource } from '../../../lib/client/hosts/lambda-event.js';

/**
 * Samples of events from AWS's documentation, with valid values where it has placeholders:
 * - https://docs.aws.amazon.com/lambda/latest/dg/urls-invocation.html
 * - https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html
 * - https://docs.aws.amazon.com/apigateway/latest/developerguide/set-up-lambda-proxy-integrations.html
 * - https://docs.aws.amazon.com/elasticloadbalancing/latest/application/lambda-functions.html
 */
export const SAMPLES = {
  'function-url': 'payload-2.0',
  'http-api-2.0': 'payload-2.0',
  'http-api-1.0': 'payload-1.0',
  'rest-api': 'payload-1.0',
  alb: 'alb',
  'alb-multi-value': 'alb-multi-value',
  'alb-health-check': 'alb',
} as const satisfies Record<string, LambdaSource>;

export type Sample = keyof typeof SAMPLES;

/** A fresh copy of a sample. */
export function sampleEvent<Event = LambdaHttpEvent>(name: Sample): Event {
  return JSON.parse(readFileSync(join(__dirname, 'events', `${name}.json`), 'utf8'));
}
