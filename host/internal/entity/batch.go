package entity

import (
	"cmp"
	"encoding/binary"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/eshost/eshost/stores"
)

// Batch is what an entity takes from its mailbox at once: reads that come
// before any command, and commands that are decided in one guest call and
// stored as one commit.
type Batch struct {
	Entity *Entity
	Bind   *Binding // acquired by the engine, released when decided
	Commit stores.Commit
	Known  bool      // false once an append of the commit was answered Unknown
	Since  time.Time // of the first Unknown

	reads  []*Call
	taken  int     // how many reads there were
	calls  []*Call // to decide
	sent   int     // how many of calls are answered already
	attach []*Call // commands with the id of one in calls
	out    Decision
	now    int64

	traced bool // some of calls carry Times
	repeat bool // of what was decided before, or for show

	first first
}

// first is where a batch keeps what it holds as long as it is one command with one
// event, as most are: all in one place, since a write's batches are too many for a processor's caches.
type first struct {
	call    [1]*Call
	outcome [1]Outcome
	event   [1]stores.Event
	command [1]stores.CommandRecord
	arena   [96]byte
}

// NewBatch returns an empty batch.
func NewBatch() *Batch {
	b := new(Batch)
	f := &b.first
	b.calls, b.Commit.Commands = f.call[:0], f.command[:0]
	b.out = Decision{Outcomes: f.outcome[:0], Events: f.event[:0], Arena: f.arena[:0]}
	return b
}

// Reset empties the batch, keeping its memory.
func (b *Batch) Reset() {
	clear(b.reads)
	clear(b.calls)
	clear(b.attach)
	clear(b.Commit.Commands)
	b.out.Reset()
	b.Commit = stores.Commit{Commands: b.Commit.Commands[:0]}
	b.Entity, b.Bind, b.Known, b.Since = nil, nil, false, time.Time{}
	b.reads, b.calls, b.attach = b.reads[:0], b.calls[:0], b.attach[:0]
	b.taken, b.sent, b.now, b.traced, b.repeat = 0, 0, 0, false, false
}

