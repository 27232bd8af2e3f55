import { tableDefinition } from '../../lib/local/tables.js';

const KEYS = {
  AttributeDefinitions: [{ AttributeName: 'id', AttributeType: 'B' }],
  KeySchema: [{ AttributeName: 'id', KeyType: 'HASH' }],
};

test('keys are taken as they are, and every table is on demand', () => {
  const properties = { ...KEYS, BillingMode: 'PROVISIONED', ProvisionedThroughput: { ReadCapacityUnits: 1 } };
  expect(tableDefinition('mine', properties)).toEqual({
    name: 'mine',
    create: { TableName: 'mine', ...KEYS, BillingMode: 'PAY_PER_REQUEST' },
  });
});

test('indexes are taken without their capacity', () => {
  const index = { IndexName: 'byOwner', KeySchema: KEYS.KeySchema, Projection: { ProjectionType: 'KEYS_ONLY' } };
  const { create } = tableDefinition('mine', {
    ...KEYS,
    GlobalSecondaryIndexes: [{ ...index, WriteProvisionedThroughputSettings: {} }],
    LocalSecondaryIndexes: [index],
  });
  expect(create).toMatchObject({ GlobalSecondaryIndexes: [index], LocalSecondaryIndexes: [index] });
});

test.each([
  [{ AttributeName: 'ttl', Enabled: true }, 'ttl'],
  [{ AttributeName: 'ttl' }, 'ttl'],
  [{ AttributeName: 'ttl', Enabled: false }, undefined],
])('time to live %j is on %s', (TimeToLiveSpecification, expected) => {
  expect(tableDefinition('mine', { ...KEYS, TimeToLiveSpecification }).timeToLive).toBe(expected);
});

test('fails for a table without keys', () => {
  expect(() => tableDefinition('mine', {})).toThrow('the table mine has no KeySchema or no AttributeDefinitions');
});
