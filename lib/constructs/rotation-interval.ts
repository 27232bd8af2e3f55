import { Duration } from 'aws-cdk-lib';

/** The limits of Secrets Manager. https://docs.aws.amazon.com/secretsmanager/latest/userguide/rotate-secrets_schedule.html */
const LEAST = Duration.hours(4);
const MOST = Duration.days(1000);

/** What is wrong with how often a secret is rotated, or `undefined`. */
export function rotationFault(rotation: Duration): string | undefined {
  if (rotation.isUnresolved()) {
    return undefined;
  }
  const hours = rotation.toHours({ integral: false });
  const allowed = Number.isInteger(hours) && hours >= LEAST.toHours() && hours <= MOST.toHours();
  return allowed
    ? undefined
    : `rotation must be a whole number of hours, at least 4, or of days, at most 1000, received ${rotation.toString()}`;
}
