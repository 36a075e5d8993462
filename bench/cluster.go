package main

import (
	"fmt"
	"net"
	"strings"
	"time"
)

// masters is how many servers a Redis Cluster has here, each with its share of the
// slots and without a replica: the least that a cluster is made of (Redis Cluster
// tutorial).
const (
	masters  = 3
	allSlots = 16384
)

// startCluster starts such servers and makes them a cluster.
func (s *scene) startCluster() (nodes []*redisServer, err error) {
	for i := range masters {
		bus, err := freePort()
		if err != nil {
			return nil, err
		}
		node, err := s.startRedis(fmt.Sprintf("redis%d", i+1), "--cluster-enabled", "yes", "--cluster-port", bus, "--cluster-config-file", "nodes-"+bus+".conf")
		if err != nil {
			return nil, err
		}
		nodes = append(nodes, node)
		if err := node.client.ClusterAddSlotsRange(s.ctx, i*allSlots/masters, (i+1)*allSlots/masters-1).Err(); err != nil {
			return nil, err
		}
		if err := node.client.Do(s.ctx, "CLUSTER", "SET-CONFIG-EPOCH", i+1).Err(); err != nil {
			return nil, err
		}
		_, port, err := net.SplitHostPort(node.address)
		if err != nil {
			return nil, err
		}
		if err := nodes[0].client.Do(s.ctx, "CLUSTER", "MEET", loopback, port, bus).Err(); err != nil {
			return nil, err
		}
	}
	for _, node := range nodes {
		err := eventually(s.ctx, time.Minute, "the cluster is complete", func() (bool, error) {
			info, err := node.client.ClusterInfo(s.ctx).Result()
			return strings.Contains(info, "cluster_state:ok") && strings.Contains(info, fmt.Sprintf("cluster_known_nodes:%d", masters)), err
		})
		if err != nil {
			return nil, err
		}
	}
	return nodes, nil
}
