package replay_test

import (
	"context"
	"fmt"
	"strconv"
	"testing"
	"time"

	"github.com/eshost/eshost/host/internal/entity"
	"github.com/eshost/eshost/host/internal/entity/entitytest"
	"github.com/eshost/eshost/host/internal/replay"
	"github.com/eshost/eshost/stores"
	"github.com/eshost/eshost/stores/memstore"
)

// world is a log with entities of the type "tally", whose events add to a number.
type world struct {
	t   testing.TB
	log *memstore.Store
	*replay.Engine
	seqs map[string]uint64
}

func newWorld(t testing.TB) *world {
	log := memstore.New(nil)
	t.Cleanup(func() { _ = log.Close() })
	return &world{t, log, &replay.Engine{Log: log, Snapshots: log, Pace: replay.NewPace(2, nil)}, make(map[string]uint64)}
}

func id(name string) stores.EntityID { return stores.EntityID{Type: "tally", ID: name} }

func digest(name string) (d stores.Digest) {
	copy(d[:], name)
	return d
}

// plugin is a behavior as a plugin of that name.
func plugin(name string, b entity.Behavior) *replay.Plugin {
	typ := replay.TypeOf(entity.Type{Name: "tally", CommandFuel: 2e7, BatchFuel: 2e7, RecoveryFuel: 1e12})
	return &replay.Plugin{Type: typ, Bind: entity.NewBinding(digest(name), "v1", b, nil)}
}

// add appends a commit with an event for each number.
func (w *world) add(name string, by ...int) stores.Result {
	var events []stores.Event
	for _, n := range by {
		events = append(events, stores.Event{Name: "added", Version: 1, Payload: []byte(strconv.Itoa(n))})
	}
	return w.append(name, "old", events, nil)
}

func (w *world) append(name, plugin string, events []stores.Event, commands []stores.CommandRecord) stores.Result {
	w.t.Helper()
	seq := w.seqs[name]
	c := stores.Commit{Entity: id(name), Expected: seq, ID: stores.CommitID{byte(seq), byte(seq >> 8), 1}, Time: time.UnixMilli(1000 + int64(seq)).UTC(), Plugin: digest(plugin),
		Events: events, Commands: commands}
	r := w.log.Append(context.Background(), stores.Fence{}, []stores.Commit{c})[0]
	if r.Outcome != stores.Applied {
		w.t.Fatalf("append to %s: %v: %v", name, r.Outcome, r.Err)
	}
	w.seqs[name] += uint64(len(events))
	return r
}

// event appends a commit with one event of that name.
func (w *world) event(name, event string) {
	w.append(name, "old", []stores.Event{{Name: event, Version: 1, Payload: []byte("1")}}, nil)
}

// run runs a job to its end.
func (w *world) run(j *replay.Job) *replay.Report {
	w.t.Helper()
	var last *replay.Report
	for r, err := range w.Run(context.Background(), j) {
		if err != nil {
			w.t.Fatal(err)
		}
		last = r
	}
	if last == nil || !last.Done {
		w.t.Fatalf("the last report is %+v", last)
	}
	return last
}

// twisted is the counter with a fold that is different now and then.
type twisted struct {
	entitytest.Counter
	fold   func(in *entity.FoldInput, i int, value int) int // the value after the i-th event, from the one that the counter gives
	decide func(in *entity.Input, out *entity.Decision)
}

func (b *twisted) Decide(in *entity.Input, out *entity.Decision) error {
	err := b.Counter.Decide(in, out)
	if err == nil && b.decide != nil {
		b.decide(in, out)
	}
	return err
}

func (b *twisted) Fold(in *entity.FoldInput, dst []byte) ([]byte, error) {
	value, _ := strconv.Atoi(string(in.State))
	for i := range in.Events {
		one := *in
		one.Seq, one.Events, one.State = in.Seq+uint64(i), in.Events[i:i+1], []byte(strconv.Itoa(value))
		state, err := b.Counter.Fold(&one, nil)
		if err != nil {
			return nil, err
		}
		value, _ = strconv.Atoi(string(state))
		if b.fold != nil {
			value = b.fold(in, i, value)
		}
	}
	return strconv.AppendInt(dst, int64(value), 10), nil
}

func ones(n int) []int {
	all := make([]int, n)
	for i := range all {
		all[i] = 1
	}
	return all
}

func number(n int) []byte { return []byte(strconv.Itoa(n)) }

func counter() *entitytest.Counter { return &entitytest.Counter{} }

func verdicts(r *replay.Report) string {
	text := ""
	for v, n := range r.Verdicts {
		if n > 0 {
			text += fmt.Sprintf("%s %d ", replay.Verdict(v), n)
		}
	}
	return text
}
