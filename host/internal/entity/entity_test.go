package entity_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
	"unsafe"

	"github.com/eshost/eshost/host/internal/entity"
	"github.com/eshost/eshost/host/internal/entity/entitytest"
	"github.com/eshost/eshost/stores"
)

// subject is an entity under test, activated and with its plugin.
type subject struct {
	*testing.T
	*entity.Entity
	behavior *entitytest.Counter
	bind     *entity.Binding
	now      time.Time
	done     entity.Answers
}

func newSubject(t *testing.T, change func(*entity.Type)) *subject {
	typ := &entity.Type{Name: "counter", MailboxSize: 1000, BatchSize: 100, BatchBytes: 1 << 20, CommandIDs: 4, CommandIDAge: 24 * time.Hour}
	if change != nil {
		change(typ)
	}
	s := &subject{T: t, Entity: entity.New(typ, "a"), behavior: new(entitytest.Counter), now: time.UnixMilli(1763892000000), done: make(entity.Answers, 10000)}
	s.bind = entity.NewBinding(stores.Digest{1}, "number", s.behavior, nil)
	s.Activated(entity.NewRecovery(s.Entity, s.bind))
	return s
}

// post sends a command written as "name", "name payload", with "#id" and "@expected" behind.
func (s *subject) post(text string) *entity.Call {
	s.Helper()
	c := &entity.Call{Caller: s.done, Ref: text}
	for i, word := range strings.Fields(text) {
		switch {
		case i == 0:
			c.Name = word
			c.Read = word == "READ"
		case word[0] == '#':
			c.ID = word[1:]
		case word[0] == '@':
			n, err := strconv.ParseUint(word[1:], 10, 64)
			if err != nil {
				s.Fatal(err)
			}
			c.Expected = &n
		default:
			c.Payload = []byte(word)
		}
	}
	if p := s.Post(c, 1); p != entity.Accepted && p != entity.Due {
		s.Fatalf("post %q: %d", text, p)
	}
	return c
}

// take takes and decides a batch.
func (s *subject) take() *entity.Batch {
	b := entity.NewBatch()
	if !b.Take(s.Entity, s.now) {
		return nil
	}
	b.Bind = s.bind
	decide(b)
	b.AnswerEarly()
	return b
}

// answers collects what was answered so far, as "text=answer".
func (s *subject) answers() []string {
	var all []string
	for {
		select {
		case c := <-s.done:
			all = append(all, fmt.Sprint(c.Ref)+"="+answer(c))
		default:
			return all
		}
	}
}

func answer(c *entity.Call) string {
	var r *entity.Rejection
	var f *entity.Fault
	var x *entity.ExpectedError
	switch err := c.Err; {
	case err == nil && c.Read:
		return fmt.Sprintf("state %s at %d", c.State.Payload, c.State.Seq)
	case err == nil && c.Reply.Repeated:
		return fmt.Sprintf("again %s at %d", c.Reply.Payload, c.Reply.Seq)
	case err == nil:
		return fmt.Sprintf("%s at %d", c.Reply.Payload, c.Reply.Seq)
	case errors.As(err, &r):
		return "rejected " + r.Code
	case errors.As(err, &f):
		return "fault: " + f.Kind.String()
	case errors.As(err, &x):
		return fmt.Sprintf("is at %d", x.Seq)
	case errors.Is(err, entity.ErrCommandIDReused):
		return "id reused"
	case errors.Is(err, entity.ErrNotStarted):
		return "not started"
	case errors.Is(err, entity.ErrNoEvents):
		return "no events"
	case errors.Is(err, stores.ErrConflict):
		return "conflict"
	case errors.Is(err, entity.ErrUnavailable):
		return "unavailable"
	case errors.Is(err, entity.ErrOutcomeUnknown):
		return "outcome unknown"
	default:
		return err.Error()
	}
}

func (s *subject) want(words ...string) {
	s.Helper()
	got := s.answers()
	if !slices.Equal(got, words) {
		s.Fatalf("answers\n got %q\nwant %q", got, words)
	}
}

