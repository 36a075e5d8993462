-- Whether this Redis takes tasks: every command that a task needs on its way
-- through the queue runs once, on keys that lie beside the queue's own.
--
-- KEYS      a counter, a hash, two lists and a sorted set
-- ARGV[1]   how long they may be left behind, in seconds; usually they are gone
--           when the script ends
--
-- Answers OK, or the first refusal, with the command that met it.

local counter, hash, pending, active, lease = KEYS[1], KEYS[2], KEYS[3], KEYS[4], KEYS[5]

local function run(...)
  local answer = redis.pcall(...)
  if type(answer) == 'table' and answer.err then
    return answer.err .. ' (at ' .. select(1, ...) .. ')'
  end
end

local time = redis.pcall('TIME')
if time.err then
  return redis.error_reply(time.err .. ' (at time)')
end
local ends = tonumber(time[1]) + ARGV[1]

local steps = {
  { 'set', counter, '1', 'ex', ARGV[1] },
  { 'expireat', counter, ends }, { 'pexpire', counter, ARGV[1] * 1000 },
  { 'exists', hash },
  { 'hset', hash, 'msg', 'm', 'state', 'pending' }, { 'expireat', hash, ends },
  { 'lpush', pending, '1' }, { 'expireat', pending, ends },
  { 'rpush', pending, '2' }, { 'llen', pending },
  { 'rpoplpush', pending, active }, { 'expireat', active, ends },
  { 'hdel', hash, 'state' }, { 'hget', hash, 'msg' }, { 'hmget', hash, 'msg', 'state' },
  { 'zadd', lease, ends, '1' }, { 'expireat', lease, ends },
  { 'zrangebyscore', lease, '-inf', ends, 'limit', 0, 1 }, { 'zcard', lease },
  { 'lrem', active, 0, '1' }, { 'zrem', lease, '1' },
  { 'incr', counter }, { 'get', counter },
  { 'del', counter, hash, pending, active, lease },
}
for _, step in ipairs(steps) do
  local refusal = run(unpack(step))
  if refusal then
    return redis.error_reply(refusal)
  end
end
return redis.status_reply('OK')
