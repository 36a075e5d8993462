-- Notes that something was put into a channel's queue, unless the queue has lost
-- something meanwhile.
--
-- KEYS[1]  the epoch
-- ARGV     what it was, and what it becomes
--
-- Answers  1, or 0 where the epoch is neither

local is = redis.call('GET', KEYS[1])
if is ~= ARGV[1] and is ~= ARGV[2] then -- the second: an answer was lost, and this is asked again
  return 0
end
redis.call('SET', KEYS[1], ARGV[2])
return 1
