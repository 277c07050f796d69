package replay_test

import (
	"bytes"
	"context"
	"errors"
	"strconv"
	"strings"
	"testing"

	"github.com/eshost/eshost/host/internal/entity"
	"github.com/eshost/eshost/host/internal/replay"
	"github.com/eshost/eshost/stores"
)

// after is a fold that adds one to the state once, after the event with the number.
func after(seq uint64) *twisted {
	return &twisted{fold: func(in *entity.FoldInput, i, value int) int {
		if in.Seq+uint64(i)+1 == seq {
			value++
		}
		return value
	}}
}

func TestEveryVerdictIsGiven(t *testing.T) {
	w := newWorld(t)
	w.add("a", 1, 2, 3)
	w.event("poisoned", "added")
	w.event("poisoned", "poison")
	w.event("mined", "landmine")
	easy := easygoing{}
	for _, test := range []struct {
		name     string
		old, new entity.Behavior
		id       string
		want     replay.Verdict
		seq      uint64
		event    string
	}{
		{"the same fold", counter(), &twisted{}, "a", replay.Equal, 0, ""},
		{"a fold that differs at the second event", counter(), after(2), "a", replay.Different, 2, "added"},
		{"an event that the new one cannot fold", easy, counter(), "poisoned", replay.Faulty, 2, "poison"},
		{"a trap that does not say which event it was", easy, counter(), "mined", replay.Faulty, 1, "landmine"},
		{"an event that the old one could not fold", counter(), easy, "poisoned", replay.Mended, 2, "poison"},
		{"an event that neither can fold", counter(), counter(), "poisoned", replay.Broken, 2, "poison"},
	} {
		t.Run(test.name, func(t *testing.T) {
			pair := &replay.Pair{Old: plugin("old", test.old), New: plugin("new", test.new)}
			f, err := w.Compare(context.Background(), pair, id(test.id), 0)
			if err == nil && f.Verdict == replay.Different {
				err = w.Locate(context.Background(), pair, f)
			}
			if err != nil {
				t.Fatal(err)
			}
			if f.Verdict != test.want || f.Seq != test.seq {
				t.Errorf("%v at %d: %v, want %v at %d", f.Verdict, f.Seq, f.Err, test.want, test.seq)
			}
			if test.event != "" && (f.Event == nil || f.Event.Name != test.event) {
				t.Errorf("the event is %+v, want %s", f.Event, test.event)
			}
			if (f.Err != nil) != (test.want != replay.Equal && test.want != replay.Different) {
				t.Errorf("the reason is %v", f.Err)
			}
		})
	}
}

// easygoing folds every event, as the counter folds those it can.
type easygoing struct{ entity.Behavior }

func (easygoing) Fold(in *entity.FoldInput, dst []byte) ([]byte, error) {
	events := append([]stores.Event(nil), in.Events...)
	for i := range events {
		events[i].Name = "added"
	}
	one := *in
	one.Events = events
	return counter().Fold(&one, dst)
}

func TestTheFirstEventThatMakesADifferenceIsFoundInALongHistory(t *testing.T) {
	w := newWorld(t)
	for range 50 {
		w.add("long", ones(100)...)
	}
	for _, seq := range []uint64{1, 2, 999, 1000, 1001, 3333, 4999, 5000} {
		for _, keep := range []bool{false, true} {
			pair := &replay.Pair{Old: plugin("old", counter()), New: plugin("new", after(seq)), Keep: keep}
			f, err := w.Compare(context.Background(), pair, id("long"), 0)
			if err == nil {
				err = w.Locate(context.Background(), pair, f)
			}
			if err != nil || f.Verdict != replay.Different || f.Seq != seq || f.Events != 5000 {
				t.Errorf("difference at %d: %+v, %v", seq, f, err)
			}
		}
	}
}

func TestStatesAreShownAsTheyAreWhereTheyComeToDiffer(t *testing.T) {
	w := newWorld(t)
	w.add("a", 10, 20, 30)
	pair := &replay.Pair{Old: plugin("old", counter()), New: plugin("new", after(2))}
	f, err := w.Compare(context.Background(), pair, id("a"), 0)
	if err != nil || string(f.Old) != "60" || string(f.New) != "61" {
		t.Fatalf("at the end: %s and %s, %v", f.Old, f.New, err)
	}
	if err := w.Locate(context.Background(), pair, f); err != nil || string(f.Old) != "30" || string(f.New) != "31" {
		t.Errorf("after the second event: %s and %s, %v", f.Old, f.New, err)
	}
}

