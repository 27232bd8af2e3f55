import { Fn } from 'aws-cdk-lib';
import { CacheEngine } from 'cdk-sessions';
import { refusalOf } from '../../support/refusal.js';

test.each([
  [CacheEngine.VALKEY_7_2, 'valkey', '7.2', 'valkey7'],
  [CacheEngine.VALKEY_8_0, 'valkey', '8.0', 'valkey8'],
  [CacheEngine.VALKEY_8_1, 'valkey', '8.1', 'valkey8'],
  [CacheEngine.VALKEY_8_2, 'valkey', '8.2', 'valkey8'],
  [CacheEngine.VALKEY_9_0, 'valkey', '9.0', 'valkey9'],
  [CacheEngine.VALKEY_9_1, 'valkey', '9.1', 'valkey9'],
  [CacheEngine.REDIS_6_2, 'redis', '6.2', 'redis6.x'],
  [CacheEngine.REDIS_7_0, 'redis', '7.0', 'redis7'],
  [CacheEngine.REDIS_7_1, 'redis', '7.1', 'redis7'],
  [CacheEngine.valkey('10.12'), 'valkey', '10.12', 'valkey10'],
])('%s is of an engine, a version and a family', (engine, name, version, family) => {
  expect([engine.name, engine.version, engine.family]).toEqual([name, version, family]);
});

test('a version that only the deployment knows comes with its family, and is taken to be new enough', () => {
  const version = Fn.ref('Version');
  const engine = CacheEngine.valkey(version, 'valkey9');
  expect(engine.family).toBe('valkey9');
  expect(engine._isAtLeast({ valkey: '9.9' })).toBe(true);
});

test.each([
  ['9.1', { valkey: '9.0' }, true],
  ['9.1', { valkey: '9.1' }, true],
  ['9.1', { valkey: '9.2' }, false],
  ['9.1', { valkey: '10.0' }, false],
  ['10.0', { valkey: '9.2' }, true],
  ['9.1', { redis: '6.0' }, false],
])('Valkey %s compared to %j: %s', (version, least, expected) => {
  expect(CacheEngine.valkey(version)._isAtLeast(least)).toBe(expected);
});

test.each([
  [
    'Valkey before its first version',
    () => CacheEngine.valkey('7.1'),
    'a version of valkey must be a major and a minor version, at least 7.2, received "7.1"',
  ],
  [
    'Redis OSS that knows no users',
    () => CacheEngine.redis('5.0'),
    'a version of redis must be one of 6.0, 6.2, 7.0, 7.1, received "5.0"',
  ],
  [
    'a patch version, which ElastiCache does not take',
    () => CacheEngine.redis('7.0.7'),
    'a version of redis must be one of 6.0, 6.2, 7.0, 7.1, received "7.0.7"',
  ],
  [
    'Redis OSS after its last version',
    () => CacheEngine.redis('7.9'),
    'a version of redis must be one of 6.0, 6.2, 7.0, 7.1, received "7.9"',
  ],
  [
    'the family of another version',
    () => CacheEngine.valkey('8.1', 'valkey7'),
    'the parameter groups of valkey 8.1 are of the family valkey8, received "valkey7": leave the family out',
  ],
  [
    'neither a version that is known nor a family',
    () => CacheEngine.valkey(Fn.ref('Version')),
    "the parameter group of valkey follows from its version, received one that only the deployment knows: give the family too, CacheEngine.valkey(version, 'valkey7')",
  ],
])('fails with %s', (_, action, message) => {
  expect(refusalOf(action)).toEqual({ code: 'ERR_SESSION_CACHE', message });
});
