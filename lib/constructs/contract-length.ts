import { CONTRACT_MAX_LENGTH } from '../contract/environment.js';

/** What is wrong with the length of an environment value, as it is once CDK has resolved what it can. */
export function lengthFaults(variable: string, value: unknown): string[] {
  const length = greatestLength(value);
  return length > CONTRACT_MAX_LENGTH
    ? [
        `${variable} may take up to ${length} characters, and at most ${CONTRACT_MAX_LENGTH} are allowed: shorten the store's or the cookie's name`,
      ]
    : [];
}

/**
 * No name, region or ARN that a reference stands for is longer. A table's name has up to 255 characters; the ARN of a
 * secret has 85 beside its name, which CloudFormation makes of a logical id of up to 255.
 */
const LONGEST_REFERENCE = 340;

function greatestLength(value: unknown): number {
  if (typeof value === 'string') {
    return value.length;
  }
  if (typeof value === 'object' && value !== null && 'Fn::Join' in value && Array.isArray(value['Fn::Join'])) {
    const [separator, parts]: unknown[] = value['Fn::Join'];
    if (typeof separator === 'string' && Array.isArray(parts)) {
      return parts.reduce((sum: number, part) => sum + separator.length + greatestLength(part), 0);
    }
  }
  return LONGEST_REFERENCE;
}
