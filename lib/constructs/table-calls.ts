import { OWNER_ITEM, SESSION_ITEM } from '../contract/record.js';

/** The condition of an IAM statement: operators, each with condition keys and what they must be. */
type Conditions = Record<string, Record<string, unknown>>;

/** Calls on a table, and what must hold of them. */
export interface TableCalls {
  readonly calls: readonly string[];
  /** @default - nothing */
  readonly conditions?: Conditions;
}

/** What the client calls to keep sessions, and all of it. It knows the keys of what it asks for, and never lists. */
export const CLIENT_CALLS: TableCalls = { calls: ['GetItem', 'PutItem', 'UpdateItem', 'DeleteItem'] };

/**
 * What the client calls to end sessions: it reads what is kept of a user, and changes anything but the value of a
 * session. A policy cannot tell an end from another change of the same attributes: what else can be done with it, the
 * docstring of `grantRevoke` says.
 *
 * `Select` and `ReturnValues` are part of every request, as ALL_ATTRIBUTES and NONE where it leaves them out, so that
 * they are compared without `IfExists`.
 * https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/specifying-conditions.html#FGAC_DDB.Examples.2
 */
export const REVOCATION_CALLS: readonly TableCalls[] = [
  {
    calls: ['GetItem'],
    conditions: {
      ...onlyOn(OWNER_ITEM.key, OWNER_ITEM.sessions, OWNER_ITEM.notBefore),
      StringEquals: { 'dynamodb:Select': 'SPECIFIC_ATTRIBUTES' },
    },
  },
  {
    calls: ['UpdateItem'],
    conditions: {
      ...onlyOn(
        SESSION_ITEM.key,
        SESSION_ITEM.version,
        SESSION_ITEM.expiresAt,
        SESSION_ITEM.deadline,
        SESSION_ITEM.ttl,
        OWNER_ITEM.sessions,
        OWNER_ITEM.notBefore,
      ),
      StringEquals: { 'dynamodb:ReturnValues': 'NONE' },
    },
  },
];

/** That a request names one of these attributes at least, and no other: no name at all would be none but these, too. */
function onlyOn(...attributes: readonly string[]): Conditions {
  return {
    'ForAllValues:StringEquals': { 'dynamodb:Attributes': attributes },
    'ForAnyValue:StringEquals': { 'dynamodb:Attributes': attributes },
  };
}
