import { LONGEST_HEADER } from './redis-record.js';
import { RedisScript } from './redis-script.js';

/**
 * What every script on a session begins with. `version` is that of the session which is there and alive; empty, if there
 * is none; `nil`, if something else is there that this library does not read. The first argument is the time.
 */
const LOOK = `
local header = redis.call('GETRANGE', KEYS[1], 0, ${LONGEST_HEADER - 1})
local function time(at)
  local sum = 0
  for index = at, at + 5 do sum = sum * 256 + string.byte(header, index) end
  return sum
end
local version
if #header == 0 then
  version = ''
elseif string.byte(header) == 1 and #header >= 14 then
  version = time(2) > tonumber(ARGV[1]) and string.sub(header, 15, 14 + string.byte(header, 14)) or ''
end
`;

/** ARGV: now, the version that is expected or nothing, the session, for how long it is kept. Gives 1, or what is there. */
export const WRITE = new RedisScript(`${LOOK}
if version ~= ARGV[2] then return redis.call('GET', KEYS[1]) end
redis.call('SET', KEYS[1], ARGV[3], 'PX', ARGV[4])
return 1
`);

/** ARGV: now, the version that is expected, the new end, the same as a field, for how long it is kept. */
export const TOUCH = new RedisScript(`${LOOK}
if version == nil or version == '' then return 'gone' end
if version ~= ARGV[2] then return 'changed' end
if time(2) < tonumber(ARGV[3]) then
  redis.call('SETRANGE', KEYS[1], 1, ARGV[4])
  redis.call('PEXPIRE', KEYS[1], ARGV[5])
end
return 'ok'
`);

/** Gives what was there. */
export const DESTROY = new RedisScript(`
local session = redis.call('GET', KEYS[1])
redis.call('DEL', KEYS[1])
return session
`);

/** ARGV: now, the new version as a field, the place where nothing is that this library reads, for how long that is kept. */
export const BLOCK = new RedisScript(`${LOOK}
if #header == 0 or version == nil then
  redis.call('SET', KEYS[1], ARGV[3], 'PX', ARGV[4])
else
  redis.call('SET', KEYS[1], string.sub(header, 1, 13) .. ARGV[2], 'KEEPTTL')
end
`);

const KEEP = `
local function keep(milliseconds)
  if redis.call('PTTL', KEYS[1]) < tonumber(milliseconds) then redis.call('PEXPIRE', KEYS[1], milliseconds) end
end
`;

/** ARGV: the entry, its deadline, the time before which entries are over, for how long it is kept. Gives all that are there. */
export const ENTER = new RedisScript(`${KEEP}
redis.call('ZREMRANGEBYSCORE', KEYS[1], 0, ARGV[3])
redis.call('ZADD', KEYS[1], ARGV[2], ARGV[1])
keep(ARGV[4])
return redis.call('ZRANGE', KEYS[1], 0, -1, 'WITHSCORES')
`);

/** ARGV: the member that stands for the revocation, its time, for how long it is kept. */
export const REVOKE = new RedisScript(`${KEEP}
local known = redis.call('ZSCORE', KEYS[1], ARGV[1])
if known and -tonumber(known) >= tonumber(ARGV[2]) then return end
redis.call('ZADD', KEYS[1], -tonumber(ARGV[2]), ARGV[1])
keep(ARGV[3])
`);