func TestADifferenceThatIsGoneAtTheEndIsNone(t *testing.T) {
	w := newWorld(t)
	w.add("a", ones(5000)...)
	heals := &twisted{fold: func(in *entity.FoldInput, i, value int) int {
		switch in.Seq + uint64(i) + 1 {
		case 10:
			value++
		case 4000:
			value--
		}
		return value
	}}
	f, err := w.Compare(context.Background(), &replay.Pair{Old: plugin("old", counter()), New: plugin("new", heals)}, id("a"), 0)
	if err != nil || f.Verdict != replay.Equal {
		t.Errorf("%+v, %v", f, err)
	}
}

// marking is the counter with a mark behind the number after every other event, which the next one takes away. Where the
// mark is missing it adds 100: it takes what the counter left for something that it is not.
type marking struct{ entity.Behavior }

func (marking) Fold(in *entity.FoldInput, dst []byte) ([]byte, error) {
	state := bytes.Clone(in.State)
	for i := range in.Events {
		one := *in
		one.Seq, one.Events, one.State = in.Seq+uint64(i), in.Events[i:i+1], bytes.TrimSuffix(state, []byte("m"))
		marked := len(one.State) < len(state)
		next, err := counter().Fold(&one, nil)
		if err != nil {
			return nil, err
		}
		value, _ := strconv.Atoi(string(next))
		even := one.Seq%2 == 1
		if even && !marked {
			value += 100
		}
		if state = strconv.AppendInt(nil, int64(value), 10); !even {
			state = append(state, 'm')
		}
	}
	return append(dst, state...), nil
}

func TestADifferenceOfKeptStatesAloneIsFound(t *testing.T) {
	w := newWorld(t)
	w.add("a", ones(4)...)
	pair := &replay.Pair{Old: plugin("old", counter()), New: plugin("new", marking{})}
	if f, err := w.Compare(context.Background(), pair, id("a"), 0); err != nil || f.Verdict != replay.Equal {
		t.Fatalf("folded from the first event: %+v, %v", f, err)
	}
	pair.Keep = true
	f, err := w.Compare(context.Background(), pair, id("a"), 0)
	if err == nil {
		err = w.Locate(context.Background(), pair, f)
	}
	if err != nil || f.Verdict != replay.Different || f.Kept != 1 || f.Seq != 2 || string(f.Old) != "2" || string(f.New) != "102" {
		t.Errorf("%+v: %s and %s, %v", f, f.Old, f.New, err)
	}
}

func TestASnapshotOfTheOldPluginIsTriedWhereStatesAreKept(t *testing.T) {
	w := newWorld(t)
	w.add("a", ones(8)...)
	save := func(plugin string, seq uint64, state string) {
		s := &stores.Snapshot{Entity: id("a"), Log: w.log.Info().ID, Seq: seq, Plugin: digest(plugin), StateSchema: "v1", State: []byte(state)}
		if err := w.log.Save(context.Background(), s); err != nil {
			t.Fatal(err)
		}
	}
	pair := &replay.Pair{Old: plugin("old", counter()), New: plugin("new", counter()), Keep: true}
	check := func(what string, want replay.Verdict, kept uint64) {
		t.Helper()
		f, err := w.Compare(context.Background(), pair, id("a"), 0)
		if err != nil || f.Verdict != want || f.Kept != kept {
			t.Errorf("%s: %+v, %v", what, f, err)
		}
	}
	save("other", 4, "77")
	check("another plugin's", replay.Equal, 0)
	save("old", 5, "5")
	check("one that is right", replay.Equal, 0)
	save("old", 6, "77")
	check("one that is not", replay.Different, 6)
	pair.New = plugin("new", after(8))
	check("not reached, since the folds differ", replay.Different, 0)
}

func TestOtherErrorsThanFaultsEndAComparison(t *testing.T) {
	w := newWorld(t)
	w.add("a", 1)
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	_, err := w.Compare(ctx, &replay.Pair{Old: plugin("old", counter()), New: plugin("new", counter())}, id("a"), 0)
	if !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
}

func TestAGuestThatLoopsRunsOutOfFuel(t *testing.T) {
	w := newWorld(t)
	w.add("a", 1, 1, 1)
	w.event("a", "endless")
	w.add("a", 1)
	f, err := w.Compare(context.Background(), &replay.Pair{Old: plugin("old", easygoing{}), New: plugin("new", counter())}, id("a"), 0)
	if err != nil || f.Verdict != replay.Faulty || f.Seq != 4 || !strings.Contains(f.Err.Error(), "out of fuel") {
		t.Errorf("%+v, %v", f, err)
	}
}
