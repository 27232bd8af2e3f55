import { LocalError } from './errors.js';
import { type JsonObject, listAt, objectAt, objectsAt, textAt } from './json.js';

/** A table to be created, as DynamoDB's API takes it. */
export interface TableDefinition {
  readonly name: string;
  /** The body of the CreateTable request. */
  readonly create: JsonObject;
  /** The attribute that holds an item's expiry, if the table has one. */
  readonly timeToLive?: string;
}

/**
 * Reads a table out of the resolved properties of an `AWS::DynamoDB::Table` or `AWS::DynamoDB::GlobalTable`.
 *
 * Keys and indexes are taken as they are. Capacity is not: nothing throttles on this machine, so every table is
 * on demand. Of a global table's replicas only the one that functions here talk to exists.
 *
 * @throws LocalError ERR_LOCAL_TEMPLATE if the properties have no keys.
 */
export function tableDefinition(name: string, properties: JsonObject): TableDefinition {
  const keys = listAt(properties, 'KeySchema');
  const attributes = listAt(properties, 'AttributeDefinitions');
  if (keys.length === 0 || attributes.length === 0) {
    throw new LocalError('ERR_LOCAL_TEMPLATE', `the table ${name} has no KeySchema or no AttributeDefinitions`);
  }
  const globalIndexes = objectsAt(properties, 'GlobalSecondaryIndexes').map(index);
  const localIndexes = objectsAt(properties, 'LocalSecondaryIndexes').map(index);
  const expiry = objectAt(properties, 'TimeToLiveSpecification');
  const timeToLive = expiry['Enabled'] === false ? undefined : textAt(expiry, 'AttributeName');
  return {
    name,
    create: {
      TableName: name,
      KeySchema: keys,
      AttributeDefinitions: attributes,
      BillingMode: 'PAY_PER_REQUEST',
      ...(globalIndexes.length > 0 && { GlobalSecondaryIndexes: globalIndexes }),
      ...(localIndexes.length > 0 && { LocalSecondaryIndexes: localIndexes }),
    },
    ...(timeToLive !== undefined && { timeToLive }),
  };
}

function index(properties: JsonObject): JsonObject {
  const { IndexName, KeySchema, Projection } = properties;
  return { IndexName, KeySchema, Projection };
}
