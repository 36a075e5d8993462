package faults

import (
	"context"
	"net"
	"net/http"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"carillon/campaign"
	"carillon/internal/programtest"
)

// cluster is a Redis Cluster of a run's own: three masters, each with a replica.
type cluster struct {
	nodes []*clusterNode
}

// clusterNode is one of its servers.
type clusterNode struct {
	address string
	port    string
	bus     string
	id      string
	client  *redis.Client
	*process
}

const (
	masters  = 3
	allSlots = 16384
	// nodeTimeout is after how long a silent node is taken for dead.
	nodeTimeout = "2000"
)

// startCluster starts the servers and makes them a cluster.
func startCluster(t *testing.T) *cluster {
	t.Helper()
	c := &cluster{}
	for range 2 * masters {
		c.nodes = append(c.nodes, startClusterNode(t))
	}
	ctx := t.Context()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	for i, n := range c.nodes {
		n.id = n.client.ClusterMyID(ctx).Val()
		must(n.client.Do(ctx, "CLUSTER", "SET-CONFIG-EPOCH", i+1).Err())
		if i < masters {
			must(n.client.ClusterAddSlotsRange(ctx, i*allSlots/masters, (i+1)*allSlots/masters-1).Err())
		}
		if i > 0 {
			must(c.nodes[0].client.Do(ctx, "CLUSTER", "MEET", "127.0.0.1", n.port, n.bus).Err())
		}
	}
	for i, n := range c.nodes[masters:] {
		programtest.Eventually(t, programtest.Patience, "a replica knows its master", func() bool {
			return n.client.ClusterReplicate(ctx, c.nodes[i].id).Err() == nil
		})
	}
	for i, n := range c.nodes {
		programtest.Eventually(t, programtest.Patience, "the cluster is complete", func() bool {
			replicas := strings.Count(n.client.ClusterNodes(ctx).Val(), "slave")
			return replicas == masters && strings.Contains(n.client.ClusterInfo(ctx).Val(), "cluster_state:ok")
		})
		if i >= masters {
			programtest.Eventually(t, programtest.Patience, "a replica is in step", func() bool {
				return strings.Contains(n.client.Info(ctx, "replication").Val(), "master_link_status:up")
			})
		}
	}
	return c
}

func startClusterNode(t *testing.T) *clusterNode {
	t.Helper()
	path, err := exec.LookPath("redis-server")
	if err != nil {
		t.Fatalf("%v; `make needs` installs it", err)
	}
	n := &clusterNode{port: freePort(t), bus: freePort(t)}
	n.address = net.JoinHostPort("127.0.0.1", n.port)
	folder := t.TempDir()
	n.process = programtest.Start(t, folder, "redis", path, "--port", n.port, "--cluster-port", n.bus, "--bind", "127.0.0.1", "--dir", folder, "--save", "", "--appendonly", "no",
		"--maxmemory-policy", "noeviction", "--repl-diskless-sync-delay", "0", "--cluster-enabled", "yes",
		"--cluster-node-timeout", nodeTimeout, "--cluster-require-full-coverage", "no")
	n.client = redis.NewClient(&redis.Options{Addr: n.address})
	t.Cleanup(func() { _ = n.client.Close() })
	programtest.Eventually(t, programtest.Patience, "redis-server answers", func() bool { return n.client.Ping(t.Context()).Err() == nil })
	return n
}

func freePort(t *testing.T) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	_, port, err := net.SplitHostPort(listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	return port
}

// address leads to three of the nodes.
func (c *cluster) address() string {
	var hosts []string
	for _, n := range c.nodes[:masters] {
		hosts = append(hosts, n.address)
	}
	return "redis-cluster://" + strings.Join(hosts, ",")
}

// shard is the place of the master that has a channel's queue.
func (c *cluster) shard(t *testing.T, channel string) int {
	t.Helper()
	slot, err := c.nodes[0].client.ClusterKeySlot(t.Context(), "asynq:{"+campaign.Queue(channel)+"}:pending").Result()
	if err != nil {
		t.Fatal(err)
	}
	return int(slot) * masters / allSlots
}

// promoted waits until a shard's replica is its master, and says when that was.
func (c *cluster) promoted(t *testing.T, shard int) time.Time {
	t.Helper()
	replica := c.nodes[masters+shard]
	programtest.Eventually(t, programtest.Patience, "the replica becomes a master", func() bool {
		return strings.Contains(replica.client.ClusterNodes(t.Context()).Val(), "myself,master")
	})
	return time.Now()
}

// cutLink keeps a server's replicas from what it is told from now on.
func cutLink(t *testing.T, master *redis.Client) {
	t.Helper()
	for _, words := range []string{"ACL SETUSER default -psync -sync", "CLIENT KILL TYPE replica"} {
		if err := master.Do(t.Context(), command(words)...).Err(); err != nil {
			t.Fatal(err)
		}
	}
}

