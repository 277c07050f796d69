package natsstore

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/nats-io/nats.go"

	"github.com/eshost/eshost/stores"
)

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
		"a replica that lags behind what is known, as the leader does": {func(g get, to *replica) {
			to.message("x.store", 1, 0)
			to.end(0, 1, leader+5)
		}, 0},
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
			if strings.Contains(name, "known") {
				j.s.changes.raise(leader+6, 1)
			}
			j.replicas(test.answer)
			n := 0
			err := j.s.lasts(t.Context(), "x", "x.store", []string{"x.1", "x.2"}, func(string, *nats.Msg) error { n++; return nil })
			if test.want == 0 && !errors.Is(err, stores.ErrUnavailable) || test.want != 0 && (err != nil || n != test.want) {
				t.Errorf("%d messages, %v", n, err)
			}
		})
	}
}

// TestALeaderThatIsBehindIsAskedAgain lets a leader that was deposed answer first.
func TestALeaderThatIsBehindIsAskedAgain(t *testing.T) {
	j := script(t)
	asked := 0
	j.on("played.STREAM.MSG.GET.x", func(m *nats.Msg) {
		if asked++; strings.Contains(string(m.Data), j.s.subjects.store()) {
			b, _ := json.Marshal(about{Format: format, Log: j.s.info.ID[:], Slices: stores.Slices})
			b, _ = json.Marshal(map[string]any{"message": message{Subject: j.s.subjects.store(), Seq: 1, Data: b}})
			_ = m.Respond(b)
			return
		}
		b, _ := json.Marshal(map[string]any{"message": message{Subject: "x", Seq: uint64(5 + asked)}})
		_ = m.Respond(b)
	})
	j.s.changes.raise(10, 1)
	for _, at := range []uint64{0, 14} {
		if m, err := j.s.lastOfLog(t.Context(), at); err != nil || m.Seq < max(at, 10) {
			t.Errorf("%+v, %v", m, err)
		}
	}
	j.s.changes.raise(1e6, 1)
	if _, err := j.s.lastOfLog(t.Context(), 0); !errors.Is(err, stores.ErrUnavailable) {
		t.Errorf("a leader that never shows what was acknowledged: %v", err)
	}
}
