package sandbox_test

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"testing"

	"github.com/eshost/eshost/abi"
	"github.com/eshost/eshost/host/hosttest"
	"github.com/eshost/eshost/host/sandbox"
)

// reference are the plugins that there are in several languages. The first one is the measure of the others.
var reference = map[string][]string{
	"counter": {"go", "rust", "assemblyscript", "c"},
	"order":   {"go", "rust"},
}

// speaker is one entity of a plugin in one language.
type speaker struct {
	language string
	in       *sandbox.Instance
	answer   abi.CommandAnswer
	folded   abi.EventAnswer
}

// speakers opens a reference plugin in all its languages.
func speakers(t *testing.T, kind string) (all []*speaker, m *abi.EntityType) {
	for _, language := range reference[kind] {
		p := open(t, hosttest.Built(t, kind+"-"+language))
		all = append(all, &speaker{language: language, in: instance(t, p)})
		if m == nil {
			m = p.Manifest().Type(kind)
		}
	}
	return all, m
}

// drawn is a batch of commands: mostly examples, and now and then something broken.
func drawn(r *rand.Rand, m *abi.EntityType) (batch []abi.Command) {
	for range 1 + r.IntN(8) {
		c := m.Commands[r.IntN(len(m.Commands))]
		payload := c.Examples[r.IntN(len(c.Examples))]
		switch r.IntN(30) {
		case 0:
			payload = nil
		case 1:
			payload = []byte{0xc3}
		case 2:
			payload = []byte{0x81, 0xa2, 'b', 'y', 0xff} // {"by": -1}
		case 3:
			payload = abi.AppendUint([]byte{0x81, 0xa2, 'b', 'y'}, r.Uint64())
		case 4:
			c.Name += "x"
		}
		batch = append(batch, abi.Command{Name: c.Name, Payload: payload})
	}
	return batch
}

// events are the events of an answer as those of a request, of their own memory.
func events(a *abi.CommandAnswer) (all []abi.Event) {
	for _, e := range a.Events {
		all = append(all, abi.Event{Name: string(e.Name), Version: e.Version, Payload: slices.Clone(e.Payload)})
	}
	return all
}

// difference says in what two answers differ. Messages are for people, and may.
func difference(a, b *abi.CommandAnswer) string {
	if a.Refused != b.Refused || len(a.Outcomes) != len(b.Outcomes) {
		return fmt.Sprintf("refused with %d and %d outcomes, against %d and %d", a.Refused, len(a.Outcomes), b.Refused, len(b.Outcomes))
	}
	for i := range a.Outcomes {
		x, y := &a.Outcomes[i], &b.Outcomes[i]
		if x.Status != y.Status || x.Kind != y.Kind || !bytes.Equal(x.Code, y.Code) || !bytes.Equal(x.Payload, y.Payload) || !bytes.Equal(x.Reply, y.Reply) {
			return fmt.Sprintf("outcome %d is %s %d %s %x %x, against %s %d %s %x %x", i, x.Status, x.Kind, x.Code, x.Payload, x.Reply, y.Status, y.Kind, y.Code, y.Payload, y.Reply)
		}
		same := func(e, f abi.EmittedEvent) bool {
			return bytes.Equal(e.Name, f.Name) && e.Version == f.Version && bytes.Equal(e.Payload, f.Payload)
		}
		if !slices.EqualFunc(a.EventsOf(i), b.EventsOf(i), same) {
			return fmt.Sprintf("outcome %d has the events %v, against %v", i, a.EventsOf(i), b.EventsOf(i))
		}
	}
	if !bytes.Equal(a.State, b.State) {
		return fmt.Sprintf("the state is %x, against %x", a.State, b.State)
	}
	return ""
}

func TestAllLanguagesGiveTheSameBytes(t *testing.T) {
	lives, batches := 20, 100
	if os.Getenv("ESHOST_SOAK") != "" {
		lives = 2000
	}
	for kind := range reference {
		t.Run(kind, func(t *testing.T) {
			all, m := speakers(t, kind)
			seen := make(map[string]int)
			for life := range lives {
				r := rand.New(rand.NewPCG(1, uint64(life)))
				request := abi.CommandRequest{Type: kind, ID: fmt.Sprint("id-", life), Now: 1763892000000}
				var history []abi.Event
				for range batches {
					request.Now += int64(r.IntN(1000))
					request.Commands = drawn(r, m)
					message := abi.AppendCommandRequest(nil, &request)
					for i, s := range all {
						b, err := s.in.HandleCommand(message)
						if err == nil {
							err = s.answer.Decode(b, nil)
						}
						if err != nil {
							t.Fatalf("%s, life %d: %v", s.language, life, err)
						}
						if d := difference(&s.answer, &all[0].answer); i > 0 && d != "" {
							t.Fatalf("%s differs from %s in life %d: %s\nrequest %x", s.language, all[0].language, life, d, message)
						}
					}
					for _, o := range all[0].answer.Outcomes {
						seen[o.Status.String()]++
					}
					if all[0].answer.State != nil {
						history = append(history, events(&all[0].answer)...)
						request.Seq, request.State = uint64(len(history)), slices.Clone(all[0].answer.State)
					}
				}
				fold := abi.AppendEventRequest(nil, &abi.EventRequest{Type: kind, ID: request.ID, Events: history})
				for _, s := range all {
					b, err := s.in.HandleEvent(fold)
					if err == nil {
						err = s.folded.Decode(b, nil)
					}
					if err != nil {
						t.Fatalf("%s, life %d: %v", s.language, life, err)
					}
					if len(history) > 0 && !bytes.Equal(s.folded.State, request.State) {
						t.Fatalf("%s folds the %d events of life %d to %x, want %x", s.language, len(history), life, s.folded.State, request.State)
					}
				}
			}
			if seen["accepted"] == 0 || seen["rejected"] == 0 || seen["faulted"] == 0 {
				t.Errorf("the outcomes are %v: not every kind was seen", seen)
			}
			t.Logf("%d lives of %d batches: %v", lives, batches, seen)
		})
	}
}
