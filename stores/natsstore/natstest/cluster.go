package natstest

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// Cluster is several servers that share their streams.
type Cluster struct {
	Servers []*Server
}

// StartCluster starts so many servers, and returns when a stream with a replica
// on each can be made.
func StartCluster(t testing.TB, n int, o *Options) *Cluster {
	t.Helper()
	ports := freePorts(t, 2*n)
	var routes []string
	for _, port := range ports[n:] {
		routes = append(routes, fmt.Sprintf("\"nats://127.0.0.1:%d\"", port))
	}
	c := &Cluster{}
	for i := range n {
		s := newServer(t, fmt.Sprint("node", i+1), ports[i], o)
		s.cluster = fmt.Sprintf("cluster: {name: test, listen: \"127.0.0.1:%d\", routes: [%s]}\n", ports[n+i], strings.Join(routes, ", "))
		c.Servers = append(c.Servers, s)
	}
	var starting sync.WaitGroup
	for _, s := range c.Servers {
		s.Launch()
	}
	for _, s := range c.Servers {
		starting.Go(s.Await)
	}
	starting.Wait()
	c.Await(t)
	return c
}

// URL names all servers.
func (c *Cluster) URL() string {
	var all []string
	for _, s := range c.Servers {
		all = append(all, s.Addr())
	}
	return "nats://" + strings.Join(all, ",")
}

// Await returns when a stream with a replica on each server can be made.
func (c *Cluster) Await(t testing.TB) {
	t.Helper()
	var err error
	for start := time.Now(); time.Since(start) < patience; time.Sleep(50 * time.Millisecond) {
		if err = c.full(t); err == nil {
			return
		}
	}
	t.Fatalf("the cluster of %d does not serve after %s: %v", len(c.Servers), patience, err)
}

func (c *Cluster) full(t testing.TB) error {
	return c.with(t, func(js jetstream.JetStream) error {
		const name = "natstest_full"
		_, err := js.CreateStream(t.Context(), jetstream.StreamConfig{Name: name, Replicas: len(c.Servers), Storage: jetstream.MemoryStorage})
		if err != nil {
			return err
		}
		return js.DeleteStream(t.Context(), name)
	})
}

func (c *Cluster) with(t testing.TB, f func(jetstream.JetStream) error) error {
	nc, err := nats.Connect(c.Servers[0].URL(), append([]nats.Option{nats.NoReconnect()}, c.Servers[0].o.Connect...)...)
	if err != nil {
		return err
	}
	defer nc.Close()
	js, err := jetstream.New(nc, jetstream.WithDefaultTimeout(5*time.Second))
	if err != nil {
		return err
	}
	return f(js)
}

// Leader returns the server that leads the stream, once one does.
func (c *Cluster) Leader(t testing.TB, stream string) *Server {
	t.Helper()
	var err error
	for start := time.Now(); time.Since(start) < patience; time.Sleep(20 * time.Millisecond) {
		var leader *Server
		if leader, err = c.leader(t, stream); err == nil {
			return leader
		}
	}
	t.Fatalf("stream %s has no leader after %s: %v", stream, patience, err)
	return nil
}

func (c *Cluster) leader(t testing.TB, stream string) (leader *Server, err error) {
	err = errors.New("no server runs")
	for _, s := range c.Servers {
		nc, cerr := nats.Connect(s.URL(), append([]nats.Option{nats.NoReconnect(), nats.IgnoreDiscoveredServers()}, s.o.Connect...)...)
		if cerr != nil {
			continue
		}
		defer nc.Close()
		js, cerr := jetstream.New(nc, jetstream.WithDefaultTimeout(time.Second))
		if cerr != nil {
			continue
		}
		info, cerr := js.Stream(t.Context(), stream)
		if cerr != nil {
			err = cerr
			continue
		}
		cluster := info.CachedInfo().Cluster
		for _, s := range c.Servers {
			if cluster != nil && s.name == cluster.Leader {
				return s, nil
			}
		}
		err = errors.New("no leader is elected")
	}
	return nil, err
}
