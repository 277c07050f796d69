package natsstore_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"net"
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/eshost/eshost/stores"
	"github.com/eshost/eshost/stores/natsstore"
	"github.com/eshost/eshost/stores/natsstore/natstest"
	"github.com/eshost/eshost/stores/storetest"
)

func TestSetupCanBeRepeatedAndHostsShareALog(t *testing.T) {
	s := connect(t, natstest.Start(t, nil).URL())
	o := s.options(t, "")
	a, b := open(t, o), open(t, o)
	if a.Info() != b.Info() {
		t.Errorf("one says %+v, the other %+v", a.Info(), b.Info())
	}
	for n, log := range []stores.Log{a, b, a} {
		if r := append1(t.Context(), log, commitOf(counter, uint64(n), "", "x")); r.Outcome != stores.Applied {
			t.Fatalf("%+v", r)
		}
	}
	storetest.Verify(t, b)
}

// TestOneHostHearsOfWhatAnotherAppends waits in one store for what another writes.
func TestOneHostHearsOfWhatAnotherAppends(t *testing.T) {
	s := connect(t, natstest.Start(t, nil).URL())
	o := s.options(t, "")
	a, b := open(t, o), open(t, o)
	for n := range 20 {
		head, err := b.Head(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		woken := make(chan error, 1)
		go func() { woken <- b.Wait(t.Context(), head) }()
		if r := append1(t.Context(), a, commitOf(counter, uint64(n), "", "x")); r.Outcome != stores.Applied {
			t.Fatalf("%+v", r)
		}
		if err := <-woken; err != nil {
			t.Fatal(err)
		}
	}
}

func TestWithoutSetupWhatIsMissingIsNamed(t *testing.T) {
	s := connect(t, natstest.Start(t, nil).URL())
	o := s.options(t, "setup=false&snapshots=snaps&blobs=plugins")
	_, err := natsstore.Open(t.Context(), o)
	if err == nil || !strings.Contains(err.Error(), "stream "+o.Stream+" is not there") {
		t.Errorf("%v", err)
	}
	s.unprotected(t, o)
	_, err = natsstore.Open(t.Context(), o)
	for _, name := range []string{"snaps ", "snaps_large", o.Stream + "_checkpoints", "plugins"} {
		if err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("%s is not named: %v", name, err)
		}
	}
	// Another host makes them, and then all is there.
	make := *o
	make.NoSetup = false
	log := open(t, &make)
	large := &stores.Snapshot{Entity: counter, Log: log.Info().ID, Seq: 1, State: bytes.Repeat([]byte("x"), 2<<20)}
	if err := errors.Join(log.Save(t.Context(), large), log.SaveCheckpoint(t.Context(), "p", stores.Position{})); err != nil {
		t.Fatal(err)
	}
	if _, err := log.PutBlob(t.Context(), []byte("x")); err != nil {
		t.Fatal(err)
	}
	all := []string{o.Stream, "KV_snaps", "OBJ_snaps_large", "KV_" + o.Stream + "_checkpoints", "OBJ_plugins"}
	for _, name := range all {
		s.stream(t, name)
	}
	again := open(t, o)
	if again.Info() != log.Info() {
		t.Errorf("%+v and %+v", again.Info(), log.Info())
	}
	for _, name := range all[1:] {
		if err := s.js.DeleteStream(t.Context(), name); err != nil {
			t.Fatal(err)
		}
	}
}

// TestOnlyWhatIsUsedIsMade opens a store for its log alone, and one without.
func TestOnlyWhatIsUsedIsMade(t *testing.T) {
	s := connect(t, natstest.Start(t, nil).URL())
	o := s.options(t, "")
	o.Use = natsstore.UseSnapshots
	rest := open(t, o)
	if err := rest.Save(t.Context(), &stores.Snapshot{Entity: counter, Seq: 1}); err != nil {
		t.Fatal(err)
	}
	var have []string
	for name := range s.js.StreamNames(t.Context()).Name() {
		have = append(have, name)
	}
	if len(have) != 1 || have[0] != "KV_"+o.Stream+"_snapshots" {
		t.Errorf("there are %v", have)
	}
	if r := append1(t.Context(), rest, commitOf(counter, 0, "", "x")); r.Outcome != stores.Refused || !errors.Is(r.Err, stores.ErrUnavailable) {
		t.Errorf("%+v", r)
	}
	if err := rest.SaveCheckpoint(t.Context(), "p", stores.Position{}); !errors.Is(err, stores.ErrUnavailable) {
		t.Errorf("%v", err)
	}
}

