package engine_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/eshost/eshost/host/internal/engine"
	"github.com/eshost/eshost/host/internal/entity"
	"github.com/eshost/eshost/host/internal/entity/entitytest"
	"github.com/eshost/eshost/stores"
	"github.com/eshost/eshost/stores/memstore"
	"github.com/eshost/eshost/stores/storetest"
)

// rig is an engine under test with one type, "counter".
type rig struct {
	*engine.Engine
	t        *testing.T
	typ      *engine.Type
	behavior *entitytest.Counter
}

// settings of a rig; zero fields take small defaults.
type settings struct {
	log       stores.Log
	snapshots stores.SnapshotStore
	every     int
	mailbox   int
	idle      time.Duration
	memory    int64
	timeout   time.Duration
	local     bool // answers may come from memory
	fuel      int64
}

func start(t *testing.T, s settings) *rig {
	t.Helper()
	if s.idle == 0 {
		s.idle = -1
	}
	if s.memory == 0 {
		s.memory = -1
	}
	if s.timeout == 0 {
		s.timeout = 5 * time.Second
	}
	if s.mailbox == 0 {
		s.mailbox = 1024
	}
	g := engine.New(engine.Config{Log: s.log, Snapshots: s.snapshots, Logger: slog.New(slog.NewTextHandler(t.Output(), &slog.HandlerOptions{Level: slog.LevelError})),
		Metrics: engine.NewMetrics(), Workers: 2, Recoveries: 8, IdleTimeout: s.idle, MemoryBytes: s.memory, AppendTimeout: s.timeout})
	r := &rig{Engine: g, t: t, behavior: new(entitytest.Counter)}
	r.typ = g.Bind(entity.Type{Name: "counter", MailboxSize: s.mailbox, BatchSize: 64, BatchBytes: 1 << 20, CommandIDs: 1024,
		CommandIDAge: time.Hour, SnapshotEvery: s.every, Confirm: !s.local,
		CommandFuel: s.fuel, BatchFuel: s.fuel, RecoveryFuel: 3 * s.fuel}, entity.NewBinding(stores.Digest{1}, "number", r.behavior, nil))
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
		defer cancel()
		if err := g.Close(ctx); err != nil {
			t.Errorf("close: %v", err)
		}
	})
	return r
}

// rebind deploys another plugin with the same behavior.
func (r *rig) rebind(digest byte) {
	r.Bind(entity.Type{Name: "counter"}, entity.NewBinding(stores.Digest{digest}, "number", r.behavior, nil))
}

// send sends a command and waits for its answer.
func (r *rig) send(ctx context.Context, id string, c entity.Command) (entity.Reply, error) {
	done := make(entity.Answers, 1)
	call := &entity.Call{Command: c, Ctx: ctx, Caller: done}
	e, err := r.Post(r.typ, id, call)
	if err != nil {
		return entity.Reply{}, err
	}
	select {
	case <-done:
		return call.Reply, call.Err
	case <-ctx.Done():
		if e.Withdraw(call) {
			return entity.Reply{}, fmt.Errorf("%w: %w", entity.ErrNotStarted, ctx.Err())
		}
		return entity.Reply{}, fmt.Errorf("%w: %w", entity.ErrOutcomeUnknown, ctx.Err())
	}
}

func (r *rig) add(id string, by int) (entity.Reply, error) {
	return r.send(r.t.Context(), id, entity.Command{Name: "add", Payload: []byte(strconv.Itoa(by))})
}

func (r *rig) mustAdd(id string, by int, value, seq int) {
	r.t.Helper()
	reply, err := r.add(id, by)
	if err != nil || string(reply.Payload) != strconv.Itoa(value) || reply.Seq != uint64(seq) {
		r.t.Fatalf("add %d to %s: %s at %d, %v; want %d at %d", by, id, reply.Payload, reply.Seq, err, value, seq)
	}
}

// read reads an entity's state.
func (r *rig) read(id string) (string, error) {
	done := make(entity.Answers, 1)
	call := &entity.Call{Read: true, Ctx: r.t.Context(), Caller: done}
	if _, err := r.Post(r.typ, id, call); err != nil {
		return "", err
	}
	<-done
	if call.Err != nil {
		return "", call.Err
	}
	return string(call.State.Payload), nil
}

