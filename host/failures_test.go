package host_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"

	"github.com/eshost/eshost/abi"
	"github.com/eshost/eshost/host"
	"github.com/eshost/eshost/host/hosttest"
	"github.com/eshost/eshost/stores"
	"github.com/eshost/eshost/stores/memstore"
	"github.com/eshost/eshost/stores/storetest"
)

// mischief is the plugin that fails in every way. Each mark replaces the one of its name.
func mischief(t testing.TB, marks ...string) []byte {
	wasm := hosttest.BuildGo(t, "testdata/mischief")
	for _, mark := range marks {
		at := bytes.Index(wasm, []byte(mark[:len(mark)-2]))
		if at < 0 {
			t.Fatalf("the plugin has no mark %s", mark)
		}
		wasm = bytes.ReplaceAll(wasm, wasm[at:at+len(mark)], []byte(mark))
	}
	return wasm
}

// serve starts a host that shares what was compiled with the other tests.
func serve(t testing.TB, o *host.Options, plugins ...[]byte) *host.Host {
	t.Helper()
	var shared host.Options
	if o != nil {
		shared = *o
	}
	shared.PluginCacheDir = compiled
	return hosttest.New(t, &shared, plugins...)
}

// by is the payload {"by": n}.
func by(n uint64) []byte { return abi.AppendUint([]byte{0x81, 0xa2, 'b', 'y'}, n) }

func add(n uint64) host.Command { return host.Command{Name: "add", Payload: by(n)} }

