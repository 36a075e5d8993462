package queue

import (
	"crypto/tls"
	"fmt"
	"net"
	"net/url"
	"runtime"
	"strconv"
	"strings"
	"time"

	"github.com/hibiken/asynq"
	"github.com/redis/go-redis/v9"
)

// settings are what an address says.
type settings struct {
	kind           string   // the scheme; empty for a server
	hosts          []string // with their ports; a socket's path
	database       int
	user, password string
	master         string // the name that Sentinels know the group by

	// anyServer and anySentinel let those in who want no password.
	anyServer, anySentinel bool
}

// The schemes that name no single server.
const (
	socket    = "redis-socket"
	sentinels = "redis-sentinel"
	nodes     = "redis-cluster"
)

var _ asynq.RedisConnOpt = settings{}

// parse reads the address of a Redis server, sentinel group or cluster.
func parse(address string) (settings, error) {
	u, err := url.Parse(address)
	if err != nil {
		return settings{}, fmt.Errorf("redis: %s is not an address", hidePassword(address))
	}
	s := settings{kind: u.Scheme, user: u.User.Username(), hosts: strings.Split(u.Host, ",")}
	s.password, _ = u.User.Password()
	database := ""
	switch u.Scheme {
	case "redis", "rediss":
		database = strings.Trim(u.Path, "/")
	case socket:
		s.hosts, database = []string{u.Path}, u.Query().Get("db")
	case sentinels:
		s.master = u.Query().Get("master")
	case nodes:
	default:
		return settings{}, fmt.Errorf("redis: %s is not an address: its scheme is unknown", hidePassword(address))
	}
	if database != "" {
		if s.database, err = strconv.Atoi(database); err != nil {
			return settings{}, fmt.Errorf("redis: %s is not an address: it does not end with the number of a database", hidePassword(address))
		}
	}
	return s, nil
}

// logins are the ways in which the address' user may be meant, the most likely
// one first. Servers and Sentinels have users of their own, and an address has
// room for one: it is for both, or for those alone that want one.
func (s settings) logins() []settings {
	if s.kind != sentinels || s.password == "" {
		return []settings{s}
	}
	servers, watchers := s, s
	servers.anySentinel, watchers.anyServer = true, true
	return []settings{s, servers, watchers}
}

// Where a node is one of several, another one takes over from it when it dies.
// So it is left soon, and asked after again soon.
const (
	// connectWithin bounds a connection's beginning.
	connectWithin = time.Second
	// answerWithin bounds an answer, and how long a client waits for one that a
	// dead node owes it.
	answerWithin = 2 * time.Second
	// topologyEvery is how often a cluster is asked which node has what. The
	// client learns it by itself only from a node that answers, of which a dead
	// master is none.
	topologyEvery = time.Second
	// connectionsPerCPU is as many as the client has by default for one server.
	connectionsPerCPU = 10
	// buffer is what each connection has to read with, and again to write with, in
	// bytes: room for a pipeline of ten of asynq's scripts, by their digests. The client
	// has 32 KiB by default, and 128 KiB for pipelines, which have connections of their own.
	buffer = 8 << 10
)

// MakeRedisClient makes a client for asynq.
func (s settings) MakeRedisClient() any { return s.client() }

func (s settings) client() redis.UniversalClient {
	switch s.kind {
	case sentinels:
		return s.failoverClient()
	case nodes:
		return s.clusterClient()
	}
	o := &redis.Options{
		Addr: s.hosts[0], Username: s.user, Password: s.password, DB: s.database, ContextTimeoutEnabled: true,
		ReadBufferSize: buffer, WriteBufferSize: buffer, PipelineReadBufferSize: buffer, PipelineWriteBufferSize: buffer,
	}
	switch s.kind {
	case socket:
		o.Network = "unix"
	case "rediss":
		name, _, _ := net.SplitHostPort(o.Addr)
		o.TLSConfig = &tls.Config{ServerName: name}
	}
	return redis.NewClient(o)
}

// clusterClient leaves a node after one failed connection, for there is a state
// of the cluster that is at most a second old to find its successor in.
func (s settings) clusterClient() redis.UniversalClient {
	return redis.NewClusterClient(&redis.ClusterOptions{
		Addrs: s.hosts, Username: s.user, Password: s.password,
		DialTimeout: connectWithin, DialerRetries: 1,
		ReadTimeout: answerWithin, WriteTimeout: answerWithin, ContextTimeoutEnabled: true,
		ReadBufferSize: buffer, WriteBufferSize: buffer, PipelineReadBufferSize: buffer, PipelineWriteBufferSize: buffer,
		PoolSize:                   connectionsPerCPU * runtime.GOMAXPROCS(0),
		ClusterStateReloadInterval: topologyEvery, DisableRoutingPolicies: true,
	})
}

// failoverClient asks a Sentinel for the master's address whenever it connects,
// within DialTimeout. A Sentinel that has fallen silent is asked twice, and must
// have failed both times before that: else the client never turns to another one.
// Every retry would be one of both, so there are none; whoever uses the queue
// tries again anyway.
func (s settings) failoverClient() redis.UniversalClient {
	dialer := &net.Dialer{Timeout: connectWithin}
	o := &redis.FailoverOptions{
		MasterName: s.master, SentinelAddrs: s.hosts,
		DialTimeout: 3 * answerWithin, DialerRetries: 1, Dialer: dialer.DialContext, MaxRetries: -1,
		ReadTimeout: answerWithin, WriteTimeout: answerWithin, ContextTimeoutEnabled: true,
		ReadBufferSize: buffer, WriteBufferSize: buffer, PipelineReadBufferSize: buffer, PipelineWriteBufferSize: buffer,
	}
	if !s.anyServer {
		o.Username, o.Password = s.user, s.password
	}
	if !s.anySentinel {
		o.SentinelUsername, o.SentinelPassword = s.user, s.password
	}
	return redis.NewFailoverClient(o)
}

// hidePassword is an address as it may be shown.
func hidePassword(address string) string {
	if u, err := url.Parse(address); err == nil {
		return u.Redacted()
	}
	scheme, rest, _ := strings.Cut(address, "://")
	if at := strings.LastIndex(rest, "@"); at >= 0 {
		return scheme + "://…@" + rest[at+1:]
	}
	return address
}