func TestABatchIsOneCommitAndNothingOfItIsVisibleBeforeItIsApplied(t *testing.T) {
	s := newSubject(t, nil)
	s.post("add 5 #x")
	s.post("refuse")
	s.post("get")
	s.post("addeach 2")
	b := s.take()
	s.want()
	if n := s.behavior.Decides.Load(); n != 1 {
		t.Fatalf("%d guest calls for one batch", n)
	}
	c := &b.Commit
	if c.Expected != 0 || len(c.Events) != 3 || len(c.Commands) != 3 || c.Seq() != 3 || s.Seq() != 0 {
		t.Fatalf("commit %+v, entity at %d", c, s.Seq())
	}
	for i, want := range []struct {
		id     string
		events uint32
		seq    uint64
	}{{"x", 1, 1}, {"", 0, 1}, {"", 2, 3}} {
		if r := c.Commands[i]; r.ID != want.id || r.Events != want.events || r.Seq != want.seq {
			t.Errorf("command record %d: %+v, want %+v", i, r, want)
		}
	}
	b.Applied("token")
	s.want("add 5 #x=5 at 1", "refuse=rejected refused", "get=5 at 1", "addeach 2=7 at 3")
	if s.Seq() != 3 {
		t.Fatalf("entity at %d", s.Seq())
	}
	s.post("add 1")
	if b := s.take(); b.Commit.Head != "token" || b.Commit.Expected != 3 {
		t.Fatalf("the next commit is %+v", b.Commit)
	}
}

func TestWhatDependsOnNothingStoredIsAnsweredAtOnce(t *testing.T) {
	s := newSubject(t, nil)
	s.post("READ")
	s.post("get")
	s.post("refuse")
	s.post("add 1")
	s.post("get")
	b := s.take()
	s.want("READ=no events", "get=0 at 0", "refuse=rejected refused")
	b.Applied("")
	s.want("add 1=1 at 1", "get=1 at 1")
}

func TestOnASharedLogNothingIsAnsweredBeforeTheHeadIsConfirmed(t *testing.T) {
	s := newSubject(t, func(typ *entity.Type) { typ.Confirm = true })
	s.post("get")
	s.post("refuse")
	s.post("READ")
	b := s.take()
	s.want()
	if b.Stores() || b.Settled() {
		t.Fatal("a batch of answers that persist nothing must wait for its confirmation")
	}
	b.Confirmed()
	s.want("get=0 at 0", "refuse=rejected refused")
	s.post("add 1") // behind the read, which was behind commands
	b = s.take()
	s.want()
	b.Applied("") // the log took the commit, so the head was what the read saw
	s.want("READ=no events", "add 1=1 at 1")
}

func TestARefusedExpectationOnASharedLogWaitsForConfirmation(t *testing.T) {
	s := newSubject(t, func(typ *entity.Type) { typ.Confirm = true })
	s.post("add 1 @9")
	s.post("add 2")
	b := s.take()
	s.want()
	if b.Commands() != 1 || b.Stores() {
		t.Fatalf("%d commands, stores %v", b.Commands(), b.Stores())
	}
	b.Confirmed()
	s.want("add 1 @9=is at 0")
	s.take().Applied("")
	s.want("add 2=2 at 1")
}

func TestTake(t *testing.T) {
	for _, test := range []struct {
		name    string
		posts   []string
		batches [][]string // answers after each batch was applied
	}{
		{"an expected number is compared now, and only by the first of a batch",
			[]string{"add 1 @0", "add 1", "add 1 @2", "add 1 @2"},
			[][]string{{"add 1 @0=1 at 1", "add 1=2 at 2"}, {"add 1 @2=3 at 3"}, {"add 1 @2=is at 3"}}},
		{"a read is taken before the commands that come after it",
			[]string{"add 1", "READ", "add 1", "READ"},
			[][]string{{"add 1=1 at 1"}, {"READ=state 1 at 1", "add 1=2 at 2"}, {"READ=state 2 at 2"}}},
		{"the same id twice in a batch is decided once",
			[]string{"add 1 #x", "add 2", "add 1 #x"},
			[][]string{{"add 1 #x=1 at 1", "add 2=3 at 2", "add 1 #x=1 at 1"}}},
		{"the same id for another command is refused, in a batch and later",
			[]string{"add 1 #x", "add 2 #x", "READ", "add 3 #x", "get #x"},
			[][]string{{"add 2 #x=id reused", "add 1 #x=1 at 1"}, {"add 3 #x=id reused", "get #x=id reused", "READ=state 1 at 1"}}},
		{"a recorded id is answered again, before its expected number is looked at",
			[]string{"add 1 #x @0", "READ", "add 1 #x @0"},
			[][]string{{"add 1 #x @0=1 at 1"}, {"add 1 #x @0=again 1 at 1", "READ=state 1 at 1"}}},
		{"a rejection is not recorded: the id is decided again",
			[]string{"refuse #x", "READ", "refuse #x"},
			[][]string{{"refuse #x=rejected refused"}, {"READ=no events", "refuse #x=rejected refused"}}},
		{"an id after a batch that attached it is answered from the record",
			[]string{"add 1 #x", "add 1 #x", "READ", "add 1 #x"},
			[][]string{{"add 1 #x=1 at 1", "add 1 #x=1 at 1"}, {"add 1 #x=again 1 at 1", "READ=state 1 at 1"}}},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := newSubject(t, nil)
			for _, p := range test.posts {
				s.post(p)
			}
			for _, want := range test.batches {
				if b := s.take(); b != nil && b.Stores() {
					b.Applied("")
				}
				s.want(want...)
			}
			if s.take() != nil {
				t.Fatal("something was left in the mailbox")
			}
		})
	}
}

