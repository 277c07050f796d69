package natsstore

import (
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strconv"
	"testing"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/eshost/eshost/stores"
	"github.com/eshost/eshost/stores/natsstore/natstest"
)

// scripted is a JetStream whose answers are the test's.
type scripted struct {
	t  *testing.T
	nc *nats.Conn
	s  *Store
}

func script(t *testing.T) *scripted {
	t.Helper()
	url := natstest.Start(t, nil).URL()
	dial := func() *nats.Conn {
		nc, err := nats.Connect(url)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(nc.Close)
		return nc
	}
	j := &scripted{t: t, nc: dial(), s: newStore(&Options{Stream: "x", Use: UseAll, AnswerTimeout: 300 * time.Millisecond, Logger: slog.New(slog.DiscardHandler)})}
	j.s.nc, j.s.api, j.s.subjects, j.s.places = dial(), "played.", subjects{"x", "0a1b2c3d"}, "0a1b2c3d."
	t.Cleanup(j.s.cancel)
	if err := j.s.answers.open(j.s.nc); err != nil {
		t.Fatal(err)
	}
	return j
}

// on answers what is published to the subject.
func (j *scripted) on(subject string, answer func(m *nats.Msg)) {
	j.t.Helper()
	if _, err := j.nc.Subscribe(subject, answer); err != nil {
		j.t.Fatal(err)
	}
	if err := j.nc.Flush(); err != nil {
		j.t.Fatal(err)
	}
}

// leader lets the stream's leader say that its last message is this one.
func (j *scripted) leader(seq uint64) {
	j.on("played.STREAM.MSG.GET.x", func(m *nats.Msg) {
		b, _ := json.Marshal(map[string]any{"message": message{Subject: "x.0a1b2c3d.0001.a.b", Seq: seq}})
		_ = m.Respond(b)
	})
}

// replicas lets any replica answer requests for many messages.
func (j *scripted) replicas(answer func(g get, to *replica)) {
	j.on("played.DIRECT.GET.x", func(m *nats.Msg) {
		var g get
		_ = json.Unmarshal(m.Data, &g)
		answer(g, &replica{j.nc, m.Reply})
	})
}

type replica struct {
	nc    *nats.Conn
	reply string
}

func (r *replica) message(subject string, seq, last uint64) {
	_ = r.nc.PublishMsg(&nats.Msg{Subject: r.reply, Data: []byte("x"), Header: nats.Header{"Nats-Subject": {subject}, "Nats-Sequence": {strconv.FormatUint(seq, 10)}, headerLast: {strconv.FormatUint(last, 10)}}})
}

func (r *replica) end(pending, last, upTo uint64) {
	_ = r.nc.PublishMsg(&nats.Msg{Subject: r.reply, Header: nats.Header{"Status": {statusEnd}, headerPending: {fmt.Sprint(pending)}, headerLast: {fmt.Sprint(last)}, headerUpTo: {fmt.Sprint(upTo)}}})
}

func (r *replica) notFound() {
	_ = r.nc.PublishMsg(&nats.Msg{Subject: r.reply, Header: nats.Header{"Status": {statusNotFound}}})
}

func TestLastMessagesAreThoseOfAReplicaThatHasAllOfThem(t *testing.T) {
	const leader = 1000
	for name, test := range map[string]struct {
		answer func(g get, to *replica)
		want   int // 0: unavailable
	}{
		"all in one part": {func(g get, to *replica) {
			to.message("x.store", 1, 0)
			to.message("x.1", 500, 1)
			to.end(0, 500, leader)
		}, 2},
		"in two parts": {func(g get, to *replica) {
			if g.Seq == 0 {
				to.message("x.store", 1, 0)
				to.end(1, 1, leader)
				return
			}
			to.message("x.1", 500, 0)
			to.end(0, 500, leader+7)
		}, 2},
		"a replica that lags": {func(g get, to *replica) {
			to.message("x.store", 1, 0)
			to.end(0, 1, leader-1)
		}, 0},
		"a second part from one that lags": {func(g get, to *replica) {
			if g.Seq == 0 {
				to.message("x.store", 1, 0)
				to.end(2, 1, leader)
				return
			}
			to.message("x.1", 500, 0)
			to.end(0, 500, leader-1)
		}, 0},
		"a second part from one that has nothing": {func(g get, to *replica) {
			if g.Seq == 0 {
				to.message("x.store", 1, 0)
				to.end(1, 1, leader)
				return
			}
			to.notFound()
		}, 0},
		"a replica that has nothing": {func(g get, to *replica) { to.notFound() }, 0},
		"one that fails on its way":  {func(g get, to *replica) { to.message("x.store", 1, 0); to.notFound() }, 0},
		"the first answer is lost":   {func(g get, to *replica) { to.message("x.1", 500, 1); to.end(0, 500, leader) }, 0},
		"one in the middle is lost": {func(g get, to *replica) {
			to.message("x.store", 1, 0)
			to.message("x.2", 600, 500)
			to.end(0, 600, leader)
		}, 0},
		"the last answer is lost": {func(g get, to *replica) { to.message("x.store", 1, 0); to.end(0, 500, leader) }, 0},
		"the only answer is lost": {func(g get, to *replica) { to.end(0, 500, leader) }, 0},
		"nobody answers any more": {func(g get, to *replica) {}, 0},
		"a server that cannot": {func(g get, to *replica) {
			_ = to.nc.PublishMsg(&nats.Msg{Subject: to.reply, Header: nats.Header{"Status": {"413"}}})
		}, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			j := script(t)
			j.leader(leader)
			j.replicas(test.answer)
			n := 0
			err := j.s.lasts(t.Context(), "x", "x.store", []string{"x.1", "x.2"}, func(string, *nats.Msg) error { n++; return nil })
			if test.want == 0 && !errors.Is(err, stores.ErrUnavailable) || test.want != 0 && (err != nil || n != test.want) {
				t.Errorf("%d messages, %v", n, err)
			}
		})
	}
}

// refusal is a stream's answer to a message that it does not take.
func refusal(code int, text string) []byte {
	b, _ := json.Marshal(map[string]any{"stream": "x", "error": apiError{Code: 500, ErrCode: code, Description: text}})
	return b
}

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
