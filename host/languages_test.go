package host_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"sync"
	"testing"

	"github.com/eshost/eshost/abi"
	"github.com/eshost/eshost/host"
	"github.com/eshost/eshost/host/hosttest"
	"github.com/eshost/eshost/stores/memstore"
)

// The languages in which there is the same counter.
var languages = []string{"go", "rust", "assemblyscript", "c"}

// model is what a counter of any language must do.
type model struct {
	value  uint64
	events uint64
}

// decide gives the reply that a command must get, or the code of its rejection.
func (m *model) decide(name string, n uint64) (reply uint64, code string) {
	switch {
	case name == "increase" && n > math.MaxUint64-m.value:
		return 0, "overflow"
	case name == "decrease" && n > m.value:
		return 0, "underflow"
	case name == "increase":
		m.value += n
	default:
		m.value -= n
	}
	m.events++
	return m.value, ""
}

// drawn is a random command, such as one that goes too far now and then.
func drawn(r *rand.Rand) (name string, n uint64) {
	name = "increase"
	if r.IntN(2) == 0 {
		name = "decrease"
	}
	if r.IntN(20) == 0 {
		return name, math.MaxUint64 - uint64(r.IntN(1000))
	}
	return name, uint64(r.IntN(1000))
}

// expect compares an answer with the model's.
func expect(got host.Reply, err error, reply uint64, code string) error {
	var rejection *host.Rejection
	switch {
	case code != "" && (!errors.As(err, &rejection) || rejection.Code != code):
		return fmt.Errorf("got %x, %v; want it rejected with %s", got.Payload, err, code)
	case code == "" && err != nil:
		return fmt.Errorf("got %w, want %d", err, reply)
	case code == "" && string(got.Payload) != string(abi.AppendUint(nil, reply)):
		return fmt.Errorf("got %x, want %d", got.Payload, reply)
	}
	return nil
}

// one sends commands to an entity one after the other until done is closed.
func one(ctx context.Context, e host.Entity, seed uint64, done <-chan struct{}) (m model, sent int, err error) {
	for r := rand.New(rand.NewPCG(seed, 0)); ; sent++ {
		select {
		case <-done:
			return m, sent, nil
		default:
		}
		name, n := drawn(r)
		reply, code := m.decide(name, n)
		got, err := e.Handle(ctx, host.Command{Name: name, Payload: by(n), Wait: true})
		if err := expect(got, err, reply, code); err != nil {
			return m, sent, fmt.Errorf("command %d of %s, %s by %d: %w", sent, e.ID(), name, n, err)
		}
	}
}

// crowd keeps many commands to one entity in flight until done is closed.
func crowd(ctx context.Context, h *host.Host, e host.Entity, seed uint64, done <-chan struct{}) (m model, sent int, err error) {
	type wanted struct {
		reply uint64
		code  string
	}
	p := h.Pipe(200)
	failed := make(chan error, 1)
	go func() {
		var first error
		for {
			a, err := p.Receive(ctx)
			if err != nil { // io.EOF, after the last answer
				failed <- first
				return
			}
			w := a.Ref.(wanted)
			if err := expect(a.Reply, a.Err, w.reply, w.code); err != nil && first == nil {
				first = fmt.Errorf("a command of %s: %w", e.ID(), err)
			}
		}
	}()
	r := rand.New(rand.NewPCG(seed, 0))
	for ; ; sent++ {
		select {
		case <-done:
			p.CloseSend()
			return m, sent, <-failed
		default:
		}
		name, n := drawn(r)
		var w wanted
		w.reply, w.code = m.decide(name, n)
		if err := p.Send(ctx, e, host.Command{Name: name, Payload: by(n), Wait: true}, w); err != nil {
			return m, sent, err
		}
	}
}

func TestALiveTypeGoesFromLanguageToLanguageAndNobodyNotices(t *testing.T) {
	plugins := make([][]byte, len(languages))
	for i, l := range languages {
		plugins[i] = hosttest.Built(t, "counter-"+l)
	}
	store := memstore.New(&memstore.Options{Exclusive: true})
	h := serve(t, &host.Options{Log: store, Snapshots: store, SnapshotEvery: 100}, plugins[0])

	const callers = 6
	rounds := 5
	if full() {
		rounds = 100
	}
	done := make(chan struct{})
	models, sent := make([]model, callers+1), make([]int, callers+1)
	var wg sync.WaitGroup
	for i := range callers + 1 {
		e := h.Entity("counter", fmt.Sprint("c", i))
		wg.Go(func() {
			var err error
			if i == callers {
				models[i], sent[i], err = crowd(t.Context(), h, e, uint64(i), done)
			} else {
				models[i], sent[i], err = one(t.Context(), e, uint64(i), done)
			}
			if err != nil {
				t.Error(err)
			}
		})
	}
	served := make(map[string]string)
	end := sync.OnceFunc(func() { close(done) })
	defer wg.Wait()
	defer end()
	for round := range rounds {
		for i := range languages {
			next := (round + i + 1) % len(languages)
			before := h.Stats().Commits
			d, err := h.Deploy(t.Context(), plugins[next])
			if err != nil {
				t.Fatal(err)
			}
			served[string(d.Plugin[:])] = languages[next]
			for h.Stats().Commits < before+500 && !t.Failed() { // every language has its share of the work
				if _, err := h.Entity("counter", "c0").State(t.Context()); err != nil {
					t.Fatal(err)
				}
			}
		}
	}
	end()
	wg.Wait()

	total := 0
	for i := range models {
		e := h.Entity("counter", fmt.Sprint("c", i))
		s, err := e.State(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if s.Seq != models[i].events || string(s.Payload) != string(abi.AppendUint(nil, models[i].value)) {
			t.Errorf("after %d commands %s is at %d with %x, want %d with %d", sent[i], e.ID(), s.Seq, s.Payload, models[i].events, models[i].value)
		}
		var sum, seq uint64
		decided := make(map[string]int)
		for ev, err := range e.Events(t.Context(), 0) {
			if err != nil {
				t.Fatal(err)
			}
			seq++
			var v uint64
			if v, err = amount(ev.Payload); err != nil || ev.Seq != seq {
				t.Fatalf("event %d of %s is number %d with %x: %v", seq, e.ID(), ev.Seq, ev.Payload, err)
			}
			if ev.Name == "decreased" {
				v = -v
			}
			sum += v
			decided[served[string(ev.Plugin[:])]]++
		}
		if sum != models[i].value || seq != models[i].events {
			t.Errorf("the %d events of %s sum up to %d, want %d and %d", seq, e.ID(), sum, models[i].events, models[i].value)
		}
		if i == callers && len(decided) != len(languages) {
			t.Errorf("the events of %s were decided by %v, want all languages", e.ID(), decided)
		}
		total += sent[i]
	}
	t.Logf("%d commands over %d swaps", total, rounds*len(languages))
}

// amount reads {"by": n} in its canonical form.
func amount(payload []byte) (uint64, error) {
	text, err := abi.AppendJSON(nil, payload)
	if err != nil {
		return 0, err
	}
	var n uint64
	if _, err := fmt.Sscanf(string(text), `{"by":%d}`, &n); err != nil {
		return 0, fmt.Errorf("%s: %w", text, err)
	}
	if string(by(n)) != string(payload) {
		return 0, fmt.Errorf("%x is not canonical", payload)
	}
	return n, nil
}
