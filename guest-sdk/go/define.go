package eshost

import (
	"reflect"
	"strconv"
	"unsafe"

	"github.com/eshost/eshost/guest-sdk/go/internal/codec"
)

// Type is one type of entity, with state S. Make it with [Define]. It is immutable and safe for concurrent use.
type Type[S any] struct {
	name     string
	plan     *codec.Plan
	initial  []byte // encoded
	revision int
	readOnly bool
	commands []commandPart[S]
	events   []eventPart[S]
}

// Part is what a type consists of: what [Command], [Event], [Initial], [Revision] and [ReadOnly] give.
type Part[S any] interface{ addTo(t *Type[S]) }

// AnyType is a [Type] whatever its state.
type AnyType interface {
	// Name is the type's name.
	Name() string
	describe(dst []byte) []byte
	newRunner(trusts bool) entityRunner
}

// Define defines a type of entity. It is meant for package variables, so it panics, and says why, when a name is not
// one or comes twice, when a Go type has no payload form, or when an example or the initial state cannot be encoded.
//
// A name is 1 to 64 characters: a-z first, then a-z, 0-9, '_', '.' or '-'.
func Define[S any](name string, parts ...Part[S]) *Type[S] {
	t := &Type[S]{name: checkName("type", name)}
	t.plan = planOf[S]("the state of type " + quote(name))
	if t.plan.None() {
		panic("eshost: the state of type " + quote(name) + " cannot be None; use an empty struct")
	}
	var zero S
	t.setInitial(&zero)
	for _, part := range parts {
		part.addTo(t)
	}
	if t.initial == nil {
		panic("eshost: type " + quote(name) + ": the zero state cannot be encoded, so it needs eshost.Initial")
	}
	return t
}

// Name is the type's name.
func (t *Type[S]) Name() string { return t.name }

// setInitial keeps the encoded state, or nothing if it has no canonical form.
func (t *Type[S]) setInitial(state *S) (reason any) {
	t.initial = nil
	defer func() { reason = recover() }()
	var enc codec.Encoder
	t.initial = enc.Append([]byte{}, t.plan, unsafe.Pointer(state))
	return nil
}

type initialPart[S any] struct{ state S }

// Initial sets the state of an entity without events. Without it that is the zero value of S, with empty maps in
// place of nil ones.
func Initial[S any](state S) Part[S] { return &initialPart[S]{state} }

func (p *initialPart[S]) addTo(t *Type[S]) {
	if reason := t.setInitial(&p.state); reason != nil {
		panic("eshost: type " + quote(t.name) + ": the initial state: " + panicText(reason))
	}
}

type revisionPart[S any] int

// Revision numbers the meaning of the state. Raise it when folds come to other states than before although the state's
// Go type stays the same: snapshots of another revision are not used, and the events are folded again.
func Revision[S any](number int) Part[S] { return revisionPart[S](number) }

func (p revisionPart[S]) addTo(t *Type[S]) { t.revision = int(p) }

type readOnlyPart[S any] struct{}

// ReadOnly promises that decides and replies only read the state they are given, and that folds make no state that
// cannot be encoded. Where the state has slices, maps or pointers, the SDK encodes it two or three times a command to
// find out whether a handler wrote to it; with the promise, a plugin does so only after a failure. A native build, and so every
// test, still watches: there, a handler that writes to its state is a fault that says so.
//
// It means nothing for states without slices, maps and pointers, of which handlers get copies.
func ReadOnly[S any]() Part[S] { return readOnlyPart[S]{} }

func (readOnlyPart[S]) addTo(t *Type[S]) { t.readOnly = true }

// stateSchema names the layout of the state: equal names, interchangeable bytes.
func (t *Type[S]) stateSchema() string {
	salt := ""
	if t.revision != 0 {
		salt = strconv.Itoa(t.revision)
	}
	return t.name + "-" + t.plan.Layout(salt)
}

// CommandInfo describes a command of a type.
type CommandInfo struct {
	Name       string
	Type       reflect.Type // of the command
	Reply      reflect.Type // None if there is none
	Rejections []string     // codes
}

// EventInfo describes an event of a type.
type EventInfo struct {
	Name    string
	Version uint32
	Type    reflect.Type
}

// Commands lists the commands in the order of their definition.
func (t *Type[S]) Commands() []CommandInfo {
	var all []CommandInfo
	for _, c := range t.commands {
		spec := c.specification()
		info := CommandInfo{Name: spec.name, Type: spec.plan.Type(), Reply: spec.reply.Type()}
		for _, r := range spec.rejections {
			info.Rejections = append(info.Rejections, r.code)
		}
		all = append(all, info)
	}
	return all
}

// Events lists the events in the order of their definition.
func (t *Type[S]) Events() []EventInfo {
	var all []EventInfo
	for _, e := range t.events {
		spec := e.specification()
		all = append(all, EventInfo{Name: spec.name, Version: spec.version, Type: spec.plan.Type()})
	}
	return all
}
