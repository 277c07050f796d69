package natsstore_test

import (
	"context"
	"testing"
	"time"

	"github.com/eshost/eshost/stores/natsstore/natstest"
	"github.com/eshost/eshost/stores/storetest"
)

// TestThreeServers runs what needs several servers, on three that its parts share.
func TestThreeServers(t *testing.T) {
	t.Parallel()
	c := natstest.StartCluster(t, 3, nil)
	s := connect(t, c.URL())
	t.Run("at once", func(t *testing.T) {
		t.Run("the contract", func(t *testing.T) {
			t.Parallel()
			storetest.Run(t, s.factory("replicas=3", true))
		})
		t.Run("setup gives buckets their replicas", func(t *testing.T) {
			t.Parallel()
			setupGivesBucketsTheirReplicas(t, s)
		})
	})
	t.Run("the leader may die", func(t *testing.T) { theLeaderMayDie(t, c, s) })
}

// theLeaderMayDie kills the server that leads the log's stream while many
// write, twice. What was acknowledged is there, nothing is there twice, and
// writers go on by themselves.
func theLeaderMayDie(t *testing.T, c *natstest.Cluster, s *servers) {
	o := s.options(t, "replicas=3&timeout=2s")
	w := startWriters(t, open(t, o), 8, 4)
	for range 2 {
		w.untilProgress(t, 1000)
		leader := c.Leader(t, o.Stream)
		begin, before := time.Now(), w.applied.Load()
		leader.Kill()
		for w.applied.Load() == before {
			time.Sleep(time.Millisecond)
		}
		w.untilProgress(t, 1000)
		t.Logf("the longest time without an answer was %s; %s until 1,000 commits were in after the leader was killed", w.stall().Round(time.Millisecond), time.Since(begin).Round(time.Millisecond))
		leader.Restart()
		c.Await(t)
	}
	w.stop(t)
	storetest.Verify(t, w.log)
	w.verify(t, context.Background())
}
