package host_test

import (
	"context"
	"errors"
	"testing"

	"github.com/eshost/eshost/host"
	"github.com/eshost/eshost/stores/storetest"
)

func TestCommandsThatOneGoroutineBeginsKeepTheirOrder(t *testing.T) {
	h := serve(t, nil, mischief(t))
	e := h.Entity("mischief", "a")
	const commands = 1000
	var all []host.Pending
	for range commands {
		p, err := e.Begin(t.Context(), add(1))
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, p)
	}
	for i := range all {
		if r, err := all[i].Answer(t.Context()); err != nil || r.Seq != uint64(i)+1 {
			t.Fatalf("command %d has number %d, %v", i, r.Seq, err)
		}
	}
}

func TestACommandThatIsNotTakenIsToldSoWhenItBegins(t *testing.T) {
	h := serve(t, nil, mischief(t))
	if _, err := h.Entity("nothing", "a").Begin(t.Context(), add(1)); !errors.Is(err, host.ErrUnknownType) {
		t.Errorf("an unknown type: %v", err)
	}
	if _, err := h.Entity("mischief", "").Begin(t.Context(), add(1)); !errors.Is(err, host.ErrInvalidID) {
		t.Errorf("no id: %v", err)
	}
	var unknown *host.CommandError
	if p, err := h.Entity("mischief", "a").Begin(t.Context(), host.Command{Name: "Not A Name"}); !errors.As(err, &unknown) {
		t.Errorf("no name: %v, %v", p, err)
	}
}

func TestABegunCommandWhoseContextHasEndedIsNotStarted(t *testing.T) {
	h, f := faulty(t, host.Options{})
	e := h.Entity("mischief", "a")
	accepted(t, e, add(1))
	f.Next(storetest.FaultHold)
	held, err := e.Begin(t.Context(), add(1))
	if err != nil {
		t.Fatal(err)
	}
	if err := f.AwaitHeld(t.Context(), 1); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	p, err := e.Begin(ctx, add(100))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := p.Answer(ctx); !errors.Is(err, host.ErrNotStarted) || !errors.Is(err, context.Canceled) {
		t.Errorf("answered with %v", err)
	}
	f.Release()
	if r, err := held.Answer(t.Context()); err != nil || r.Seq != 2 {
		t.Errorf("the one before: %+v, %v", r, err)
	}
	stands(t, e, 2, "2")
}

func TestAnAnswerIsTakenOnce(t *testing.T) {
	h := serve(t, nil, mischief(t))
	p, err := h.Entity("mischief", "a").Begin(t.Context(), add(1))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := p.Answer(t.Context()); err != nil {
		t.Fatal(err)
	}
	defer func() {
		if recover() == nil {
			t.Error("it was taken again")
		}
	}()
	_, _ = p.Answer(t.Context())
}