func TestAStreamThatCouldLoseEventsIsRefused(t *testing.T) {
	s := connect(t, natstest.Start(t, nil).URL())
	for what, change := range map[string]func(*jetstream.StreamConfig){
		"storage must be file":     func(c *jetstream.StreamConfig) { c.Storage = jetstream.MemoryStorage },
		"retention must be limits": func(c *jetstream.StreamConfig) { c.Retention = jetstream.WorkQueuePolicy },
		"max_age must be 0":        func(c *jetstream.StreamConfig) { c.MaxAge = time.Hour },
		"max_msgs_per_subject":     func(c *jetstream.StreamConfig) { c.MaxMsgsPerSubject = 10 },
		"discard must be new":      func(c *jetstream.StreamConfig) { c.MaxBytes, c.Discard = 1<<20, jetstream.DiscardOld },
		"no_ack must be false":     func(c *jetstream.StreamConfig) { c.NoAck, c.AllowAtomicPublish = true, false },
		"persist_mode": func(c *jetstream.StreamConfig) {
			c.PersistMode, c.AllowAtomicPublish = jetstream.AsyncPersistMode, false
		},
		"first_seq is 100": func(c *jetstream.StreamConfig) { c.FirstSeq = 100 },
		"its subjects are": func(c *jetstream.StreamConfig) { c.Subjects = []string{c.Name + ".*.*.*"} },
		"transform": func(c *jetstream.StreamConfig) {
			c.SubjectTransform = &jetstream.SubjectTransformConfig{Source: c.Name + ".a", Destination: c.Name + ".b"}
		},
	} {
		for _, setup := range []string{"true", "false"} {
			o := s.options(t, "setup="+setup)
			c := jetstream.StreamConfig{Name: o.Stream, Subjects: []string{o.Stream + ".>"}, Discard: jetstream.DiscardNew, AllowDirect: true, AllowAtomicPublish: true}
			change(&c)
			if _, err := s.js.CreateStream(t.Context(), c); err != nil {
				t.Fatalf("%s: %v", what, err)
			}
			if store, err := natsstore.Open(t.Context(), o); err == nil || !strings.Contains(err.Error(), what) {
				t.Errorf("%s, setup=%s: %v", what, setup, err)
				if store != nil {
					_ = store.Close()
				}
			}
		}
	}
}

func TestSetupProtectsAStreamAndBringsItToItsOptions(t *testing.T) {
	s := connect(t, natstest.Start(t, nil).URL())
	o := s.options(t, "max_bytes=1000000")
	s.unprotected(t, o)
	had := s.stream(t, o.Stream).CachedInfo().Config
	had.AllowRollup = true
	if _, err := s.js.UpdateStream(t.Context(), had); err != nil {
		t.Fatal(err)
	}
	without := *o
	without.NoSetup = true
	if _, err := natsstore.Open(t.Context(), &without); err == nil || !strings.Contains(err.Error(), "allow_rollup_hdrs") {
		t.Errorf("%v", err)
	}
	open(t, o)
	c := s.stream(t, o.Stream).CachedInfo().Config
	if c.AllowRollup || !c.DenyDelete || !c.DenyPurge || !c.AllowDirect || !c.AllowAtomicPublish || c.MaxBytes != 1e6 || c.Discard != jetstream.DiscardNew {
		t.Errorf("%+v", c)
	}
	if err := s.stream(t, o.Stream).DeleteMsg(t.Context(), 1); err == nil {
		t.Error("a message was deleted")
	}
	if err := s.stream(t, o.Stream).Purge(t.Context()); err == nil {
		t.Error("the stream was purged")
	}
	other := *o
	other.NoSetup, other.MaxBytes = true, 5
	if _, err := natsstore.Open(t.Context(), &other); err == nil || !strings.Contains(err.Error(), "max_bytes is 1000000 and should be 5") {
		t.Errorf("%v", err)
	}
}

