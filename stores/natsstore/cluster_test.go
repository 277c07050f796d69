package natsstore_test

import (
	"context"
	"testing"
	"time"

	"github.com/eshost/eshost/stores/natsstore/natstest"
	"github.com/eshost/eshost/stores/storetest"
)

func TestStoreOnThreeServers(t *testing.T) {
	t.Parallel()
	storetest.Run(t, connect(t, natstest.StartCluster(t, 3, nil).URL()).factory("replicas=3", true))
}

// TestTheLeaderMayDie kills the server that leads the log's stream while many
// write, twice. What was acknowledged is there, nothing is there twice, and
// writers go on by themselves.
func TestTheLeaderMayDie(t *testing.T) {
	t.Parallel()
	c := natstest.StartCluster(t, 3, nil)
	o := connect(t, c.URL()).options(t, "replicas=3&timeout=2s")
	w := startWriters(t, open(t, o), 8, 4)
	for range 2 {
		w.untilProgress(t, 2000)
		leader := c.Leader(t, o.Stream)
		begin, before := time.Now(), w.applied.Load()
		leader.Kill()
		for w.applied.Load() == before {
			time.Sleep(time.Millisecond)
		}
		w.untilProgress(t, 2000)
		t.Logf("the longest time without an answer was %s; %s until 2,000 commits were in after the leader was killed", w.stall().Round(time.Millisecond), time.Since(begin).Round(time.Millisecond))
		leader.Restart()
		c.Await(t)
	}
	w.stop(t)
	storetest.Verify(t, w.log)
	w.verify(t, context.Background())
}
