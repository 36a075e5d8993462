package configs

import (
	"net"
	"net/url"
	"strconv"
	"strings"
)

// redisForms are the addresses of a Redis, by scheme.
const redisForms = "embedded, redis://host:6379/0, rediss://host:6379/0, redis-socket:///run/redis.sock, " +
	"redis-sentinel://a:26379,b:26379?master=name, redis-cluster://a:6379,b:6379"

// checkRedis checks the shape of an address; nothing is connected to.
func checkRedis(address string, found *mistakes) {
	if address == EmbeddedRedis {
		return
	}
	u, err := url.Parse(address)
	if err != nil {
		found.fault("redis", "is not a Redis address; write one of %s; escape special characters of a password, such as @ as %%40", redisForms)
		return
	}
	hosts := strings.Split(u.Host, ",")
	switch u.Scheme {
	case "redis", "rediss":
		found.need(len(hosts) == 1 && areHosts(hosts), "redis", "needs one host with its port; write %s://host:6379/0", u.Scheme)
		found.need(isDatabase(strings.TrimPrefix(u.Path, "/")), "redis", "must end with the number of a database; write %s://host:6379/0", u.Scheme)
		needQuery(u, "", found)
	case "redis-socket":
		found.need(u.Host == "" && strings.HasPrefix(u.Path, "/"), "redis", "needs the socket's full path, after three slashes; write redis-socket:///run/redis.sock?db=0")
		found.need(isDatabase(u.Query().Get("db")), "redis", "db must be the number of a database; write redis-socket:///run/redis.sock?db=0")
		needQuery(u, "db", found)
	case "redis-sentinel":
		found.need(areHosts(hosts), "redis", "needs the Sentinels with their ports; write redis-sentinel://host:26379,host:26379?master=name")
		found.need(u.Query().Get("master") != "", "redis", "needs the master's name; write redis-sentinel://host:26379,host:26379?master=name")
		found.need(strings.Trim(u.Path, "/") == "", "redis", "must not have a path; write redis-sentinel://host:26379,host:26379?master=name")
		needQuery(u, "master", found)
	case "redis-cluster":
		found.need(areHosts(hosts), "redis", "needs the nodes with their ports; write redis-cluster://host:6379,host:6379")
		found.need(strings.Trim(u.Path, "/") == "", "redis", "must not have a path, because a cluster has only one database; write redis-cluster://host:6379,host:6379")
		needQuery(u, "", found)
	default:
		found.fault("redis", "is not a Redis address; write one of %s", redisForms)
	}
}

// needQuery refuses parameters that nothing would read; known is the one that
// the scheme has, empty if none.
func needQuery(u *url.URL, known string, found *mistakes) {
	query := u.Query()
	query.Del(known)
	found.need(len(query) == 0 && u.Fragment == "", "redis", "has an unknown part after ? or #; remove it")
}

// areHosts reports whether each is a host with a port.
func areHosts(hosts []string) bool {
	for _, each := range hosts {
		host, port, err := net.SplitHostPort(each)
		if number, portErr := strconv.ParseUint(port, 10, 16); err != nil || portErr != nil || host == "" || number == 0 {
			return false
		}
	}
	return true
}

// isDatabase reports whether a text is a database's number; empty means 0.
func isDatabase(text string) bool {
	_, err := strconv.ParseUint(text, 10, 16)
	return text == "" || err == nil
}
