package host_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/eshost/eshost/host"
	"github.com/eshost/eshost/host/hosttest"
	"github.com/eshost/eshost/stores"
	"github.com/eshost/eshost/stores/memstore"
	"github.com/eshost/eshost/stores/storetest"
)

// zooGuest compiles a guest of testdata/zoo/guests.h, whose type is "zoo".
func zooGuest(tb testing.TB, guest string, flags ...string) []byte {
	tb.Helper()
	return hosttest.BuildC(tb, "testdata/zoo/zoo.c", append([]string{"-DGUEST=" + guest}, flags...)...)
}

// goodCounter is a plugin of its own type "counter" that does nothing wrong.
func goodCounter(tb testing.TB) []byte {
	tb.Helper()
	return hosttest.BuildC(tb, "../abi/abitest/testdata/counter.c")
}

const (
	patient   = 30 * time.Second // within which whatever is sent in the zoo must be answered
	zooMemory = 64 << 20         // of an instance at most
	zooFuel   = 20_000_000       // of a command at most
	zooState  = 1 << 20          // bytes at most
	attackers = 3                // more than there are workers
)

// zoo is a host with hostile guests beside good ones, and all that was acknowledged.
type zoo struct {
	*host.Host
	t     testing.TB
	store *memstore.Store
	gauge *prometheus.Registry
	next  atomic.Int64 // number of the next command

	mu    sync.Mutex
	acked map[string]acked // by command id
}

// acked is a command that was accepted.
type acked struct {
	entity  stores.EntityID
	command string
	reply   host.Reply
}

// openZoo starts a host with the good counter and the guests, which must answer the same call the same each time.
// When the test ends, what is stored must be exactly what was acknowledged, and nothing may be left of the host.
func openZoo(t testing.TB, guests ...[]byte) *zoo {
	t.Helper()
	return openAudited(t, 0, guests...)
}

// openAudited is openZoo with another share of calls that are audited; 0: all are, and none may differ.
func openAudited(t testing.TB, share float64, guests ...[]byte) *zoo {
	t.Helper()
	counter := goodCounter(t)
	before := footprintNow()
	z := &zoo{t: t, store: memstore.New(&memstore.Options{Exclusive: true}), gauge: prometheus.NewRegistry(), acked: make(map[string]acked)}
	log := &lent{z.store, z.store}
	t.Cleanup(func() {
		z.Host, z.store, z.acked, *log = nil, nil, nil, lent{} // a test holds what its clean-ups use until it ends
		before.returned(t)
	})
	t.Cleanup(z.verify)
	z.Host = serve(t, &host.Options{
		Log: storetest.Strict(t, log), Snapshots: log, SnapshotEvery: 100, Workers: attackers - 1, Logger: silent, Metrics: z.gauge,
		PluginMemoryBytes: zooMemory, CommandFuel: zooFuel, StateBytes: zooState, AuditShare: share,
	}, append([][]byte{counter}, guests...)...)
	t.Cleanup(z.small)
	return z
}

// lent is a store that can be taken back.
type lent struct {
	stores.Log
	stores.SnapshotStore
}

// Close closes neither: both are the same, and whoever lent it does.
func (l *lent) Close() error { return nil }

// small checks that no instance is kept that grew far.
func (z *zoo) small() {
	z.t.Helper()
	var instances, size float64
	all, err := z.gauge.Gather()
	if err != nil {
		z.t.Fatal(err)
	}
	for _, f := range all {
		for _, m := range f.Metric {
			switch f.GetName() {
			case "eshost_plugin_instances":
				instances += m.Gauge.GetValue()
			case "eshost_plugin_instance_bytes":
				size += m.Gauge.GetValue()
			}
		}
	}
	if instances < 1 || size > instances*zooMemory/2 {
		z.t.Errorf("%v instances are kept with %v bytes, want less than half of what they may have", instances, size)
	}
}

// command gives a command an id of its own, under which it is looked for in the log.
func (z *zoo) command(name string, payload []byte) host.Command {
	return host.Command{Name: name, Payload: payload, ID: fmt.Sprint(name, "-", z.next.Add(1)), Wait: true}
}

// answered notes what was acknowledged.
func (z *zoo) answered(e host.Entity, c host.Command, r host.Reply, err error) {
	if err == nil {
		z.mu.Lock()
		defer z.mu.Unlock()
		z.acked[c.ID] = acked{e.ID(), c.Name, r}
	}
}

