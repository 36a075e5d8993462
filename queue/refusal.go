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
	{"OOM ", "Redis is full (maxmemory)", "give it more memory, or remove other data from it"},
	{"READONLY", "this Redis is a replica, which accepts no writes", replica},
	{"MISCONF", "Redis cannot save to its disk, so it accepts no writes", "check its log and its disk, or set stop-writes-on-bgsave-error no"},
	{"LOADING", "Redis is still loading its data", "wait until it is done"},
	{"CLUSTERDOWN", "the Redis Cluster is down: one of its shards has no master", "check CLUSTER INFO and its nodes"},
	{"MASTERDOWN", "this Redis is a replica that has lost its master", replica},
	{"NOREPLICAS", "Redis has too few replicas to accept writes (min-replicas-to-write)", "check its replicas"},
	{"NOPERM", "the Redis user lacks permissions that the queue needs", permissions},
	{"user executing the script", "the Redis user lacks permissions that the queue needs", permissions},
	{"NOAUTH", "Redis requires a password", "write it into `redis`, redis://user:password@host:6379/0, and restart"},
	{"WRONGPASS", "Redis rejected the user or the password", "correct them in Redis, or in `redis` and restart"},
	{"unknown command 'sentinel'", "the address in `redis` is not a Sentinel", "write redis://host:port for a server, or the Sentinels' own addresses, and restart"},
	{
		"unknown command", "Redis lacks a command that the queue needs",
		"use Redis 6.2 or newer, without renamed commands; if this is a Sentinel, write redis-sentinel://host:port?master=name and restart",
	},
	{noSentinel, "no Sentinel knows the master", "check the Sentinels, and that `redis` has their addresses and the master's name (?master=name)"},
	{"BUSY", "Redis is busy with a script of another program", "wait for it, or end it with SCRIPT KILL"},
	{"max number of clients", "Redis accepts no more connections (maxclients)", "raise maxclients, or close other connections"},
	{"MOVED", "another node of the Redis Cluster has the queue", "write redis-cluster:// with its nodes and restart; if `redis` already does, compare CLUSTER NODES on each node: they disagree"},
	{"ASK ", "the Redis Cluster is moving the queue", "wait until it is done"},
	{"TRYAGAIN", "the Redis Cluster is moving the queue", "wait until it is done"},
	{"not allowed in cluster mode", "this Redis is a node of a cluster, which has no numbered databases", "write redis-cluster:// with its nodes and no database number, and restart"},
	{"cluster support disabled", "this Redis is not a node of a cluster", "write redis://host:port instead of redis-cluster:// and restart"},
	{"DB index is out of range", "Redis has no database with the number that `redis` names", "write a smaller number and restart, or raise `databases` in Redis"},
	{"DENIED", "Redis is in protected mode and accepts only local connections", "give it a password, or set protected-mode no if its network is closed"},
}

// noSentinel is what the client says where no Sentinel has named a master.
const noSentinel = "all sentinels specified in configuration are unreachable"

// replica is what to do about one.
const replica = "make it the master, or write the address of the master or of its Sentinels into `redis` and restart"

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
	r := &Refusal{Hint: "check Redis and its log", kind: firstWord(text), err: err}
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
		Reason: "Redis does not answer", Hint: "start it, or check it and the network", kind: "silent", err: err,
	}
	if strings.Contains(err.Error(), noSentinel) {
		r.Reason, r.Hint = "no Sentinel answers", "start them, or check them and the network"
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
