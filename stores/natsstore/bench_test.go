package natsstore_test

import (
	"bytes"
	"fmt"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/nats-io/nuid"

	"github.com/eshost/eshost/stores"
	"github.com/eshost/eshost/stores/natsstore/natstest"
)

// load is how a benchmark appends: callers at once, each with so many commits of
// entities of its own.
type load struct{ callers, commits int }

// modes are servers and what the store is told of them.
var modes = []struct {
	name       string
	server     natstest.Options
	nodes      int
	parameters string
	loads      []load
	batches    bool // the bare client publishes atomic batches
}{
	{"default-sync", natstest.Options{}, 1, "sync=interval", []load{{50, 1}, {2, 25}, {1, 1000}, {2, 1000}, {4, 1000}}, false},
	{"default-sync-not-said", natstest.Options{}, 1, "", []load{{2, 100}, {2, 1000}}, true},
	{"sync-always", natstest.Options{SyncAlways: true}, 1, "sync=always", []load{{50, 1}, {2, 25}, {1, 1000}, {2, 1000}, {4, 1000}}, true},
	{"three-replicas", natstest.Options{}, 3, "replicas=3", []load{{50, 1}, {1, 1000}, {2, 1000}}, false},
}

// BenchmarkAppend reports commits/s of the store, and of a bare client with the same
// messages, concurrency and batching.
func BenchmarkAppend(b *testing.B) {
	for _, mode := range modes {
		b.Run(mode.name, func(b *testing.B) {
			url := ""
			if mode.nodes > 1 {
				url = natstest.StartCluster(b, mode.nodes, &mode.server).URL()
			} else {
				url = natstest.Start(b, &mode.server).URL()
			}
			s := connect(b, url)
			for _, l := range mode.loads {
				name := fmt.Sprintf("%dx%d", l.callers, l.commits)
				b.Run(name+"/store", func(b *testing.B) { benchStore(b, s, mode.parameters, l) })
				b.Run(name+"/bare", func(b *testing.B) { benchBare(b, s, l, mode.batches && l.commits > 1) })
			}
		})
	}
}

// rate lets callers go round until b.N commits are made, and reports the rate.
func rate(b *testing.B, l load, round func(caller int)) {
	b.ResetTimer()
	begin := time.Now()
	var done atomic.Int64
	var callers sync.WaitGroup
	for c := range l.callers {
		callers.Go(func() {
			for done.Add(int64(l.commits)) <= int64(b.N)+int64(l.commits) && !b.Failed() {
				round(c)
			}
		})
	}
	callers.Wait()
	b.ReportMetric(float64(done.Load())/time.Since(begin).Seconds(), "commits/s")
	b.StopTimer()
}

func benchStore(b *testing.B, s *servers, parameters string, l load) {
	log := open(b, s.options(b, parameters))
	commits := make([][]stores.Commit, l.callers)
	for c := range commits {
		for i := range l.commits {
			commits[c] = append(commits[c], commitOf(stores.EntityID{Type: "counter", ID: fmt.Sprintf("entity-%d-%d", c, i)}, 0, "", "0123456789012345678901234567890123456789"))
		}
	}
	rate(b, l, func(c int) {
		for i, r := range log.Append(b.Context(), stores.Fence{}, commits[c]) {
			if r.Outcome != stores.Applied {
				b.Errorf("%s: %v", r.Outcome, r.Err)
				return
			}
			next := &commits[c][i]
			next.Expected, next.Head = next.Seq(), r.Head
			next.Commands[0].Seq = next.Expected + 1
			next.ID[0]++
		}
	})
}