func TestABatchIsBoundedByCountAndBytes(t *testing.T) {
	s := newSubject(t, func(typ *entity.Type) { typ.BatchSize, typ.BatchBytes = 3, 60 })
	for range 4 {
		s.post("add 1")
	}
	if n := s.take().Commands(); n != 3 {
		t.Errorf("%d commands in a batch of at most 3", n)
	}
	s = newSubject(t, func(typ *entity.Type) { typ.BatchBytes = 60 })
	s.post("add " + strings.Repeat("1", 200)) // larger than a batch, and must be taken all the same
	s.post("add 1")
	s.post("add 1")
	s.post("add 1")
	if n := s.take().Commands(); n != 1 {
		t.Errorf("%d commands beside one that fills the batch", n)
	}
	if n := s.take().Commands(); n != 3 {
		t.Errorf("%d commands of 20 bytes in 60", n)
	}
}

func TestAContextThatEndedBeforeTheCommandWasTakenMeansNotStarted(t *testing.T) {
	s := newSubject(t, nil)
	ctx, cancel := context.WithCancel(t.Context())
	c := &entity.Call{Command: entity.Command{Name: "add", Payload: []byte("1")}, Ctx: ctx, Caller: s.done, Ref: "add 1"}
	s.Post(c, 1)
	cancel()
	if s.take() != nil {
		t.Fatal("it was taken")
	}
	s.want("add 1=not started")
}

func TestWithdraw(t *testing.T) {
	s := newSubject(t, func(typ *entity.Type) { typ.MailboxSize = 2 })
	first, second := s.post("add 1"), s.post("add 2")
	room := s.Room()
	select {
	case <-room:
		t.Fatal("room in a full mailbox")
	default:
	}
	if p := s.Post(&entity.Call{Caller: s.done}, 1); p != entity.Full {
		t.Fatalf("posted to a full mailbox: %d", p)
	}
	if !s.Withdraw(first) || s.Withdraw(first) {
		t.Fatal("a queued call can be withdrawn, once")
	}
	select {
	case <-room:
	default:
		t.Fatal("who waits for room is not woken")
	}
	b := s.take()
	if s.Withdraw(second) {
		t.Fatal("a taken call was withdrawn")
	}
	b.Applied("")
	s.want("add 2=2 at 1")
}

func TestTheGuiltyCommandIsIsolatedAndTheOthersStayOneCommit(t *testing.T) {
	for _, bad := range []string{"trap", "unlisted"} {
		t.Run(bad, func(t *testing.T) {
			s := newSubject(t, nil)
			var posts, want []string
			value, seq := 0, 0
			for i := range 50 {
				if i%17 == 3 {
					posts = append(posts, bad)
					continue
				}
				posts = append(posts, "add 1")
			}
			for _, p := range posts {
				s.post(p)
				if p == "add 1" {
					value, seq = value+1, seq+1
					want = append(want, fmt.Sprintf("add 1=%d at %d", value, seq))
				} else if bad == "trap" {
					want = append(want, "trap=fault: plugin trapped")
				} else {
					want = append(want, "unlisted=fault: malformed answer from the plugin")
				}
			}
			b := s.take()
			if n := len(b.Commit.Events); n != seq {
				t.Fatalf("%d events in the commit, want %d", n, seq)
			}
			if n := s.behavior.Decides.Load(); n > 50 {
				t.Errorf("%d guest calls to isolate 3 of 50", n)
			}
			b.Applied("")
			s.want(want...)
		})
	}
}

func TestAStateThatDoesNotDecodeConcernsTheWholeBatch(t *testing.T) {
	s := newSubject(t, nil)
	r := entity.NewRecovery(s.Entity, s.bind)
	if err := r.From(&stores.Snapshot{Seq: 1, Plugin: s.bind.Plugin, StateSchema: "number", State: []byte("bad")}, stores.Head{Seq: 1}); err != nil {
		t.Fatal(err)
	}
	s.Activated(r)
	for range 8 {
		s.post("add 1")
	}
	s.take()
	if n := s.behavior.Decides.Load(); n != 1 {
		t.Errorf("%d guest calls", n)
	}
	for _, a := range s.answers() {
		if a != "add 1=fault: state does not decode" {
			t.Error(a)
		}
	}
}

