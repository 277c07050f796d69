package entity

import (
	"errors"
	"slices"
	"sync/atomic"
	"time"

	"github.com/eshost/eshost/stores"
)

// Behavior decides commands and folds events. It is implemented over a plugin
// by the host, and by plain Go in tests. It is pure: the same input gives the
// same answer. Many goroutines call it at once.
type Behavior interface {
	// Decide decides the commands in order, each against the state that its
	// predecessors left, and appends one outcome for each, and their events, to
	// out; out.State becomes the state after the last one that has events and
	// stays as it is when none has. An error means that nothing can be said of this set of
	// commands (a trap, a malformed answer, an outcome beyond a limit): the caller
	// undoes what was appended and isolates the guilty command. A *Fault of
	// kind BadState concerns them all.
	Decide(in *Input, out *Decision) error
	// Fold appends to dst the state after the events. An error is a *Fault;
	// when it knows which event is at fault, its Seq says so.
	Fold(in *FoldInput, dst []byte) ([]byte, error)
}

// Input is what a batch of commands is decided upon.
type Input struct {
	Entity stores.EntityID
	Seq    uint64 // of the last event folded into State
	State  []byte // nil exactly when Seq is 0
	Now    int64  // milliseconds since 1970
	Calls  []*Call
	Rerun  bool // these commands were decided before: guest logs are dropped
	Allowance
}

// Allowance is what a guest may use for one call.
type Allowance struct {
	Fuel int64 // in instructions; 0: the plugin's default
	// Pause is asked every 2 ms or so whether the guest goes on, with the fuel it used and how long it ran so far, the
	// first slice not counted. Its error becomes that of the call; nil: it goes on.
	Pause func(used int64, ran time.Duration) error
	Wait  bool // for an instance, where as many as there may be are in use; else the call is ErrInterrupted
}

// ErrInterrupted is the error of a Pause that ends a call which will be made
// again: it says nothing of the commands or events.
var ErrInterrupted = errors.New("interrupted, to be done again")

// Outcome is what became of one command.
type Outcome struct {
	Events int    // how many of the decision's events are its own
	Reply  []byte // nil: none
	Err    error  // nil: accepted; a *Rejection or a *Fault otherwise
}

// Decision collects outcomes. Its byte slices stay valid until Reset.
type Decision struct {
	Outcomes []Outcome
	Events   []stores.Event
	State    []byte
	Arena    []byte // where a Behavior may keep the bytes; only ever appended to
	Fuel     int64  // used by all calls, those included that failed
}

// Reset empties the decision, keeping its memory unless it grew far.
func (d *Decision) Reset() {
	clear(d.Outcomes)
	clear(d.Events)
	d.Outcomes, d.Events, d.State, d.Arena, d.Fuel = d.Outcomes[:0], d.Events[:0], nil, d.Arena[:0], 0
	const keep = 1 << 20
	if cap(d.Arena) > keep {
		d.Arena = nil
	}
}

// FoldInput is a run of events to fold.
type FoldInput struct {
	Entity stores.EntityID
	Seq    uint64 // before the first of Events
	State  []byte // nil exactly when Seq is 0
	Events []stores.Event
	Allowance
	Used int64 // set by Fold: the fuel that the call used
}

// Origin says which plugin made a state, and in which layout. It outlives the
// plugin's binding, and holds nothing of it.
type Origin struct {
	Plugin      stores.Digest
	StateSchema string
}

// Binding is a plugin bound to one entity type, from a moment on. It is counted:
// the type holds one use, and every batch or fold on it another; when the last
// is given back, drained is called once.
type Binding struct {
	*Origin
	Behavior Behavior
	Keeps    []stores.Digest // other plugins whose states of the same layout are used as if this one had made them; not to be changed once it is bound

	uses    atomic.Int64
	drained func()
}

// NewBinding returns a binding with one use, that of its type.
func NewBinding(plugin stores.Digest, schema string, b Behavior, drained func()) *Binding {
	n := &Binding{Origin: &Origin{plugin, schema}, Behavior: b, drained: drained}
	n.uses.Store(1)
	return n
}

// usable reports whether a state that was made so is one that this plugin would make.
func (b *Binding) usable(made Origin) bool {
	return made.Plugin == b.Plugin || made.StateSchema == b.StateSchema && slices.Contains(b.Keeps, made.Plugin)
}

// Acquire adds a use, unless the last one was given back already.
func (b *Binding) Acquire() bool {
	for {
		n := b.uses.Load()
		if n == 0 {
			return false
		}
		if b.uses.CompareAndSwap(n, n+1) {
			return true
		}
	}
}

// Release gives a use back.
func (b *Binding) Release() {
	if b.uses.Add(-1) == 0 && b.drained != nil {
		b.drained()
	}
}
