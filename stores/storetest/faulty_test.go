package storetest_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/eshost/eshost/stores"
	"github.com/eshost/eshost/stores/memstore"
	"github.com/eshost/eshost/stores/storetest"
)

var a = stores.EntityID{Type: "counter", ID: "a"}

func commit(id stores.EntityID, expected uint64, name string) stores.Commit {
	c := stores.Commit{Entity: id, Expected: expected, Events: []stores.Event{{Name: "increased", Version: 1, Payload: []byte(name)}}}
	copy(c.ID[:], fmt.Sprintf("%s-%d-%s", id.ID, expected, name))
	return c
}

// faulty returns a log with faults, and its inner log, which is verified in the end.
func faulty(t *testing.T, f *storetest.Faults) (*storetest.FaultyLog, *memstore.Store) {
	inner := memstore.New(nil)
	log := storetest.Faulty(inner, f)
	t.Cleanup(func() {
		log.Faults().Stop()
		log.Flush()
		storetest.Verify(t, inner)
		if err := log.Close(); err != nil {
			t.Error(err)
		}
	})
	return log, inner
}

func outcome(ctx context.Context, log stores.Log, c stores.Commit) (stores.Outcome, error) {
	r := log.Append(ctx, stores.Fence{}, []stores.Commit{c})[0]
	return r.Outcome, r.Err
}

func head(t *testing.T, log stores.Log, id stores.EntityID) uint64 {
	t.Helper()
	heads, err := log.Heads(context.Background(), []stores.EntityID{id})
	if err != nil {
		t.Fatal(err)
	}
	return heads[0].Seq
}

func TestAFaultyLogWithoutFaultsIsALogLikeOthers(t *testing.T) {
	storetest.Run(t, storetest.Factory{Open: func(testing.TB) storetest.Stores {
		return storetest.Stores{Log: storetest.Faulty(memstore.New(nil), nil)}
	}})
}

func TestFaultsOfAppendByScript(t *testing.T) {
	for _, test := range []struct {
		fault   storetest.Fault
		outcome stores.Outcome
		at      uint64 // the head right after
		later   uint64 // and after a flush
	}{
		{storetest.FaultNone, stores.Applied, 1, 1},
		{storetest.FaultBefore, stores.Refused, 0, 0},
		{storetest.FaultAfter, stores.Unknown, 1, 1},
		{storetest.FaultLost, stores.Unknown, 0, 0},
		{storetest.FaultAfterHead, stores.Unknown, 0, 1},
		{storetest.FaultDelay, stores.Applied, 1, 1},
	} {
		f := &storetest.Faults{}
		log, inner := faulty(t, f)
		f.Next(test.fault)
		o, err := outcome(t.Context(), log, commit(a, 0, "x"))
		if o != test.outcome || (o != stores.Applied) != errors.Is(err, storetest.ErrInjected) || (o == stores.Refused) != errors.Is(err, stores.ErrUnavailable) {
			t.Errorf("%s: %s, %v", test.fault, o, err)
		}
		if n := head(t, inner, a); n != test.at {
			t.Errorf("%s: the head is %d, want %d", test.fault, n, test.at)
		}
		log.Flush()
		if n := head(t, inner, a); n != test.later {
			t.Errorf("%s: the head after a flush is %d, want %d", test.fault, n, test.later)
		}
		if n := f.Injected(test.fault); n < 1 {
			t.Errorf("%s was not counted", test.fault)
		}
		want := map[bool]stores.Outcome{true: stores.Duplicate, false: stores.Applied}[test.later == 1]
		if o, err := outcome(t.Context(), log, commit(a, 0, "x")); o != want {
			t.Errorf("%s: appended again: %s, %v, want %s", test.fault, o, err, want)
		}
	}
}

