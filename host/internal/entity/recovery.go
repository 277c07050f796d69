package entity

import (
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/eshost/eshost/stores"
)

// Recovery folds an entity from its log. One goroutine reads and fills chunks;
// workers fold them, one at a time, in order.
type Recovery struct {
	typ    *Type
	id     stores.EntityID
	bind   *Binding
	seq    uint64 // of the last event folded
	state  []byte
	spare  []byte
	snapAt uint64
	used   int64         // fuel, so far
	pace   atomic.Uint32 // of the last chunk
	size   atomic.Int32  // events of the next chunk, as far as the last one tells; 0: nothing is known
	part   int           // events of a chunk to fold at once, after more of them ran out of fuel; 0: all

	// Of the last record read; the reader's until the last chunk is folded.
	read   uint64
	token  stores.HeadToken
	last   int64
	window *window
}

// NewRecovery begins before the first event.
func NewRecovery(e *Entity, b *Binding) *Recovery {
	return &Recovery{typ: e.typ, id: e.ID(), bind: b}
}

// From begins at a snapshot instead. It says why the snapshot cannot be used;
// nil: it is.
func (r *Recovery) From(s *stores.Snapshot, head stores.Head) error {
	switch {
	case s.Log != r.typ.LogID:
		return errors.New("it was made from another log")
	case s.Seq > head.Seq:
		return fmt.Errorf("it is at %d, beyond the log's head %d", s.Seq, head.Seq)
	case s.StateSchema != r.bind.StateSchema || !r.bind.usable(Origin{s.Plugin, s.StateSchema}):
		return errOtherPlugin
	}
	r.seq, r.read, r.snapAt, r.token, r.last = s.Seq, s.Seq, s.Seq, s.Head, s.Time.UnixMilli()
	r.state = s.State
	for _, w := range s.Window {
		r.remember(w)
	}
	return nil
}

// errOtherPlugin is the ordinary reason not to use a snapshot, after a swap.
var errOtherPlugin = errors.New("another plugin made it")

// OtherPlugin reports whether a snapshot was not used because another plugin made it.
func OtherPlugin(err error) bool { return errors.Is(err, errOtherPlugin) }

// Resume begins, or begins anew, at a state after the event with the number, whoever made it. The
// state is copied.
func (r *Recovery) Resume(seq uint64, state []byte) {
	r.seq, r.read, r.snapAt = seq, seq, seq
	if r.part, r.state = 0, append(r.state[:0], state...); seq == 0 {
		r.state = nil
	}
}

// Folded is the number of the last event folded so far.
func (r *Recovery) Folded() uint64 { return r.seq }

// State is what the events folded so far make. It is the recovery's own, and valid until the next Fold.
func (r *Recovery) State() []byte { return r.state }

// Seq is the number of the last event read so far.
func (r *Recovery) Seq() uint64 { return r.read }

// FromSnapshot reports whether the recovery began at a snapshot.
func (r *Recovery) FromSnapshot() bool { return r.snapAt > 0 }

func (r *Recovery) remember(w stores.WindowEntry) {
	if r.window == nil {
		r.window = newWindow()
	}
	r.window.add(w, r.typ.CommandIDs)
}

// Chunk is a run of events to fold in one guest call.
type Chunk struct {
	Recovery *Recovery
	Done     chan error // the fold's result

	events []stores.Event
	arena  []byte
	begun  bool
	first  uint64 // the number before the first of events, once folding has begun
	limit  int    // of events, besides ChunkEvents; 0: none
}

// Limit makes the chunk be full with so many events; 0: with as many as a chunk may have.
func (c *Chunk) Limit(events int) { c.limit = events }

// Again has the chunk folded by another recovery, which is at the same number as
// the one before was before its first event.
func (c *Chunk) Again(r *Recovery) { c.Recovery, c.begun = r, false }

// Event returns the event with the number, once folding has begun; nil where the chunk has not got it.
func (c *Chunk) Event(seq uint64) *stores.Event {
	if seq <= c.first || seq > c.first+uint64(len(c.events)) {
		return nil
	}
	return &c.events[seq-c.first-1]
}

// Limits of a chunk: one guest call must stay short.
const (
	ChunkEvents = 1000
	ChunkBytes  = 256 << 10
)

// Full reports whether the chunk should be folded now.
func (c *Chunk) Full() bool {
	size := ChunkEvents
	if n := int(c.Recovery.size.Load()); n != 0 {
		size = n
	}
	if c.limit > 0 {
		size = min(size, c.limit)
	}
	return len(c.events) >= size || len(c.arena) >= ChunkBytes
}

// Empty reports whether the chunk holds no events.
func (c *Chunk) Empty() bool { return len(c.events) == 0 }

// Events is how many events the chunk holds.
func (c *Chunk) Events() int { return len(c.events) }

// Reset empties the chunk, keeping its memory.
func (c *Chunk) Reset() { c.events, c.arena, c.begun = c.events[:0], c.arena[:0], false }