func TestAConflictPutsTheCommandsBackInTheirOrder(t *testing.T) {
	s := newSubject(t, nil)
	s.post("get")
	s.post("add 1 #x")
	s.post("refuse")
	s.post("add 1 #x")
	s.post("add 2")
	b := s.take()
	s.want("get=0 at 0")
	s.post("add 4")
	b.Conflict()
	s.want()
	s.Activated(entity.NewRecovery(s.Entity, s.bind))
	s.take().Applied("")
	s.want("add 1 #x=1 at 1", "refuse=rejected refused", "add 2=3 at 2", "add 4=7 at 3", "add 1 #x=1 at 1")
}

func TestAConflictThatDoesNotSettleIsTold(t *testing.T) {
	s := newSubject(t, nil)
	s.post("add 1")
	for range 4 {
		s.take().Conflict()
		s.want()
		s.Activated(entity.NewRecovery(s.Entity, s.bind))
	}
	s.take().Conflict()
	s.want("add 1=conflict")
}

func TestACommitThatIsTooLargeIsHalved(t *testing.T) {
	s := newSubject(t, nil)
	for i := range 5 {
		s.post(fmt.Sprint("add ", i+1))
	}
	s.take().TooLarge(stores.ErrTooLarge)
	b := s.take()
	if b.Commands() != 2 {
		t.Fatalf("%d commands after halving 5", b.Commands())
	}
	b.TooLarge(stores.ErrTooLarge)
	b = s.take()
	b.TooLarge(stores.ErrTooLarge)
	s.want("add 1=fault: beyond a limit")
	s.take().Applied("")
	s.want("add 2=2 at 1", "add 3=5 at 2", "add 4=9 at 3", "add 5=14 at 4")
}

func TestAnUnknownOutcomeIsToldWithoutLosingTheCommit(t *testing.T) {
	s := newSubject(t, nil)
	s.post("READ")
	s.post("add 1 #x")
	b := s.take()
	s.want("READ=no events")
	b.Failed(entity.ErrOutcomeUnknown)
	s.want("add 1 #x=outcome unknown")
	b.Applied("")
	s.want()
	s.post("add 1 #x")
	s.take()
	s.want("add 1 #x=again 1 at 1")
}

func TestThePayloadMayBeReusedByACallerWhoGaveUp(t *testing.T) {
	s := newSubject(t, nil)
	c := s.post("add 5")
	payload := c.Payload
	b := s.take()
	copy(payload, "9")
	if got := string(b.Commit.Commands[0].Payload); got != "5" {
		t.Errorf("the commit holds payload %s", got)
	}
	b.Conflict()
	b.Reset()
	s.Activated(entity.NewRecovery(s.Entity, s.bind))
	s.take().Applied("")
	s.want("add 5=5 at 1")
}

func TestPayloadsAreNotRecordedWhereThatIsOff(t *testing.T) {
	s := newSubject(t, func(typ *entity.Type) { typ.DropPayloads = true })
	s.post("add 5")
	if r := s.take().Commit.Commands[0]; r.Payload != nil || r.Name != "add" || string(r.Reply) != "5" {
		t.Errorf("recorded %+v", r)
	}
}

func TestTheClockOfAnEntityNeverGoesBack(t *testing.T) {
	s := newSubject(t, nil)
	s.post("add 1")
	b := s.take()
	first := b.Commit.Time
	b.Applied("")
	s.now = s.now.Add(-time.Hour)
	s.post("add 1")
	if got := s.take().Commit.Time; got.Before(first) {
		t.Errorf("a commit at %v after one at %v", got, first)
	}
}

func TestIdsAndStatesOfAnyLengthStayWhatTheyAre(t *testing.T) {
	for _, length := range []int{1, 9, 27, 28, 29, 36, 512} {
		s := newSubject(t, nil)
		id := strings.Repeat("x", length)
		own := []byte(id)
		s.Entity = entity.New(s.Type(), unsafe.String(&own[0], length))
		own[0] = 'y' // the caller's bytes are the caller's
		s.Activated(entity.NewRecovery(s.Entity, s.bind))
		total := 0
		for i, by := range []int{1, 99, 12_345, 1_000_000_000_000_000, -1_000_000_000_000_000, 4} {
			s.post(fmt.Sprint("add ", by))
			s.take().Applied("")
			s.answers()
			total += by
			s.post("READ")
			s.take()
			s.want(fmt.Sprintf("READ=state %d at %d", total, i+1))
			if s.ID().ID != id || !s.Named(id) || s.Named(id+"x") {
				t.Fatalf("the id of %d bytes became %q", length, s.ID().ID)
			}
		}
		s.Forget()
		s.Activated(entity.NewRecovery(s.Entity, s.bind))
		s.post("READ")
		s.take()
		s.want("READ=no events")
	}
}

// decide decides a batch.
func decide(b *entity.Batch) {
	if err := new(entity.Decider).Decide(b, entity.Allowance{}); err != nil {
		panic(err)
	}
}