// offset is how far a server has come in what masters tell their replicas.
func offset(t *testing.T, server *redis.Client) int {
	t.Helper()
	info := server.Info(t.Context(), "replication").Val()
	for line := range strings.Lines(info) {
		for _, name := range []string{"slave_repl_offset:", "master_repl_offset:"} { // a replica has both
			if text, found := strings.CutPrefix(line, name); found {
				n, err := strconv.Atoi(strings.TrimSpace(text))
				if err != nil {
					t.Fatal(err)
				}
				return n
			}
		}
	}
	t.Fatalf("no offset in\n%s", info)
	return 0
}

// TestClusterLosesMasters takes two of three masters away while a campaign goes
// out from three numbers: one is killed, and its replica lacks what it was told
// last; the other one falls silent, as where its machine is gone. Numbers whose
// shards are there go on as if nothing had been, the others soon after there is
// a new master, with nothing lost and nothing twice.
func TestClusterLosesMasters(t *testing.T) {
	t.Parallel()
	c := startCluster(t)
	shard := map[string]int{}
	for channel := range numbers {
		shard[channel] = c.shard(t, channel)
	}
	if shard["main"] == shard["north"] || shard["main"] == shard["south"] || shard["north"] == shard["south"] {
		t.Fatalf("two of the queues are on one shard: %v", shard)
	}
	s := startTrio(t, enginePostgres, c.address(), "web", "scheduler", "worker")
	s.launch("before", 30)
	s.finish()

	first := c.nodes[shard["south"]]
	cutLink(t, first.client)
	s.launch("first", 2700)
	for channel := range numbers {
		s.underWay(channel, 40)
	}
	if has, had := offset(t, c.nodes[masters+shard["south"]].client), offset(t, first.client); has >= had {
		t.Errorf("the replica has all that the master had, up to %d", had)
	}
	killed := time.Now()
	first.Kill()
	promoted := c.promoted(t, shard["south"])
	s.underWay("south", 40)

	silent := time.Now()
	c.nodes[shard["north"]].Signal(t, syscall.SIGSTOP)
	promotedNext := c.promoted(t, shard["north"])
	s.underWay("north", 40)
	over := time.Now()

	s.finish()
	s.judge()
	s.pauses("main", unmoved, killed, over)
	s.pauses("north", unmoved, killed, silent)
	s.pauses("south", goesOnWithin, promoted, over)
	s.pauses("north", goesOnWithin, promotedNext, over)
	s.fedAnew("south", 100, promoted)
	for _, h := range s.houses {
		if begun, ended := s.troubles(h); len(begun) == 0 || len(ended) == 0 {
			s.Errorf("the log of the %s says nothing of it", h.role)
		}
	}
	t.Logf("there was a new master after %s and after %s", promoted.Sub(killed), promotedNext.Sub(silent))
}

// TestAPartOfAClusterIsDown takes the slot of one number's queue from a cluster
// while a campaign goes out from three: the answer is CLUSTERDOWN for that one
// alone. The others go on as if nothing had been, and it does when the slot is
// there again.
func TestAPartOfAClusterIsDown(t *testing.T) {
	t.Parallel()
	n := startClusterNode(t)
	ctx := t.Context()
	slots := func(do func(context.Context, ...int) *redis.StatusCmd, which ...int) {
		t.Helper()
		if err := do(ctx, which...).Err(); err != nil {
			t.Fatal(err)
		}
	}
	all := make([]int, allSlots)
	for slot := range all {
		all[slot] = slot
	}
	slots(n.client.ClusterAddSlots, all...)
	programtest.Eventually(t, programtest.Patience, "the cluster is up", func() bool {
		return strings.Contains(n.client.ClusterInfo(ctx).Val(), "cluster_state:ok")
	})
	s := startTrio(t, engineSQLite, "redis-cluster://"+n.address)
	s.launch("first", 1200)
	for channel := range numbers {
		s.underWay(channel, 40)
	}
	lost := int(n.client.ClusterKeySlot(ctx, "{"+campaign.Queue("south")+"}").Val())
	begun := time.Now()
	slots(n.client.ClusterDelSlots, lost)
	s.eventually("it is not ready", func() bool {
		status, text := ready(s.stage, s.houses[0])
		return status == http.StatusServiceUnavailable && strings.Contains(text, "accepts no tasks: south: the Redis Cluster is down")
	})
	if told := s.status(); !strings.Contains(told, "accepts no tasks for south: the Redis Cluster is down") {
		s.Errorf("`carillon status` does not say it:\n%s", told)
	}
	s.underWay("main", 40)
	s.underWay("north", 40)
	over := time.Now()
	slots(n.client.ClusterAddSlots, lost)
	s.finish()
	s.judge()
	s.pauses("main", unmoved, begun, over)
	s.pauses("north", unmoved, begun, over)
	s.saidOnce(s.houses[0], false)
}