// Add copies the record's events into the chunk, from index from on, as many
// as it has room for, and returns the index of the first that has no room.
func (c *Chunk) Add(rec *stores.Record, from int) int {
	for ; from < len(rec.Events) && !c.Full(); from++ {
		ev := rec.Events[from]
		if ev.Payload != nil {
			at := len(c.arena)
			c.arena = append(c.arena, ev.Payload...)
			ev.Payload = c.arena[at:len(c.arena):len(c.arena)]
		}
		c.events = append(c.events, ev)
	}
	return from
}

// Read notes a record's commands, number and token, after its events are in
// chunks. A record that does not follow the one before is an ErrCorrupt.
func (r *Recovery) Read(rec *stores.Record) error {
	if err := Follows(rec, r.read, r.id); err != nil {
		return err
	}
	r.read, r.token, r.last = rec.Seq(), rec.Head, rec.Time.UnixMilli()
	for i := range rec.Commands {
		if c := &rec.Commands[i]; c.ID != "" {
			r.remember(stores.WindowEntry{ID: c.ID, Print: c.Print, Events: c.Events, Seq: c.Seq, Time: rec.Time, Reply: clone(c.Reply)})
		}
	}
	if r.window != nil {
		r.window.trim(rec.Time, r.typ.CommandIDAge)
	}
	return nil
}

// Skip returns the index of the record's first event that is not read yet.
func (r *Recovery) Skip(rec *stores.Record) int {
	if rec.Expected >= r.read {
		return 0
	}
	return int(r.read - rec.Expected)
}

// Follows returns an ErrCorrupt if a record does not follow the event with the number, which was read last.
func Follows(rec *stores.Record, read uint64, id stores.EntityID) error {
	if rec.Expected > read || rec.Seq() <= read {
		return &stores.EntityError{Op: "read", Entity: id, Seq: read + 1,
			Err: fmt.Errorf("%w: the record after %d begins at %d", stores.ErrCorrupt, read, rec.Expected+1)}
	}
	return nil
}

// Fold folds a chunk. The fuel of a is the type's own.
// Its error is a *Fault that names the event, or ErrInterrupted, as of a's or because the whole
// takes more fuel than one call has: then to fold the chunk again goes on from where it is.
func (r *Recovery) Fold(c *Chunk, a Allowance) error {
	if !c.begun {
		c.begun, c.first = true, r.seq
	}
	start, events := time.Now(), c.events[r.seq-c.first:]
	if r.part > 0 && len(events) > r.part {
		events = events[:r.part]
	}
	err := r.fold(events, a)
	var f *Fault
	if errors.As(err, &f) && f.Kind == OutOfFuel && len(events) > 1 && f.Seq == 0 {
		r.part, err = len(events)/2, ErrInterrupted
	} else if err == nil && r.seq-c.first < uint64(len(c.events)) {
		err = ErrInterrupted
	} else if err == nil {
		r.part = 0
	}
	switch {
	case errors.Is(err, ErrInterrupted):
		r.size.Store(int32(max(1, len(events)/8)))
	case err == nil && len(events) > 0:
		r.adapt(len(events), time.Since(start))
	}
	return err
}

// adapt makes the next chunks take LongTime at most, as far as this one tells.
func (r *Recovery) adapt(events int, took time.Duration) {
	size := min(ChunkEvents, 2*max(events, int(r.size.Load())))
	if took > LongTime/2 {
		size = int(int64(events) * int64(LongTime) / int64(took))
	}
	r.size.Store(int32(min(max(size, 1), ChunkEvents)))
}

// Went notes the pace of the last chunk.
func (r *Recovery) Went(p Pace) { r.pace.Store(uint32(p)) }

// Pace is that of the next chunk, as far as the last one tells.
func (r *Recovery) Pace() Pace { return Pace(r.pace.Load()) }

func (r *Recovery) fold(events []stores.Event, a Allowance) error {
	if len(events) == 0 {
		return nil
	}
	in := FoldInput{Entity: r.id, Seq: r.seq, State: r.state, Events: events, Allowance: a}
	in.Fuel = r.typ.fuel(len(events))
	if most := r.typ.RecoveryFuel; most > 0 {
		if r.used >= most {
			return &Fault{Kind: OutOfFuel, Plugin: r.bind.Plugin, Func: "handle_event", Seq: r.seq + 1,
				Message: fmt.Sprintf("folding the entity's events used %d of %d", r.used, most)}
		}
		in.Fuel = min(in.Fuel, most-r.used)
	}
	out, err := r.bind.Behavior.Fold(&in, r.spare[:0])
	r.used += in.Used
	if err == nil {
		r.spare, r.state = r.state, out
		r.seq += uint64(len(events))
		return nil
	}
	var f *Fault
	known := errors.As(err, &f)
	if known && (f.Seq != 0 || f.Kind == OutOfFuel && len(events) > 1) || errors.Is(err, ErrInterrupted) {
		return err
	}
	if len(events) == 1 {
		if known {
			f.Seq = r.seq + 1
		}
		return err
	}
	if err := r.fold(events[:len(events)/2], a); err != nil {
		return err
	}
	return r.fold(events[len(events)/2:], a)
}

// Time is when the last commit that was read was made.
func (r *Recovery) Time() time.Time { return time.UnixMilli(r.last).UTC() }