func TestAStreamOfSomebodyElseIsNotTaken(t *testing.T) {
	s := connect(t, natstest.Start(t, nil).URL())
	o := s.options(t, "")
	s.unprotected(t, o)
	if _, err := s.js.Publish(t.Context(), o.Stream+".0001.counter.a", []byte("x")); err != nil {
		t.Fatal(err)
	}
	if _, err := natsstore.Open(t.Context(), o); !errors.Is(err, stores.ErrCorrupt) {
		t.Errorf("%v", err)
	}
	o = s.options(t, "")
	s.unprotected(t, o)
	if _, err := s.js.Publish(t.Context(), o.Stream+".store", []byte(`{"format": 2}`)); err != nil {
		t.Fatal(err)
	}
	if _, err := natsstore.Open(t.Context(), o); !errors.Is(err, stores.ErrFormat) {
		t.Errorf("%v", err)
	}
}

// TestHostsMayStartTogether lets hosts open a log that none has opened before.
func TestHostsMayStartTogether(t *testing.T) {
	t.Parallel()
	s := connect(t, natstest.Start(t, nil).URL())
	for range 10 {
		o := s.options(t, "")
		o.Use = natsstore.UseLog
		ids := make([]stores.LogID, 8)
		var hosts sync.WaitGroup
		for i := range ids {
			hosts.Go(func() {
				log, err := natsstore.Open(t.Context(), o)
				if err != nil {
					t.Error(err)
					return
				}
				ids[i] = log.Info().ID
				_ = log.Close()
			})
		}
		hosts.Wait()
		for _, id := range ids {
			if id != ids[0] {
				t.Errorf("two logs: %x and %x", ids[0], id)
			}
		}
	}
}

func TestAStreamOfSomebodyElseIsLeftAsItIs(t *testing.T) {
	s := connect(t, natstest.Start(t, nil).URL())
	o := s.options(t, "max_bytes=1000000")
	if _, err := s.js.CreateStream(t.Context(), jetstream.StreamConfig{Name: o.Stream, Subjects: []string{o.Stream + ".>"}}); err != nil {
		t.Fatal(err)
	}
	if _, err := s.js.Publish(t.Context(), o.Stream+".order.1", []byte("x")); err != nil {
		t.Fatal(err)
	}
	before := s.stream(t, o.Stream).CachedInfo().Config
	if _, err := natsstore.Open(t.Context(), o); !errors.Is(err, stores.ErrCorrupt) || !strings.Contains(err.Error(), ".order.1") {
		t.Errorf("%v", err)
	}
	info := s.stream(t, o.Stream).CachedInfo()
	if !reflect.DeepEqual(before, info.Config) || info.State.Msgs != 1 {
		t.Errorf("it was %+v\nand is %+v with %d messages", before, info.Config, info.State.Msgs)
	}
}

func TestAForeignMessageInTheLogIsAnErrorThatNamesIt(t *testing.T) {
	s := connect(t, natstest.Start(t, nil).URL())
	for _, subject := range []string{"0001.counter.a", "x.y.z", "x", "LOG.0001.counter.a", "LOG.x"} {
		o := s.options(t, "")
		log := open(t, o)
		if r := append1(t.Context(), log, commitOf(counter, 0, "", "x")); r.Outcome != stores.Applied {
			t.Fatalf("%+v", r)
		}
		ack, err := s.js.Publish(t.Context(), o.Stream+"."+strings.Replace(subject, "LOG", natsstore.LogToken(log.Info().ID), 1), []byte("x"))
		if err != nil {
			t.Fatal(err)
		}
		n := 0
		for _, err = range log.Scan(t.Context(), stores.Query{}) {
			n++
		}
		if n != 2 || !errors.Is(err, stores.ErrCorrupt) || !strings.Contains(err.Error(), "message "+string('0'+byte(ack.Sequence))) {
			t.Errorf("%s: %v", subject, err)
		}
	}
}

