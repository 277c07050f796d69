package replay

import (
	"bytes"

	"github.com/eshost/eshost/stores"
)

// Verdict is what comparing two plugins' folds of one entity gave.
type Verdict uint8

const (
	Equal      Verdict = iota // the same state
	Different                 // different states
	Faulty                    // the new plugin cannot fold an event that the old one can
	Mended                    // the old plugin cannot fold an event, the new one can fold them all
	Broken                    // neither can fold the events
	Unreadable                // the log's own records are damaged
	Verdicts                  // how many there are
)

// String returns the verdict in one word.
func (v Verdict) String() string {
	return [...]string{"equal", "different", "faulty", "mended", "broken", "unreadable"}[v]
}

// Finding is what came of one entity.
type Finding struct {
	Entity  stores.EntityID
	Verdict Verdict
	Events  uint64 // that were folded
	// Kept is where the new plugin had gone on from the old one's state; 0: it began with the first event.
	Kept uint64
	// Seq is the first event after which the states differ, or the one that cannot be folded; 0: none in particular.
	Seq   uint64
	Event *stores.Event // at Seq
	// Old and New are the states after Seq of those that differ, or at the end where Seq is 0.
	Old, New []byte
	Err      error // why the events cannot be folded, or read

	span span
}

// span is where two states came to differ: they were equal after lo, and were not after hi; 0: nowhere.
type span struct{ lo, hi uint64 }

// note keeps the first of them.
func (s *span) note(lo, hi uint64) {
	if s.hi == 0 {
		*s = span{lo, hi}
	}
}

// differ settles that states differ: those at the end, or those where the span ends.
func (f *Finding) differ(kept uint64, s span, old, new []byte) {
	f.Verdict, f.Kept, f.span = Different, kept, s
	f.Old, f.New = bytes.Clone(old), bytes.Clone(new)
}

// fault notes what cannot be folded, of whom.
func (f *Finding) fault(v Verdict, kept, seq uint64, ev *stores.Event, err error) {
	f.Verdict, f.Kept, f.Seq, f.Err = v, kept, seq, err
	if ev != nil {
		e := *ev
		e.Payload = bytes.Clone(ev.Payload)
		f.Event = &e
	}
}