func exclusive() *memstore.Store { return memstore.New(&memstore.Options{Exclusive: true}) }

func TestManyClientsOnManyEntities(t *testing.T) {
	log := exclusive()
	r := start(t, settings{log: log})
	const clients, each = 64, 100
	var wg sync.WaitGroup
	for c := range clients {
		wg.Go(func() {
			for i := range each {
				if _, err := r.add(fmt.Sprint("e", (c+i)%10), 1); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	total := 0
	for i := range 10 {
		s, err := r.read(fmt.Sprint("e", i))
		if err != nil {
			t.Fatal(err)
		}
		n, _ := strconv.Atoi(s)
		total += n
	}
	if total != clients*each {
		t.Errorf("%d additions, the counters say %d", clients*each, total)
	}
	storetest.Verify(t, log)
	if s := r.Stats(); s.Commands != clients*each || s.GuestCalls == 0 || s.Writes == 0 || s.Commits < s.Writes || s.Resident != 10 {
		t.Errorf("stats %+v", s)
	}
}

func TestAnEntityIsRecoveredFromItsLogAndFromSnapshots(t *testing.T) {
	for _, every := range []int{0, 7} {
		t.Run(fmt.Sprintf("a snapshot every %d events", every), func(t *testing.T) {
			log := exclusive()
			r := start(t, settings{log: log, snapshots: log, every: every})
			for i := range 100 {
				r.mustAdd("a", 1, i+1, i+1)
				for every > 0 && i+1-snapshotAt(t, log, "a") >= every {
					time.Sleep(100 * time.Microsecond) // snapshots are taken beside the commands
				}
			}
			if err := r.Close(t.Context()); err != nil {
				t.Fatal(err)
			}
			r = start(t, settings{log: log, snapshots: log, every: every})
			r.mustAdd("a", 1, 101, 101)
			recovered := r.Stats().EventsRecovered
			if every == 0 && recovered != 100 || every > 0 && recovered > 10 {
				t.Errorf("%d events were folded", recovered)
			}
		})
	}
}

// snapshotAt is the number of an entity's snapshot; 0 when there is none.
func snapshotAt(t *testing.T, s stores.SnapshotStore, id string) int {
	snaps, _, err := s.Load(t.Context(), []stores.EntityID{{Type: "counter", ID: id}})
	if err != nil {
		t.Fatal(err)
	}
	if snaps[0] == nil {
		return 0
	}
	return int(snaps[0].Seq)
}

func TestCloseAnswersEverythingAndRefusesMore(t *testing.T) {
	log := exclusive()
	r := start(t, settings{log: log})
	var acknowledged atomic.Int64
	var wg sync.WaitGroup
	for c := range 32 {
		wg.Go(func() {
			for i := 0; ; i++ {
				_, err := r.add(fmt.Sprint("e", (c*7+i)%20), 1)
				if errors.Is(err, entity.ErrClosed) {
					return
				}
				if err != nil {
					t.Error(err)
					return
				}
				acknowledged.Add(1)
			}
		})
	}
	time.Sleep(20 * time.Millisecond)
	if err := r.Close(t.Context()); err != nil {
		t.Error(err)
	}
	wg.Wait()
	stored := int64(0)
	for rec, err := range log.Scan(t.Context(), stores.Query{}) {
		if err != nil {
			t.Fatal(err)
		}
		stored += int64(len(rec.Events))
	}
	if stored != acknowledged.Load() {
		t.Errorf("%d acknowledged, %d stored", acknowledged.Load(), stored)
	}
	if _, err := r.add("a", 1); !errors.Is(err, entity.ErrClosed) {
		t.Errorf("after close: %v", err)
	}
}

func TestAFullMailbox(t *testing.T) {
	log := exclusive()
	r := start(t, settings{log: log, mailbox: 2})
	hold, taken := make(chan struct{}), make(chan struct{}, 100)
	r.behavior.OnDecide = func(*entity.Input) { taken <- struct{}{}; <-hold }
	var wg sync.WaitGroup
	ok := func(c entity.Command) {
		wg.Go(func() {
			if _, err := r.send(t.Context(), "a", c); err != nil {
				t.Error(err)
			}
		})
	}
	add := entity.Command{Name: "add", Payload: []byte("1")}
	ok(add)
	<-taken // it is being decided: the mailbox is empty
	first, second := make(entity.Answers, 1), make(entity.Answers, 1)
	for _, done := range []entity.Answers{first, second} {
		if _, err := r.Post(r.typ, "a", &entity.Call{Command: add, Caller: done}); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := r.add("a", 1); !errors.Is(err, entity.ErrMailboxFull) {
		t.Errorf("a third one in a mailbox of two: %v", err)
	}
	add.Wait = true
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := r.send(ctx, "a", add); !errors.Is(err, entity.ErrNotStarted) || !errors.Is(err, context.Canceled) {
		t.Errorf("waited for room until its context ended: %v", err)
	}
	ok(add)
	close(hold)
	wg.Wait()
	<-first
	<-second
	if s, err := r.read("a"); s != "4" || err != nil {
		t.Errorf("state %s, %v", s, err)
	}
}

func TestAnEntityThatCannotBeFoldedIsQuarantinedAndFreedByANewDeployment(t *testing.T) {
	log := exclusive()
	res := log.Append(t.Context(), stores.Fence{}, []stores.Commit{{Entity: stores.EntityID{Type: "counter", ID: "a"}, ID: stores.CommitID{1}, Time: time.UnixMilli(1).UTC(),
		Events: []stores.Event{{Name: "added", Version: 1, Payload: []byte("1")}, {Name: "poison", Version: 1}}}})
	if res[0].Outcome != stores.Applied {
		t.Fatal(res)
	}
	r := start(t, settings{log: log})
	var f *entity.Fault
	for range 2 {
		if _, err := r.add("a", 1); !errors.Is(err, entity.ErrQuarantined) || !errors.As(err, &f) || f.Seq != 2 {
			t.Fatalf("%v", err)
		}
	}
	if q := r.Quarantined(); len(q) != 1 || q[0].Entity.ID != "a" {
		t.Errorf("quarantined: %v", q)
	}
	r.mustAdd("b", 1, 1, 1) // others go on
	r.Bind(entity.Type{Name: "counter"}, entity.NewBinding(stores.Digest{2}, "number", forgiving{r.behavior}, nil))
	r.mustAdd("a", 1, 2, 3)
	if q := r.Quarantined(); len(q) != 0 {
		t.Errorf("still quarantined: %v", q)
	}
}

// forgiving folds poison as nothing.
type forgiving struct{ *entitytest.Counter }

func (f forgiving) Fold(in *entity.FoldInput, dst []byte) ([]byte, error) {
	events := append([]stores.Event(nil), in.Events...)
	for i := range events {
		if events[i].Name == "poison" {
			events[i] = stores.Event{Name: "added", Payload: []byte("0")}
		}
	}
	in.Events = events
	return f.Counter.Fold(in, dst)
}

func TestPluginsAreSwappedUnderLoadWithoutFailingACommand(t *testing.T) {
	log := exclusive()
	r := start(t, settings{log: log})
	stop := make(chan struct{})
	var sent atomic.Int64
	var wg sync.WaitGroup
	for c := range 16 {
		wg.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
				}
				if _, err := r.add(fmt.Sprint("e", c%5), 1); err != nil {
					t.Error(err)
					return
				}
				sent.Add(1)
			}
		})
	}
	for i := range 50 {
		r.rebind(byte(2 + i%2))
		time.Sleep(time.Millisecond)
	}
	close(stop)
	wg.Wait()
	total := 0
	for i := range 5 {
		s, err := r.read(fmt.Sprint("e", i))
		if err != nil {
			t.Fatal(err)
		}
		n, _ := strconv.Atoi(s)
		total += n
	}
	if int64(total) != sent.Load() {
		t.Errorf("%d acknowledged, the counters say %d", sent.Load(), total)
	}
	storetest.Verify(t, log)
}

func TestEntitiesLeaveMemoryWhenItIsShort(t *testing.T) {
	log := exclusive()
	r := start(t, settings{log: log, memory: 100 << 10})
	for i := range 2000 {
		r.mustAdd(fmt.Sprint("e", i), i, i, 1)
	}
	deadline := time.Now().Add(10 * time.Second)
	for r.Stats().ResidentBytes > 100<<10 && time.Now().Before(deadline) {
		time.Sleep(5 * time.Millisecond)
		r.mustAdd("one more", 0, 0, int(r.seqOf("one more"))+1)
	}
	s := r.Stats()
	if s.ResidentBytes > 110<<10 || s.Resident > 400 {
		t.Fatalf("%d entities of %d bytes in a budget of 100 KiB", s.Resident, s.ResidentBytes)
	}
	for i := range 2000 {
		r.mustAdd(fmt.Sprint("e", i), 1, i+1, 2)
	}
	storetest.Verify(t, log)
}

func (r *rig) seqOf(id string) uint64 {
	reply, err := r.send(r.t.Context(), id, entity.Command{Name: "get"})
	if err != nil {
		r.t.Fatal(err)
	}
	return reply.Seq
}

func TestEntitiesLeaveMemoryWhenTheyAreIdle(t *testing.T) {
	log := exclusive()
	r := start(t, settings{log: log, idle: time.Second})
	r.mustAdd("a", 1, 1, 1)
	deadline := time.Now().Add(20 * time.Second)
	for r.Stats().Resident > 0 {
		if time.Now().After(deadline) {
			t.Fatal("it stays in memory")
		}
		time.Sleep(20 * time.Millisecond)
	}
	if b := r.Stats().ResidentBytes; b != 0 {
		t.Errorf("%d bytes are still accounted for", b)
	}
	r.mustAdd("a", 1, 2, 2)
}

func TestAWriteThatLandsAfterItWasGivenUpIsNeitherLostNorDoubled(t *testing.T) {
	for _, fault := range []storetest.Fault{storetest.FaultAfter, storetest.FaultLost, storetest.FaultLate, storetest.FaultAfterHead} {
		t.Run(fault.String(), func(t *testing.T) {
			log := exclusive()
			faulty := storetest.Faulty(log, &storetest.Faults{})
			r := start(t, settings{log: faulty})
			r.mustAdd("a", 1, 1, 1)
			faulty.Faults().Next(fault)
			r.mustAdd("a", 1, 2, 2)
			r.mustAdd("a", 1, 3, 3)
			faulty.Flush()
			storetest.Verify(t, log)
		})
	}
}

func TestALogThatIsAwayIsTellingSoAndComesBack(t *testing.T) {
	log := exclusive()
	faulty := storetest.Faulty(log, &storetest.Faults{})
	r := start(t, settings{log: faulty, timeout: 50 * time.Millisecond})
	r.mustAdd("a", 1, 1, 1)
	faulty.Faults().Disconnect()
	if _, err := r.add("b", 1); !errors.Is(err, entity.ErrUnavailable) {
		t.Errorf("a new entity while the log is away: %v", err)
	}
	if _, err := r.add("a", 1); !errors.Is(err, entity.ErrUnavailable) && !errors.Is(err, entity.ErrOutcomeUnknown) {
		t.Errorf("an entity in memory while the log is away: %v", err)
	}
	faulty.Faults().Reconnect()
	deadline := time.Now().Add(10 * time.Second)
	for _, id := range []string{"a", "b"} {
		for {
			_, err := r.add(id, 1)
			if err == nil {
				break
			}
			if time.Now().After(deadline) {
				t.Fatalf("%s does not come back: %v", id, err)
			}
		}
	}
	storetest.Verify(t, log)
}

func TestCallersAreToldWhenAnOutcomeStaysUnknown(t *testing.T) {
	log := exclusive()
	faulty := storetest.Faulty(log, &storetest.Faults{})
	r := start(t, settings{log: faulty, timeout: 30 * time.Millisecond})
	r.mustAdd("a", 1, 1, 1)
	var lost []storetest.Fault
	for range 1000 {
		lost = append(lost, storetest.FaultLost)
	}
	faulty.Faults().Next(lost...)
	if _, err := r.add("a", 1); !errors.Is(err, entity.ErrOutcomeUnknown) {
		t.Errorf("%v", err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	if _, err := r.send(ctx, "a", entity.Command{Name: "get"}); !errors.Is(err, entity.ErrNotStarted) {
		t.Errorf("an entity whose outcome is unknown took something new: %v", err)
	}
	faulty.Faults().Stop()
	r.mustAdd("a", 1, 3, 3)
}
