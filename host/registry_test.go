package host_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/eshost/eshost/host"
	"github.com/eshost/eshost/host/hosttest"
	"github.com/eshost/eshost/stores"
	"github.com/eshost/eshost/stores/memstore"
	"github.com/eshost/eshost/stores/storetest"
)

// registered starts a host that keeps its deployments on the store.
func registered(t testing.TB, store *memstore.Store, o *host.Options) *host.Host {
	t.Helper()
	var opts host.Options
	if o != nil {
		opts = *o
	}
	if opts.Log == nil {
		opts.Log = store
	}
	if opts.Blobs == nil {
		opts.Blobs = store
	}
	opts.Snapshots = store
	return serve(t, &opts)
}

// forgetful is a plugin that has another event in the place of poisoned.
func forgetful(t testing.TB) []byte {
	return bytes.ReplaceAll(mischief(t), []byte("poisoned"), []byte("venomous"))
}

func deploy(t testing.TB, h *host.Host, wasm []byte, o *host.DeployOptions) host.Deployment {
	t.Helper()
	d, err := h.DeployWith(t.Context(), wasm, o)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// until waits until the condition holds.
func until(t testing.TB, what string, holds func() bool) {
	t.Helper()
	for end := time.Now().Add(time.Minute); !holds(); time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("it does not come to be that %s", what)
		}
	}
}

// serves is the digest of what serves the type.
func serves(h *host.Host, typ string) (d stores.Digest) {
	for _, info := range h.Types() {
		if info.Name == typ {
			d = info.Plugin
		}
	}
	return d
}

func TestADeploymentSurvivesARestartAndEveryHostFollows(t *testing.T) {
	store := memstore.New(nil)
	a, b := registered(t, store, nil), registered(t, store, nil)
	first, second := mischief(t), mischief(t, "factor=02")
	d := deploy(t, a, first, &host.DeployOptions{By: "ada@example.com", From: "192.0.2.7"})
	if d.Seq != 1 || d.By != "ada@example.com" || d.From != "192.0.2.7" || d.Size != len(first) || !slices.Equal(d.Types, []string{"mischief"}) || d.Manifest == nil {
		t.Errorf("deployed %+v", d)
	}
	until(t, "the other host serves it", func() bool { return serves(b, "mischief") == d.Plugin })
	accepted(t, a.Entity("mischief", "x"), add(3))
	stands(t, b.Entity("mischief", "x"), 1, "3")

	d = deploy(t, b, second, nil)
	until(t, "the other host has swapped, too", func() bool { return serves(a, "mischief") == d.Plugin })
	stands(t, a.Entity("mischief", "x"), 1, "6")
	accepted(t, a.Entity("mischief", "x"), add(1))
	stands(t, b.Entity("mischief", "x"), 2, "8")

	later := registered(t, store, nil)
	stands(t, later.Entity("mischief", "x"), 2, "8")
	history := later.DeploymentHistory()
	if len(history) != 2 || history[0].By != "ada@example.com" || history[1].Plugin != d.Plugin || history[1].Seq != 2 || history[1].Manifest == (stores.Digest{}) || history[1].Bytes != len(second) {
		t.Errorf("history %+v", history)
	}
	if !later.Deployed(sha256.Sum256(first)) || later.Deployed(stores.Digest{1}) {
		t.Error("it does not know what was deployed")
	}
	storetest.Verify(t, store)
}

func TestTheSamePluginAgainChangesNothing(t *testing.T) {
	h := registered(t, memstore.New(nil), nil)
	first := deploy(t, h, mischief(t), nil)
	again := deploy(t, h, mischief(t), nil)
	if again.Seq != 1 || again.Time != first.Time || len(h.DeploymentHistory()) != 1 {
		t.Errorf("deployed %+v, history %+v", again, h.DeploymentHistory())
	}
	p, err := h.Plan(t.Context(), mischief(t), nil)
	if err != nil || !p.Unchanged || len(p.Types[0].Changes) != 0 {
		t.Errorf("the plan is %+v, %v", p, err)
	}
}