// number is the state, or a reply.
func number(t testing.TB, b []byte) string {
	t.Helper()
	text, err := abi.AppendJSON(nil, b)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// accepted sends a command that must be accepted, and returns its answer.
func accepted(t testing.TB, e host.Entity, c host.Command) host.Reply {
	t.Helper()
	r, err := e.Handle(t.Context(), c)
	if err != nil {
		t.Fatalf("%s: %v", c.Name, err)
	}
	return r
}

// stands checks an entity's number and state.
func stands(t testing.TB, e host.Entity, seq uint64, state string) {
	t.Helper()
	s, err := e.State(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if got := number(t, s.Payload); s.Seq != seq || got != state {
		t.Errorf("%s is at %d with %s, want %d with %s", e.ID(), s.Seq, got, seq, state)
	}
}

func TestOnlyTheGuiltyCommandFails(t *testing.T) {
	h := serve(t, &host.Options{PluginMemoryBytes: 64 << 20, EventsPerCommand: 100, PayloadBytes: 1 << 10}, mischief(t))
	for _, test := range []struct {
		name    string
		command host.Command
		kind    host.FaultKind
		text    string // of the message
	}{
		{"a command nobody knows", host.Command{Name: "nothing"}, host.UnknownCommand, ""},
		{"a name that is none", host.Command{Name: "No Name"}, host.UnknownCommand, "No Name"},
		{"a payload that does not decode", host.Command{Name: "add", Payload: []byte{0xc3}}, host.BadPayload, ""},
		{"a handler that panics", host.Command{Name: "panic"}, host.Panicked, "a bad day"},
		{"a handler that ends its program", host.Command{Name: "exit"}, host.Trapped, ""},
		{"a handler that takes all memory", host.Command{Name: "grow"}, host.Trapped, "memory"},
		{"too many events", host.Command{Name: "many", Payload: by(101)}, host.Malformed, ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			e := h.Entity("mischief", test.name)
			accepted(t, e, add(1))
			// Neighbours in one mailbox, so that the guilty one is among the others of a batch.
			p := h.Pipe(64)
			const neighbours = 20
			for i := range neighbours {
				c := add(1)
				if i == 7 {
					c = test.command
				}
				if err := p.Send(t.Context(), e, c, i); err != nil {
					t.Fatal(err)
				}
			}
			for range neighbours {
				a, err := p.Receive(t.Context())
				if err != nil {
					t.Fatal(err)
				}
				if a.Ref != 7 {
					if a.Err != nil {
						t.Errorf("command %v failed, too: %v", a.Ref, a.Err)
					}
					continue
				}
				var f *host.Fault
				if !errors.As(a.Err, &f) {
					t.Fatalf("error %v, want a *host.Fault", a.Err)
				}
				if f.Kind != test.kind && !(test.kind == host.Malformed && f.Kind == host.OverLimit) || !strings.Contains(a.Err.Error(), test.text) {
					t.Errorf("%v: %v, want kind %v and %q", f.Kind, a.Err, test.kind, test.text)
				}
			}
			stands(t, e, neighbours, fmt.Sprint(neighbours))
		})
	}
}

func TestARejectionLeavesNothing(t *testing.T) {
	h := serve(t, nil, mischief(t))
	e := h.Entity("mischief", "a")
	var r *host.Rejection
	if _, err := e.Handle(t.Context(), host.Command{Name: "refuse"}); !errors.As(err, &r) || r.Code != "refused" {
		t.Errorf("error %v, want the rejection", err)
	}
	if _, err := e.State(t.Context()); !errors.Is(err, host.ErrNoEvents) {
		t.Errorf("error %v, want ErrNoEvents", err)
	}
	if r := accepted(t, e, host.Command{Name: "look"}); r.Seq != 0 || r.Events != 0 || number(t, r.Payload) != "0" {
		t.Errorf("a reply without events: %+v", r)
	}
}

func TestWhatIsRefusedBeforeAnybodyIsAsked(t *testing.T) {
	h := serve(t, &host.Options{PayloadBytes: 100}, mischief(t))
	for _, test := range []struct {
		name     string
		typ, id  string
		command  host.Command
		wantedIs error
	}{
		{"an unknown type", "nobody", "a", add(1), host.ErrUnknownType},
		{"a type that is no name", "No", "a", add(1), host.ErrInvalidID},
		{"an empty id", "mischief", "", add(1), host.ErrInvalidID},
		{"an id too long", "mischief", strings.Repeat("x", 513), add(1), host.ErrInvalidID},
		{"an id with a control character", "mischief", "a\nb", add(1), host.ErrInvalidID},
		{"a command id too long", "mischief", "a", host.Command{Name: "add", Payload: by(1), ID: strings.Repeat("x", 129)}, host.ErrInvalidID},
		{"no msgpack", "mischief", "a", host.Command{Name: "add", Payload: []byte{0xc1}}, host.ErrInvalidPayload},
		{"a payload too large", "mischief", "a", host.Command{Name: "add", Payload: append([]byte{0xc4, 100}, make([]byte, 100)...)}, stores.ErrTooLarge},
	} {
		if _, err := h.Entity(test.typ, test.id).Handle(t.Context(), test.command); !errors.Is(err, test.wantedIs) {
			t.Errorf("%s: error %v, want %v", test.name, err, test.wantedIs)
		}
	}
}

func TestCommandIDsAndExpectedNumbers(t *testing.T) {
	h := serve(t, nil, mischief(t))
	e := h.Entity("mischief", "a")
	zero, one, nine := uint64(0), uint64(1), uint64(9)
	once := host.Command{Name: "add", Payload: by(5), ID: "k", Expected: &zero}
	first := accepted(t, e, once)
	again := accepted(t, e, once) // the number is no longer the one, but the id is asked first
	if !again.Repeated || again.Seq != first.Seq || !bytes.Equal(again.Payload, first.Payload) {
		t.Errorf("repeated: %+v, first: %+v", again, first)
	}
	if _, err := e.Handle(t.Context(), host.Command{Name: "add", Payload: by(6), ID: "k"}); !errors.Is(err, host.ErrCommandIDReused) {
		t.Errorf("error %v, want ErrCommandIDReused", err)
	}
	var expected *host.ExpectedError
	for _, n := range []*uint64{&zero, &nine} {
		if _, err := e.Handle(t.Context(), host.Command{Name: "add", Payload: by(1), Expected: n}); !errors.As(err, &expected) || expected.Seq != 1 || expected.Expected != *n {
			t.Errorf("expected %d: error %v", *n, err)
		}
	}
	accepted(t, e, host.Command{Name: "add", Payload: by(1), Expected: &one})
	stands(t, e, 2, "6")
}

// faulty starts a host over a log that fails as it is told.
func faulty(t *testing.T, o host.Options) (*host.Host, *storetest.Faults) {
	f := &storetest.Faults{Seed: 1}
	o.Log = storetest.Faulty(memstore.New(&memstore.Options{Exclusive: true}), f)
	h := serve(t, &o, mischief(t))
	t.Cleanup(f.Stop) // before the host is closed
	return h, f
}

func TestALogThatRefusesIsToldAsUnavailable(t *testing.T) {
	h, f := faulty(t, host.Options{})
	e := h.Entity("mischief", "a")
	accepted(t, e, add(1))
	f.Next(storetest.FaultBefore)
	if _, err := e.Handle(t.Context(), add(1)); !errors.Is(err, host.ErrUnavailable) {
		t.Errorf("error %v, want ErrUnavailable", err)
	}
	accepted(t, e, add(1))
	stands(t, e, 2, "2")
}

func TestAnOutcomeThatNobodyKnowsIsResolved(t *testing.T) {
	for _, fault := range []storetest.Fault{storetest.FaultAfter, storetest.FaultLost, storetest.FaultLate} {
		t.Run(fault.String(), func(t *testing.T) {
			h, f := faulty(t, host.Options{})
			e := h.Entity("mischief", "a")
			accepted(t, e, add(1))
			f.Next(fault)
			accepted(t, e, add(1)) // later, but certainly
			stands(t, e, 2, "2")
			if f.Injected(fault) != 1 {
				t.Errorf("the fault happened %d times", f.Injected(fault))
			}
		})
	}
}

func TestACallerWhoseDeadlineEndsIsToldWhatIsKnown(t *testing.T) {
	h, f := faulty(t, host.Options{})
	e := h.Entity("mischief", "a")
	accepted(t, e, add(1))
	f.Next(storetest.FaultHold)
	taken := make(chan error, 1)
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		_, err := e.Handle(ctx, host.Command{Name: "add", Payload: by(10), ID: "k"})
		taken <- err
	}()
	if err := f.AwaitHeld(t.Context(), 1); err != nil {
		t.Fatal(err)
	}
	queued, cancelQueued := context.WithTimeout(t.Context(), time.Millisecond)
	defer cancelQueued()
	if _, err := e.Handle(queued, add(100)); !errors.Is(err, host.ErrNotStarted) || !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("queued: error %v, want ErrNotStarted and DeadlineExceeded", err)
	}
	cancel()
	if err := <-taken; !errors.Is(err, host.ErrOutcomeUnknown) || !errors.Is(err, context.Canceled) {
		t.Errorf("taken: error %v, want ErrOutcomeUnknown and Canceled", err)
	}
	f.Release()
	if r := accepted(t, e, host.Command{Name: "add", Payload: by(10), ID: "k"}); number(t, r.Payload) != "11" || r.Seq != 2 {
		t.Errorf("asked again: %+v", r)
	}
	stands(t, e, 2, "11")
}

