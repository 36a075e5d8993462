-- How much a channel's queue holds, and whether it has lost anything.
--
-- KEYS     the epoch, and asynq's keys of the tasks that wait, that are under
--          way, that are for later and that are to be retried
--
-- Answers  { the epoch, empty for none; how many tasks each of the others holds }

return {
  redis.call('GET', KEYS[1]) or '',
  redis.call('LLEN', KEYS[2]), redis.call('LLEN', KEYS[3]),
  redis.call('ZCARD', KEYS[4]), redis.call('ZCARD', KEYS[5]),
}
