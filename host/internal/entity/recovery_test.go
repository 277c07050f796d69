package entity_test

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/eshost/eshost/host/internal/entity"
	"github.com/eshost/eshost/stores"
)

// record makes a record after seq of events named by words: a number is an
// "added" event, anything else an event of that name. A word "#id" is the command's id.
func record(seq uint64, at time.Time, words string) *stores.Record {
	r := &stores.Record{Commit: stores.Commit{Expected: seq, Time: at, Head: stores.HeadToken(fmt.Sprint("after ", seq))}}
	c := stores.CommandRecord{Name: "add"}
	for _, w := range strings.Fields(words) {
		switch {
		case w[0] == '#':
			c.ID, c.Reply = w[1:], []byte("reply "+w)
		case w[0] >= '0' && w[0] <= '9':
			r.Events = append(r.Events, stores.Event{Name: "added", Version: 1, Payload: []byte(w)})
		default:
			r.Events = append(r.Events, stores.Event{Name: w, Version: 1})
		}
	}
	c.Events, c.Seq = uint32(len(r.Events)), seq+uint64(len(r.Events))
	r.Commands = append(r.Commands, c)
	return r
}

// fold folds records through chunks, as the engine does.
func fold(r *entity.Recovery, records ...*stores.Record) error {
	c := &entity.Chunk{Recovery: r}
	for _, rec := range records {
		for i := r.Skip(rec); i < len(rec.Events); {
			i = c.Add(rec, i)
			if c.Full() {
				if err := r.Fold(c, entity.Allowance{}); err != nil {
					return err
				}
				c.Reset()
			}
		}
		if err := r.Read(rec); err != nil {
			return err
		}
	}
	if c.Empty() {
		return nil
	}
	return r.Fold(c, entity.Allowance{})
}

func TestRecoveryFoldsToTheDurableEnd(t *testing.T) {
	s := newSubject(t, nil)
	r := entity.NewRecovery(s.Entity, s.bind)
	if err := fold(r, record(0, s.now, "1 2 #x"), record(2, s.now.Add(time.Second), "3")); err != nil {
		t.Fatal(err)
	}
	s.Activated(r)
	s.post("READ")
	s.post("add 4")
	b := s.take()
	s.want("READ=state 6 at 3")
	if b.Commit.Expected != 3 || b.Commit.Head != "after 2" || b.Commit.Time.Before(s.now.Add(time.Second)) {
		t.Errorf("the next commit is %+v", b.Commit)
	}
	b.Applied("")
	s.want("add 4=10 at 4")
}

func TestALongStreamIsFoldedInChunks(t *testing.T) {
	s := newSubject(t, nil)
	r := entity.NewRecovery(s.Entity, s.bind)
	var records []*stores.Record
	for i := range 35 {
		records = append(records, record(uint64(i*100), s.now, strings.Repeat("1 ", 100)))
	}
	before := s.behavior.Folds.Load()
	if err := fold(r, records...); err != nil {
		t.Fatal(err)
	}
	if n := s.behavior.Folds.Load() - before; n != 4 {
		t.Errorf("%d folds of at most %d events for 3,500", n, entity.ChunkEvents)
	}
	s.Activated(r)
	s.post("get")
	s.take()
	s.want("get=3500 at 3500")
}

