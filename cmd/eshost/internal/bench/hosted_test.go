package bench

import (
	"errors"
	"testing"

	"github.com/eshost/eshost/host"
)

func TestAnAnswerThatDoesNotBelongToItsCommandIsAnError(t *testing.T) {
	wrong := errors.New("wrong")
	h := &hosted{entities: make([]host.Entity, 1)}
	for _, test := range []struct {
		name  string
		reply host.Reply
		err   error
		ok    bool
	}{
		{"the command's number and one event", host.Reply{Seq: 8, Events: 1}, nil, true},
		{"the number before", host.Reply{Seq: 7, Events: 1}, nil, false},
		{"a number too far", host.Reply{Seq: 9, Events: 1}, nil, false},
		{"no event", host.Reply{Seq: 8}, nil, false},
		{"two events", host.Reply{Seq: 8, Events: 2}, nil, false},
		{"the answer to another command with its id", host.Reply{Seq: 8, Events: 1, Repeated: true}, nil, false},
		{"an error", host.Reply{}, wrong, false},
	} {
		err := h.verify(0, 7, &test.reply, test.err)
		if (err == nil) != test.ok || test.err != nil && !errors.Is(err, wrong) {
			t.Errorf("%s: %v", test.name, err)
		}
	}
}

func TestCommandsAlternateBeginningWithIncrease(t *testing.T) {
	plain, padded := &hosted{cfg: &Config{}}, &hosted{cfg: &Config{Setup: Pad(5), CommandIDs: true}}
	for n, want := range []string{"increase", "decrease", "increase", "decrease"} {
		if c := plain.commandOf(3, uint64(n)); c.Name != want || c.ID != "" || !c.Wait {
			t.Errorf("command %d is %+v, want %s without an id", n, c, want)
		}
	}
	ids := make(map[string]bool)
	for n, want := range []string{"pad", "increase", "decrease", "increase"} {
		for _, entity := range []int{1, 11} {
			c := padded.commandOf(entity, uint64(n))
			if c.Name != want || c.ID == "" || ids[c.ID] {
				t.Errorf("command %d of entity %d is %+v, want %s with an id of its own", n, entity, c, want)
			}
			ids[c.ID] = true
		}
	}
}
