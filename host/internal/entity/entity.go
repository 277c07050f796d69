// Package entity is one event-sourced entity: its mailbox, and the steps it
// goes through - activate, take, decide, append, install. It knows neither
// Wasm nor goroutines: the engine calls a step when it is due, and hands what
// must be stored to the log.
//
// An entity belongs to one goroutine at a time, in turn: the worker that runs
// it, or whoever settles what it waits for. The lock guards only what senders
// touch: the mailbox and the flags that say whether the entity has a turn.
package entity

import (
	"strings"
	"sync"
	"time"
	"unsafe"

	"github.com/eshost/eshost/stores"
)

// Type is what all entities of one type share.
type Type struct {
	Name          string
	MailboxSize   int           // calls that may wait
	BatchSize     int           // commands of one batch
	BatchBytes    int           // names and payloads of one batch
	CommandIDs    int           // size of the window of command ids
	CommandIDAge  time.Duration // and how far it reaches back
	SnapshotEvery int           // events from one snapshot to the next; 0: none
	DropPayloads  bool          // do not record commands' payloads
	CommandFuel   int64         // that one command may use, or the folding of one event
	BatchFuel     int64         // that one guest call may use
	RecoveryFuel  int64         // that folding an entity from its log may use
	Gauge         *Gauge        // what its commands took lately
	Confirm       bool          // others write the log too: what persists nothing is answered only after the head is confirmed
	LogID         stores.LogID
	Home          any // whoever keeps the type's entities; its own
}

type phase uint8

const (
	cold  phase = iota // nothing is known: must be activated
	ready              // state and number are those of the durable head
	gone               // passivated: find or make another
)

// Entity is one entity of a type, resident in memory. Among many of them a
// command finds its own in no cache, so the fields stand in the order in which they are touched: 64 bytes
// for senders, 64 for a turn, and the rest with what is mostly short.
type Entity struct {
	typ *Type
	id  string

	mu    sync.Mutex
	mail  mailbox
	used  uint32
	phase phase
	turn  bool // it is on the run queue, with a worker, or waits for the log: nobody else may give it a turn
	snaps bool // a snapshot is being saved

	// From here on: only whoever has the turn.
	seq     uint64
	state   []byte
	made    *Origin // of the state
	last    int64   // time of the last commit, ms
	window  *window
	rare    *rare
	snapAt  uint64 // number of the last snapshot
	token   stores.HeadToken
	holding int32            // bytes accounted for by the engine
	short   [shortBytes]byte // the id, if it fits, and behind it the state, if it does
	room    chan struct{}    // closed when the mailbox has room again, nil while nobody waits for it; guarded by mu
}

// shortBytes makes an entity 192 bytes: three lines of a cache.
const shortBytes = 28

// rare holds what few entities have.
type rare struct {
	quarantine   *QuarantineError // why it cannot be folded
	until        time.Time        // when folding is tried again
	tries        int
	under        *Binding  // the binding under which it failed
	conflicts    int       // appends in a row that met another writer
	limit        int       // of commands in the next batch; 0: the type's
	pace         Pace      // of its last batch
	starved      int       // batches that ran out of fuel, of late
	rested       time.Time // when the pause after the last one ends
	starvedUnder *Binding
}

// New returns an entity that is not activated yet. It keeps a copy of the id.
func New(typ *Type, id string) *Entity {
	e := &Entity{typ: typ}
	if len(id) > 0 && len(id) <= shortBytes {
		copy(e.short[:], id)
		e.id = unsafe.String(&e.short[0], len(id)) // these bytes never change
	} else {
		e.id = strings.Clone(id)
	}
	return e
}

// shortState is where the entity keeps a state that is short. It is empty, and not nil.
func (e *Entity) shortState() []byte {
	if len(e.id) > shortBytes {
		return e.short[:0]
	}
	return e.short[len(e.id):len(e.id)]
}

// Named reports whether the id is the entity's.
func (e *Entity) Named(id string) bool { return e.id == id }

// ID names the entity.
func (e *Entity) ID() stores.EntityID { return stores.EntityID{Type: e.typ.Name, ID: e.id} }

// Type returns what the entity shares with its type.
func (e *Entity) Type() *Type { return e.typ }

// Posted says what became of a posted call.
type Posted uint8

const (
	// Accepted: it is in the mailbox, and somebody has given the entity a turn already.
	Accepted Posted = iota
	// Due: it is in the mailbox, and the caller must put the entity on the run queue.
	Due
	// Full: the mailbox has no room.
	Full
	// Gone: the entity left memory; look it up again.
	Gone
)

// Post puts a call into the mailbox. now is a coarse clock in seconds.
func (e *Entity) Post(c *Call, now uint32) Posted {
	if c.ID != "" {
		c.print = Fingerprint(c.Name, c.Payload)
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.phase == gone {
		return Gone
	}
	if int(e.mail.n) >= e.typ.MailboxSize {
		return Full
	}
	e.used = now
	e.mail.push(c)
	if e.turn {
		return Accepted
	}
	e.turn = true
	return Due
}

// Withdraw takes a call back that is still in the mailbox; it reports false
// when it has been taken, answered, or never was there.
func (e *Entity) Withdraw(c *Call) bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	if !c.queued {
		return false
	}
	e.mail.remove(c)
	e.signalRoom()
	return true
}

