package faults

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/hibiken/asynq"

	"carillon/campaign"
	"carillon/ledger"
)

// killEverySecond kills the worker again and again, each time as soon as it has
// sent for a second.
func killEverySecond(s *stage) {
	for range s.size.kills {
		s.underWay(20)
		last(time.Second)
		s.strike(s.newest(s.worker()))
		s.open(s.worker())
	}
}

// terminate asks the worker to stop. It has to be gone by itself, with nothing
// left open that it has begun.
func terminate(s *stage) {
	s.underWay(100)
	h := s.newest(s.worker())
	s.front.remove(h.url)
	asked := time.Now()
	h.Signal(s.T, syscall.SIGTERM)
	s.eventually("it stops", h.Ended)
	s.Logf("it stopped within %s", time.Since(asked))
	if state := h.Cmd.ProcessState; !state.Success() {
		s.Errorf("it stopped with %s", state)
	}
	s.nothingOpen()
	s.open(s.worker())
}

// nothingOpen looks into the ledger that nobody uses: what was sent has an
// outcome.
func (s *stage) nothingOpen() {
	s.Helper()
	l, err := ledger.Open(s.Context(), s.database)
	if err != nil {
		s.Fatal(err)
	}
	defer l.Close()
	id, err := campaign.ParseID(s.id)
	if err != nil {
		s.Fatal(err)
	}
	c, err := l.Campaign(s.Context(), id)
	if err != nil {
		s.Fatal(err)
	}
	if c.Counts[campaign.Posting]+c.Counts[campaign.Unknown] > 0 {
		s.Errorf("after it has stopped the messages stand at %v", c.Counts)
	}
	if c.Counts[campaign.Pending]+c.Counts[campaign.Waiting] == 0 {
		s.Error("the campaign was over before the process stopped")
	}
}

// killAfterReceipts kills the process when it has answered a webhook, before
// the provider sees the answer.
func killAfterReceipts(s *stage) {
	for range s.size.kills {
		s.underWay(20)
		h, killed := s.newest("serve"), make(chan struct{})
		s.front.afterReceipt(func() {
			s.strike(h)
			close(killed)
		})
		s.eventually("a webhook is answered", func() bool {
			select {
			case <-killed:
				return true
			default:
				return false
			}
		})
		s.open("serve")
	}
}

func flushRedis(s *stage) {
	for range 3 {
		s.underWay(100)
		s.redis.flush(s.T)
	}
}

func killRedis(s *stage) {
	for range 2 {
		s.underWay(100)
		s.redis.Kill()
		last(time.Second)
		s.redis.run(s.T)
	}
}

func freezeRedis(s *stage) {
	s.underWay(100)
	freeze(s.T, s.redis.process, s.size.frozen)
}

func cutRedis(s *stage) {
	s.underWay(100)
	s.redis.relay.cut()
	last(s.size.redisGone)
	s.redis.relay.mend()
}

func deleteTasks(s *stage) {
	s.takeTasks(func(i *asynq.Inspector, id string) error { return i.DeleteTask(queue, id) })
}

func archiveTasks(s *stage) {
	s.takeTasks(func(i *asynq.Inspector, id string) error { return i.ArchiveTask(queue, id) })
}

var queue = campaign.Queue("main")

// takeTasks takes some tasks out of the queue that nobody works on yet. It begins
// with those that are fetched last, for a worker is faster than it with the first.
func (s *stage) takeTasks(take func(i *asynq.Inspector, id string) error) {
	const enough, ahead = 20, 1000
	inspector, taken := s.redis.inspector(s.T), 0
	s.eventually("some tasks are taken out of the queue", func() bool {
		pending, err := inspector.ListPendingTasks(queue, asynq.PageSize(ahead))
		if err != nil {
			return false // there is no queue yet
		}
		for _, task := range slices.Backward(pending) {
			if taken == enough {
				break
			}
			if take(inspector, task.ID) == nil { // else a worker was faster
				taken++
			}
		}
		return taken == enough
	})
}

func killLedger(s *stage) {
	s.underWay(100)
	s.postgres.Kill()
	last(s.size.ledgerGone)
	s.postgres.Run(s.T)
}

func freezeLedger(s *stage) {
	s.underWay(100)
	s.signalLedger(syscall.SIGSTOP)
	last(s.size.frozen)
	s.signalLedger(syscall.SIGCONT)
}

// signalLedger sends a signal to the server's main process and to those that it
// has started, each of which is a group of its own.
func (s *stage) signalLedger(signal syscall.Signal) {
	s.Helper()
	main := s.postgres.Process().Pid
	children, err := os.ReadFile(fmt.Sprintf("/proc/%d/task/%d/children", main, main))
	if err != nil {
		s.Fatal(err)
	}
	pids := []int{main} // first, so that it starts none meanwhile
	for _, word := range strings.Fields(string(children)) {
		pid, err := strconv.Atoi(word)
		if err != nil {
			s.Fatal(err)
		}
		pids = append(pids, pid)
	}
	for _, pid := range pids {
		if err := syscall.Kill(pid, signal); err != nil && !errors.Is(err, syscall.ESRCH) {
			s.Fatalf("send %s to the ledger's process %d: %v", signal, pid, err)
		}
	}
}

func pauseAndResume(s *stage) {
	for range 10 {
		s.underWay(10)
		s.act("pause")
		s.act("resume")
	}
}

func cancel(s *stage) {
	s.underWay(100)
	s.act("cancel")
}

var (
	twoOfEach     = []string{"web", "web", "scheduler", "scheduler", "worker", "worker"}
	twoSchedulers = []string{"web", "scheduler", "scheduler", "worker"}
)

// killOneOfEach kills half of all processes at once, and starts others a little
// later.
func killOneOfEach(s *stage) {
	s.underWay(100)
	roles := []string{"web", "scheduler", "worker"}
	for _, role := range roles {
		s.strike(s.newest(role))
	}
	s.underWay(100)
	for _, role := range roles {
		s.open(role)
	}
}

// freezeSchedulers freezes one after the other for longer than their lease
// lasts: the one that leads is then overtaken, and wakes up believing that it
// still does.
func freezeSchedulers(s *stage) {
	const longerThanTheLease = 7 * time.Second
	s.underWay(100)
	for _, h := range s.houses {
		if h.role == "scheduler" {
			freeze(s.T, h.process, longerThanTheLease)
		}
	}
}