func TestALateWriteLandsOfItself(t *testing.T) {
	f := &storetest.Faults{}
	log, inner := faulty(t, f)
	f.Next(storetest.FaultLate)
	if o, err := outcome(t.Context(), log, commit(a, 0, "x")); o != stores.Unknown {
		t.Fatal(o, err)
	}
	if err := inner.Wait(t.Context(), stores.Position{}); err != nil || head(t, inner, a) != 1 {
		t.Errorf("the head is %d, %v", head(t, inner, a), err)
	}
}

func TestALateWriteThatLostTheRaceIsNotApplied(t *testing.T) {
	f := &storetest.Faults{}
	log, inner := faulty(t, f)
	f.Next(storetest.FaultAfterHead)
	if o, err := outcome(t.Context(), log, commit(a, 0, "late")); o != stores.Unknown {
		t.Fatal(o, err)
	}
	if o, err := outcome(t.Context(), log, commit(a, 0, "first")); o != stores.Applied {
		t.Fatal(o, err)
	}
	log.Flush()
	if n := head(t, inner, a); n != 1 {
		t.Errorf("the head is %d, want 1", n)
	}
}

func TestAWriteLandsAfterItsCallerHasLooked(t *testing.T) {
	for name, look := range map[string]func(log stores.Log) uint64{
		"heads": func(log stores.Log) uint64 { return head(t, log, a) },
		"read": func(log stores.Log) (n uint64) {
			for rec, err := range log.Read(t.Context(), a, 0) {
				if err != nil {
					t.Fatal(err)
				}
				n = rec.Seq()
			}
			return n
		},
	} {
		f := &storetest.Faults{}
		log, inner := faulty(t, f)
		f.Next(storetest.FaultAfterHead)
		if o, err := outcome(t.Context(), log, commit(a, 0, "x")); o != stores.Unknown {
			t.Fatal(o, err)
		}
		head(t, log, stores.EntityID{Type: "counter", ID: "other"})
		if seen, is := look(log), head(t, inner, a); seen != 0 || is != 1 {
			t.Errorf("%s: the caller sees %d, want 0, and the head is %d, want 1", name, seen, is)
		}
	}
}

func TestCommitsOfOneCallFailApart(t *testing.T) {
	f := &storetest.Faults{Seed: 7, Before: 0.2, After: 0.2, Lost: 0.2, AfterHead: 0.2}
	log, inner := faulty(t, f)
	commits := make([]stores.Commit, 500)
	for i := range commits {
		commits[i] = commit(stores.EntityID{Type: "counter", ID: fmt.Sprint(i)}, 0, "x")
	}
	count := make(map[stores.Outcome]int)
	for i, r := range log.Append(t.Context(), stores.Fence{}, commits) {
		count[r.Outcome]++
		n := head(t, inner, commits[i].Entity)
		if r.Outcome == stores.Applied && n != 1 || r.Outcome == stores.Refused && n != 0 {
			t.Errorf("%s, and the head is %d", r.Outcome, n)
		}
	}
	for _, o := range []stores.Outcome{stores.Applied, stores.Refused, stores.Unknown} {
		if count[o] < 50 {
			t.Errorf("%d of 500 are %s", count[o], o)
		}
	}
	for _, fault := range []storetest.Fault{storetest.FaultNone, storetest.FaultBefore, storetest.FaultAfter, storetest.FaultLost, storetest.FaultAfterHead} {
		if f.Injected(fault) == 0 {
			t.Errorf("no commit met %s", fault)
		}
	}
}

