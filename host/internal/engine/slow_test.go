package engine_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/eshost/eshost/host/internal/entity"
	"github.com/eshost/eshost/host/internal/entity/entitytest"
	"github.com/eshost/eshost/stores"
)

// post posts a command without waiting for its answer.
func (r *rig) post(id, name string, done entity.Answers) *entity.Call {
	r.t.Helper()
	call := &entity.Call{Command: entity.Command{Name: name, Payload: []byte("1")}, Ctx: context.Background(), Caller: done}
	if _, err := r.Post(r.typ, id, call); err != nil {
		r.t.Fatal(err)
	}
	return call
}

func TestMoreLongCallsThanWorkersStopNobody(t *testing.T) {
	log := exclusive()
	r := start(t, settings{log: log})
	r.behavior.Free = make(chan struct{})
	const longs = 10
	done := make(entity.Answers, longs)
	var calls []*entity.Call
	for i := range longs {
		calls = append(calls, r.post(fmt.Sprint("long", i), "long", done))
	}
	for i := range 200 { // were there no worker for them, this would not end
		r.mustAdd(fmt.Sprint("a", i%20), 1, i/20+1, i/20+1)
	}
	select {
	case <-done:
		t.Fatal("a call ended that was to be long")
	default:
	}
	close(r.behavior.Free)
	for range longs {
		<-done
	}
	for i, c := range calls {
		if c.Err != nil || c.Reply.Seq != 1 || string(c.Reply.Payload) != "1" {
			t.Errorf("long call %d: %+v, %v", i, c.Reply, c.Err)
		}
	}
	r.mustAdd("long0", 1, 2, 2) // broken off and done again, it happened once
}

func TestACommandThatRunsOutOfFuelFailsAloneAndItsEntityWaits(t *testing.T) {
	r := start(t, settings{log: exclusive(), fuel: 3_000_000})
	done := make(entity.Answers, 8)
	gate := make(chan struct{})
	r.behavior.OnDecide = func(*entity.Input) { <-gate }
	first := r.post("a", "add", done) // holds the turn until the others are in the mailbox
	others := []*entity.Call{r.post("a", "add", done), r.post("a", "loop", done), r.post("a", "add", done)}
	close(gate)
	for range 4 {
		<-done
	}
	if first.Err != nil || others[0].Err != nil || others[2].Err != nil || others[2].Reply.Seq != 3 {
		t.Errorf("those beside it: %v, %v, %+v %v", first.Err, others[0].Err, others[2].Reply, others[2].Err)
	}
	var f *entity.Fault
	if !errors.As(others[1].Err, &f) || f.Kind != entity.OutOfFuel {
		t.Errorf("the guilty one: %v", others[1].Err)
	}

	// Each time it has to wait four times as long, from the moment it failed on; others do not.
	last := 20 * time.Millisecond
	for i := range 4 {
		began := time.Now()
		if _, err := r.send(t.Context(), "a", entity.Command{Name: "loop"}); !errors.As(err, &f) || f.Kind != entity.OutOfFuel {
			t.Fatal(err)
		}
		if took := time.Since(began); i > 0 && took < last-10*time.Millisecond {
			t.Errorf("it waited %v, want %v", took, last)
		}
		last *= 4
		if r.Stats().Held != 0 {
			t.Error("answered, and held")
		}
	}
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Millisecond)
	defer cancel()
	if _, err := r.send(ctx, "a", entity.Command{Name: "add", Payload: []byte("1")}); !errors.Is(err, entity.ErrNotStarted) {
		t.Errorf("while it waits: %v", err)
	}
	if r.Stats().Held != 1 {
		t.Errorf("%d entities are held, want 1", r.Stats().Held)
	}
	r.mustAdd("b", 1, 1, 1)
	r.mustAdd("a", 1, 4, 4) // and having waited, it goes on
	began := time.Now()
	r.mustAdd("a", 1, 5, 5)
	if took := time.Since(began); took > last {
		t.Errorf("it still waits: %v", took)
	}
}

