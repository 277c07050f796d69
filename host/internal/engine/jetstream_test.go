package engine_test

import (
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/anishathalye/porcupine"

	"github.com/eshost/eshost/stores/natsstore"
	"github.com/eshost/eshost/stores/natsstore/natstest"
	"github.com/eshost/eshost/stores/storetest"
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
		trouble  func(t *testing.T, c *natstest.Cluster, proxies []*proxy.Proxy, rnd *rand.Rand)
	}{
		{"no trouble, sync always", 1, 1, true, nil},
		{"connections break and hang", 1, 1, false, func(_ *testing.T, _ *natstest.Cluster, proxies []*proxy.Proxy, rnd *rand.Rand) {
			p := proxies[rnd.IntN(len(proxies))]
			[]func(){p.Break, p.Cut, p.Hang, p.HangAnswers, p.HangRequests}[rnd.IntN(5)]()
			time.Sleep(time.Duration(rnd.IntN(300)) * time.Millisecond)
			p.Resume()
		}},
		{"the server is killed", 1, 1, true, func(_ *testing.T, c *natstest.Cluster, _ []*proxy.Proxy, _ *rand.Rand) {
			c.Servers[0].Restart()
		}},
		{"three servers, the leader is killed", 3, 3, false, func(t *testing.T, c *natstest.Cluster, _ []*proxy.Proxy, _ *rand.Rand) {
			leader := c.Leader(t, stream)
			leader.Restart()
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			seed := rand.Uint64()
			t.Logf("seed %d", seed)
			c := &natstest.Cluster{}
			if test.nodes == 1 {
				c.Servers = []*natstest.Server{natstest.Start(t, &natstest.Options{SyncAlways: test.always})}
			} else {
				c = natstest.StartCluster(t, test.nodes, nil)
			}
			o := natsstore.Options{Stream: stream, Replicas: test.replicas, AnswerTimeout: time.Second}
			if test.always {
				o.Sync = natsstore.SyncAlways
			}
			var rigs []*rig
			var proxies []*proxy.Proxy
			var log *natsstore.Store
			for i := range 2 {
				o := o
				for _, s := range c.Servers {
					o.Servers = append(o.Servers, s.Addr())
				}
				if test.nodes == 1 {
					proxies = append(proxies, proxy.Start(t, c.Servers[0].Addr()))
					o.Servers = []string{proxies[i].Addr()}
				}
				var err error
				if log, err = natsstore.Open(t.Context(), &o); err != nil {
					t.Fatal(err)
				}
				t.Cleanup(func() { _ = log.Close() })
				rigs = append(rigs, start(t, settings{log: log, snapshots: log, every: 10, timeout: 3 * time.Second}))
			}
			h := &history{start: time.Now(), sure: make(map[string]int)}
			var clients sync.WaitGroup
			const entities = 6
			quiet := make(chan struct{})
			for client := range 12 {
				clients.Go(func() {
					rnd := rand.New(rand.NewPCG(seed, uint64(client)))
					for i := range 60 {
						in := input{id: fmt.Sprint("e", rnd.IntN(entities)), name: []string{"add", "add", "add", "get", "refuse"}[rnd.IntN(5)], by: 1 + rnd.IntN(9)}
						patience := 5 * time.Second
						if rnd.IntN(10) == 0 {
							patience = time.Duration(rnd.IntN(20)) * time.Millisecond
						}
						h.do(rigs[client%len(rigs)], client, in, fmt.Sprintf("c%d-%d", client, i), patience)
						if test.trouble != nil {
							time.Sleep(time.Duration(rnd.IntN(30)) * time.Millisecond) // else all is over before there is any
						}
					}
				})
			}
			go func() { clients.Wait(); close(quiet) }()
			for rnd := rand.New(rand.NewPCG(seed, 99)); test.trouble != nil; {
				select {
				case <-quiet:
				case <-time.After(time.Duration(rnd.IntN(200)) * time.Millisecond):
					test.trouble(t, c, proxies, rnd)
					continue
				}
				break
			}
			clients.Wait()
			for _, r := range rigs {
				if err := r.Close(t.Context()); err != nil {
					t.Error(err)
				}
			}
			t.Logf("%d operations, %d additions acknowledged, in %s", len(h.ops), len(h.sure), time.Since(h.start).Round(time.Millisecond))
			if res := porcupine.CheckOperationsTimeout(model, h.ops, time.Minute); res != porcupine.Ok {
				t.Errorf("%d operations: %s", len(h.ops), res)
			}
			storetest.Verify(t, log)
			onceEach(t, log, h.sure)
		})
	}
}
