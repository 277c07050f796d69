package entity

import (
	"time"

	"github.com/eshost/eshost/stores"
)

// install makes the commit's outcome the entity's own.
func (e *Entity) install(b *Batch, token stores.HeadToken) {
	e.seq = b.Commit.Seq()
	e.token = token
	if n := len(b.out.State); e.state == nil || cap(e.state) > 4*n+1024 {
		e.state = e.shortState() // or it shrank far: do not hold on to the memory
	}
	e.state = append(e.state[:0], b.out.State...)
	e.made = b.Bind.Origin
	e.last = b.now
	if e.rare != nil {
		e.rare.conflicts = 0
	}
	for i := range b.Commit.Commands {
		if r := &b.Commit.Commands[i]; r.ID != "" {
			e.remember(stores.WindowEntry{ID: r.ID, Print: r.Print, Events: r.Events, Seq: r.Seq, Time: b.Commit.Time, Reply: clone(r.Reply)})
		}
	}
	if e.window != nil {
		e.window.trim(b.Commit.Time, e.typ.CommandIDAge)
	}
}

func (e *Entity) remember(w stores.WindowEntry) {
	if e.window == nil {
		e.window = newWindow()
	}
	e.window.add(w, e.typ.CommandIDs)
}

// Snapshot returns a snapshot to save when one is due and none is being
// saved; nil otherwise. The caller says when it is saved.
func (e *Entity) Snapshot() *stores.Snapshot {
	every := uint64(e.typ.SnapshotEvery)
	if every == 0 || e.seq < e.snapAt+every {
		return nil
	}
	e.mu.Lock()
	saving := e.snaps
	e.snaps = true
	e.mu.Unlock()
	if saving {
		return nil
	}
	e.snapAt = e.seq
	s := &stores.Snapshot{Entity: e.ID(), Log: e.typ.LogID, Seq: e.seq, Head: e.token, Plugin: e.made.Plugin,
		StateSchema: e.made.StateSchema, Time: time.UnixMilli(e.last).UTC(), State: clone(e.state)}
	if e.window != nil {
		s.Window = append(s.Window, e.window.list()...)
	}
	return s
}

// SnapshotDone notes that the snapshot was saved, or could not be.
func (e *Entity) SnapshotDone() {
	e.mu.Lock()
	e.snaps = false
	e.mu.Unlock()
}
