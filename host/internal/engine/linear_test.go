package engine_test

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/anishathalye/porcupine"

	"github.com/eshost/eshost/host/internal/entity"
	"github.com/eshost/eshost/stores"
	"github.com/eshost/eshost/stores/memstore"
	"github.com/eshost/eshost/stores/storetest"
)

// input and output of one operation on one counter.
type input struct {
	id   string
	name string // add, get or refuse
	by   int
}

type output struct {
	value   int
	unknown bool // the caller was not told
}

// model is a counter: add gives the new value, get and refuse the present one.
var model = porcupine.Model{
	Partition: func(history []porcupine.Operation) [][]porcupine.Operation {
		parts := make(map[string][]porcupine.Operation)
		for _, op := range history {
			id := op.Input.(input).id
			parts[id] = append(parts[id], op)
		}
		var all [][]porcupine.Operation
		for _, p := range parts {
			all = append(all, p)
		}
		return all
	},
	Init: func() any { return 0 },
	Step: func(state, in, out any) (bool, any) {
		value, i, o := state.(int), in.(input), out.(output)
		if i.name == "add" {
			value += i.by
		}
		return o.unknown || o.value == value, value
	},
}

// history collects operations.
type history struct {
	mu    sync.Mutex
	start time.Time
	ops   []porcupine.Operation
	sure  map[string]int // acknowledged additions, by command id
}

// do runs one operation on a rig and records it. What certainly did not
// happen is not recorded; what may have happened stays open for ever.
func (h *history) do(r *rig, client int, in input, id string, patience time.Duration) {
	ctx, cancel := context.WithTimeout(r.t.Context(), patience)
	defer cancel()
	call := time.Since(h.start)
	reply, err := r.send(ctx, in.id, entity.Command{Name: in.name, Payload: []byte(strconv.Itoa(in.by)), ID: id})
	op := porcupine.Operation{ClientId: client, Input: in, Call: int64(call), Return: int64(time.Since(h.start))}
	var refused *entity.Rejection
	switch {
	case err == nil:
		v, _ := strconv.Atoi(string(reply.Payload))
		op.Output = output{value: v}
	case errors.Is(err, entity.ErrOutcomeUnknown):
		if in.name != "add" {
			return // it had no effect, and nobody saw its answer
		}
		op.Output, op.Return = output{unknown: true}, math.MaxInt64
	case errors.As(err, &refused), errors.Is(err, entity.ErrNotStarted), errors.Is(err, entity.ErrUnavailable),
		errors.Is(err, stores.ErrConflict), errors.Is(err, entity.ErrMailboxFull):
		return
	default:
		r.t.Errorf("%s: %v", in.name, err)
		return
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.ops = append(h.ops, op)
	if err == nil && in.name == "add" {
		h.sure[id] = in.by
	}
}

// TestEveryHistoryIsLinearizable runs clients on one engine, and on two that
// share a log, over a log that fails in all the ways a log can, and checks
// that what they saw is what a plain counter could have answered.
func TestEveryHistoryIsLinearizable(t *testing.T) {
	for _, test := range []struct {
		name    string
		engines int
		faults  bool
	}{
		{"one engine, no faults", 1, false},
		{"one engine, all faults", 1, true},
		{"two engines on one log, no faults", 2, false},
		{"two engines on one log, all faults", 2, true},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			log := memstore.New(&memstore.Options{Exclusive: test.engines == 1})
			logs := []stores.Log{log, log}[:test.engines]
			runLinear(t, linear{logs: logs, snapshots: log, faults: test.faults, truth: log})
		})
	}
}

// linear is a run of clients on engines, one for each log. All logs show the same.
type linear struct {
	logs      []stores.Log
	snapshots stores.SnapshotStore
	faults    bool                        // each log also fails in all the ways a log can
	timeout   time.Duration               // of an append; 0: 200 ms
	pause     time.Duration               // at most, of a client between two commands, which else are over before there is any trouble
	during    func(quiet <-chan struct{}) // it runs beside the clients, who have ended when quiet is closed; nil: nothing does
	after     func()                      // it runs before the log is asked; nil: nothing does
	truth     stores.Log                  // what is asked in the end
}

// runLinear checks that what the clients saw is what a plain counter could
// have answered, and that the log holds what they were told.
func runLinear(t *testing.T, run linear) {
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	timeout := cmp.Or(run.timeout, 200*time.Millisecond)
	var rigs []*rig
	var faults []*storetest.FaultyLog
	for i, l := range run.logs {
		if run.faults {
			f := &storetest.Faults{Seed: seed + uint64(i), Before: 0.05, After: 0.05, Lost: 0.05, Late: 0.05, AfterHead: 0.05,
				Delay: 0.1, Disconnects: 0.02, Read: 0.05}
			faulty := storetest.Faulty(l, f)
			t.Cleanup(faulty.Flush)
			faults = append(faults, faulty)
			l = faulty
		}
		rigs = append(rigs, start(t, settings{log: l, snapshots: run.snapshots, every: 10, timeout: timeout}))
	}
	h := &history{start: time.Now(), sure: make(map[string]int)}
	const clients, each, entities = 12, 60, 6
	var wg, trouble sync.WaitGroup
	quiet := make(chan struct{})
	if run.during != nil {
		trouble.Go(func() { run.during(quiet) })
	}
	for c := range clients {
		wg.Go(func() {
			rnd := rand.New(rand.NewPCG(seed, uint64(c)))
			for i := range each {
				in := input{id: fmt.Sprint("e", rnd.IntN(entities)), name: "add", by: 1 + rnd.IntN(9)}
				switch rnd.IntN(5) {
				case 0:
					in.name = "get"
				case 1:
					in.name = "refuse"
				}
				patience := 5 * time.Second
				if rnd.IntN(10) == 0 {
					patience = time.Duration(rnd.IntN(20)) * time.Millisecond
				}
				h.do(rigs[c%len(rigs)], c, in, fmt.Sprintf("c%d-%d", c, i), patience)
				if run.pause > 0 {
					time.Sleep(rand.N(run.pause))
				}
			}
		})
	}
	wg.Wait()
	close(quiet)
	trouble.Wait()
	for _, f := range faults {
		f.Faults().Stop()
	}
	for _, r := range rigs {
		if err := r.Close(t.Context()); err != nil {
			t.Error(err)
		}
	}
	for _, f := range faults {
		f.Flush()
	}
	t.Logf("%d operations, %d additions acknowledged, in %s", len(h.ops), len(h.sure), time.Since(h.start).Round(time.Millisecond))
	if res := porcupine.CheckOperationsTimeout(model, h.ops, time.Minute); res != porcupine.Ok {
		t.Errorf("%d operations: %s", len(h.ops), res)
	}
	if run.after != nil {
		run.after()
	}
	storetest.Verify(t, run.truth)
	onceEach(t, run.truth, h.sure)
}

// onceEach checks that every acknowledged command is in the log once, and no
// command twice.
func onceEach(t *testing.T, log stores.Log, sure map[string]int) {
	t.Helper()
	times := make(map[string]int)
	for rec, err := range log.Scan(t.Context(), stores.Query{}) {
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range rec.Commands {
			times[c.ID]++
		}
	}
	for id := range sure {
		if times[id] != 1 {
			t.Errorf("command %s was acknowledged and is %d times in the log", id, times[id])
		}
	}
	for id, n := range times {
		if n > 1 {
			t.Errorf("command %s is %d times in the log", id, n)
		}
	}
}
