package host_test

import (
	"bytes"
	"context"
	"errors"
	"testing"
	"time"

	"github.com/eshost/eshost/host"
	"github.com/eshost/eshost/stores"
	"github.com/eshost/eshost/stores/memstore"
)

func mischiefID(name string) stores.EntityID { return stores.EntityID{Type: "mischief", ID: name} }

func TestAPastStateIsWhatTheServingPluginOrAnotherOneMakesOfTheEvents(t *testing.T) {
	h := serve(t, nil, mischief(t))
	for n := range uint64(5) {
		accepted(t, h.Entity("mischief", "a"), add(n+1))
	}
	doubled := mischief(t, "factor=02")
	for _, test := range []struct {
		seq    uint64
		wasm   []byte
		want   string
		plugin stores.Digest
	}{
		{1, nil, "1", h.Deployments()[0].Plugin},
		{3, nil, "6", h.Deployments()[0].Plugin},
		{5, doubled, "30", stores.Digest{}},
	} {
		s, err := h.StateAt(t.Context(), mischiefID("a"), test.seq, test.wasm)
		if err != nil || s.Seq != test.seq || number(t, s.Payload) != test.want || (s.Plugin == h.Deployments()[0].Plugin) != (test.wasm == nil) {
			t.Errorf("at %d: %+v, %v", test.seq, s, err)
		}
	}
	stands(t, h.Entity("mischief", "a"), 5, "15")
	if len(h.Deployments()) != 1 {
		t.Error("the plugin that was asked serves")
	}
}

func TestAPastStateThatThereIsNotIsToldApart(t *testing.T) {
	h := serve(t, nil, mischief(t))
	accepted(t, h.Entity("mischief", "a"), add(1))
	accepted(t, h.Entity("mischief", "p"), host.Command{Name: "poison", Payload: by(1)})
	at := func(typ, id string, seq uint64, wasm []byte) error {
		_, err := h.StateAt(t.Context(), stores.EntityID{Type: typ, ID: id}, seq, wasm)
		return err
	}
	var beyond *host.NotReachedError
	var fault *host.Fault
	var load *host.LoadError
	for name, ok := range map[string]bool{
		"beyond the end":         errors.As(at("mischief", "a", 2, nil), &beyond) && beyond.Seq == 1,
		"of no entity":           errors.Is(at("mischief", "none", 1, nil), host.ErrNoEvents),
		"before the first":       errors.Is(at("mischief", "a", 0, nil), host.ErrNoEvents),
		"of a type not served":   errors.Is(at("other", "a", 1, nil), host.ErrUnknownType),
		"of a type not there":    errors.Is(at("other", "a", 1, mischief(t)), host.ErrIncompatible),
		"of no type":             errors.Is(at("Other", "a", 1, nil), host.ErrInvalidID),
		"by what is no plugin":   errors.As(at("mischief", "a", 1, []byte("x")), &load),
		"by one that cannot":     errors.As(at("mischief", "p", 1, mischief(t, "poison=no")), &fault) && fault.Seq == 1 && fault.Kind == host.Panicked,
		"by the one that serves": at("mischief", "p", 1, nil) == nil,
	} {
		if !ok {
			t.Error(name)
		}
	}
}

// replayed runs a query to its end.
func replayed(t *testing.T, h *host.Host, q host.ReplayQuery, wasm []byte) *host.ReplayReport {
	t.Helper()
	var last *host.ReplayReport
	for r, err := range h.Replay(t.Context(), q, wasm) {
		if err != nil {
			t.Fatal(err)
		}
		last = r
	}
	if last == nil || !last.Done {
		t.Fatalf("the last report is %+v", last)
	}
	return last
}

func TestReplayComparesAPluginWithTheOneThatServes(t *testing.T) {
	h := serve(t, nil, mischief(t))
	for _, id := range []string{"a", "b", "c"} {
		accepted(t, h.Entity("mischief", id), add(0))
		accepted(t, h.Entity("mischief", id), add(3))
	}
	accepted(t, h.Entity("mischief", "b"), host.Command{Name: "poison", Payload: by(0)})
	q := host.ReplayQuery{Type: "mischief", Keep: true, Decide: true}

	if r := replayed(t, h, q, mischief(t)); !r.Settled() || r.Entities != 3 || r.Events != 7 || r.Decided != (host.Redecided{Commits: 7, Equal: 7}) || r.Until.IsZero() {
		t.Errorf("the same plugin: %+v", r)
	}
	r := replayed(t, h, q, mischief(t, "factor=02"))
	if r.Verdicts[host.Different] != 3 || len(r.Findings) != 3 || r.Decided != (host.Redecided{Commits: 7, Equal: 3, Different: 4}) {
		t.Fatalf("a fold that differs: %+v", r)
	}
	f := r.Findings[0]
	patch, err := f.Difference()
	if f.Seq != 2 || f.Event.Name != "added" || number(t, f.Old) != "3" || number(t, f.New) != "6" || err != nil || !bytes.Contains(patch, []byte(`{"value":6,"op":"replace","path":""}`)) {
		t.Errorf("%+v %s %v", f, patch, err)
	}
	r = replayed(t, h, q, mischief(t, "poison=no"))
	if r.Verdicts[host.Equal] != 2 || r.Verdicts[host.Faulty] != 1 || r.Findings[0].Entity.ID != "b" || r.Findings[0].Seq != 3 || r.Findings[0].Event.Name != "poisoned" {
		t.Errorf("an event that cannot be folded: %+v", r)
	}
	q.IDs = []string{"a"}
	if r := replayed(t, h, q, mischief(t, "poison=no")); !r.Settled() || r.Entities != 1 {
		t.Errorf("one entity: %+v", r)
	}
	if len(h.Deployments()) != 1 || len(h.Quarantined()) != 0 {
		t.Error("the replay left something behind")
	}
}

