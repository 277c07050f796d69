package engine_test

import (
	"math/rand/v2"
	"testing"
	"time"

	"github.com/eshost/eshost/stores"
	"github.com/eshost/eshost/stores/natsstore"
	"github.com/eshost/eshost/stores/natsstore/natstest"
	"github.com/eshost/eshost/stores/storetest/proxy"
)

// TestTwoHostsOnOneJetStreamAreLinearizable runs clients of the same entities on two
// engines, each with a connection of its own to one stream, while connections
// break and hang, or the server is killed and started again, and on three servers
// whose leader is killed.
func TestTwoHostsOnOneJetStreamAreLinearizable(t *testing.T) {
	const stream = "log"
	for _, test := range []struct {
		name     string
		nodes    int
		replicas int
		always   bool
		trouble  func(t *testing.T, c *natstest.Cluster, proxies []*proxy.Proxy)
	}{
		{"no trouble, sync always", 1, 1, true, nil},
		{"connections break and hang", 1, 1, false, func(_ *testing.T, _ *natstest.Cluster, proxies []*proxy.Proxy) {
			p := proxies[rand.IntN(len(proxies))]
			[]func(){p.Break, p.Cut, p.Hang, p.HangAnswers, p.HangRequests}[rand.IntN(5)]()
			time.Sleep(rand.N(300 * time.Millisecond))
			p.Resume()
		}},
		{"the server is killed", 1, 1, true, func(_ *testing.T, c *natstest.Cluster, _ []*proxy.Proxy) {
			c.Servers[0].Restart()
		}},
		{"three servers, the leader is killed", 3, 3, false, func(t *testing.T, c *natstest.Cluster, _ []*proxy.Proxy) {
			leader := c.Leader(t, stream)
			leader.Restart()
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			c := &natstest.Cluster{}
			if test.nodes == 1 {
				c.Servers = []*natstest.Server{natstest.Start(t, &natstest.Options{SyncAlways: test.always})}
			} else {
				c = natstest.StartCluster(t, test.nodes, nil)
			}
			o := natsstore.Options{Stream: stream, Replicas: test.replicas}
			for _, s := range c.Servers {
				o.Servers = append(o.Servers, s.Addr())
			}
			if test.always {
				o.Sync = natsstore.SyncAlways
			}
			truth := openStream(t, o) // with the patience of a real host, and no proxy
			o.AnswerTimeout = time.Second
			var logs []stores.Log
			var proxies []*proxy.Proxy
			for range 2 {
				if test.nodes == 1 {
					p := proxy.Start(t, c.Servers[0].Addr())
					proxies, o.Servers = append(proxies, p), []string{p.Addr()}
				}
				logs = append(logs, openStream(t, o))
			}
			run := linear{logs: logs, snapshots: logs[0].(*natsstore.Store), timeout: 3 * time.Second, truth: truth}
			if test.trouble != nil {
				run.pause = 30 * time.Millisecond
				run.during = func(quiet <-chan struct{}) {
					for {
						select {
						case <-quiet:
							return
						case <-time.After(rand.N(200 * time.Millisecond)):
							test.trouble(t, c, proxies)
						}
					}
				}
			}
			if test.nodes > 1 {
				run.after = func() { c.Leader(t, stream) }
			}
			runLinear(t, run)
		})
	}
}

func openStream(t *testing.T, o natsstore.Options) *natsstore.Store {
	t.Helper()
	s, err := natsstore.Open(t.Context(), &o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	})
	return s
}
