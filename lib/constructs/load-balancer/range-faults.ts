import { Duration, Token } from 'aws-cdk-lib';

/** The least and the most that Elastic Load Balancing takes. */
export type Range = readonly [least: number, most: number];

/**
 * Why a time is not whole seconds within a range, or `undefined`. What was left out, or only the deployment knows, is not
 * judged.
 */
export function secondsFault(name: string, time: Duration | undefined, [least, most]: Range): string | undefined {
  if (time === undefined) {
    return undefined;
  }
  // Only TypeScript knows what it is.
  if (!(time instanceof Duration)) {
    return `${name} must be a Duration, like Duration.seconds(${most}), received ${JSON.stringify(time)}`;
  }
  if (time.isUnresolved()) {
    return undefined;
  }
  const seconds = time.toMilliseconds({ integral: false }) / 1000;
  return Number.isInteger(seconds) && seconds >= least && seconds <= most
    ? undefined
    : `${name} must be a whole number of seconds from ${least} to ${most}, received ${time.toString()}`;
}

/** Why a number is not a whole one within a range, or `undefined`. The same are not judged. */
export function wholeNumberFault(name: string, value: number | undefined, [least, most]: Range): string | undefined {
  if (value === undefined || Token.isUnresolved(value)) {
    return undefined;
  }
  return Number.isInteger(value) && value >= least && value <= most
    ? undefined
    : `${name} must be a whole number from ${least} to ${most}, received ${value}`;
}