// Whoever plans while another one deploys is told who came first: on the same host, and on another one.
func TestOfTwoOperatorsOneWinsAndTheOtherIsToldWho(t *testing.T) {
	store := memstore.New(nil)
	a, b := registered(t, store, nil), registered(t, store, nil)
	for i, other := range []*host.Host{a, b} {
		for _, step := range []string{host.StepLoad, host.StepPlan, host.StepStore, host.StepRecord} {
			mine, theirs := small(t, fmt.Sprint("mine", i, step)), small(t, fmt.Sprint("theirs", i, step))
			before := len(a.DeploymentHistory())
			_, err := a.DeployWith(t.Context(), mine, &host.DeployOptions{Progress: func(p host.Progress) {
				if p.Step == step {
					deploy(t, other, theirs, &host.DeployOptions{By: "grace@example.com"})
				}
			}})
			var race *host.RaceError
			if !errors.Is(err, host.ErrDeploymentRace) || !errors.As(err, &race) || race.Winner.By != "grace@example.com" || race.Winner.Plugin != sha256.Sum256(theirs) || int(race.Seq) != before {
				t.Fatalf("at step %s: error %v, want one that names who won", step, err)
			}
			if !strings.Contains(err.Error(), "grace@example.com deployed plugin") {
				t.Errorf("it says %q", err)
			}
			for _, h := range []*host.Host{a, b} {
				until(t, "the winner serves", func() bool { return serves(h, "counter") == sha256.Sum256(theirs) })
			}
			if n := len(a.DeploymentHistory()); n != before+1 {
				t.Errorf("at step %s: %d deployments are recorded, want %d", step, n, before+1)
			}
		}
	}
	storetest.Verify(t, store)
}

// small is a counter that is compiled quickly, and is another plugin for each name.
func small(t testing.TB, name string) []byte {
	return append(bytes.Clone(hosttest.Built(t, "counter-c")), custom(name)...)
}

// custom is a section of a module that means nothing and makes it another one.
func custom(name string) []byte {
	return append([]byte{0, byte(len(name) + 1), byte(len(name))}, name...)
}

func TestManyOperatorsAtOnceMakeOneHistory(t *testing.T) {
	store := memstore.New(nil)
	hosts := []*host.Host{registered(t, store, nil), registered(t, store, nil)}
	var wg sync.WaitGroup
	var won atomic.Int64
	for i := range 8 {
		wasm := small(t, fmt.Sprint(i))
		wg.Go(func() {
			switch _, err := hosts[i%2].DeployWith(t.Context(), wasm, nil); {
			case err == nil:
				won.Add(1)
			case !errors.Is(err, host.ErrDeploymentRace):
				t.Error(err)
			}
		})
	}
	wg.Wait()
	history := registered(t, store, nil).DeploymentHistory()
	if int(won.Load()) != len(history) || len(history) == 0 {
		t.Errorf("%d won, and %d are recorded", won.Load(), len(history))
	}
	for _, h := range hosts {
		until(t, "the last one serves", func() bool { return serves(h, "counter") == history[len(history)-1].Plugin })
	}
}

func TestAPlanHoldsUntilSomethingChanges(t *testing.T) {
	store := memstore.New(nil)
	h := registered(t, store, nil)
	deploy(t, h, mischief(t), nil)
	wasm := mischief(t, "factor=02")
	plan := func() string {
		p, err := h.Plan(t.Context(), wasm, nil)
		if err != nil {
			t.Fatal(err)
		}
		return p.Token
	}
	token := plan()
	if again := plan(); again != token {
		t.Errorf("two plans of the same are %s and %s", token, again)
	}
	refused := func(what string, wasm []byte, o host.DeployOptions) {
		t.Helper()
		o.PlanToken = token
		var out *host.PlanError
		if _, err := h.DeployWith(t.Context(), wasm, &o); !errors.Is(err, host.ErrPlanOutdated) || !errors.As(err, &out) {
			t.Errorf("%s: error %v, want ErrPlanOutdated", what, err)
		}
	}
	refused("another plugin", mischief(t, "factor=03"), host.DeployOptions{})
	refused("other states", wasm, host.DeployOptions{States: host.KeepStates})
	accepted(t, h.Entity("mischief", "x"), add(1))
	refused("a new kind of events", wasm, host.DeployOptions{})
	token = plan()
	accepted(t, h.Entity("mischief", "x"), add(1))
	deploy(t, h, wasm, &host.DeployOptions{PlanToken: token})

	token = plan()
	deploy(t, h, mischief(t, "factor=04"), &host.DeployOptions{By: "grace@example.com"})
	refused("another deployment", wasm, host.DeployOptions{})
	if _, err := h.DeployWith(t.Context(), wasm, &host.DeployOptions{PlanToken: token}); !strings.Contains(err.Error(), "grace@example.com deployed plugin") {
		t.Errorf("it says %q", err)
	}
	for _, token := range []string{"x", "-", "99-0", "2"} {
		if _, err := h.DeployWith(t.Context(), wasm, &host.DeployOptions{PlanToken: token}); !errors.Is(err, host.ErrPlanOutdated) {
			t.Errorf("token %q: error %v", token, err)
		}
	}
}

