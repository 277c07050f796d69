package eshost

import (
	"reflect"
	"unsafe"

	"github.com/eshost/eshost/guest-sdk/go/internal/codec"
)

// Effect is what a decide answers with: made by [Accept] or by a rejection's Reject. The zero Effect accepts the
// command without any event.
//
// It is four words, which is as much as Go passes around without copying memory.
type Effect struct {
	first     any        // the first event, or the payload of the rejection; nil: none
	rejection *rejection // nil: accepted
	more      *[]any     // the events after the first; nil: none
}

// Accept accepts the command and emits the events, in this order: they are persisted all together or not at all. Each
// is a value of a type that was registered with [Event]. Without events, the command is answered and nothing persisted.
// It panics if an event is nil.
func Accept(events ...any) Effect {
	// What is here is small enough to be inlined into the decide, where the usual case costs next to nothing.
	if len(events) == 1 && events[0] != nil {
		return Effect{first: events[0]}
	}
	return acceptAll(events)
}

const nilEvent = "eshost.Accept was given a nil event"

//go:noinline
func acceptAll(events []any) Effect {
	for _, event := range events {
		if event == nil {
			panic(nilEvent)
		}
	}
	if len(events) == 0 {
		return Effect{}
	}
	effect := Effect{first: events[0]}
	if len(events) > 1 {
		more := append([]any(nil), events[1:]...)
		effect.more = &more
	}
	return effect
}

// Events gives the events of an accepting effect, nil if there are none.
func (e Effect) Events() []any {
	if e.rejection != nil || e.first == nil {
		return nil
	}
	events := []any{e.first}
	if e.more != nil {
		events = append(events, *e.more...)
	}
	return events
}

// Rejected gives the code and the payload of a rejecting effect; the payload is nil if there is none. Of an accepting
// one, ok is false.
func (e Effect) Rejected() (code string, payload any, ok bool) {
	if e.rejection == nil {
		return "", nil, false
	}
	return e.rejection.code, e.first, true
}

// count is how many events there are, of an accepting effect.
func (e Effect) count() int {
	switch {
	case e.first == nil:
		return 0
	case e.more == nil:
		return 1
	}
	return 1 + len(*e.more)
}

// typeWord gives the address of the descriptor of v's type: the first word of an interface value. It is what makes
// finding an event's registration one comparison each.
func typeWord(v any) unsafe.Pointer { return *(*unsafe.Pointer)(unsafe.Pointer(&v)) }

// dataWord gives the address of v's value, which must be of a type that holds no pointer: the second word of an
// interface value.
func dataWord(v any) unsafe.Pointer { return (*[2]unsafe.Pointer)(unsafe.Pointer(&v))[1] }

// Rejects is a rejection that a command may declare: a [Rejection] or a [RejectionWith].
type Rejects interface{ rejection() *rejection }

// rejection is the identity of a declared rejection.
type rejection struct {
	code   string
	plan   *codec.Plan // of the payload; nil: there is none
	append func(enc *codec.Encoder, dst []byte, payload any) []byte
}

// Rejection is a reason to refuse a command that a code says in full. Make one with [NewRejection].
type Rejection struct{ id rejection }

// NewRejection makes a rejection without a payload. The code is what callers see and test for: 1 to 128 bytes of UTF-8
// without control characters. It panics if it is not.
func NewRejection(code string) *Rejection {
	return &Rejection{id: rejection{code: checkCode(code)}}
}

// Code gives the code.
func (r *Rejection) Code() string { return r.id.code }

// Reject is the effect of refusing a command for this reason.
func (r *Rejection) Reject() Effect { return Effect{rejection: &r.id} }

func (r *Rejection) rejection() *rejection { return &r.id }

// RejectionWith is a reason to refuse a command that carries a payload of type P. Make one with [NewRejectionWith].
type RejectionWith[P any] struct{ id rejection }

// NewRejectionWith makes a rejection with a payload. The rule for the code is that of [NewRejection].
func NewRejectionWith[P any](code string) *RejectionWith[P] {
	plan := planOf[P]("rejection " + quote(checkCode(code)))
	return &RejectionWith[P]{id: rejection{code: code, plan: plan, append: func(enc *codec.Encoder, dst []byte, payload any) []byte {
		p := payload.(P)
		return enc.AppendBin(dst, plan, unsafe.Pointer(&p))
	}}}
}

// Code gives the code.
func (r *RejectionWith[P]) Code() string { return r.id.code }

// Reject is the effect of refusing a command for this reason.
func (r *RejectionWith[P]) Reject(payload P) Effect {
	return Effect{rejection: &r.id, first: payload}
}

func (r *RejectionWith[P]) rejection() *rejection { return &r.id }

// typeName gives the name of v's type as an author writes it.
func typeName(v any) string {
	if v == nil {
		return "nil"
	}
	return reflect.TypeOf(v).String()
}