// Take fills the batch from the mailbox. Calls that need no guest are
// answered at once. It reports whether the batch holds anything.
//
// In the order of acceptance: a call whose context ended is dropped; a
// recorded command id is answered; a command with the id of one in the batch
// is attached to it; an expected number is compared, and only by the first
// command of a batch; a read is taken only before the first command.
func (b *Batch) Take(e *Entity, now time.Time) bool {
	b.Entity, b.Known = e, true
	b.now = max(now.UnixMilli(), e.last)
	confirm, size, bytes := e.typ.Confirm, e.typ.Gauge.commands(e.typ), 0
	if e.rare != nil && e.rare.limit > 0 {
		size, e.rare.limit = e.rare.limit, 0
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	taken := e.mail.n > 0
	for e.mail.n > 0 {
		c := e.mail.head
		if c.Ctx != nil && c.Ctx.Err() != nil {
			e.mail.remove(c)
			c.Fail(notStarted(c.Ctx.Err()))
			continue
		}
		if c.Read {
			if len(b.calls) > 0 {
				break
			}
			e.mail.remove(c)
			b.reads = append(b.reads, c)
			b.taken++
			continue
		}
		if c.ID != "" {
			if w := e.window.lookup(c.ID); w != nil {
				e.mail.remove(c)
				e.repeat(c, w)
				continue
			}
			if b.attached(e, c) {
				continue
			}
		}
		if c.Expected != nil {
			if len(b.calls) > 0 {
				break
			}
			if *c.Expected != e.seq && !confirm {
				e.mail.remove(c)
				c.Fail(&ExpectedError{e.ID(), *c.Expected, e.seq})
				continue
			}
		}
		if n := len(b.calls); n > 0 && (n >= size || bytes+c.bytes() > e.typ.BatchBytes) {
			break
		}
		bytes += c.bytes()
		e.mail.remove(c)
		if c.Times != nil {
			c.Times.Taken, b.traced = now, true
		}
		b.keep(c)
		b.calls = append(b.calls, c)
		if c.Expected != nil && *c.Expected != e.seq {
			break // refused when the head is confirmed
		}
	}
	if taken {
		e.signalRoom()
	}
	return len(b.calls)+len(b.reads) > 0
}

// keep copies the payload, for the caller may give up waiting and use its
// bytes for something else while the commit is still on its way.
func (b *Batch) keep(c *Call) {
	if c.Payload != nil {
		at := len(b.out.Arena)
		b.out.Arena = append(b.out.Arena, c.Payload...)
		c.Payload = b.out.Arena[at:len(b.out.Arena):len(b.out.Arena)]
	}
}

// attached takes a command whose id is that of one in the batch: it gets that
// one's answer. The caller holds the lock.
func (b *Batch) attached(e *Entity, c *Call) bool {
	for i, other := range b.calls {
		if other.ID != c.ID {
			continue
		}
		e.mail.remove(c)
		if other.print != c.print {
			c.Fail(reused(c.ID))
			return true
		}
		c.leader = int32(i) + 1
		b.attach = append(b.attach, c)
		return true
	}
	return false
}

// repeat answers a command from the window.
func (e *Entity) repeat(c *Call, w *stores.WindowEntry) {
	if w.Print != c.print {
		c.Fail(reused(c.ID))
		return
	}
	c.Reply = Reply{Seq: w.Seq, Events: int(w.Events), Payload: clone(w.Reply), Repeated: true}
	c.Answer()
}

func reused(id string) error { return fmt.Errorf("command id %q: %w", id, ErrCommandIDReused) }

func notStarted(cause error) error { return fmt.Errorf("%w: %w", ErrNotStarted, cause) }

func clone(b []byte) []byte {
	if b == nil {
		return nil
	}
	return append(make([]byte, 0, len(b)), b...)
}

// Repeats says that the batch is decided to see what comes of it, and is never stored: guest logs are dropped.
func (b *Batch) Repeats() { b.repeat = true }

// Decided returns what was decided: an outcome for each command up to one that ran out of fuel, their events, and the state
// after the last of them, which is that before where there are none. It is the batch's own.
func (b *Batch) Decided() (outcomes []Outcome, events []stores.Event, state []byte) {
	if state = b.out.State; len(b.out.Events) == 0 {
		state = b.Entity.state
	}
	return b.out.Outcomes, b.out.Events, state
}

// Fuel is what deciding the batch used.
func (b *Batch) Fuel() int64 { return b.out.Fuel }

// Commands returns how many commands the batch decides.
func (b *Batch) Commands() int { return len(b.calls) }

// Reads returns how many reads were taken.
func (b *Batch) Reads() int { return b.taken }

// Touch reads what settling the batch needs of its entity and of the first call that waits.
// When many batches are settled, nothing of them is in a processor's cache any more: touched in a row,
// they are fetched all at the same time, and not each when it is needed.
func (b *Batch) Touch() {
	touched(b.Entity.touch() + uint64(b.out.Outcomes[b.sent].Events) + b.calls[b.sent].print)
}

// stamp sets a moment of all calls that carry Times.
func (b *Batch) stamp(of func(*Times) *time.Time) {
	now := time.Now()
	for _, c := range b.calls[b.sent:] {
		if c.Times != nil {
			*of(c.Times) = now
		}
	}
}

// prepare makes the commit of what was decided.
func (b *Batch) prepare() {
	e, c := b.Entity, &b.Commit
	c.Events = b.out.Events
	if len(c.Events) == 0 {
		return
	}
	c.Entity, c.Expected, c.Head = e.ID(), e.seq, e.token
	c.Time = time.UnixMilli(b.now).UTC()
	c.Plugin = b.Bind.Plugin
	c.ID = newCommitID()
	seq := e.seq
	for i := range b.out.Outcomes {
		o := &b.out.Outcomes[i]
		seq += uint64(o.Events)
		if o.Err != nil {
			continue
		}
		call := b.calls[i]
		r := stores.CommandRecord{ID: call.ID, Print: call.print, Name: call.Name, Payload: call.Payload,
			Meta: call.Meta, Events: uint32(o.Events), Seq: seq, Reply: o.Reply}
		if e.typ.DropPayloads {
			r.Payload = nil
		}
		c.Commands = append(c.Commands, r)
	}
}

// Stores reports whether the batch has a commit to append.
func (b *Batch) Stores() bool { return len(b.Commit.Events) > 0 }

// Settled reports whether everything in the batch is answered.
func (b *Batch) Settled() bool {
	return len(b.reads) == 0 && b.sent == len(b.calls) && !b.Stores()
}

// Bytes is roughly what the commit's record takes.
func (b *Batch) Bytes() int { return len(b.out.Arena) + 64*len(b.calls) + 64 }

// AnswerEarly answers what depends on nothing that is yet to be stored: the
// reads, and the outcomes before the first one that has events. Where the head
// must be confirmed first, that is nothing.
func (b *Batch) AnswerEarly() {
	if b.Entity.typ.Confirm {
		return
	}
	b.answerReads()
	for i := range b.calls {
		o := &b.out.Outcomes[i]
		if o.Events > 0 {
			break
		}
		b.sent++
		b.answer(i, b.Entity.seq)
	}
	if !b.Stores() {
		b.answerAttached(nil)
	}
}

func (b *Batch) answerReads() {
	e := b.Entity
	for _, c := range b.reads {
		if e.seq == 0 {
			c.Fail(fmt.Errorf("read %s: %w", e.ID(), ErrNoEvents))
			continue
		}
		c.State = &State{Seq: e.seq, Payload: clone(e.state), Plugin: e.made.Plugin, StateSchema: e.made.StateSchema, Time: time.UnixMilli(e.last).UTC()}
		c.Answer()
	}
	b.reads = b.reads[:0]
}

// answer answers the i-th command, whose number is seq after its events.
func (b *Batch) answer(i int, seq uint64) { b.answerCall(b.calls[i], i, seq) }

func (b *Batch) answerCall(c *Call, i int, seq uint64) {
	o := &b.out.Outcomes[i]
	c.Err = o.Err
	if o.Err == nil {
		c.Reply = Reply{Seq: seq, Events: o.Events, Payload: clone(o.Reply)}
	}
	c.Answer()
}

// answerAttached answers the attached commands like the ones whose id they
// have, or with the error.
func (b *Batch) answerAttached(err error) {
	for _, c := range b.attach {
		if err != nil {
			c.Fail(err)
			continue
		}
		i := int(c.leader) - 1
		seq := b.Entity.seq
		if b.Stores() {
			seq = b.Commit.Expected
			for j := 0; j <= i; j++ {
				seq += uint64(b.out.Outcomes[j].Events)
			}
		}
		b.answerCall(c, i, seq)
	}
	b.attach = b.attach[:0]
}

// Confirmed answers a batch without a commit, after the head was confirmed.
func (b *Batch) Confirmed() {
	b.answerReads()
	for ; b.sent < len(b.calls); b.sent++ {
		b.answer(b.sent, b.Entity.seq)
	}
	b.answerAttached(nil)
}

// Applied installs the commit, which the log has: the new state and number
// are visible from here on, and the answers are released.
func (b *Batch) Applied(token stores.HeadToken) {
	b.answerReads() // they were accepted before the first command, and see the state before it
	b.Entity.install(b, token)
	if b.traced {
		b.stamp(func(t *Times) *time.Time { return &t.Durable })
	}
	b.release(nil)
}

// Failed answers everything that is not answered yet with the error.
func (b *Batch) Failed(err error) {
	for _, c := range b.reads {
		if errors.Is(err, ErrOutcomeUnknown) {
			c.Fail(ErrUnavailable) // a read has no outcome
			continue
		}
		c.Fail(err)
	}
	b.reads = b.reads[:0]
	b.release(err)
}

func (b *Batch) release(err error) {
	seq := b.Commit.Expected
	for i, c := range b.calls {
		seq += uint64(b.out.Outcomes[i].Events)
		switch {
		case i < b.sent:
		case err != nil:
			c.Fail(err)
		default:
			b.answer(i, seq)
		}
	}
	b.sent = len(b.calls)
	b.answerAttached(err)
}

// Retake puts everything that is not answered yet back to the front of the
// mailbox, in the order of acceptance.
func (b *Batch) Retake() {
	e := b.Entity
	back := append(append(append([]*Call(nil), b.reads...), b.calls[b.sent:]...), b.attach...)
	slices.SortFunc(back, func(x, y *Call) int { return cmp.Compare(y.order, x.order) })
	e.mu.Lock()
	for _, c := range back {
		e.mail.pushFront(c)
	}
	e.mu.Unlock()
	b.reads, b.attach, b.sent = b.reads[:0], b.attach[:0], len(b.calls)
	b.out.Arena = nil // the calls still hold their payloads in it
}

// giveBack puts the calls from the n-th on, and those attached to them, back to the front of the
// mailbox, in the order of acceptance. Nothing of them is decided.
func (b *Batch) giveBack(n int) {
	e := b.Entity
	back := append([]*Call(nil), b.calls[n:]...)
	attached := b.attach[:0]
	for _, c := range b.attach {
		if int(c.leader) > n {
			back = append(back, c)
		} else {
			attached = append(attached, c)
		}
	}
	clear(b.attach[len(attached):])
	clear(b.calls[n:])
	b.attach, b.calls = attached, b.calls[:n]
	slices.SortFunc(back, func(x, y *Call) int { return cmp.Compare(y.order, x.order) })
	for _, c := range back {
		c.Payload = clone(c.Payload) // it lies in the batch's arena, which goes on to the log
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, c := range back {
		e.mail.pushFront(c)
	}
}

// conflictTries is how often a batch that met another writer is decided
// again before its callers are told.
const conflictTries = 4

// Conflict handles an append that met another writer: nothing happened. The
// calls go back to the mailbox, and the entity must be activated anew; after
// a few tries in a row they are answered with ErrConflict.
func (b *Batch) Conflict() {
	e := b.Entity
	r := e.unusual()
	if r.conflicts++; r.conflicts <= conflictTries {
		b.Retake()
	} else {
		r.conflicts = 0
		b.Failed(&stores.EntityError{Op: "append", Entity: e.ID(), Seq: b.Commit.Expected + 1, Err: stores.ErrConflict})
	}
	e.Forget()
}

// TooLarge handles a commit that the log cannot hold: half of its commands
// are taken again, and the rest after them. One that stands alone is at fault.
func (b *Batch) TooLarge(err error) {
	n := len(b.calls) - b.sent
	if n == 1 {
		b.Failed(&Fault{Kind: OverLimit, Plugin: b.Bind.Plugin, Func: "handle_command", Message: "the events of this command are too large for the log", Err: err})
		return
	}
	b.Retake()
	b.Entity.unusual().limit = n / 2
}

// newCommitID draws a commit's id.
func newCommitID() (id stores.CommitID) {
	binary.LittleEndian.PutUint64(id[:8], rand.Uint64())
	binary.LittleEndian.PutUint64(id[8:], rand.Uint64())
	return id
}

// Tally counts the commands of a batch that was decided.
type Tally struct{ Accepted, Rejected, Faulted int }

// Tally returns what was decided of the batch's commands.
func (b *Batch) Tally() (t Tally) {
	for i := range b.out.Outcomes {
		switch b.out.Outcomes[i].Err.(type) {
		case nil:
			t.Accepted++
		case *Fault:
			t.Faulted++
		default:
			t.Rejected++
		}
	}
	return t
}

// Faults calls f for each command of the batch that was faulted.
// It must be called before the batch is answered.
func (b *Batch) Faults(f func(command string, fault *Fault)) {
	for i := range b.out.Outcomes {
		if fault, ok := b.out.Outcomes[i].Err.(*Fault); ok {
			f(b.calls[i].Name, fault)
		}
	}
}
