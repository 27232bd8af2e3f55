import { createHash } from 'node:crypto';
import { Stack } from 'aws-cdk-lib';
import type { Construct } from 'constructs';

const LONGEST_NAME = 40;
const HASH_LENGTH = 10;

/**
 * A name that stays the same for as long as the construct stays where it is, and that no other stack of the account has.
 * CloudFormation refuses an update that would replace a resource of a given name, before it touches anything: that is
 * what keeps a change of an option from taking all sessions away.
 * https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-properties-name.html
 *
 * @param replacement changes the name, and by that replaces the resource, once for each text.
 */
export function groupName(scope: Construct, replacement: string | undefined): string {
  const stack = outermost(Stack.of(scope));
  const identity = JSON.stringify([stack.stackName, scope.node.path, replacement ?? null]);
  const hash = createHash('sha256').update(identity).digest('hex').slice(0, HASH_LENGTH);
  // What is before the hash is for people to read: a letter first, then no hyphen at the end and no two together.
  const readable = `s-${stack.stackName}-${scope.node.id}`
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^s-(?=[a-z])/, '')
    .slice(0, LONGEST_NAME - HASH_LENGTH - 1)
    .replace(/-+$/, '');
  return `${readable}-${hash}`;
}

/** A nested stack is named by the deployment. */
function outermost(stack: Stack): Stack {
  return stack.nestedStackParent ? outermost(stack.nestedStackParent) : stack;
}
