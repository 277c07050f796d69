package abi

import "math"

// Command is one command of a request.
type Command struct {
	Name    string
	Payload []byte // nil: none
}

// CommandRequest asks a guest to decide a batch of commands, in order, each
// against the state that its predecessors left.
type CommandRequest struct {
	Type, ID string
	Seq      uint64 // of the last event folded into State; 0 exactly when State is nil
	State    []byte // nil: none, the entity has no events
	Now      int64  // milliseconds since 1970-01-01 UTC
	Commands []Command
}

// Event is one event of a request.
type Event struct {
	Name    string
	Version uint32
	Payload []byte // nil: none
}

// EventRequest asks a guest to fold a batch of events, in order, into a state.
// Without events and with a nil State it asks for the initial state.
type EventRequest struct {
	Type, ID string
	Seq      uint64 // of the last event folded into State; 0 exactly when State is nil
	State    []byte // nil: none
	Events   []Event
}

// AppendCommandRequest appends r as a message to dst. It checks nothing:
// payloads and the state must be well-formed (see [CheckPayload]).
func AppendCommandRequest(dst []byte, r *CommandRequest) []byte {
	dst = append(dst, 0x96)
	dst = appendSubject(dst, r.Type, r.ID, r.Seq, r.State)
	dst = AppendInt(dst, r.Now)
	dst = AppendArray(dst, len(r.Commands))
	for i := range r.Commands {
		c := &r.Commands[i]
		dst = append(dst, 0x92)
		dst = AppendString(dst, c.Name)
		dst = appendPayload(dst, c.Payload)
	}
	return dst
}

// AppendEventRequest appends r as a message to dst. It checks nothing:
// payloads and the state must be well-formed (see [CheckPayload]).
func AppendEventRequest(dst []byte, r *EventRequest) []byte {
	dst = append(dst, 0x95)
	dst = appendSubject(dst, r.Type, r.ID, r.Seq, r.State)
	dst = AppendArray(dst, len(r.Events))
	for i := range r.Events {
		e := &r.Events[i]
		dst = append(dst, 0x93)
		dst = AppendString(dst, e.Name)
		dst = AppendUint(dst, uint64(e.Version))
		dst = appendPayload(dst, e.Payload)
	}
	return dst
}

func appendSubject(dst []byte, typ, id string, seq uint64, state []byte) []byte {
	dst = AppendString(dst, typ)
	dst = AppendString(dst, id)
	dst = AppendUint(dst, seq)
	return appendPayload(dst, state)
}

// Decode fills r from the message b, which must stay unchanged for as long as
// r's byte slices are used: they are views into it. The slice of commands and
// strings that did not change are reused. Errors are [*FormatError]; after one
// r is not to be used.
func (r *CommandRequest) Decode(b []byte) error {
	in := reader{b: b}
	in.places("command request", 6)
	in.subject(&r.Type, &r.ID, &r.Seq, &r.State)
	r.Now = in.int("now")
	n := in.array("commands")
	was := r.Commands[:cap(r.Commands)]
	r.Commands = r.Commands[:0]
	for i := 0; i < n && in.err == nil; i++ {
		var c Command
		if i < len(was) {
			c = was[i]
		}
		in.places("command", 2)
		c.Name = keep(c.Name, in.str("command's name"))
		c.Payload = in.value("command's payload", 0)
		r.Commands = append(r.Commands, c)
	}
	return in.done("command request")
}

// Decode fills r from the message b, which must stay unchanged for as long as
// r's byte slices are used: they are views into it. The slice of events and
// strings that did not change are reused. Errors are [*FormatError]; after one
// r is not to be used.
func (r *EventRequest) Decode(b []byte) error {
	in := reader{b: b}
	in.places("event request", 5)
	in.subject(&r.Type, &r.ID, &r.Seq, &r.State)
	n := in.array("events")
	was := r.Events[:cap(r.Events)]
	r.Events = r.Events[:0]
	for i := 0; i < n && in.err == nil; i++ {
		var e Event
		if i < len(was) {
			e = was[i]
		}
		in.places("event", 3)
		e.Name = keep(e.Name, in.str("event's name"))
		e.Version = in.version()
		e.Payload = in.value("event's payload", 0)
		r.Events = append(r.Events, e)
	}
	return in.done("event request")
}

func (r *reader) subject(typ, id *string, seq *uint64, state *[]byte) {
	*typ = keep(*typ, r.str("type"))
	*id = keep(*id, r.str("id"))
	at := r.pos
	*seq = r.uint("seq", math.MaxUint64)
	*state = r.value("state", 0)
	if r.err == nil && (*seq == 0) != (*state == nil) {
		r.fail(at, "seq is %d, and the state is there: %t", *seq, *state != nil)
	}
}

// version reads the version of an event, at least 1.
func (r *reader) version() uint32 {
	at := r.pos
	v := r.uint("event's version", math.MaxUint32)
	if r.err == nil && v == 0 {
		r.fail(at, "event's version: 0, versions begin at 1")
	}
	return uint32(v)
}
