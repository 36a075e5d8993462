package ratelimit

import "time"

// redisTime is a moment of Redis' clock, in microseconds since 1970.
type redisTime int64

func (t redisTime) sub(u redisTime) time.Duration { return time.Duration(t-u) * time.Microsecond }

// driftShare is how much two clocks may drift apart, as a share of the time
// that passes: twice what the kernel slews a clock by at most (500 ppm).
const driftShare = 1000

// slewShare is how much of the time that passes local may catch up, as a share of
// it: so many more departures a second then holds, a quarter of what the promise
// allows. Whoever learns that Redis' clock is 40 ms ahead of what was thought would
// otherwise squeeze 40 ms of departures into the others.
const slewShare = 200

// redisClock translates moments of Redis' clock into ours. Redis read its clock
// between sending the question and receiving the answer, so every exchange
// narrows down what our clock showed at that moment; an answer that was held
// up on its way widens nothing.
type redisClock struct {
	reading  redisTime // 0: no exchange yet
	from, to time.Time // our clock at the reading: not before, not after
	slewed   time.Time // what local goes by at the reading: to, or a little later
}

// observe takes in an exchange. It reports whether one of the clocks jumped:
// then all that is known is this exchange.
func (c *redisClock) observe(reading redisTime, sent, received time.Time) (jumped bool) {
	fresh := redisClock{reading: reading, from: sent, to: received, slewed: received}
	if c.reading == 0 {
		*c = fresh
		return false
	}
	passed := reading.sub(c.reading)
	drift := passed.Abs() / driftShare
	from, to := c.from.Add(passed-drift), c.to.Add(passed+drift)
	if from.After(received) || to.Before(sent) {
		*c = fresh
		return true
	}
	if from.After(sent) {
		fresh.from = from
	}
	if to.Before(received) {
		fresh.to = to
	}
	fresh.slewed = fresh.to
	if c.known() {
		fresh.slewed = latest(fresh.to, c.slewed.Add(passed-passed.Abs()/slewShare))
	}
	*c = fresh
	return false
}

// known reports whether local is exact enough to go by.
func (c *redisClock) known() bool {
	return c.reading != 0 && c.to.Sub(c.from) <= mostUncertain
}

// local is the latest that our clock can show at a moment of Redis' clock, or a
// little later: it catches up by a two hundredth of the time that passes, and at once
// only where a clock jumps.
func (c *redisClock) local(t redisTime) time.Time { return c.slewed.Add(t.sub(c.reading)) }