func TestAnOutageFailsEverything(t *testing.T) {
	f := &storetest.Faults{}
	log, inner := faulty(t, f)
	ctx := t.Context()
	if o, err := outcome(ctx, log, commit(a, 0, "x")); o != stores.Applied {
		t.Fatal(o, err)
	}
	p, err := log.Head(ctx)
	if err != nil {
		t.Fatal(err)
	}
	waited := make(chan error, 1)
	go func() { waited <- log.Wait(ctx, p) }()
	started := false
	for range log.Read(ctx, a, 0) {
		if !started {
			started = true
			f.Disconnect()
		}
	}
	if err := <-waited; !errors.Is(err, stores.ErrUnavailable) {
		t.Errorf("wait ends with %v", err)
	}
	if o, err := outcome(ctx, log, commit(a, 1, "y")); o != stores.Refused || !errors.Is(err, stores.ErrUnavailable) {
		t.Errorf("append: %s, %v", o, err)
	}
	_, heads := log.Heads(ctx, []stores.EntityID{a})
	_, kinds := log.Kinds(ctx, "counter")
	_, top := log.Head(ctx)
	errs := map[string]error{"heads": heads, "kinds": kinds, "head": top, "wait": log.Wait(ctx, stores.Position{})}
	for _, err := range log.Read(ctx, a, 0) {
		errs["read"] = err
	}
	for _, err := range log.Scan(ctx, stores.Query{}) {
		errs["scan"] = err
	}
	for _, err := range log.Entities(ctx, "counter", "") {
		errs["entities"] = err
	}
	if len(errs) != 7 {
		t.Errorf("some sequence just ended: %v", errs)
	}
	for what, err := range errs {
		if !errors.Is(err, stores.ErrUnavailable) {
			t.Errorf("%s: %v", what, err)
		}
	}
	if n := head(t, inner, a); n != 1 {
		t.Errorf("the head is %d", n)
	}
	f.Reconnect()
	if o, err := outcome(ctx, log, commit(a, 1, "y")); o != stores.Applied {
		t.Errorf("after the outage: %s, %v", o, err)
	}
}

func TestAnOutageByFaultLastsItsTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &storetest.Faults{Outage: time.Second}
		log, _ := faulty(t, f)
		f.Next(storetest.FaultDisconnect)
		if o, err := outcome(t.Context(), log, commit(a, 0, "x")); o != stores.Unknown {
			t.Fatal(o, err)
		}
		for range 2 {
			if o, err := outcome(t.Context(), log, commit(a, 0, "x")); o != stores.Refused || !errors.Is(err, stores.ErrUnavailable) {
				t.Errorf("in the outage: %s, %v", o, err)
			}
			time.Sleep(f.Outage / 3)
		}
		f.Disconnect() // on purpose: it stays until Reconnect
		time.Sleep(f.Outage)
		if o, err := outcome(t.Context(), log, commit(a, 0, "x")); o != stores.Refused {
			t.Errorf("in the second outage: %s, %v", o, err)
		}
		f.Reconnect()
		f.Next(storetest.FaultDisconnect)
		if o, err := outcome(t.Context(), log, commit(a, 0, "x")); o != stores.Unknown {
			t.Errorf("in the third outage: %s, %v", o, err)
		}
		time.Sleep(f.Outage + 1)
		if o, err := outcome(t.Context(), log, commit(a, 0, "x")); o != stores.Applied && o != stores.Duplicate {
			t.Errorf("after the outages: %s, %v", o, err)
		}
	})
}

// slow appends when it is let.
type slow struct {
	stores.Log
	let chan struct{}
}

func (l *slow) Append(ctx context.Context, f stores.Fence, commits []stores.Commit) []stores.Result {
	<-l.let
	return l.Log.Append(ctx, f, commits)
}

func TestAFlushWaitsForTheWriteThatIsLandingAlready(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &storetest.Faults{}
		inner := &slow{memstore.New(nil), make(chan struct{})}
		log := storetest.Faulty(inner, f)
		f.Next(storetest.FaultLate)
		if o, err := outcome(t.Context(), log, commit(a, 0, "x")); o != stores.Unknown {
			t.Fatal(o, err)
		}
		time.Sleep(time.Minute) // it has begun, and stands still in the inner log
		flushed := false
		go func() {
			log.Flush()
			flushed = true
		}()
		synctest.Wait()
		if flushed {
			t.Error("the flush is over, and the write is not")
		}
		close(inner.let)
		synctest.Wait()
		if n := head(t, inner, a); !flushed || n != 1 {
			t.Errorf("flushed: %v, and the head is %d", flushed, n)
		}
	})
}

