package entity

import (
	"time"

	"github.com/eshost/eshost/stores"
)

// window remembers the answers of the last recorded commands that had ids. It
// is a function of the entity's log alone: the last limit of them, and none
// older than age before the last commit.
type window struct {
	byID    map[string]int // to the index in entries, plus dropped
	entries []stores.WindowEntry
	first   int // entries before it are gone
	dropped int // entries ever removed from the slice's front
	bytes   int
}

func newWindow() *window { return &window{byID: make(map[string]int)} }

// lookup returns the entry of an id, nil when there is none. A nil window is empty.
func (w *window) lookup(id string) *stores.WindowEntry {
	if w == nil {
		return nil
	}
	i, ok := w.byID[id]
	if !ok {
		return nil
	}
	return &w.entries[i-w.dropped]
}

// add remembers an answer; its strings and bytes are the window's from now on.
func (w *window) add(e stores.WindowEntry, limit int) {
	w.byID[e.ID] = w.dropped + len(w.entries)
	w.entries = append(w.entries, e)
	w.bytes += entryBytes(&e)
	for len(w.entries)-w.first > limit {
		w.removeFirst()
	}
}

// trim forgets what is older than age before the last commit.
func (w *window) trim(last time.Time, age time.Duration) {
	oldest := last.Add(-age)
	for w.first < len(w.entries) && w.entries[w.first].Time.Before(oldest) {
		w.removeFirst()
	}
}

func (w *window) removeFirst() {
	e := &w.entries[w.first]
	if w.byID[e.ID] == w.dropped+w.first {
		delete(w.byID, e.ID)
	}
	w.bytes -= entryBytes(e)
	*e = stores.WindowEntry{}
	w.first++
	if w.first > 64 && w.first*2 > len(w.entries) {
		n := copy(w.entries, w.entries[w.first:])
		clear(w.entries[n:])
		w.entries = w.entries[:n]
		w.dropped += w.first
		w.first = 0
	}
}

// list returns the entries, oldest first. They are shared with the window.
func (w *window) list() []stores.WindowEntry {
	if w == nil {
		return nil
	}
	return w.entries[w.first:]
}

// size is roughly what the window takes in memory, in bytes.
func (w *window) size() int {
	if w == nil {
		return 0
	}
	return w.bytes
}

func entryBytes(e *stores.WindowEntry) int { return 160 + len(e.ID) + len(e.Reply) }