func TestAFullStreamRefuses(t *testing.T) {
	for name, test := range map[string]struct {
		server     natstest.Options
		parameters string
	}{
		"default sync": {},
		"sync always":  {natstest.Options{SyncAlways: true}, "&sync=always"},
	} {
		t.Run(name, func(t *testing.T) {
			s := connect(t, natstest.Start(t, &test.server).URL())
			log := open(t, s.options(t, "max_bytes=100000"+test.parameters))
			var last stores.Commit
			var place stores.Position
			var token stores.HeadToken
			n := uint64(0)
			for ; ; n++ {
				c := commitOf(counter, n, token, strings.Repeat("x", 1000))
				r := append1(t.Context(), log, c)
				if r.Outcome == stores.Refused && errors.Is(r.Err, stores.ErrUnavailable) {
					break
				}
				if r.Outcome != stores.Applied || n > 1000 {
					t.Fatalf("commit %d: %+v", n, r)
				}
				last, token, place = c, r.Head, r.Place
			}
			if r := append1(t.Context(), log, last); r.Outcome != stores.Duplicate || r.Place != place {
				t.Errorf("what is there: %+v", r)
			}
			other := stores.EntityID{Type: "counter", ID: "b"}
			results := log.Append(t.Context(), stores.Fence{}, []stores.Commit{last, commitOf(other, 0, "", strings.Repeat("x", 1000)), commitOf(stores.EntityID{Type: "counter", ID: "c"}, 7, tokenOf(log, 1, 7), "x")})
			for i, want := range []stores.Outcome{stores.Duplicate, stores.Refused, stores.Conflict} {
				if results[i].Outcome != want {
					t.Errorf("commit %d of three: %+v, want %s", i, results[i], want)
				}
			}
			heads, err := log.Heads(t.Context(), []stores.EntityID{counter, other})
			if err != nil || heads[0].Seq != n || heads[1].Seq != 0 {
				t.Errorf("%+v, %v", heads, err)
			}
			storetest.Verify(t, log)
		})
	}
}

func TestALogTellsWhatItPromises(t *testing.T) {
	s := connect(t, natstest.Start(t, nil).URL())
	for parameters, want := range map[string]stores.Durability{"": stores.Process, "sync=interval": stores.Process, "sync=always": stores.Synced} {
		var said bytes.Buffer
		o := s.options(t, parameters)
		o.Logger = slog.New(slog.NewTextHandler(&said, nil))
		info := open(t, o).Info()
		if info.Durability != want || info.Exclusive || info.Fencing {
			t.Errorf("%q: %+v", parameters, info)
		}
		if !strings.Contains(said.String(), info.DurabilityIs) || (want < stores.Synced) != strings.Contains(said.String(), "level=WARN") {
			t.Errorf("%q: the operator is told %s", parameters, said.String())
		}
	}
}

func TestLoginsAndTheirErrorsShowNoSecret(t *testing.T) {
	config := `accounts: {A: {jetstream: enabled, users: [{user: host, password: "pa55/word"}]}, B: {users: [{user: other, password: x}]}}` + "\n"
	server := natstest.Start(t, &natstest.Options{Config: config, Connect: []nats.Option{nats.UserInfo("host", "pa55/word")}})
	good, err := natsstore.ParseURL("nats://host:pa55%2Fword@" + server.Addr() + "/log")
	if err != nil {
		t.Fatal(err)
	}
	if r := append1(t.Context(), open(t, good), commitOf(counter, 0, "", "x")); r.Outcome != stores.Applied {
		t.Errorf("%+v", r)
	}
	for url, want := range map[string]error{
		"nats://host:pa55word@" + server.Addr(): stores.ErrUnavailable,
		"nats://pa55word@" + server.Addr():      stores.ErrUnavailable,
		"nats://other:x@" + server.Addr():       stores.ErrUnavailable,
	} {
		o, err := natsstore.ParseURL(url)
		if err != nil {
			t.Fatal(err)
		}
		o.AnswerTimeout = 200 * time.Millisecond
		if _, err = natsstore.Open(t.Context(), o); !errors.Is(err, want) || strings.Contains(err.Error(), "pa55") {
			t.Errorf("%v, want %v", err, want)
		}
	}
}

func TestWithoutAServerOpenSaysWhere(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	o := &natsstore.Options{Servers: []string{l.Addr().String()}, AnswerTimeout: 200 * time.Millisecond}
	if _, err = natsstore.Open(t.Context(), o); !errors.Is(err, stores.ErrUnavailable) || !strings.Contains(err.Error(), l.Addr().String()) {
		t.Errorf("a server that says nothing: %v", err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
	defer cancel()
	o.AnswerTimeout = time.Second
	if _, err = natsstore.Open(ctx, o); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("a context that ends: %v", err)
	}
	_ = l.Close()
	if _, err = natsstore.Open(t.Context(), o); !errors.Is(err, stores.ErrUnavailable) {
		t.Errorf("no server: %v", err)
	}
}
