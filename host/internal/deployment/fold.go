package deployment

import (
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/eshost/eshost/stores"
)

// Registry is what the stream's events come to. It is never changed: Apply
// and Add return another one, which takes its place: each is followed by one other. The zero value is that before the first event.
type Registry struct {
	Seq     uint64
	Head    stores.HeadToken // of the stream's last record
	Place   stores.Position
	Serving map[string]Serving // by entity type
	Entries []Entry            // all of them, in order; not to be changed
}

// Serving says what serves an entity type.
type Serving struct {
	Plugin stores.Digest
	Former stores.Digest   // that served before, and is kept warm; zero: none
	Keeps  []stores.Digest // other plugins whose states are used as they are
	States States
	Seq    uint64 // of the entry that said so
}

// Apply folds a record of the stream.
func (r *Registry) Apply(rec *stores.Record) (*Registry, error) {
	next := r
	for i := range rec.Events {
		seq := rec.Expected + uint64(i) + 1
		if seq <= r.Seq {
			continue
		}
		e, err := parse(&rec.Events[i])
		if err == nil && seq != next.Seq+1 {
			err = fmt.Errorf("%w: the event after %d is missing", stores.ErrCorrupt, next.Seq)
		}
		if err != nil {
			return nil, &stores.EntityError{Op: "read", Entity: Stream, Seq: seq, Err: err}
		}
		e.Time = rec.Time
		next = next.Add(e)
	}
	if next != r {
		next.Head, next.Place = rec.Head, rec.Place
	}
	return next, nil
}

// Add folds an entry, which becomes the next one.
func (r *Registry) Add(e Entry) *Registry {
	e.Seq = r.Seq + 1
	next := &Registry{Seq: e.Seq, Serving: maps.Clone(r.Serving), Entries: append(r.Entries, e)}
	if next.Serving == nil {
		next.Serving = make(map[string]Serving)
	}
	for _, t := range e.Types {
		next.Serving[t.Name] = r.Serving[t.Name].followedBy(&e, t.States)
	}
	return next
}

// followedBy is what serves the type after an entry that concerns it.
func (s Serving) followedBy(e *Entry, states States) Serving {
	next := Serving{Plugin: e.Plugin, Former: s.Plugin, States: states, Seq: e.Seq}
	if s.Plugin == e.Plugin {
		next.Former = s.Former
	}
	if states == Keep && s.Seq != 0 {
		for _, d := range append(slices.Clone(s.Keeps), s.Plugin) {
			if d != e.Plugin {
				next.Keeps = append(next.Keeps, d)
			}
		}
	}
	return next
}

// Entry returns the entry of that number; nil: there is none.
func (r *Registry) Entry(seq uint64) *Entry {
	if seq == 0 || seq > uint64(len(r.Entries)) {
		return nil
	}
	return &r.Entries[seq-1]
}

// Deployed returns the last entry that brought the plugin's bytes; nil: it was never deployed.
func (r *Registry) Deployed(plugin stores.Digest) *Entry {
	for i := range slices.Backward(r.Entries) {
		if e := &r.Entries[i]; e.Plugin == plugin && !e.Rollback {
			return e
		}
	}
	return nil
}

// Moment is a time for the next entry: now in whole milliseconds, and never before the last one.
func (r *Registry) Moment(now time.Time) time.Time {
	now = now.UTC().Truncate(time.Millisecond)
	if last := r.Entry(r.Seq); last != nil && now.Before(last.Time) {
		return last.Time
	}
	return now
}
