package replay_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/eshost/eshost/host/internal/entity"
	"github.com/eshost/eshost/host/internal/replay"
)

func TestAStateIsThatAfterTheEventAskedFor(t *testing.T) {
	w := newWorld(t)
	w.add("a", 1, 2)
	w.add("a", 3, 4, 5)
	for seq, want := range map[uint64]string{1: "1", 2: "3", 3: "6", 4: "10", 5: "15"} {
		s, err := w.State(context.Background(), plugin("new", counter()), id("a"), seq)
		if err != nil || string(s.Payload) != want || s.Seq != seq || s.Plugin != digest("new") || s.StateSchema != "v1" {
			t.Errorf("at %d: %+v, %v, want %s", seq, s, err, want)
			continue
		}
		made := int64(1000)
		if seq > 2 {
			made = 1002
		}
		if !s.Time.Equal(time.UnixMilli(made)) {
			t.Errorf("at %d: the time is %v", seq, s.Time)
		}
	}
}

func TestAStateThatThereIsNotIsToldApart(t *testing.T) {
	w := newWorld(t)
	w.add("a", 1, 2)
	w.event("p", "poison")
	_, err := w.State(context.Background(), plugin("new", counter()), id("a"), 3)
	var beyond *replay.NotReachedError
	if !errors.As(err, &beyond) || beyond.Seq != 2 || beyond.At != 3 {
		t.Errorf("beyond the end: %v", err)
	}
	if _, err := w.State(context.Background(), plugin("new", counter()), id("none"), 1); !errors.Is(err, entity.ErrNoEvents) {
		t.Errorf("of no entity: %v", err)
	}
	var fault *entity.Fault
	if _, err := w.State(context.Background(), plugin("new", counter()), id("p"), 1); !errors.As(err, &fault) || fault.Seq != 1 {
		t.Errorf("behind an event that cannot be folded: %v", err)
	}
}
