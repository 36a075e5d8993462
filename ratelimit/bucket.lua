-- The rate of one sending number, for every process that sends from it: a GCRA
-- on Redis' own clock, with the slow-down that the provider's refusals ask for.
--
-- KEYS[1]   the number's hash. Moments in it are microseconds of Redis' clock:
--             last     the last departure handed out
--             base     the rate right after the last refusal
--             changed  the last halving; 0: none
--             climbs   from when on the rate climbs; 0: nothing was refused
--             quiet    nothing leaves before this moment; 0: no such wish
--             seen     when this script last ran
--
-- ARGV[1]   the configured rate, a second
-- ARGV[2]   1: no limit unless the number is slowed down from that rate; 0: a limit
-- ARGV[3]   departures wanted; 0: only take in a refusal
-- ARGV[4]   how far ahead of now a block may start, in µs
-- ARGV[5]   how long a block may be, in µs; one departure is always allowed
-- ARGV[6]   how long ago the refused request left, in µs; -1: none was refused
-- ARGV[7]   how long the provider asks to be left alone from now on, in µs; 0: it doesn't
-- ARGV[8]   the least time between two halvings, in µs
-- ARGV[9]   the share of the configured rate that is climbed in a second
-- ARGV[10]  the rate below which it is never halved
-- ARGV[11]  how long after a refusal the climb begins, in µs
-- ARGV[12]  how long an unused hash is kept, in ms
--
-- Answers   { now       Redis' clock, in µs
--             count     departures granted; 0: none yet; -1: no limit until
--                       ARGV[4] from now
--             first     the first departure granted, or the next one there is, in µs
--             space     between two departures, in ns
--             quiet     as in the hash }

local configured, unlimited, wanted = tonumber(ARGV[1]), ARGV[2] == '1', tonumber(ARGV[3])
local ahead, block = tonumber(ARGV[4]), tonumber(ARGV[5])
local age, wait = tonumber(ARGV[6]), tonumber(ARGV[7])
local interval, climb, slowest, rest = tonumber(ARGV[8]), tonumber(ARGV[9]), tonumber(ARGV[10]), tonumber(ARGV[11])

local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]

local state = redis.call('HMGET', KEYS[1], 'last', 'base', 'changed', 'quiet', 'seen', 'climbs')
local last, base = tonumber(state[1]), tonumber(state[2]) or configured
local changed, quiet = tonumber(state[3]) or 0, tonumber(state[4]) or 0
local seen, climbs = tonumber(state[5]) or now, tonumber(state[6]) or 0

if not last then
  -- A wiped bucket doesn't know what was handed out before: all of that lies
  -- within the farthest end of a block.
  last = now + ahead + block
end

if seen > now then
  -- The clock was set back. What was noted moves with it, as if no time had
  -- passed since.
  local back = seen - now
  last, changed = last - back, math.max(0, changed - back)
  quiet, climbs = math.max(0, quiet - back), math.max(0, climbs - back)
end

local function current()
  if climbs == 0 then
    return configured
  end
  return math.min(configured, base + configured * climb * math.max(0, now - climbs) / 1000000)
end

-- A request that left before the last halving says nothing new but its wait.
local old = now - age < changed
if age >= 0 and (not old or wait > 0) then
  base = current()
  if not old and (changed == 0 or now - changed >= interval) then
    base = math.max(math.min(slowest, configured), base / 2)
    changed = now
  end
  climbs = math.max(climbs, now + wait + rest)
end
if wait > 0 then
  quiet = math.max(quiet, now + wait)
end

local space = 1000000 / current()
local free = unlimited and current() >= configured
local count, first = 0, math.max(now, quiet)
if not free then
  first = math.max(first, last + space)
end
if wanted > 0 and first <= now + ahead then
  if free then
    count = -1
    last = math.max(last, now + ahead)
  else
    count = math.min(wanted, math.max(1, math.floor(block / space)))
    last = first + (count - 1) * space
  end
end

redis.call('HSET', KEYS[1],
  'last', string.format('%.2f', last), 'base', base,
  'changed', string.format('%.0f', changed), 'quiet', string.format('%.0f', quiet),
  'climbs', string.format('%.0f', climbs), 'seen', string.format('%.0f', now))
redis.call('PEXPIRE', KEYS[1], string.format('%.0f', ARGV[12] + math.max(0, quiet - now) / 1000))

return { now, count, first, math.floor(space * 1000), quiet }
