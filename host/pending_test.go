package host_test

import (
	"context"
	"errors"
	"testing"

	"github.com/eshost/eshost/host"
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
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	p, err := h.Entity("mischief", "a").Begin(ctx, add(1))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := p.Answer(ctx); err != nil && !errors.Is(err, host.ErrNotStarted) && !errors.Is(err, host.ErrOutcomeUnknown) {
		t.Errorf("a context that has ended: %v", err)
	}
}