func TestThePlanSaysWhatChanges(t *testing.T) {
	h := registered(t, memstore.New(nil), nil)
	p, err := h.Plan(t.Context(), mischief(t), nil)
	if err != nil || p.Types[0].Serving != nil || len(p.Types[0].Changes) == 0 || p.Types[0].Changes[0] != (host.Change{Type: "mischief", Op: "added", What: "type"}) || p.Types[0].Unsafe == "" || p.Types[0].SnapshotsIgnored != "" {
		t.Errorf("the first one: %+v, %v", p, err)
	}
	first := deploy(t, h, mischief(t), nil)
	accepted(t, h.Entity("mischief", "x"), host.Command{Name: "poison", Payload: by(1)})
	p, err = h.Plan(t.Context(), forgetful(t), nil)
	if err != nil {
		t.Fatal(err)
	}
	tp := p.Types[0]
	want := []host.Change{{"mischief", "added", "event", "venomous v1", ""}, {"mischief", "removed", "event", "poisoned v1", ""}}
	if !slices.Equal(tp.Changes, want) || *tp.Serving != first.Plugin || !slices.Equal(tp.Unlisted, []stores.Kind{{Name: "poisoned", Version: 1}}) || tp.States != host.RefoldStates ||
		!strings.Contains(tp.SnapshotsIgnored, "another plugin") || !strings.Contains(tp.Unsafe, "cannot fold venomous v1, once that is written") {
		t.Errorf("%+v", tp)
	}
	p, err = h.Plan(t.Context(), mischief(t, "factor=02"), &host.DeployOptions{States: host.KeepStates})
	if err != nil || p.Types[0].Unsafe != "" || p.Types[0].SnapshotsIgnored != "" || len(p.Types[0].Changes) != 0 || p.Uncovered() != nil {
		t.Errorf("%+v, %v", p, err)
	}
	if len(h.DeploymentHistory()) != 1 {
		t.Error("planning deploys")
	}
}

func TestAPluginThatForgetsAnEventIsRefusedUnlessForced(t *testing.T) {
	h := registered(t, memstore.New(nil), nil)
	served := deploy(t, h, mischief(t), nil)
	x := h.Entity("mischief", "x")
	accepted(t, x, host.Command{Name: "poison", Payload: by(1)})
	var uncovered *host.CoverageError
	if _, err := h.DeployWith(t.Context(), forgetful(t), nil); !errors.Is(err, host.ErrUncovered) || !errors.As(err, &uncovered) || !strings.Contains(err.Error(), "does not list poisoned v1 of type mischief") {
		t.Fatalf("error %v, want ErrUncovered", err)
	}
	if serves(h, "mischief") != served.Plugin {
		t.Error("it serves all the same")
	}
	accepted(t, x, add(1))
	deploy(t, h, forgetful(t), &host.DeployOptions{Force: true})
	if _, err := x.State(t.Context()); !errors.Is(err, host.ErrQuarantined) {
		t.Errorf("error %v, want ErrQuarantined", err)
	}
	if e := h.DeploymentHistory()[1]; !e.Forced {
		t.Error("the history does not say that it was forced")
	}
	if _, err := h.Rollback(t.Context(), "mischief", nil); err != nil {
		t.Fatal(err)
	}
	stands(t, x, 2, "2")
}

// A log whose answers are lost: what was recorded is recorded once, and who waits is told the truth.
func TestARecordWhoseAnswerIsLostCounts(t *testing.T) {
	store := memstore.New(nil)
	log := storetest.Faulty(store, &storetest.Faults{})
	h := registered(t, store, &host.Options{Log: log, AppendTimeout: time.Second})
	for i, fault := range []storetest.Fault{storetest.FaultAfter, storetest.FaultLost, storetest.FaultLate, storetest.FaultAfterHead} {
		log.Faults().Next(fault)
		d := deploy(t, h, small(t, fmt.Sprint(fault)), nil)
		log.Flush()
		if d.Seq != uint64(i+1) || serves(h, "counter") != d.Plugin {
			t.Errorf("%v: deployed %+v", fault, d)
		}
	}
	storetest.Verify(t, store)
}

