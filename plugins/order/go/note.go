package main

import (
	"maps"
	"slices"

	eshost "github.com/eshost/eshost/guest-sdk/go"
)

const maxNotes = 32

// Annotate asks to remove notes, and then to set some.
type Annotate struct {
	Remove []string          `msg:",omitempty"`
	Set    map[string]string `msg:",omitempty"`
}

// NoteSet says what a note says now.
type NoteSet struct{ Key, Value string }

// NoteRemoved says that a note is gone.
type NoteRemoved struct{ Key string }

var exampleNotes = []Annotate{
	{Set: map[string]string{"gift": "yes", "door": "ring twice", "Zeit": "nach 17 Uhr"}},
	{Remove: []string{"gift", "door", "unknown"}, Set: map[string]string{"door": "knock"}},
	{Set: map[string]string{"": "without a name"}},
}

func (c Annotate) check(f *fields) {
	for _, key := range c.Remove {
		f.text("remove", key)
	}
	for key, value := range c.Set {
		f.hold("set", isText(key) && len(value) <= maxTextBytes)
	}
}

func annotate(_ *eshost.Context, o Order, c Annotate) eshost.Effect {
	var events []any
	removed := make(map[string]bool)
	for _, key := range c.Remove {
		if _, there := o.Notes[key]; there && !removed[key] {
			removed[key] = true
			events = append(events, NoteRemoved{key})
		}
	}
	count := len(o.Notes) - len(removed)
	for _, key := range slices.Sorted(maps.Keys(c.Set)) {
		value, there := o.Notes[key]
		there = there && !removed[key]
		if !there {
			count++
		}
		if !there || value != c.Set[key] {
			events = append(events, NoteSet{key, c.Set[key]})
		}
	}
	if count > maxNotes {
		return tooMany.Reject(TooMany{"notes", maxNotes})
	}
	return eshost.Accept(events...)
}

func noteSet(o Order, e NoteSet) Order {
	o.Notes[e.Key] = e.Value
	return o
}

func noteRemoved(o Order, e NoteRemoved) Order {
	delete(o.Notes, e.Key)
	return o
}
