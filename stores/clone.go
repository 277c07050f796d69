package stores

import (
	"bytes"
	"maps"
	"slices"
)

// Clone returns a copy of the commit that shares no memory with it but
// strings, good after the commit's own bytes are gone.
func (c *Commit) Clone() *Commit {
	d := c.clone()
	return &d
}

// Clone returns a copy of the record that shares no memory with it but strings,
// good after the step of [Log.Read] or [Log.Scan] that yielded it.
func (r *Record) Clone() *Record {
	return &Record{Commit: r.clone(), Place: r.Place}
}

func (c *Commit) clone() Commit {
	d := *c
	d.Events = slices.Clone(c.Events)
	for i := range d.Events {
		d.Events[i].Payload = bytes.Clone(d.Events[i].Payload)
	}
	d.Commands = slices.Clone(c.Commands)
	for i := range d.Commands {
		p := &d.Commands[i]
		p.Payload, p.Reply, p.Meta = bytes.Clone(p.Payload), bytes.Clone(p.Reply), maps.Clone(p.Meta)
	}
	return d
}