func TestAFullMailboxRefusesOrWaits(t *testing.T) {
	h, f := faulty(t, host.Options{MailboxSize: 2})
	e := h.Entity("mischief", "a")
	accepted(t, e, add(1))
	f.Next(storetest.FaultHold)
	var wg sync.WaitGroup
	send := func(c host.Command) {
		wg.Go(func() {
			if _, err := e.Handle(t.Context(), c); err != nil {
				t.Error(err)
			}
		})
	}
	send(add(1))
	if err := f.AwaitHeld(t.Context(), 1); err != nil {
		t.Fatal(err)
	}
	// Two wait in the mailbox; whoever comes then is refused, or waits for room.
	p := h.Pipe(10)
	for range 2 {
		if err := p.Send(t.Context(), e, add(1), nil); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := e.Handle(t.Context(), add(1)); !errors.Is(err, host.ErrMailboxFull) {
		t.Errorf("error %v, want ErrMailboxFull", err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
	defer cancel()
	wait := add(1)
	wait.Wait = true
	if _, err := e.Handle(ctx, wait); !errors.Is(err, host.ErrNotStarted) {
		t.Errorf("error %v, want ErrNotStarted", err)
	}
	send(wait)
	f.Release()
	wg.Wait()
	for range 2 {
		if a, err := p.Receive(t.Context()); err != nil || a.Err != nil {
			t.Errorf("%v, %v", err, a.Err)
		}
	}
	stands(t, e, 5, "5")
}

func TestAnEntityThatCannotBeFoldedIsQuarantinedUntilAPluginCan(t *testing.T) {
	h := serve(t, nil, mischief(t))
	sick, well := h.Entity("mischief", "sick"), h.Entity("mischief", "well")
	accepted(t, sick, add(1))
	accepted(t, sick, host.Command{Name: "poison", Payload: by(5)})
	accepted(t, well, add(1))
	if _, err := h.Deploy(t.Context(), mischief(t, "poison=no")); err != nil {
		t.Fatal(err)
	}
	for range 3 {
		_, err := sick.Handle(t.Context(), add(1))
		var q *host.QuarantineError
		var f *host.Fault
		if !errors.Is(err, host.ErrQuarantined) || !errors.As(err, &q) || q.Entity != sick.ID() || !errors.As(err, &f) || f.Seq != 2 || !strings.Contains(err.Error(), "cannot fold this") {
			t.Fatalf("error %v, want a quarantine that names event 2 and the reason", err)
		}
	}
	if all := h.Quarantined(); len(all) != 1 || all[0].Entity != sick.ID() {
		t.Errorf("quarantined: %v", all)
	}
	accepted(t, well, add(1))
	if _, err := h.Deploy(t.Context(), mischief(t)); err != nil {
		t.Fatal(err)
	}
	accepted(t, sick, add(1))
	stands(t, sick, 3, "7")
	if all := h.Quarantined(); len(all) != 0 {
		t.Errorf("still quarantined: %v", all)
	}
}

func TestADeploymentIsSwappedUnderLoad(t *testing.T) {
	h := serve(t, nil, mischief(t))
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var wg sync.WaitGroup
	var sent [4]atomic.Uint64
	for i := range sent {
		e := h.Entity("mischief", fmt.Sprint(i))
		wg.Go(func() {
			for ctx.Err() == nil {
				if _, err := e.Handle(t.Context(), add(1)); err != nil {
					t.Errorf("a command failed in a swap: %v", err)
					return
				}
				sent[i].Add(1)
			}
		})
	}
	double, single := mischief(t, "factor=02"), mischief(t)
	for i := range 6 {
		for before := sent[0].Load(); sent[0].Load() < before+20 && !t.Failed(); {
			time.Sleep(time.Millisecond)
		}
		wasm := double
		if i%2 == 1 {
			wasm = single
		}
		if _, err := h.Deploy(t.Context(), wasm); err != nil {
			t.Error(err)
		}
	}
	if _, err := h.Deploy(t.Context(), []byte("no plugin")); err == nil {
		t.Error("something that is no plugin was deployed")
	} else if wrong := new(host.LoadError); !errors.As(err, &wrong) || len(wrong.Problems) == 0 {
		t.Errorf("error %v, want a *host.LoadError", err)
	}
	if _, err := h.Deploy(t.Context(), double); err != nil {
		t.Error(err)
	}
	cancel()
	wg.Wait()
	for i := range sent {
		n := sent[i].Load()
		stands(t, h.Entity("mischief", fmt.Sprint(i)), n, fmt.Sprint(2*n)) // folded again by the new rules
	}
	if all := h.Deployments(); len(all) != 1 {
		t.Errorf("%d plugins serve", len(all))
	}
}

func TestAClosedHostTakesNothing(t *testing.T) {
	store := memstore.New(&memstore.Options{Exclusive: true})
	h, err := host.New(t.Context(), &host.Options{Log: store, PluginCacheDir: compiled})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := h.Deploy(t.Context(), mischief(t)); err != nil {
		t.Fatal(err)
	}
	e := h.Entity("mischief", "a")
	// Whatever is in flight is answered: accepted, or refused because of the end.
	p := h.Pipe(1000)
	for range 1000 {
		if err := p.Send(t.Context(), e, add(1), nil); err != nil {
			t.Fatal(err)
		}
	}
	p.CloseSend()
	if err := h.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	done := uint64(0)
	for {
		a, err := p.Receive(t.Context())
		if err != nil {
			break
		}
		if a.Err == nil {
			done++
		} else if !errors.Is(a.Err, host.ErrClosed) {
			t.Errorf("error %v, want ErrClosed", a.Err)
		}
	}
	if _, err := e.Handle(t.Context(), add(1)); !errors.Is(err, host.ErrClosed) {
		t.Errorf("error %v, want ErrClosed", err)
	}
	h2 := serve(t, &host.Options{Log: store}, mischief(t))
	if done > 0 {
		stands(t, h2.Entity("mischief", "a"), done, fmt.Sprint(done))
	}
}

func TestSpansOfACommand(t *testing.T) {
	recorder := tracetest.NewSpanRecorder()
	provider := sdktrace.NewTracerProvider(sdktrace.WithSpanProcessor(recorder))
	h := serve(t, &host.Options{Tracing: provider}, mischief(t))
	const parent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
	c := add(1)
	c.Meta = map[string]string{"traceparent": parent}
	accepted(t, h.Entity("mischief", "a"), c)
	names := make(map[string]bool)
	for _, s := range recorder.Ended() {
		names[s.Name()] = true
		if got := s.SpanContext().TraceID().String(); got != parent[3:35] {
			t.Errorf("span %s is of trace %s, want that of the traceparent", s.Name(), got)
		}
		if s.EndTime().Before(s.StartTime()) {
			t.Errorf("span %s ends before it begins", s.Name())
		}
	}
	for _, want := range []string{"eshost.command mischief/add", "queue", "decide", "append"} {
		if !names[want] {
			t.Errorf("no span %q in %v", want, names)
		}
	}
	for rec, err := range h.Log().Read(t.Context(), stores.EntityID{Type: "mischief", ID: "a"}, 0) {
		if err != nil || rec.Commands[0].Meta["traceparent"] != parent {
			t.Errorf("recorded: %v, %v", rec.Commands[0].Meta, err)
		}
	}
}

func TestAPipeKeepsTheOrderOfEachEntity(t *testing.T) {
	h := serve(t, nil, mischief(t))
	const entities, commands = 5, 2000
	p := h.Pipe(64)
	sent := make(chan error, 1)
	go func() {
		defer p.CloseSend()
		for i := range commands {
			if err := p.Send(t.Context(), h.Entity("mischief", fmt.Sprint(i%entities)), host.Command{Name: "add", Payload: by(1), Wait: true}, i); err != nil {
				sent <- err
				return
			}
		}
		sent <- nil
	}()
	answered := 0
	for {
		a, err := p.Receive(t.Context())
		if err != nil {
			break
		}
		i := a.Ref.(int)
		if a.Err != nil || a.Reply.Seq != uint64(i/entities)+1 {
			t.Fatalf("command %d was the %d-th of its entity, %v", i, a.Reply.Seq, a.Err)
		}
		answered++
	}
	if err := <-sent; err != nil || answered != commands {
		t.Errorf("%d answers, %v", answered, err)
	}
	full := h.Pipe(1)
	if err := full.Send(t.Context(), h.Entity("mischief", "x"), add(1), nil); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
	defer cancel()
	if err := full.Send(ctx, h.Entity("mischief", "x"), add(1), nil); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("a full pipe: error %v", err)
	}
	if _, err := full.Receive(t.Context()); err != nil {
		t.Error(err)
	}
	if _, err := full.Receive(ctx); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("an empty pipe: error %v", err)
	}
}