// benchBare publishes messages of the same size under the same condition with the
// jetstream package's asynchronous publishing, or as atomic batches.
func benchBare(b *testing.B, s *servers, l load, batches bool) {
	nc, err := nats.Connect(s.url)
	if err != nil {
		b.Fatal(err)
	}
	defer nc.Close()
	js, err := jetstream.New(nc, jetstream.WithPublishAsyncMaxPending(1<<16), jetstream.WithDefaultTimeout(30*time.Second))
	if err != nil {
		b.Fatal(err)
	}
	o := s.options(b, "")
	replicas := 1
	if nc.ConnectedClusterName() != "" {
		replicas = 3
	}
	if _, err := js.CreateStream(b.Context(), jetstream.StreamConfig{Name: o.Stream, Subjects: []string{o.Stream + ".>"}, Replicas: replicas,
		Discard: jetstream.DiscardNew, AllowDirect: true, AllowAtomicPublish: true}); err != nil {
		b.Fatal(err)
	}
	data := bytes.Repeat([]byte("x"), 115)
	last := make([][]uint64, l.callers)
	for c := range last {
		last[c] = make([]uint64, l.commits)
	}
	message := func(c, i int) *nats.Msg {
		return &nats.Msg{Subject: fmt.Sprintf("%s.0001.counter.entity-%d-%d", o.Stream, c, i), Data: data,
			Header: nats.Header{jetstream.ExpectedLastSubjSeqHeader: {strconv.FormatUint(last[c][i], 10)}}}
	}
	rate(b, l, func(c int) {
		if batches {
			id := nuid.Next()
			for i := range l.commits {
				m := message(c, i)
				m.Header["Nats-Batch-Id"], m.Header["Nats-Batch-Sequence"] = []string{id}, []string{strconv.Itoa(i + 1)}
				if i < l.commits-1 {
					if err := nc.PublishMsg(m); err != nil {
						b.Error(err)
					}
					continue
				}
				m.Header["Nats-Batch-Commit"] = []string{"1"}
				ack, err := js.PublishMsg(b.Context(), m)
				if err != nil {
					b.Error(err)
					return
				}
				for j := range l.commits {
					last[c][j] = ack.Sequence - uint64(l.commits-1-j)
				}
			}
			return
		}
		futures := make([]jetstream.PubAckFuture, l.commits)
		for i := range futures {
			if futures[i], err = js.PublishMsgAsync(message(c, i)); err != nil {
				b.Error(err)
				return
			}
		}
		for i, f := range futures {
			select {
			case ack := <-f.Ok():
				last[c][i] = ack.Sequence
			case err := <-f.Err():
				b.Error(err)
				return
			}
		}
	})
}

// BenchmarkRecovery reads one entity of 100,000 events in 10,000 commits, and reports
// events/s.
func BenchmarkRecovery(b *testing.B) {
	log := open(b, connect(b, natstest.Start(b, nil).URL()).options(b, "sync=interval"))
	const commits, events = 10_000, 10
	token := stores.HeadToken("")
	for n := range commits {
		c := commitOf(counter, uint64(n*events), token, "0123456789012345678901234567890123456789")
		for len(c.Events) < events {
			c.Events = append(c.Events, c.Events[0])
		}
		r := append1(b.Context(), log, c)
		if r.Outcome != stores.Applied {
			b.Fatalf("%+v", r)
		}
		token = r.Head
	}
	for b.Loop() {
		n := 0
		for rec, err := range log.Read(b.Context(), counter, 0) {
			if err != nil {
				b.Fatal(err)
			}
			n += len(rec.Events)
		}
		if n != commits*events {
			b.Fatalf("%d events", n)
		}
	}
	b.ReportMetric(float64(commits*events)*float64(b.N)/b.Elapsed().Seconds(), "events/s")
}

// BenchmarkHeads asks for the heads of entities many at a time, of which half
// exist, and reports heads/s.
func BenchmarkHeads(b *testing.B) {
	log := open(b, connect(b, natstest.Start(b, nil).URL()).options(b, "sync=interval"))
	const n = 1000
	var commits []stores.Commit
	ids := make([]stores.EntityID, n)
	for i := range ids {
		ids[i] = stores.EntityID{Type: "counter", ID: fmt.Sprint("e", i)}
		if i%2 == 0 {
			commits = append(commits, commitOf(ids[i], 0, "", "x"))
		}
	}
	for _, r := range log.Append(b.Context(), stores.Fence{}, commits) {
		if r.Outcome != stores.Applied {
			b.Fatalf("%+v", r)
		}
	}
	for b.Loop() {
		if _, err := log.Heads(b.Context(), ids); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(n*float64(b.N)/b.Elapsed().Seconds(), "heads/s")
}