// Room returns a channel that is closed when the mailbox may have room.
func (e *Entity) Room() <-chan struct{} {
	e.mu.Lock()
	defer e.mu.Unlock()
	if int(e.mail.n) < e.typ.MailboxSize || e.phase == gone {
		return closedChan
	}
	if e.room == nil {
		e.room = make(chan struct{})
	}
	return e.room
}

var closedChan = func() chan struct{} { c := make(chan struct{}); close(c); return c }()

func (e *Entity) unusual() *rare {
	if e.rare == nil {
		e.rare = &rare{}
	}
	return e.rare
}

// signalRoom wakes those who wait for room. The caller holds the lock.
func (e *Entity) signalRoom() {
	if e.room != nil {
		close(e.room)
		e.room = nil
	}
}

// Touch reads what a turn needs of the entity: see Batch.Touch. Only for whoever has the turn.
func (e *Entity) Touch() { touched(e.touch()) }

// touch reads a part of each line that is needed.
func (e *Entity) touch() uint64 { return uint64(len(e.id)) + e.seq + e.snapAt }

// touched takes a value that was only read to be read.
//
//go:noinline
func touched(uint64) {}

// Yield ends the turn. It reports whether there is mail, in which case the
// turn goes on and the caller must put the entity back on the run queue.
func (e *Entity) Yield() (more bool) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.turn = e.mail.n > 0
	return e.turn
}

// HasMail reports whether calls wait.
func (e *Entity) HasMail() bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.mail.n > 0
}

// Ready reports whether the entity can take mail under the binding; when it
// is not, it must be activated first. A state that another plugin made, whose states are not kept, is
// forgotten here, for the events to be folded again.
func (e *Entity) Ready(b *Binding) bool {
	if e.phase != ready {
		return false
	}
	if e.made != b.Origin {
		if e.seq > 0 && !b.usable(*e.made) {
			e.Forget()
			return false
		}
		e.made = b.Origin
	}
	return true
}

// Forget makes the entity cold: its next turn activates it anew.
func (e *Entity) Forget() {
	e.setPhase(cold)
	e.seq, e.state, e.token, e.made, e.last, e.window = 0, nil, "", nil, 0, nil
}

func (e *Entity) setPhase(p phase) {
	e.mu.Lock()
	e.phase = p
	e.mu.Unlock()
}

// Activated makes the entity ready at the end of its log, as r folded it.
func (e *Entity) Activated(r *Recovery) {
	e.seq, e.token, e.made, e.last = r.seq, r.token, r.bind.Origin, r.last
	e.state = nil
	if r.seq > 0 {
		e.state = append(e.shortState(), r.state...)
	}
	e.window, e.snapAt = r.window, r.snapAt
	if e.rare != nil {
		e.rare.quarantine, e.rare.tries = nil, 0
	}
	e.setPhase(ready)
}

// Seq is the entity's durable sequence number. Only for whoever has the turn.
func (e *Entity) Seq() uint64 { return e.seq }

// FailMail answers all calls that wait with an error.
func (e *Entity) FailMail(err error) {
	for c := e.takeAll(); c != nil; {
		next := c.next
		c.prev, c.next = nil, nil
		c.Fail(err)
		c = next
	}
}

func (e *Entity) takeAll() *Call {
	e.mu.Lock()
	defer e.mu.Unlock()
	first := e.mail.head
	for c := first; c != nil; c = c.next {
		c.queued = false
	}
	e.mail = mailbox{}
	e.signalRoom()
	return first
}

// Quarantine notes that the entity's events cannot be folded under the
// binding; folding is tried again after a pause that doubles each time.
func (e *Entity) Quarantine(err error, b *Binding, now time.Time) *QuarantineError {
	r := e.unusual()
	r.quarantine = &QuarantineError{Entity: e.ID(), Err: err}
	r.until = now.Add(min(time.Second<<min(r.tries, 10), 10*time.Minute))
	r.tries++
	r.under = b
	return r.quarantine
}

// Quarantined returns why the entity must not be folded now under the
// binding; nil when it may be tried.
func (e *Entity) Quarantined(b *Binding, now time.Time) *QuarantineError {
	r := e.rare
	if r == nil || r.quarantine == nil || !now.Before(r.until) {
		return nil
	}
	if r.under != b {
		r.tries = 0
		return nil
	}
	return r.quarantine
}

// Passivate takes the entity out of service if nothing keeps it: no mail, no
// turn, no snapshot being saved, and not used since the coarse time. It
// reports whether the caller may forget it.
func (e *Entity) Passivate(before uint32) bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.phase == gone || e.turn || e.mail.n > 0 || e.snaps || e.used >= before || e.rare != nil && e.rare.quarantine != nil && e.phase == cold {
		return false
	}
	e.phase = gone
	return true
}

// Used is the coarse time the entity was sent something last.
func (e *Entity) Used() uint32 {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.used
}

// baseBytes is what an entity takes besides its id, state and window: itself,
// its place in the registry, and the store's memory of its head.
const baseBytes = 320

// Resize returns by how much the memory the entity takes has changed since
// the last call, in bytes, roughly.
func (e *Entity) Resize() int64 {
	n := int32(min(baseBytes+len(e.id)+cap(e.state)+e.window.size(), 1<<31-1))
	d := int64(n) - int64(e.holding)
	e.holding = n
	return d
}

// Holding is what Resize accounted for the entity so far, in bytes.
func (e *Entity) Holding() int64 { return int64(e.holding) }