func TestAGapInTheRecordsIsCorruption(t *testing.T) {
	for name, second := range map[string]*stores.Record{
		"a missing record":      record(3, time.Time{}, "1"),
		"the same record again": record(0, time.Time{}, "1 1"),
	} {
		s := newSubject(t, nil)
		err := fold(entity.NewRecovery(s.Entity, s.bind), record(0, s.now, "1 1"), second)
		var at *stores.EntityError
		if !errors.Is(err, stores.ErrCorrupt) || !errors.As(err, &at) || at.Seq != 3 {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestAnEventThatCannotBeFoldedIsNamed(t *testing.T) {
	for _, bad := range []string{"poison", "landmine"} {
		s := newSubject(t, nil)
		r := entity.NewRecovery(s.Entity, s.bind)
		err := fold(r, record(0, s.now, strings.Repeat("1 ", 500)), record(500, s.now, "1 "+bad+" 1"))
		var f *entity.Fault
		if !errors.As(err, &f) || f.Seq != 502 {
			t.Errorf("%s: %v", bad, err)
		}
	}
}

func TestASnapshotAndTheTailGiveTheSameAsAllEvents(t *testing.T) {
	s := newSubject(t, func(typ *entity.Type) { typ.SnapshotEvery, typ.LogID = 3, stores.LogID{7} })
	var records []*stores.Record
	var snap *stores.Snapshot
	for i := range 12 {
		s.now = s.now.Add(time.Second)
		s.post(fmt.Sprintf("add %d #id%d", i, i))
		b := s.take()
		rec := &stores.Record{Commit: b.Commit}
		rec.Events = append([]stores.Event(nil), b.Commit.Events...)
		rec.Commands = append([]stores.CommandRecord(nil), b.Commit.Commands...)
		records = append(records, rec)
		b.Applied("")
		if n := s.Snapshot(); n != nil {
			if n.Seq%3 != 0 {
				t.Errorf("a snapshot at %d", n.Seq)
			}
			snap = n
			s.SnapshotDone()
		}
	}
	s.answers()
	if snap == nil || snap.Seq != 12 {
		t.Fatalf("the last snapshot is %+v", snap)
	}
	states := map[string]*entity.Recovery{"events": entity.NewRecovery(s.Entity, s.bind), "snapshot": entity.NewRecovery(s.Entity, s.bind)}
	if err := fold(states["events"], records...); err != nil {
		t.Fatal(err)
	}
	if err := states["snapshot"].From(snap, stores.Head{Seq: 12}); err != nil {
		t.Fatal(err)
	}
	for name, r := range states {
		t.Run(name, func(t *testing.T) {
			e := newSubject(t, func(typ *entity.Type) { typ.LogID = stores.LogID{7} })
			e.bind, e.behavior = s.bind, s.behavior
			e.Activated(r)
			e.post("READ")
			e.take()
			e.want("READ=state 66 at 12")
			for i := 7; i < 12; i++ {
				e.post(fmt.Sprintf("add %d #id%d", i, i))
				if b := e.take(); b != nil { // out of the window of 4: decided again
					if i != 7 {
						t.Errorf("id%d was decided again", i)
					}
					e.Entity.Forget()
					e.Activated(r)
				}
			}
		})
	}
}

func TestASnapshotThatCannotBeUsedSaysWhy(t *testing.T) {
	s := newSubject(t, func(typ *entity.Type) { typ.LogID = stores.LogID{7} })
	good := stores.Snapshot{Log: stores.LogID{7}, Seq: 5, Plugin: s.bind.Plugin, StateSchema: "number", State: []byte("9")}
	for _, test := range []struct {
		name   string
		change func(*stores.Snapshot)
		other  bool
		ok     bool
	}{
		{"usable", func(*stores.Snapshot) {}, false, true},
		{"of another log", func(n *stores.Snapshot) { n.Log = stores.LogID{8} }, false, false},
		{"beyond the head", func(n *stores.Snapshot) { n.Seq = 6 }, false, false},
		{"of another plugin", func(n *stores.Snapshot) { n.Plugin = stores.Digest{9} }, true, false},
		{"of another layout", func(n *stores.Snapshot) { n.StateSchema = "text" }, true, false},
	} {
		snap := good
		test.change(&snap)
		err := entity.NewRecovery(s.Entity, s.bind).From(&snap, stores.Head{Seq: 5})
		if (err == nil) != test.ok || entity.OtherPlugin(err) != test.other {
			t.Errorf("%s: %v", test.name, err)
		}
	}
}

func TestOneSnapshotAtATime(t *testing.T) {
	s := newSubject(t, func(typ *entity.Type) { typ.SnapshotEvery = 1 })
	apply := func() *stores.Snapshot {
		s.post("add 1")
		s.take().Applied("")
		return s.Snapshot()
	}
	if apply() == nil {
		t.Fatal("none is taken")
	}
	if apply() != nil {
		t.Error("a second one while the first is being saved")
	}
	if s.Passivate(100) {
		t.Error("passivated while a snapshot is being saved")
	}
	s.SnapshotDone()
	if apply() == nil {
		t.Error("none after the first was saved")
	}
}

func TestTheWindowReachesBackByCommitTime(t *testing.T) {
	s := newSubject(t, func(typ *entity.Type) { typ.CommandIDAge, typ.CommandIDs = time.Hour, 100 })
	s.post("add 1 #old")
	s.take().Applied("")
	s.now = s.now.Add(59 * time.Minute)
	s.post("add 1 #young")
	s.take().Applied("")
	s.post("add 1 #old")
	s.take()
	s.answers()
	s.now = s.now.Add(2 * time.Minute)
	s.post("add 1 #old") // no commit in between: still remembered
	if s.take() != nil {
		t.Fatal("the age is counted by the last commit, not by the clock")
	}
	s.post("add 1")
	s.take().Applied("")
	s.answers()
	s.post("add 1 #young")
	s.take()
	s.want("add 1 #young=again 2 at 2")
	s.post("add 1 #old")
	if s.take() == nil {
		t.Error("an id older than the window was remembered")
	}
}

func TestAStateOfAnotherPluginIsFoldedAgain(t *testing.T) {
	s := newSubject(t, nil)
	s.post("add 1")
	s.take().Applied("")
	same := entity.NewBinding(s.bind.Plugin, "number", s.behavior, nil)
	if !s.Ready(same) {
		t.Error("the same plugin, bound again, can use the state")
	}
	if s.Ready(entity.NewBinding(stores.Digest{2}, "number", s.behavior, nil)) {
		t.Error("another plugin took the state over")
	}
	fresh := newSubject(t, nil)
	if !fresh.Ready(entity.NewBinding(stores.Digest{2}, "number", s.behavior, nil)) {
		t.Error("an entity without events has no state to fold again")
	}
}

func TestQuarantine(t *testing.T) {
	s := newSubject(t, nil)
	now := time.Now()
	cause := &entity.Fault{Kind: entity.BadEvent, Seq: 3}
	q := s.Quarantine(cause, s.bind, now)
	if !errors.Is(q, entity.ErrQuarantined) || !errors.Is(q, cause) || !strings.Contains(q.Error(), "event 3") {
		t.Errorf("%v", q)
	}
	if s.Quarantined(s.bind, now) == nil {
		t.Error("tried again at once")
	}
	if s.Quarantined(s.bind, now.Add(1100*time.Millisecond)) != nil {
		t.Error("never tried again")
	}
	s.Quarantine(cause, s.bind, now)
	if s.Quarantined(s.bind, now.Add(1100*time.Millisecond)) == nil {
		t.Error("the pause does not grow")
	}
	if s.Quarantined(entity.NewBinding(stores.Digest{2}, "", s.behavior, nil), now) != nil {
		t.Error("a new deployment does not free it")
	}
}

func TestPassivateOnlyWhenNothingKeepsIt(t *testing.T) {
	s := newSubject(t, nil)
	s.post("get") // used at 1, and gives it a turn
	if s.Passivate(100) {
		t.Fatal("passivated with mail")
	}
	s.take()
	if s.Passivate(100) {
		t.Fatal("passivated during its turn")
	}
	if s.Yield() {
		t.Fatal("mail is left")
	}
	if s.Passivate(1) {
		t.Fatal("passivated although it was used since")
	}
	if !s.Passivate(2) {
		t.Fatal("not passivated")
	}
	if s.Passivate(2) {
		t.Error("passivated a second time: who drops it would remove its successor")
	}
	if p := s.Post(&entity.Call{Caller: s.done}, 1); p != entity.Gone {
		t.Fatalf("posted to a passivated entity: %d", p)
	}
}

func TestABindingIsDrainedOnceAfterItsLastUse(t *testing.T) {
	drained := 0
	b := entity.NewBinding(stores.Digest{}, "", nil, func() { drained++ })
	if !b.Acquire() {
		t.Fatal("not acquired")
	}
	b.Release()
	if drained != 0 {
		t.Fatal("drained while its type holds it")
	}
	b.Release()
	if drained != 1 || b.Acquire() {
		t.Fatalf("drained %d times", drained)
	}
}

func TestAFoldGivesBytesOfItsOwn(t *testing.T) {
	s := newSubject(t, nil)
	r := entity.NewRecovery(s.Entity, s.bind)
	if err := fold(r, record(0, s.now, "1")); err != nil {
		t.Fatal(err)
	}
	s.Activated(r)
	s.post("READ")
	s.take()
	state := (<-s.done).State.Payload
	before := bytes.Clone(state)
	if err := fold(r, record(1, s.now, "5")); err != nil {
		t.Fatal(err)
	}
	s.post("add 7")
	s.take().Applied("")
	if !bytes.Equal(state, before) {
		t.Error("a state that was given away has changed")
	}
}
