package host

import (
	"maps"
	"slices"
	"strings"

	"github.com/eshost/eshost/abi"
	"github.com/eshost/eshost/stores"
)

// Change is a difference between what two plugins declare.
type Change struct {
	Type   string // of entities
	Op     string // added, removed or changed
	What   string // type, command, event or state
	Name   string // of the command, or of the event with its version; empty: of the type and its state there is one
	Detail string // what changed: schema, reply, rejections or examples; empty: it was added or removed
}

// What became of something.
const (
	changeAdded   = "added"
	changeRemoved = "removed"
	changeChanged = "changed"
)

// Changes lists what the second manifest declares otherwise than the first: types in the order of their names,
// of each the state first, then commands and events.
func Changes(from, to *abi.Manifest) []Change {
	names := make(map[string]bool)
	for _, m := range []*abi.Manifest{from, to} {
		for i := range m.Types {
			names[m.Types[i].Name] = true
		}
	}
	var all []Change
	for _, name := range slices.Sorted(maps.Keys(names)) {
		all = append(all, typeChanges(from.Type(name), to.Type(name))...)
	}
	return all
}

// typeChanges lists what became of a type. nil: it is not declared.
func typeChanges(from, to *abi.EntityType) []Change {
	var c changes
	switch {
	case to == nil:
		c.typ = from.Name
		c.add(changeRemoved, "type", "", "")
		return c.all
	case from == nil:
		c.typ = to.Name
		c.add(changeAdded, "type", "", "")
		from = &abi.EntityType{StateSchema: to.StateSchema}
	}
	c.typ = to.Name
	if from.StateSchema != to.StateSchema {
		c.add(changeChanged, "state", "", "schema")
	}
	before := make(map[string]*abi.CommandSpec)
	for i := range from.Commands {
		before[from.Commands[i].Name] = &from.Commands[i]
	}
	for i := range to.Commands {
		now := &to.Commands[i]
		was := before[now.Name]
		delete(before, now.Name)
		if was == nil {
			c.add(changeAdded, "command", now.Name, "")
		} else if detail := commandDetail(was, now); detail != "" {
			c.add(changeChanged, "command", now.Name, detail)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(before)) {
		c.add(changeRemoved, "command", name, "")
	}
	c.events(from.Events, to.Events)
	return c.all
}

// changes are those of one type.
type changes struct {
	typ string
	all []Change
}

func (c *changes) add(op, what, name, detail string) {
	c.all = append(c.all, Change{Type: c.typ, Op: op, What: what, Name: name, Detail: detail})
}

func (c *changes) events(from, to []abi.EventSpec) {
	before := make(map[stores.Kind]string)
	for _, e := range from {
		before[stores.Kind{Name: e.Name, Version: e.Version}] = e.Schema
	}
	for _, e := range to {
		k := stores.Kind{Name: e.Name, Version: e.Version}
		was, there := before[k]
		delete(before, k)
		switch name := kindsText([]stores.Kind{k}); {
		case !there:
			c.add(changeAdded, "event", name, "")
		case was != e.Schema:
			c.add(changeChanged, "event", name, "schema")
		}
	}
	left := make([]stores.Kind, 0, len(before))
	for k := range before {
		left = append(left, k)
	}
	slices.SortFunc(left, stores.Kind.Compare)
	for _, k := range left {
		c.add(changeRemoved, "event", kindsText([]stores.Kind{k}), "")
	}
}

// commandDetail names what of a command changed.
func commandDetail(was, now *abi.CommandSpec) string {
	var what []string
	if was.Schema != now.Schema {
		what = append(what, "schema")
	}
	if was.Reply != now.Reply {
		what = append(what, "reply")
	}
	if !slices.Equal(was.Rejections, now.Rejections) {
		what = append(what, "rejections")
	}
	if !slices.EqualFunc(was.Examples, now.Examples, slices.Equal) {
		what = append(what, "examples")
	}
	return strings.Join(what, ", ")
}