func TestReadsFailAfterAsManyRecordsAsAsked(t *testing.T) {
	f := &storetest.Faults{}
	log, _ := faulty(t, f)
	for n := range uint64(3) {
		if o, err := outcome(t.Context(), log, commit(a, n, "x")); o != stores.Applied {
			t.Fatal(o, err)
		}
	}
	for after := range 4 {
		f.NextRead(after)
		seen, ended := 0, error(nil)
		for _, err := range log.Read(t.Context(), a, 0) {
			if ended = err; err == nil {
				seen++
			}
		}
		if seen != after || !errors.Is(ended, stores.ErrUnavailable) {
			t.Errorf("%d records and then %v, want %d", seen, ended, after)
		}
	}
	f.NextRead(-1, 5)
	head(t, log, a)
	if _, err := log.Heads(t.Context(), []stores.EntityID{a}); !errors.Is(err, storetest.ErrInjected) {
		t.Errorf("heads: %v", err)
	}
	head(t, log, a)
	if n := f.Injected(storetest.FaultRead); n != 5 {
		t.Errorf("%d faults were counted, want 5", n)
	}
}

func TestAHeldAppendStandsStillUntilReleased(t *testing.T) {
	f := &storetest.Faults{}
	log, inner := faulty(t, f)
	f.Next(storetest.FaultHold, storetest.FaultHold)
	ended := make(chan stores.Outcome, 1)
	go func() {
		o, _ := outcome(context.Background(), log, commit(a, 0, "x"))
		ended <- o
	}()
	if err := f.AwaitHeld(t.Context(), 1); err != nil {
		t.Fatal(err)
	}
	if n := head(t, inner, a); n != 0 {
		t.Errorf("the head is %d before the release", n)
	}
	f.Release()
	if o := <-ended; o != stores.Applied {
		t.Errorf("released: %s", o)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if o, err := outcome(ctx, log, commit(a, 1, "y")); o != stores.Unknown || !errors.Is(err, context.Canceled) {
		t.Errorf("held until the context ended: %s, %v", o, err)
	}
	if err := f.AwaitHeld(ctx, 1); !errors.Is(err, context.Canceled) {
		t.Errorf("nothing is held: %v", err)
	}
}

// A client that keeps to the contract gets everything into the log exactly once, whatever happens.
func TestAClientThatAppendsUntilTheLogAnswersLosesNothing(t *testing.T) {
	f := &storetest.Faults{Before: 0.1, After: 0.1, Lost: 0.1, Late: 0.1, AfterHead: 0.1, Delay: 0.05, Disconnects: 0.03, Read: 0.2,
		MaxDelay: 200 * time.Microsecond, Outage: 200 * time.Microsecond}
	log, inner := faulty(t, f)
	t.Logf("seed %d", f.Seed)
	const clients, commits = 8, 60
	var done sync.WaitGroup
	for w := range clients {
		done.Go(func() {
			id := stores.EntityID{Type: "counter", ID: fmt.Sprint(w)}
			for n := range uint64(commits) {
				for settled := false; !settled; {
					o, err := outcome(t.Context(), log, commit(id, n, "x"))
					switch o {
					case stores.Applied, stores.Duplicate:
						settled = true
					case stores.Unknown, stores.Refused:
						log.Heads(t.Context(), []stores.EntityID{id}) // lets writes land that wait for it
					default:
						t.Errorf("%s, %v", o, err)
						return
					}
				}
			}
		})
	}
	done.Wait()
	f.Stop()
	log.Flush()
	for w := range clients {
		if n := head(t, inner, stores.EntityID{Type: "counter", ID: fmt.Sprint(w)}); n != commits {
			t.Errorf("client %d: the head is %d, want %d", w, n, commits)
		}
	}
	for fault := storetest.FaultNone; fault <= storetest.FaultRead; fault++ {
		if f.Injected(fault) == 0 && fault != storetest.FaultHold {
			t.Errorf("%s never happened", fault)
		}
	}
}