func TestCloseDoesNotWaitForEntitiesThatWait(t *testing.T) {
	log := exclusive()
	r := start(t, settings{log: log, fuel: 1_000_000})
	var f *entity.Fault
	for range 3 {
		if _, err := r.send(t.Context(), "a", entity.Command{Name: "loop"}); !errors.As(err, &f) {
			t.Fatal(err)
		}
	}
	done := make(entity.Answers, 1)
	call := r.post("a", "add", done)
	for r.Stats().Held == 0 {
		time.Sleep(time.Millisecond)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond) // it would wait for 320 ms
	defer cancel()
	if err := r.Close(ctx); err != nil {
		t.Fatal(err)
	}
	if <-done; !errors.Is(call.Err, entity.ErrClosed) {
		t.Errorf("answer %v", call.Err)
	}
}

func TestCloseBreaksOffALongCall(t *testing.T) {
	r := start(t, settings{log: exclusive()})
	r.behavior.Free = make(chan struct{}) // which nobody closes
	done := make(entity.Answers, 1)
	call := r.post("a", "long", done)
	for r.behavior.Decides.Load() < 2 { // it was left to a slow worker, which is at it
		time.Sleep(time.Millisecond)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	if err := r.Close(ctx); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("close: %v", err)
	}
	if <-done; !errors.Is(call.Err, entity.ErrClosed) {
		t.Errorf("answer %v", call.Err)
	}
}

// written fills an entity's log with one event each commit.
func written(t *testing.T, log stores.Log, id string, names ...string) {
	t.Helper()
	for i, name := range names {
		c := stores.Commit{Entity: stores.EntityID{Type: "counter", ID: id}, Expected: uint64(i), ID: stores.CommitID{byte(i), byte(len(id)), 9},
			Time: time.UnixMilli(1).UTC(), Plugin: stores.Digest{1}, Events: []stores.Event{{Name: name, Version: 1, Payload: []byte("1")}}}
		if r := log.Append(t.Context(), stores.Fence{}, []stores.Commit{c})[0]; r.Outcome != stores.Applied {
			t.Fatal(r)
		}
	}
}

func TestALongRecoveryStopsNobody(t *testing.T) {
	log := exclusive()
	for i := range 5 {
		written(t, log, fmt.Sprint("long", i), "added", "long", "added")
	}
	r := start(t, settings{log: log})
	r.behavior.Free = make(chan struct{})
	done := make(entity.Answers, 5)
	var calls []*entity.Call
	for i := range 5 {
		calls = append(calls, r.post(fmt.Sprint("long", i), "add", done))
	}
	for i := range 100 {
		r.mustAdd("a", 1, i+1, i+1)
	}
	close(r.behavior.Free)
	for range 5 {
		<-done
	}
	for _, c := range calls {
		if c.Err != nil || string(c.Reply.Payload) != "4" || c.Reply.Seq != 4 {
			t.Errorf("%+v, %v", c.Reply, c.Err)
		}
	}
}

func TestAnEventThatTakesAllFuelIsNamed(t *testing.T) {
	log := exclusive()
	written(t, log, "a", "added", "added", "endless", "added")
	r := start(t, settings{log: log, fuel: 2_000_000})
	_, err := r.add("a", 1)
	var q *entity.QuarantineError
	var f *entity.Fault
	if !errors.As(err, &q) || !errors.As(err, &f) || f.Kind != entity.OutOfFuel || f.Seq != 3 {
		t.Errorf("%v", err)
	}
	r.mustAdd("b", 1, 1, 1)
}

func TestARecoveryHasFuelOfItsOwn(t *testing.T) {
	log := exclusive()
	written(t, log, "a", "long", "long", "long", "long", "long")
	r := start(t, settings{log: log, fuel: 10_000_000}) // each event takes 1,000,000, and all may take 30,000,000
	r.behavior.Free = make(chan struct{})
	close(r.behavior.Free)
	r.mustAdd("a", 1, 6, 6)

	written(t, log, "b", slices.Repeat([]string{"long"}, 40)...)
	_, err := r.add("b", 1)
	var f *entity.Fault
	if !errors.As(err, &f) || f.Kind != entity.OutOfFuel || f.Seq == 0 {
		t.Errorf("%v", err)
	}
}