func TestADryRunShowsWhatACommandWouldDo(t *testing.T) {
	store := memstore.New(nil)
	h := serve(t, &host.Options{Log: store}, mischief(t))
	e := h.Entity("mischief", "a")
	first, err := h.DryRun(t.Context(), e.ID(), add(4))
	if err != nil || first.Seq != 0 || len(first.Events) != 1 || number(t, first.State) != "4" || number(t, first.Reply) != "4" {
		t.Errorf("of an entity that is not: %+v, %v", first, err)
	}
	accepted(t, e, add(1))
	head, _ := store.Head(t.Context())
	d, err := h.DryRun(t.Context(), e.ID(), add(4))
	if err != nil || d.Seq != 1 || number(t, d.State) != "5" || number(t, d.Reply) != "5" || d.Rejection != nil || d.Plugin != h.Deployments()[0].Plugin {
		t.Fatalf("%+v, %v", d, err)
	}
	if ev := d.Events[0]; len(d.Events) != 1 || ev.Seq != 2 || ev.Name != "added" || ev.Version != 1 || !bytes.Equal(ev.Payload, by(4)) || time.Since(ev.Time) > time.Hour {
		t.Errorf("%+v", d.Events)
	}
	if d, err := h.DryRun(t.Context(), e.ID(), host.Command{Name: "refuse"}); err != nil || d.Rejection == nil || d.Rejection.Code != "refused" || len(d.Events) != 0 || number(t, d.State) != "1" {
		t.Errorf("a rejection: %+v, %v", d, err)
	}
	if d, err := h.DryRun(t.Context(), e.ID(), host.Command{Name: "look"}); err != nil || len(d.Events) != 0 || number(t, d.Reply) != "1" {
		t.Errorf("no event: %+v, %v", d, err)
	}
	seq := uint64(7)
	var expected *host.ExpectedError
	var failed *host.CommandError
	if _, err := h.DryRun(t.Context(), e.ID(), host.Command{Name: "look", Expected: &seq}); !errors.As(err, &expected) || expected.Seq != 1 {
		t.Errorf("another number: %v", err)
	}
	for name, kind := range map[string]host.FaultKind{"panic": host.Panicked, "nothing": host.UnknownCommand, "exit": host.Trapped} {
		if _, err := h.DryRun(t.Context(), e.ID(), host.Command{Name: name}); !errors.As(err, &failed) || failed.Fault.Kind != kind {
			t.Errorf("%s: %v", name, err)
		}
	}
	if now, _ := store.Head(t.Context()); now != head {
		t.Error("something was persisted")
	}
	stands(t, e, 1, "1")
}

func TestAnEntityIsVerifiedByThePluginsThatDecidedIt(t *testing.T) {
	store := memstore.New(&memstore.Options{Exclusive: true})
	h := serve(t, &host.Options{Log: store, Blobs: store}, mischief(t))
	e := h.Entity("mischief", "a")
	accepted(t, e, add(1))
	accepted(t, e, add(2))
	former, err := store.PutBlob(t.Context(), mischief(t))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := h.Deploy(t.Context(), mischief(t, "factor=02")); err != nil {
		t.Fatal(err)
	}
	accepted(t, e, add(3))
	v, err := h.VerifyEntity(t.Context(), e.ID())
	if err != nil || v.Seq != 3 || v.Decided != (host.Redecided{Commits: 3, Equal: 3}) || len(v.Plugins) != 2 || v.Plugins[0].Plugin != former {
		t.Errorf("%+v, %v", v, err)
	}
	if _, err := h.VerifyEntity(t.Context(), mischiefID("none")); !errors.Is(err, host.ErrNoEvents) {
		t.Errorf("of no entity: %v", err)
	}

	// Where the former one is not kept, the others are verified all the same.
	h = serve(t, &host.Options{Log: store}, mischief(t, "factor=02"))
	v, err = h.VerifyEntity(t.Context(), e.ID())
	if err != nil || v.Decided != (host.Redecided{Commits: 3, Equal: 1, Unknown: 2}) || !errors.Is(v.Plugins[0].Err, stores.ErrNotFound) || v.Plugins[1].Err != nil {
		t.Errorf("%+v, %v", v, err)
	}
}

func TestACommandThatItsPluginDecidesDifferentlyIsFound(t *testing.T) {
	h := serve(t, &host.Options{AuditShare: -1}, mischief(t))
	e := h.Entity("mischief", "a")
	accepted(t, e, add(1))
	accepted(t, e, host.Command{Name: "remember"})
	accepted(t, e, host.Command{Name: "remember"})
	v, err := h.VerifyEntity(t.Context(), e.ID())
	if err != nil || v.Commits != 3 || v.Equal < 1 || v.Different < 1 || len(v.Decisions) == 0 || v.Decisions[0].Commit.Commands[0].Name != "remember" {
		t.Errorf("%+v, %v", v, err)
	}
}

func TestAReplayEndsWithItsContext(t *testing.T) {
	h := serve(t, nil, mischief(t))
	accepted(t, h.Entity("mischief", "a"), add(1))
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for r, err := range h.Replay(ctx, host.ReplayQuery{Type: "mischief"}, mischief(t)) {
		if err == nil {
			t.Errorf("%+v", r)
		} else if !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
	}
}
