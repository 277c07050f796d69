package engine_test

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"testing"

	"github.com/eshost/eshost/host/internal/engine"
	"github.com/eshost/eshost/host/internal/entity"
	"github.com/eshost/eshost/stores"
)

// postAll posts additions of 1, to the entities in turn, and returns the calls in their order.
func postAll(r *rig, ids []string, n int, wait bool) []*entity.Call {
	done := make(entity.Answers, n)
	var all []engine.Posting
	var calls []*entity.Call
	for i := range n {
		c := &entity.Call{Command: entity.Command{Name: "add", Payload: []byte("1"), Wait: wait}, Ctx: r.t.Context(), Caller: done}
		calls = append(calls, c)
		all = append(all, engine.Posting{Type: r.typ, ID: ids[i%len(ids)], Call: c})
	}
	for len(all) > 0 {
		some := all[:min(len(all), engine.PostSize)]
		r.PostAll(some)
		all = all[len(some):]
	}
	for range n {
		<-done
	}
	return calls
}

func TestCallsThatArePostedTogetherAreDecidedInTheirOrderAlsoPastAFullMailbox(t *testing.T) {
	r := start(t, settings{log: exclusive(), local: true, mailbox: 2})
	ids := []string{"a", "b", "a", "c"}
	sent := make(map[string]int)
	for i, c := range postAll(r, ids, 1000, true) {
		id := ids[i%len(ids)]
		sent[id]++
		if c.Err != nil || c.Reply.Seq != uint64(sent[id]) || string(c.Reply.Payload) != strconv.Itoa(sent[id]) {
			t.Fatalf("call %d, the %d-th of %s: %s at %d, %v", i, sent[id], id, c.Reply.Payload, c.Reply.Seq, c.Err)
		}
	}
}

func TestOfCallsThatArePostedTogetherOnlyTheWrongOnesFail(t *testing.T) {
	r := start(t, settings{log: exclusive(), local: true, mailbox: 2})
	hold := make(chan struct{})
	r.behavior.OnDecide = func(*entity.Input) { <-hold }
	go func() { close(hold) }()
	for i, c := range postAll(r, []string{"a", "", "b", "no\x00id"}, 8, true) {
		if wrong := i%2 == 1; wrong != errors.Is(c.Err, stores.ErrInvalidID) || !wrong && c.Err != nil {
			t.Errorf("call %d: %v", i, c.Err)
		}
	}
	if n := r.typ.Resident(); n != 2 {
		t.Errorf("%d entities are in memory, want those with a valid id", n)
	}
}

func TestOfCallsThatArePostedTogetherThoseWithoutRoomAreRefused(t *testing.T) {
	r := start(t, settings{log: exclusive(), local: true, mailbox: 3})
	r.mustAdd("a", 1, 1, 1)
	hold, taken := make(chan struct{}), make(chan struct{}, 100)
	r.behavior.OnDecide = func(*entity.Input) { taken <- struct{}{}; <-hold }
	first := make(entity.Answers, 1)
	if _, err := r.Post(r.typ, "a", &entity.Call{Command: entity.Command{Name: "add", Payload: []byte("1")}, Caller: first}); err != nil {
		t.Fatal(err)
	}
	<-taken // the mailbox is empty, and stays as it is
	done := make(entity.Answers, 5)
	var all []engine.Posting
	for range 5 {
		all = append(all, engine.Posting{Type: r.typ, ID: "a", Call: &entity.Call{Command: entity.Command{Name: "add", Payload: []byte("1")}, Caller: done}})
	}
	r.PostAll(all)
	close(hold)
	<-first
	for range 5 {
		<-done
	}
	var got []string
	for _, p := range all {
		switch {
		case p.Call.Err == nil:
			got = append(got, string(p.Call.Reply.Payload))
		case errors.Is(p.Call.Err, entity.ErrMailboxFull):
			got = append(got, "full")
		default:
			t.Error(p.Call.Err)
		}
	}
	if want := "[3 4 5 full full]"; fmt.Sprint(got) != want {
		t.Errorf("answers %v, want %s", got, want)
	}
}

func TestCallsThatArePostedTogetherAreAnsweredWhenTheEngineStops(t *testing.T) {
	r := start(t, settings{log: exclusive(), local: true})
	stop := make(chan struct{})
	go func() {
		defer close(stop)
		_ = r.Close(context.Background())
	}()
	for refused := false; !refused; {
		for _, c := range postAll(r, []string{"a", "b", "c"}, 100, true) {
			switch {
			case errors.Is(c.Err, entity.ErrClosed):
				refused = true
			case c.Err != nil:
				t.Fatal(c.Err)
			}
		}
	}
	<-stop
}
