package natsstore

import (
	"encoding/json"
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

// refusal is a stream's answer to a message that it does not take.
func refusal(code int, text string) []byte {
	b, _ := json.Marshal(map[string]any{"stream": "x", "error": apiError{Code: 500, ErrCode: code, Description: text}})
	return b
}

// sending is an append of n commits to entities of their own, ready to be sent.
func (j *scripted) sending(n int, payload func(i int) []byte) (a *appending) {
	a = &appending{s: j.s, ctx: j.t.Context(), results: make([]stores.Result, n)}
	for i := range n {
		id := stores.EntityID{Type: "a", ID: fmt.Sprint(i)}
		a.commits = append(a.commits, stores.Commit{Entity: id, Events: []stores.Event{{Name: "x"}}})
		from := len(a.buf)
		a.buf = append(a.buf, payload(i)...)
		a.all = append(a.all, pending{index: i, subject: j.s.subjects.record(id), from: from, to: len(a.buf)})
	}
	return a
}

func (j *scripted) noMessages() {
	j.on("played.STREAM.MSG.GET.x", func(m *nats.Msg) { _ = m.Respond(refusal(codeNoMessage, "no message found")) })
}
