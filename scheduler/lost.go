package scheduler

import "time"

// lostAfter is how long a task may be in a worker's hands without its message
// being claimed. A worker waits up to ten seconds for a departure; a task that
// takes longer was in the hands of one that died, or was deleted.
const lostAfter = 12 * time.Second

// lost finds the tasks of one queue that have got lost. A queue hands tasks out
// in the order in which they were put there. So a message is an orphan that is
// still not claimed long after one behind it was, or long after nothing was
// waiting in the queue any more. While nothing is taken up at all, as when an
// operator has paused the queue, nothing counts as lost.
type lost struct {
	last    int64     // the sequence number that was given last
	drained time.Time // since when nothing waits; zero: something does
	atDrain int64     // the one given last at that time
	marks   []mark    // by time, and so by sequence number
}

// mark says that by a time the task of a sequence number had been taken up.
type mark struct {
	sequence int64
	at       time.Time
}

// next gives the next sequence number.
func (l *lost) next() int64 {
	l.last++
	l.drained = time.Time{}
	return l.last
}

// waiting notes how many tasks wait in the queue.
func (l *lost) waiting(n int, now time.Time) {
	switch {
	case n > 0:
		l.drained = time.Time{}
	case l.drained.IsZero():
		l.drained, l.atDrain = now, l.last
	}
}

// taken notes that the task of a sequence number was taken up.
func (l *lost) taken(sequence int64, now time.Time) {
	n := len(l.marks)
	if n > 0 && l.marks[n-1].sequence >= sequence {
		return
	}
	if n > 0 && l.marks[n-1].at.Equal(now) {
		l.marks[n-1].sequence = sequence
		return
	}
	l.marks = append(l.marks, mark{sequence, now})
	for len(l.marks) > 1 && now.Sub(l.marks[1].at) >= lostAfter { // one old mark is enough
		l.marks = l.marks[1:]
	}
}

// is reports whether the task of a sequence number that is still not taken up is lost.
func (l *lost) is(sequence int64, now time.Time) bool {
	if !l.drained.IsZero() && sequence <= l.atDrain && now.Sub(l.drained) >= lostAfter {
		return true
	}
	for _, m := range l.marks {
		if now.Sub(m.at) < lostAfter {
			break
		}
		if sequence < m.sequence {
			return true
		}
	}
	return false
}
