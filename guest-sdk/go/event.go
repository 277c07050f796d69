package eshost

import (
	"strconv"
	"unsafe"

	"github.com/eshost/eshost/guest-sdk/go/internal/codec"
)

// EventDef is an event of type E for entities with state S. Make it with [Event].
type EventDef[S, E any] struct {
	spec eventSpec
	fold func(S, E) S
}

type eventSpec struct {
	name    string
	version uint32
	plan    *codec.Plan
	word    unsafe.Pointer // of the Go type: see typeWord
}

// eventPart is an EventDef whatever its E.
type eventPart[S any] interface {
	specification() *eventSpec
	bind(r *runner[S]) boundEvent
}

// Event registers an event under a name and a version: fold gives the state after it. Decides emit it as a value of
// type E, so every version needs a Go type of its own. An event that was ever emitted must stay registered as long as
// it is in a log: give a changed event the next version and keep the old one beside it.
//
//	eshost.Event("deposited", 1, func(a Account, e DepositedV1) Account { return deposited(a, e.upgraded()) }),
//	eshost.Event("deposited", 2, deposited),
//
// The version is 1 or more. If E is [None], the event has no payload, and no other can be of type None.
func Event[S, E any](name string, version uint32, fold func(S, E) S) *EventDef[S, E] {
	what := "event " + quote(checkName("event", name))
	switch {
	case version == 0:
		panic("eshost: " + what + ": versions begin at 1")
	case fold == nil:
		panic("eshost: " + what + " needs a fold")
	}
	plan := planOf[E](what)
	var e E
	return &EventDef[S, E]{spec: eventSpec{name: name, version: version, plan: plan, word: typeWord(e)}, fold: fold}
}

func (e *EventDef[S, E]) addTo(t *Type[S]) {
	for _, known := range t.events {
		spec := known.specification()
		switch {
		case spec.name == e.spec.name && spec.version == e.spec.version:
			panic("eshost: type " + quote(t.name) + " has two events " + e.spec.label())
		case spec.word == e.spec.word:
			panic("eshost: type " + quote(t.name) + ": events " + spec.label() + " and " + e.spec.label() +
				" are of the same Go type, so that one could not tell which is meant; define a type for each")
		}
	}
	t.events = append(t.events, e)
}

func (s *eventSpec) label() string { return quote(s.name) + " version " + strconv.Itoa(int(s.version)) }

func (e *EventDef[S, E]) specification() *eventSpec { return &e.spec }

// boundEvent is an event as one runner uses it.
type boundEvent struct {
	token *codec.Token   // the encoded name and version, with the header of the three of them
	word  unsafe.Pointer // see typeWord
	spec  *eventSpec

	// next reads one from a request.
	next *codec.Message
	// decode decodes one that next did not take.
	decode func(payload []byte) error
	// fold folds the one that was read.
	fold func()

	// plain says that the event shares no memory and can always be encoded, so that it does not matter whether it is
	// folded or encoded first.
	plain bool
	// foldPlain folds an event that was emitted, if it is plain.
	foldPlain func(event any)
	// emit appends the event's payload and folds it.
	emit func(dst []byte, event any) []byte
}

func (e *EventDef[S, E]) bind(r *runner[S]) boundEvent {
	spec, event := &e.spec, new(E)
	fold := func() { r.state = e.fold(r.state, *event) }
	decode := func(payload []byte) error {
		var none E
		*event = none
		return r.dec.Decode(spec.plan, payload, unsafe.Pointer(event))
	}
	// An event that shares memory could be changed by its own fold, or be part of the state it is folded into. Its
	// fold gets what a later activation will get: the event as it was read from its bytes.
	shared := spec.plan.Shared()
	emit := func(dst []byte, emitted any) []byte {
		*event = emitted.(E)
		start := len(dst)
		dst = r.enc.AppendBin(dst, spec.plan, unsafe.Pointer(event))
		if shared {
			reader := codec.Reader{Src: dst, Pos: start}
			payload, _ := reader.Payload()
			if err := decode(payload); err != nil {
				panic(&faultError{kindFold, "event " + spec.label() + ": " + err.Error()})
			}
		}
		fold()
		return dst
	}
	token := codec.NewToken(codec.AppendUint(codec.AppendString([]byte{0x93}, spec.name), uint64(spec.version)))
	return boundEvent{
		token: token, word: spec.word, spec: spec,
		next: codec.NewMessage(token, spec.plan, unsafe.Pointer(event)), decode: decode, fold: fold,
		plain:     !shared && !spec.plan.Strict(),
		foldPlain: func(emitted any) { r.state = e.fold(r.state, emitted.(E)) },
		emit:      emit,
	}
}
