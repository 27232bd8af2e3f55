import { request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { messageOf } from './errors.js';

/** The settings of a target group's health checks, with the defaults of AWS filled in; times are in milliseconds. */
export interface HealthCheck {
  readonly protocol: 'HTTP' | 'HTTPS';
  readonly path: string;
  readonly interval: number;
  readonly timeout: number;
  /** How many checks in a row an unhealthy target must pass to be healthy again. */
  readonly healthyThreshold: number;
  /** How many checks in a row a healthy target must fail to be unhealthy. */
  readonly unhealthyThreshold: number;
  /** Whether this status is a success. */
  readonly passes: (status: number) => boolean;
}

/** Where a server listens. */
export interface ServerAddress {
  readonly host: string;
  readonly port: number;
}

/** The longest time between two checks here, in milliseconds: half a minute on AWS is long for who watches a laptop. */
export const LONGEST_INTERVAL = 2000;

/** Reads a matcher: values and ranges, such as `200,202` or `200-299`. */
export function matcherOf(codes: string): (status: number) => boolean {
  const ranges = codes.split(',').map((range) => {
    const [first = '', last = first] = range.split('-');
    return [Number(first), Number(last)] as const;
  });
  return (status) => ranges.some(([first, last]) => status >= first && status <= last);
}

/**
 * Checks a target once, over a connection of its own (ELB user guide, "Health checks for Application Load Balancer
 * target groups").
 *
 * @returns what is wrong, or `undefined` if it is healthy.
 */
export function checkOnce(
  check: HealthCheck,
  { host, port }: ServerAddress,
  stopped: AbortSignal,
): Promise<string | undefined> {
  const request = check.protocol === 'HTTPS' ? httpsRequest : httpRequest;
  return new Promise<string | undefined>((resolve) => {
    const outgoing = request({
      host,
      port,
      path: check.path,
      agent: false,
      // As a load balancer does, which does not validate the certificates of targets.
      rejectUnauthorized: false,
      headers: { host: `${host}:${port}`, 'user-agent': 'ELB-HealthChecker/2.0', connection: 'close' },
      signal: stopped,
    });
    const late = setTimeout(() => {
      outgoing.destroy(new Error(`${check.path} does not answer within ${check.timeout / 1000} s`));
    }, check.timeout);
    outgoing.on('response', (reply) => {
      const status = reply.statusCode ?? 0;
      resolve(check.passes(status) ? undefined : `${check.path} answers ${status}`);
      outgoing.destroy();
    });
    outgoing.on('error', (error) => resolve(messageOf(error)));
    outgoing.once('close', () => clearTimeout(late));
    outgoing.end();
    // Node refuses a path that is none, at once.
  }).catch(messageOf);
}