func TestOneEntityHoldsNoWorkerForAllItsCommands(t *testing.T) {
	r := start(t, settings{log: exclusive(), fuel: 40_000_000}) // a loop takes 10 ms or so
	other := &rig{Engine: r.Engine, t: t, behavior: new(entitytest.Counter)}
	other.typ = r.Bind(entity.Type{Name: "other", MailboxSize: 1024, BatchSize: 64, BatchBytes: 1 << 20, CommandIDs: 1024, CommandIDAge: time.Hour},
		entity.NewBinding(stores.Digest{2}, "number", other.behavior, nil))
	const loops = 32
	done := make(entity.Answers, loops+1)
	gate, entered := make(chan struct{}), make(chan struct{}, 1000)
	r.behavior.OnDecide = func(*entity.Input) { entered <- struct{}{}; <-gate }
	r.post("a", "add", done)
	<-entered
	var calls []*entity.Call
	for range loops {
		calls = append(calls, r.post("a", "loop", done))
	}
	close(gate)
	for r.Stats().Held == 0 { // the first of them has failed
		time.Sleep(time.Millisecond)
	}
	other.behavior.Free = make(chan struct{})
	time.AfterFunc(30*time.Millisecond, func() { close(other.behavior.Free) })
	honest := make(entity.Answers, 1)
	other.post("x", "long", honest) // for a worker for slow turns, as the loops are
	<-honest
	if n := len(done); n > loops/2 {
		t.Errorf("%d of %d loops were tried first", n, loops)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
	defer cancel()
	_ = r.Close(ctx)
	failed := map[bool]int{}
	for _, c := range calls {
		var f *entity.Fault
		switch {
		case errors.As(c.Err, &f) && f.Kind == entity.OutOfFuel:
			failed[true]++
		case errors.Is(c.Err, entity.ErrClosed):
			failed[false]++
		default:
			t.Errorf("a loop's answer: %v", c.Err)
		}
	}
	if failed[true] == 0 || failed[false] == 0 {
		t.Errorf("answered: %v", failed)
	}
}

func TestAnEntityThatWasLeftAloneWaitsNoMore(t *testing.T) {
	r := start(t, settings{log: exclusive(), fuel: 1_000_000})
	var f *entity.Fault
	for range 2 { // the pause after the last one is 80 ms
		if _, err := r.send(t.Context(), "a", entity.Command{Name: "loop"}); !errors.As(err, &f) {
			t.Fatal(err)
		}
	}
	quick := func(what string) {
		t.Helper()
		ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
		defer cancel()
		if _, err := r.send(ctx, "a", entity.Command{Name: "add", Payload: []byte("1")}); err != nil {
			t.Errorf("%s: %v", what, err)
		}
	}
	time.Sleep(200 * time.Millisecond)
	quick("after its pause")
	if _, err := r.send(t.Context(), "a", entity.Command{Name: "loop"}); !errors.As(err, &f) {
		t.Fatal(err) // and now it is 320 ms
	}
	r.rebind(2)
	quick("under another plugin")
}

func TestWhatIsSlowNowDoesNotWaitForWhatRunsOutOfFuelAgain(t *testing.T) {
	r := start(t, settings{log: exclusive(), fuel: 1_600_000_000}) // a loop takes 0.4 s at least
	done, honest := make(entity.Answers, 2), make(entity.Answers, 1)
	r.post("looping", "loop", done)
	<-done
	again := r.post("looping", "loop", done)
	for r.Stats().Held > 0 || r.Stats().SlowQueue > 0 {
		time.Sleep(time.Millisecond)
	}
	r.behavior.Free = make(chan struct{})
	slow := r.post("slow", "long", honest)
	before := r.Stats().Interruptions
	for r.Stats().Interruptions < before+2 { // its own, of which it is known to be slow, and the loop's for it
		time.Sleep(time.Millisecond)
	}
	select {
	case <-done:
		t.Fatal("the loop was tried to its end first")
	default:
	}
	close(r.behavior.Free)
	<-honest
	if slow.Err != nil {
		t.Error(slow.Err)
	}
	<-done // which was not lost
	var f *entity.Fault
	if !errors.As(again.Err, &f) || f.Kind != entity.OutOfFuel {
		t.Errorf("the loop: %v", again.Err)
	}
}
