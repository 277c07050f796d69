package natsstore

import (
	"errors"
	"fmt"
	"strconv"
	"testing"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/eshost/eshost/stores"
)

func TestOnlyWhatProvesThatNothingWasWrittenIsARefusal(t *testing.T) {
	j := script(t)
	c := stores.Commit{Entity: stores.EntityID{Type: "a", ID: "b"}, Events: []stores.Event{{Name: "x"}}}
	j.on("played.STREAM.MSG.GET.x", func(m *nats.Msg) { _ = m.Respond(refusal(codeNoMessage, "no message found")) })
	var code int
	var text string
	j.on(j.s.subjects.record(c.Entity), func(m *nats.Msg) { _ = m.Respond(refusal(code, text)) })
	for _, test := range []struct {
		code int
		text string
		want stores.Outcome
	}{
		{10077, "write log1/msgs/1.blk: input/output error", stores.Unknown},
		{10077, "maximum bytes exceeded", stores.Refused},
		{10077, "maximum messages exceeded", stores.Refused},
		{10077, "store is closed", stores.Unknown},
		{10023, "insufficient resources", stores.Refused},
		{10002, "resource limits exceeded for account", stores.Refused},
		{10109, "invalid operation on sealed stream", stores.Refused},
		{10059, "stream not found", stores.Refused},
		{10041, "raft: something", stores.Unknown},
		{10118, "stream is offline", stores.Unknown},
		{4711, "a code of a later server", stores.Unknown},
		{10071, "wrong last sequence: 7", stores.Conflict},
		{10054, "message size exceeds maximum allowed", stores.TooLarge},
	} {
		for _, batch := range []bool{false, true} {
			code, text = test.code, test.text
			a := &appending{s: j.s, ctx: t.Context(), commits: []stores.Commit{c}, results: make([]stores.Result, 1)}
			all := []pending{{subject: j.s.subjects.record(c.Entity)}}
			if batch {
				a.sendBatch(all)
			} else {
				a.sendEach(all)
			}
			if r := a.results[0]; r.Outcome != test.want || test.want != stores.Conflict && test.want != stores.TooLarge && !errors.Is(r.Err, stores.ErrUnavailable) {
				t.Errorf("%d %s, in a batch: %v: %s, %v", test.code, test.text, batch, r.Outcome, r.Err)
			}
		}
	}
}

// TestAnotherWriteUnderWayIsWaitedFor lets a stream say that another write to the
// subject is under way, and then something else.
func TestAnotherWriteUnderWayIsWaitedFor(t *testing.T) {
	for name, test := range map[string]struct {
		then string
		want stores.Outcome
	}{
		"and this one is stored": {`{"stream":"x","seq":9}`, stores.Applied},
		"and the other is":       {string(refusal(codeWrongLastSequence, "wrong last sequence: 8")), stores.Conflict},
	} {
		t.Run(name, func(t *testing.T) {
			j := script(t)
			c := stores.Commit{Entity: stores.EntityID{Type: "a", ID: "b"}, Events: []stores.Event{{Name: "x"}}}
			j.on("played.STREAM.MSG.GET.x", func(m *nats.Msg) { _ = m.Respond(refusal(codeNoMessage, "no message found")) })
			tries := 0
			j.on(j.s.subjects.record(c.Entity), func(m *nats.Msg) {
				if tries++; tries < 4 {
					_ = m.Respond(refusal(codeLastSequenceInDoubt, "wrong last sequence"))
				} else {
					_ = m.Respond([]byte(test.then))
				}
			})
			a := &appending{s: j.s, ctx: t.Context(), commits: []stores.Commit{c}, results: make([]stores.Result, 1)}
			a.sendEach([]pending{{subject: j.s.subjects.record(c.Entity)}})
			if r := a.results[0]; r.Outcome != test.want || tries != 4 {
				t.Errorf("%s after %d tries, %v", r.Outcome, tries, r.Err)
			}
		})
	}
}

// TestAConflictInABatchCostsFewMessages lets one of a thousand commits be in conflict.
func TestAConflictInABatchCostsFewMessages(t *testing.T) {
	j := script(t)
	j.noMessages()
	a := j.sending(1000, func(int) []byte { return []byte("x") })
	const wrong = 700
	bad, messages, singles, seq := map[string]bool{}, 0, 0, 0
	j.on("x.0a1b2c3d.>", func(m *nats.Msg) {
		messages++
		batch, isWrong := m.Header.Get(headerBatchID), m.Subject == a.all[wrong].subject
		bad[batch] = bad[batch] || isWrong
		switch {
		case m.Reply == "":
		case batch != "" && bad[batch], isWrong:
			_ = m.Respond(refusal(codeWrongLastSequence, "wrong last sequence: 1"))
		default:
			n, _ := strconv.Atoi(m.Header.Get(headerBatchSequence))
			seq += max(n, 1)
			_ = m.Respond([]byte(fmt.Sprintf(`{"stream":"x","seq":%d}`, seq)))
		}
		if batch == "" {
			singles++
		}
	})
	a.sendBatch(a.all)
	places := map[stores.Position]bool{}
	for i, r := range a.results {
		if want := i == wrong; want != (r.Outcome == stores.Conflict) || !want && r.Outcome != stores.Applied {
			t.Fatalf("commit %d: %+v", i, r)
		}
		places[r.Place] = true
	}
	if len(places) != len(a.results) || singles > fewest || messages > 4*len(a.results) {
		t.Errorf("%d places, %d messages of which %d each for itself", len(places), messages, singles)
	}
}