// send sends a command. It must be answered in time.
func (z *zoo) send(e host.Entity, name string, payload []byte) (host.Reply, error) {
	ctx, cancel := context.WithTimeout(context.Background(), patient)
	defer cancel()
	c := z.command(name, payload)
	r, err := e.Handle(ctx, c)
	if errors.Is(err, context.DeadlineExceeded) {
		z.t.Errorf("%s to %s was not answered within %v: %v", name, e.ID(), patient, err)
	}
	z.answered(e, c, r, err)
	return r, err
}

// among sends a command between two good ones, so that they may share a guest call, and returns its error. The good ones must be accepted.
func (z *zoo) among(e host.Entity, name string, payload []byte) error {
	ctx, cancel := context.WithTimeout(context.Background(), patient)
	defer cancel()
	p := z.Pipe(3)
	all := []host.Sending{{Entity: e, Command: z.command("increase", by(1))}, {Entity: e, Command: z.command(name, payload)}, {Entity: e, Command: z.command("increase", by(1))}}
	for i := range all {
		all[i].Ref = i
	}
	if _, err := p.SendAll(ctx, all); err != nil {
		return err
	}
	var got error
	for range all {
		a, err := p.Receive(ctx)
		if err != nil {
			return fmt.Errorf("%s to %s was not answered within %v: %w", name, e.ID(), patient, err)
		}
		i := a.Ref.(int)
		z.answered(e, all[i].Command, a.Reply, a.Err)
		switch {
		case i == 1:
			got = a.Err
		case a.Err != nil:
			z.t.Errorf("a good command beside %s failed: %v", name, a.Err)
		}
	}
	return got
}

// verify compares the log with what was acknowledged.
func (z *zoo) verify() {
	storetest.Verify(z.t, z.store)
	z.mu.Lock()
	defer z.mu.Unlock()
	for rec, err := range z.store.Scan(context.Background(), stores.Query{System: true}) {
		if err != nil {
			z.t.Fatal(err)
		}
		events := uint32(0)
		for _, c := range rec.Commands {
			events += c.Events
			a, ok := z.acked[c.ID]
			if !ok {
				z.t.Errorf("the log has %s of %s, which was never acknowledged", c.ID, rec.Entity)
			} else if a.entity != rec.Entity || a.command != c.Name || a.reply.Seq != c.Seq || a.reply.Events != int(c.Events) || string(a.reply.Payload) != string(c.Reply) {
				z.t.Errorf("the log has %s of %s at %d with %d events and reply %x; acknowledged was %s of %s: %+v", c.Name, rec.Entity, c.Seq, c.Events, c.Reply, a.command, a.entity, a.reply)
			}
			delete(z.acked, c.ID)
		}
		if int(events) != len(rec.Events) {
			z.t.Errorf("the record of %s after %d has %d events, its commands say %d", rec.Entity, rec.Expected, len(rec.Events), events)
		}
	}
	for id, a := range z.acked {
		if a.reply.Events > 0 {
			z.t.Errorf("%s of %s was acknowledged and is not in the log", id, a.entity)
		}
	}
}

// attack lets several callers send the command to an entity each, at the same time and twice, and
// checks that they are told what happened. Kind 0: it is accepted.
func (z *zoo) attack(name string, payload []byte, kind host.FaultKind, text string) {
	var wg sync.WaitGroup
	for i := range attackers {
		e := z.Entity("zoo", fmt.Sprint("attacked ", i))
		wg.Go(func() {
			check := func(err error) {
				if err := guilty(err, kind, text); err != nil {
					z.t.Errorf("%s: %v", name, err)
				}
			}
			check(z.among(e, name, payload))
			_, err := z.send(e, name, payload)
			check(err)
			if _, err := z.send(e, "increase", by(1)); err != nil {
				z.t.Errorf("after %s a good command to the same entity: %v", name, err)
			}
		})
	}
	wg.Wait()
}

// guilty says what is wrong with the error that a guilty command got.
func guilty(err error, kind host.FaultKind, text string) error {
	var f *host.Fault
	switch {
	case kind == 0 && err == nil:
		return nil
	case kind == 0:
		return fmt.Errorf("error %w, want it accepted", err)
	case !errors.As(err, &f):
		return fmt.Errorf("error %v, want a *host.Fault", err)
	case f.Kind != kind || !strings.Contains(err.Error(), text):
		return fmt.Errorf("%v: %w, want %v and %q", f.Kind, err, kind, text)
	}
	return nil
}
