package queue

import (
	"context"
	"errors"
	"net"
	"regexp"
	"strings"
	"syscall"

	"github.com/redis/go-redis/v9"
)

// Refusal says why a queue takes no tasks, in words that hold no address and no
// secret.
type Refusal struct {
	// Reason is what is wrong, Hint what to do.
	Reason, Hint string

	kind string // what tells one trouble from another
	err  error
}

var _ error = (*Refusal)(nil)

func (r *Refusal) Error() string { return r.Reason + "; " + r.Hint }

// Unwrap is what Redis, or the network, has said.
func (r *Refusal) Unwrap() error { return r.err }

// The words that begin a refusal of Redis, what they mean, and what to do. A
// script's refusal may begin with ERR, which is why they are looked for anywhere.
var refusals = []struct{ words, reason, hint string }{
	{"OOM ", "Redis is full (maxmemory)", "give it more memory, or remove what else it holds"},
	{"READONLY", "this Redis is a replica, which takes no writes", replica},
	{"MISCONF", "Redis cannot save to its disk and so takes no writes", "look at its log and its disk, or set stop-writes-on-bgsave-error no"},
	{"LOADING", "Redis is still loading its data", "wait until it has"},
	{"CLUSTERDOWN", "the Redis Cluster is down: a part of it has no master", "look at CLUSTER INFO and at its nodes"},
	{"MASTERDOWN", "this Redis is a replica that has lost its master", replica},
	{"NOREPLICAS", "Redis has too few replicas to take writes (min-replicas-to-write)", "look at its replicas"},
	{"NOPERM", "the user may not do in Redis what the queue needs", permissions},
	{"user executing the script", "the user may not do in Redis what the queue needs", permissions},
	{"NOAUTH", "Redis wants a password", "write it into `redis`, redis://user:password@host:6379/0, and restart"},
	{"WRONGPASS", "Redis does not know the user or the password", "correct them in Redis, or in `redis` and restart"},
	{"unknown command 'sentinel'", "there is no Sentinel at the address in `redis`", "write redis://host:port for a server, or the Sentinels' own addresses, and restart"},
	{
		"unknown command", "Redis lacks a command that the queue needs",
		"take Redis 6.2 or newer, with its commands under their own names; where this is a Sentinel, write redis-sentinel://host:port?master=name and restart",
	},
	{noSentinel, "no Sentinel tells who the master is", "look at the Sentinels, and whether `redis` has their addresses and the master's name (?master=name)"},
	{"BUSY", "Redis is busy with somebody's script", "wait for it, or end it by SCRIPT KILL"},
	{"max number of clients", "Redis takes no more connections (maxclients)", "raise maxclients, or close what else is connected"},
	{"MOVED", "another node of the Redis Cluster has the queue", "write redis-cluster:// with its nodes and restart; if `redis` says so already, look at CLUSTER NODES on each: they do not agree"},
	{"ASK ", "the Redis Cluster is moving the queue", "wait until it has"},
	{"TRYAGAIN", "the Redis Cluster is moving the queue", "wait until it has"},
	{"not allowed in cluster mode", "this Redis is a node of a cluster, which has no databases with numbers", "write redis-cluster:// with its nodes and no number, and restart"},
	{"cluster support disabled", "this Redis is no node of a cluster", "write redis://host:port instead of redis-cluster:// and restart"},
	{"DB index is out of range", "Redis has no database of the number that `redis` names", "write a smaller one and restart, or raise `databases` in Redis"},
	{"DENIED", "Redis is in protected mode and lets in its own machine alone", "give it a password, or set protected-mode no where its network is closed"},
}

// noSentinel is what the client says where no Sentinel has named a master.
const noSentinel = "all sentinels specified in configuration are unreachable"

// replica is what to do about one.
const replica = "make it the master, or write the master's address or that of its Sentinels into `redis` and restart"

// permissions are what ACL SETUSER has to grant.
const permissions = "grant it +@read +@write +@scripting +@connection +@pubsub +time ~asynq:* ~carillon:* &asynq:*"

// met finds the command that the probe says it was at.
var met = regexp.MustCompile(`\(at (\w+)\)`)

// refusalOf puts an error into words; nil for none.
func refusalOf(err error) *Refusal {
	if err == nil {
		return nil
	}
	var answer redis.Error
	if !errors.As(err, &answer) && !isLogin(err) {
		return silence(err)
	}
	text := err.Error()
	r := &Refusal{Hint: "look at Redis and its log", kind: firstWord(text), err: err}
	r.Reason = "Redis refuses: " + text
	for _, known := range refusals {
		if strings.Contains(text, known.words) {
			r.Reason, r.Hint, r.kind = known.reason, known.hint, known.words
			break
		}
	}
	if at := met.FindStringSubmatch(text); at != nil && r.Hint == permissions {
		r.Reason += " (" + at[1] + ")"
	}
	return r
}

// silence is the refusal of a Redis that has not answered.
func silence(err error) *Refusal {
	r := &Refusal{
		Reason: "Redis does not answer", Hint: "start it, or look at it and at the network", kind: "silent", err: err,
	}
	if strings.Contains(err.Error(), noSentinel) {
		r.Reason, r.Hint = "no Sentinel answers", "start them, or look at them and at the network"
	}
	var timeout net.Error
	switch {
	case errors.Is(err, syscall.ECONNREFUSED):
		r.Reason += " (connection refused)"
	case errors.Is(err, context.DeadlineExceeded), errors.As(err, &timeout) && timeout.Timeout():
		r.Reason += " in time"
	case isBroken(err):
		r.Reason += " (connection lost)"
	}
	return r
}

func firstWord(text string) string {
	word, _, _ := strings.Cut(text, " ")
	return word
}