// blobless is a store of blobs that loses what it has, while it is told to.
type blobless struct {
	stores.BlobStore
	lost atomic.Bool
}

func (b *blobless) Blob(ctx context.Context, d stores.Digest) ([]byte, error) {
	if b.lost.Load() {
		return nil, fmt.Errorf("read blob: %w", stores.ErrUnavailable)
	}
	return b.BlobStore.Blob(ctx, d)
}

func TestAPluginThatCannotBeLoadedIsTriedAgain(t *testing.T) {
	store := memstore.New(nil)
	blobs := &blobless{BlobStore: store}
	a, b := registered(t, store, nil), registered(t, store, &host.Options{Blobs: blobs})
	first := deploy(t, a, mischief(t), nil)
	accepted(t, a.Entity("mischief", "x"), add(1))
	until(t, "the other host serves it", func() bool { return serves(b, "mischief") == first.Plugin })
	blobs.lost.Store(true)
	second := deploy(t, a, mischief(t, "factor=02"), nil)
	until(t, "the other host knows of it", func() bool { return len(b.DeploymentHistory()) == 2 })
	stands(t, b.Entity("mischief", "x"), 1, "1")
	late := registered(t, store, &host.Options{Blobs: blobs})
	if _, err := late.Entity("mischief", "x").State(t.Context()); !errors.Is(err, host.ErrUnavailable) || !strings.Contains(err.Error(), "cannot be loaded here") {
		t.Errorf("error %v, want ErrUnavailable and why", err)
	}
	blobs.lost.Store(false)
	for _, h := range []*host.Host{b, late} {
		until(t, "it is loaded", func() bool { return serves(h, "mischief") == second.Plugin })
		stands(t, h.Entity("mischief", "x"), 1, "2")
	}
}

func TestStatesAreKeptOrFoldedAgainAsTheDeploymentSays(t *testing.T) {
	store := memstore.New(&memstore.Options{Exclusive: true})
	h := registered(t, store, &host.Options{SnapshotEvery: 1})
	deploy(t, h, mischief(t), nil)
	x := h.Entity("mischief", "x")
	accepted(t, x, add(5))
	until(t, "there is a snapshot", func() bool {
		snaps, _, err := store.Load(t.Context(), []stores.EntityID{x.ID()})
		return err == nil && snaps[0] != nil && snaps[0].Seq == 1
	})
	deploy(t, h, mischief(t, "factor=02"), &host.DeployOptions{States: host.KeepStates})
	stands(t, x, 1, "5") // kept in memory
	cold := registered(t, store, nil)
	stands(t, cold.Entity("mischief", "x"), 1, "5") // and in the snapshot
	deploy(t, h, mischief(t, "factor=03"), nil)
	stands(t, x, 1, "5") // folded again: this one counts once, too
	deploy(t, h, append(bytes.Clone(mischief(t, "factor=02")), custom("x")...), nil)
	stands(t, x, 1, "10") // folded again, by one that counts twice
	until(t, "the other host has swapped, too", func() bool { return serves(cold, "mischief") == serves(h, "mischief") })
	stands(t, cold.Entity("mischief", "x"), 1, "10")
}

// A host without blobs deploys in memory, with the same history, plans and rollbacks.
func TestWithoutBlobsDeploymentsAreTheHostsOwn(t *testing.T) {
	store := memstore.New(nil)
	h := serve(t, &host.Options{Log: store}, mischief(t), mischief(t, "factor=02"))
	if history := h.DeploymentHistory(); len(history) != 2 || history[1].Seq != 2 {
		t.Errorf("history %+v", history)
	}
	x := h.Entity("mischief", "x")
	accepted(t, x, add(1))
	stands(t, x, 1, "2")
	if _, err := h.Rollback(t.Context(), "mischief", nil); err != nil {
		t.Fatal(err)
	}
	stands(t, x, 1, "1")
	for rec, err := range store.Scan(t.Context(), stores.Query{System: true}) {
		if err != nil || rec.Entity.Type != "mischief" {
			t.Errorf("the log has %v, %v", rec, err)
		}
	}
}
