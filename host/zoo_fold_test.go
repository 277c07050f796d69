package host_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/eshost/eshost/host"
)

// Attacks of handle_event; their numbers are in testdata/zoo/zoo.c.
var folds = []struct {
	name    string
	poison  uint64
	history int // events before the poisoned one, and as many after it
	kind    host.FaultKind
	text    string
}{
	{"a loop", 1, 5, host.OutOfFuel, "used"},
	{"a trap", 2, 5, host.Trapped, "says nothing"},
	{"a trap at one event of a long history", 2, 1500, host.Trapped, "says nothing"},
	{"a loop at one event of a long history", 1, 1500, host.OutOfFuel, "used"},
	{"an answer outside of memory", 3, 5, host.Malformed, "memory ends at"},
	{"an answer that is cut off", 4, 5, host.Malformed, ""},
	{"a memory bomb", 5, 5, host.OutOfFuel, "used"},
	{"endless recursion", 6, 5, host.OutOfFuel, "used"},
	{"a state too deep", 7, 5, host.Malformed, "state"},
	{"a state too large", 8, 5, host.Malformed, "state"},
	{"no state", 9, 5, host.Malformed, "state"},
	{"a fault that names an event of another time", 10, 5, host.BadEvent, "somewhere else"},
	{"a log flood", 11, 5, host.OutOfFuel, "used"},
}

func TestWhateverAFoldDoesOnlyItsOwnEntityIsQuarantined(t *testing.T) {
	honest, poisoned := zooGuest(t, "HONEST"), zooGuest(t, "POISONED")
	for _, f := range folds {
		t.Run(f.name, func(t *testing.T) {
			z := openZoo(t, honest)
			sick := make([]host.Entity, attackers)
			for i := range sick {
				sick[i] = z.Entity("zoo", fmt.Sprint("sick ", i))
				z.lives(sick[i], f.history)
				if _, err := z.send(sick[i], "poison", by(f.poison)); err != nil {
					t.Fatal(err)
				}
				z.lives(sick[i], f.history)
			}
			beside := z.beside("counter", "zoo")
			if _, err := z.Deploy(t.Context(), poisoned); err != nil {
				t.Fatal(err)
			}
			beside.while(func() {
				for _, e := range sick {
					for range 2 {
						z.quarantined(e, uint64(f.history)+1, f.kind, f.text)
					}
				}
			})
			if _, err := z.Deploy(t.Context(), honest); err != nil {
				t.Fatal(err)
			}
			beside.end()
			for _, e := range sick {
				if r, err := z.send(e, "increase", by(1)); err != nil || r.Seq != uint64(2*f.history)+2 {
					t.Errorf("under the honest plugin again: %+v, %v", r, err)
				}
			}
		})
	}
}

// lives gives an entity so many events.
func (z *zoo) lives(e host.Entity, events int) {
	z.t.Helper()
	p := z.Pipe(100)
	go func() {
		defer p.CloseSend()
		for range events {
			c := z.command("increase", by(1))
			if err := p.Send(z.t.Context(), e, c, c); err != nil {
				return
			}
		}
	}()
	for range events {
		a, err := p.Receive(z.t.Context())
		if err == nil {
			err = a.Err
		}
		if err != nil {
			z.t.Fatal(err)
		}
		z.answered(e, a.Ref.(host.Command), a.Reply, nil)
	}
}

// quarantined checks that the entity is, and that its callers are told of the event and the reason.
func (z *zoo) quarantined(e host.Entity, seq uint64, kind host.FaultKind, text string) {
	z.t.Helper()
	_, err := z.send(e, "increase", by(1))
	var q *host.QuarantineError
	var f *host.Fault
	switch {
	case !errors.As(err, &q) || !errors.As(err, &f) || q.Entity != e.ID():
		z.t.Errorf("error %v, want a *host.QuarantineError of %s with a *host.Fault", err, e.ID())
	case f.Kind != kind || f.Seq != seq || !strings.Contains(err.Error(), text):
		z.t.Errorf("%v at event %d: %v, want %v at event %d and %q", f.Kind, f.Seq, err, kind, seq, text)
	}
}
