package abi

import "math"

// EventAnswer is what a guest says to an [EventRequest]: the state after its
// events, or which of them it could not fold.
type EventAnswer struct {
	State []byte // not nil unless refused

	// Refused is not 0 if the guest gave no state; then State is nil and the
	// other fields are set.
	Refused Kind
	Index   uint32 // of the event at fault, counted from 0; 0 if no event is
	Message []byte // for people, not necessarily UTF-8: see CleanText
}

// AppendEventAnswer appends a as a message to dst. It checks nothing.
func AppendEventAnswer(dst []byte, a *EventAnswer) []byte {
	if a.Refused != 0 {
		dst = append(dst, 0x94, 1, byte(a.Refused))
		dst = AppendUint(dst, uint64(a.Index))
		return AppendString(dst, a.Message)
	}
	return appendPayload(append(dst, 0x92, 0), a.State)
}

// Decode fills a from the message b, which must stay unchanged for as long as
// a's byte slices are used: they are views into it. Of limits (nil: none) only
// StateBytes concerns it. That Index is one of the request's events is left to
// the caller. Errors are [*FormatError]; after one a is not to be used.
func (a *EventAnswer) Decode(b []byte, limits *Limits) error {
	if limits == nil {
		limits = &noLimits
	}
	*a = EventAnswer{}
	in := reader{b: b}
	places := in.array("event answer")
	at := in.pos
	tag := in.uint("event answer's tag", math.MaxUint64)
	if in.err != nil {
		return in.err
	}
	want := 2
	if tag == 1 {
		want = 4
	}
	switch {
	case tag > 1:
		in.fail(at, "event answer: unknown tag %d", tag)
	case places != want:
		in.fail(0, "event answer: has %d places, want %d", places, want)
	case tag == 1:
		a.Refused = in.kind()
		a.Index = uint32(in.uint("index", math.MaxUint32))
		a.Message = in.str("message")
	default:
		at = in.pos
		a.State = in.value("state", limits.StateBytes)
		if a.State == nil {
			in.fail(at, "event answer: state is nil")
		}
	}
	return in.done("event answer")
}