// TestOneThatIsTooLargeForTheServerDoesNotFailTheOthers lets a batch hold a commit that
// the connected server does not take.
func TestOneThatIsTooLargeForTheServerDoesNotFailTheOthers(t *testing.T) {
	j := script(t)
	seq := 0
	j.on("x.0a1b2c3d.>", func(m *nats.Msg) {
		if m.Reply != "" && m.Header.Get(headerBatchID) == "" {
			seq++
			_ = m.Respond([]byte(fmt.Sprintf(`{"stream":"x","seq":%d}`, seq)))
		}
	})
	a := j.sending(3, func(i int) []byte { return make([]byte, 1+i%2*int(j.s.nc.MaxPayload())) })
	a.sendBatch(a.all)
	for i, want := range []stores.Outcome{stores.Applied, stores.TooLarge, stores.Applied} {
		if r := a.results[i]; r.Outcome != want {
			t.Errorf("commit %d: %+v", i, r)
		}
	}
}

// TestAnswersThatGoOnComingAreWaitedFor lets all of them take longer than one may.
func TestAnswersThatGoOnComingAreWaitedFor(t *testing.T) {
	j := script(t)
	j.s.o.AnswerTimeout = time.Second
	seq := 0
	j.on("x.0a1b2c3d.>", func(m *nats.Msg) {
		time.Sleep(j.s.o.AnswerTimeout / 4)
		seq++
		_ = m.Respond([]byte(fmt.Sprintf(`{"stream":"x","seq":%d}`, seq)))
	})
	a := j.sending(6, func(int) []byte { return []byte("x") })
	a.sendEach(a.all)
	for i, r := range a.results {
		if r.Outcome != stores.Applied {
			t.Errorf("commit %d: %+v", i, r)
		}
	}
}

// TestABatchWithoutAnAnswerIsUnknown lets nobody answer.
func TestABatchWithoutAnAnswerIsUnknown(t *testing.T) {
	j := script(t)
	j.on("x.0a1b2c3d.>", func(*nats.Msg) {})
	a := j.sending(3, func(int) []byte { return []byte("x") })
	a.sendBatch(a.all)
	for i, r := range a.results {
		if r.Outcome != stores.Unknown || !errors.Is(r.Err, stores.ErrUnavailable) {
			t.Errorf("commit %d: %+v", i, r)
		}
	}
}

// TestAStreamThatGivesANumberTwiceIsNotTheLogAnyMore lets a stream store messages where
// others were acknowledged before.
func TestAStreamThatGivesANumberTwiceIsNotTheLogAnyMore(t *testing.T) {
	id := stores.EntityID{Type: "a", ID: "b"}
	for name, send := range map[string]func(a *appending){
		"a message": func(a *appending) { a.sendEach([]pending{{subject: a.s.subjects.record(id)}}) },
		"a batch": func(a *appending) {
			a.sendBatch([]pending{{index: 1, subject: a.s.subjects.record(stores.EntityID{Type: "a", ID: "c"})}, {subject: a.s.subjects.record(id)}})
		},
	} {
		t.Run(name, func(t *testing.T) {
			j := script(t)
			j.on(j.s.subjects.record(id), func(m *nats.Msg) { _ = m.Respond([]byte(`{"stream":"x","seq":9}`)) })
			commits := []stores.Commit{{Entity: id}, {Entity: stores.EntityID{Type: "a", ID: "c"}}}
			try := func() []stores.Result {
				a := &appending{s: j.s, ctx: t.Context(), commits: commits, results: make([]stores.Result, 2)}
				send(a)
				return a.results
			}
			j.s.changes.raise(7, 1)
			if r := try()[0]; r.Outcome != stores.Applied {
				t.Fatalf("%+v", r)
			}
			j.s.changes.raise(8, 1) // a batch of two begins there
			if name == "a message" {
				j.s.changes.raise(9, 1)
			}
			if r := try()[0]; r.Outcome != stores.Unknown || !errors.Is(r.Err, stores.ErrCorrupt) {
				t.Errorf("%+v", r)
			}
			if r := j.s.Append(t.Context(), stores.Fence{}, commits)[0]; r.Outcome != stores.Refused || !errors.Is(r.Err, stores.ErrCorrupt) {
				t.Errorf("from then on: %+v", r)
			}
			if _, err := j.s.Head(t.Context()); !errors.Is(err, stores.ErrCorrupt) {
				t.Errorf("from then on: %v", err)
			}
		})
	}
}
