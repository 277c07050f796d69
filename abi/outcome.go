package abi

import (
	"fmt"
	"math"
)

// Status says which of the three forms an outcome has.
type Status uint8

// The statuses; their numbers are the tags of the wire form.
const (
	Accepted Status = 0 // by the author's rules: a reply, and events that may be none
	Rejected Status = 1 // by the author's rules: a code and a payload
	Faulted  Status = 2 // not decided: a kind and a message
)

// String gives the status in words.
func (s Status) String() string {
	switch s {
	case Accepted:
		return "accepted"
	case Rejected:
		return "rejected"
	case Faulted:
		return "faulted"
	}
	return fmt.Sprintf("status %d", uint8(s))
}

// EmittedEvent is an event in an answer.
type EmittedEvent struct {
	Name    []byte
	Version uint32
	Payload []byte // nil: none
}

// Outcome is what became of one command. Only the fields of its Status are
// set.
type Outcome struct {
	Status Status
	Kind   Kind // Faulted

	Reply   []byte // Accepted; nil: none
	Code    []byte // Rejected
	Payload []byte // Rejected; nil: none
	Message []byte // Faulted; for people, not necessarily UTF-8: see CleanText

	// First and Count are the place of an Accepted outcome's events in
	// CommandAnswer.Events. See CommandAnswer.EventsOf.
	First, Count int

	// Problem is nil unless this outcome must not be taken although the rest
	// of the answer can be: see OutcomeError.
	Problem *FormatError
}

// CommandAnswer is what a guest says to a [CommandRequest]: either one outcome
// a command, or why it decided nothing. Its zero value is ready for use, and
// using it again and again saves memory.
type CommandAnswer struct {
	// Refused is not 0 if nothing was decided; then only it and Message are set.
	Refused Kind
	Message []byte // for people, not necessarily UTF-8: see CleanText

	Outcomes []Outcome
	Events   []EmittedEvent // of all outcomes, in order
	State    []byte         // after the last command; nil exactly when there are no events
}

// Limits bounds what Decode takes of an answer. In each field 0 means that
// only the length of the message is a limit; so does a nil *Limits in all.
type Limits struct {
	Outcomes     int // in an answer; beyond it the answer is malformed
	Events       int // of one outcome; beyond it that outcome has a Problem
	PayloadBytes int // of an event, a reply or a rejection; beyond it that outcome has a Problem
	StateBytes   int // beyond it the answer is malformed
}

var noLimits Limits

// EventsOf gives the events of outcome i, a part of a.Events.
func (a *CommandAnswer) EventsOf(i int) []EmittedEvent {
	o := &a.Outcomes[i]
	return a.Events[o.First : o.First+o.Count : o.First+o.Count]
}

// Reset empties a and keeps its slices' room.
func (a *CommandAnswer) Reset() {
	*a = CommandAnswer{Outcomes: a.Outcomes[:0], Events: a.Events[:0]}
}

// Accept adds an accepted outcome. A nil reply means none.
func (a *CommandAnswer) Accept(reply []byte, events ...EmittedEvent) {
	a.Outcomes = append(a.Outcomes, Outcome{Status: Accepted, Reply: reply, First: len(a.Events), Count: len(events)})
	a.Events = append(a.Events, events...)
}

// Reject adds a rejected outcome. A nil payload means none.
func (a *CommandAnswer) Reject(code string, payload []byte) {
	a.Outcomes = append(a.Outcomes, Outcome{Status: Rejected, Code: []byte(code), Payload: payload})
}

// Fault adds a faulted outcome.
func (a *CommandAnswer) Fault(kind Kind, message string) {
	a.Outcomes = append(a.Outcomes, Outcome{Status: Faulted, Kind: kind, Message: []byte(message)})
}

// AppendCommandAnswer appends a as a message to dst. It checks nothing.
func AppendCommandAnswer(dst []byte, a *CommandAnswer) []byte {
	if a.Refused != 0 {
		dst = append(dst, 0x93, 1, byte(a.Refused))
		return AppendString(dst, a.Message)
	}
	dst = append(dst, 0x93, 0)
	dst = AppendArray(dst, len(a.Outcomes))
	for i := range a.Outcomes {
		o := &a.Outcomes[i]
		dst = append(dst, 0x93, byte(o.Status))
		switch o.Status {
		case Accepted:
			dst = appendPayload(dst, o.Reply)
			dst = AppendArray(dst, o.Count)
			for _, e := range a.EventsOf(i) {
				dst = append(dst, 0x93)
				dst = AppendString(dst, e.Name)
				dst = AppendUint(dst, uint64(e.Version))
				dst = appendPayload(dst, e.Payload)
			}
		case Rejected:
			dst = AppendString(dst, o.Code)
			dst = appendPayload(dst, o.Payload)
		case Faulted:
			dst = append(dst, byte(o.Kind))
			dst = AppendString(dst, o.Message)
		}
	}
	return appendPayload(dst, a.State)
}

// Decode fills a from the message b, which must stay unchanged for as long as
// a's byte slices are used: they are views into it.
//
// That there are as many outcomes as commands, and that the manifest lists the
// events, is left to the caller.
//
// # Errors
//
//   - [*FormatError]: the answer is malformed as a whole; a is not to be used.
//   - [*OutcomeError]: a is filled, but the outcomes whose Problem is not nil
//     must not be taken. If such an outcome has more events than the limit,
//     none of its events are in a.Events.
func (a *CommandAnswer) Decode(b []byte, limits *Limits) error {
	if limits == nil {
		limits = &noLimits
	}
	a.Reset()
	in := reader{b: b}
	in.places("command answer", 3)
	at := in.pos
	switch tag := in.uint("command answer's tag", math.MaxUint64); {
	case in.err != nil:
	case tag == 1:
		a.Refused = in.kind()
		a.Message = in.str("message")
		return in.done("command answer")
	case tag != 0:
		in.fail(at, "command answer: unknown tag %d", tag)
	}
	at = in.pos
	n := in.array("outcomes")
	if limits.Outcomes > 0 && n > limits.Outcomes {
		in.fail(at, "outcomes: %d, the limit is %d", n, limits.Outcomes)
	}
	first, events := -1, false
	for i := 0; i < n && in.err == nil; i++ {
		a.Outcomes = append(a.Outcomes, Outcome{})
		o := &a.Outcomes[i]
		if in.outcome(a, o, limits) > 0 {
			events = true
		}
		if o.Problem != nil && first < 0 {
			first = i
		}
	}
	at = in.pos
	a.State = in.value("state", limits.StateBytes)
	if events && a.State == nil {
		in.fail(at, "state: nil although there are events")
	}
	if !events && a.State != nil {
		in.fail(at, "state: not nil although there are no events")
	}
	if err := in.done("command answer"); err != nil {
		return err
	}
	if first >= 0 {
		return &OutcomeError{Index: first, Err: a.Outcomes[first].Problem}
	}
	return nil
}

// outcome reads one outcome into o and its events into a, and returns how many
// events the message has for it.
func (r *reader) outcome(a *CommandAnswer, o *Outcome, limits *Limits) (events int) {
	r.places("outcome", 3)
	at := r.pos
	tag := r.uint("outcome's tag", math.MaxUint64)
	if r.err != nil {
		return 0
	}
	if tag > uint64(Faulted) {
		r.fail(at, "outcome: unknown tag %d", tag)
		return 0
	}
	o.Status = Status(tag)
	switch o.Status {
	case Accepted:
		o.Reply = r.content(o, "reply", limits.PayloadBytes)
		return r.emitted(a, o, limits)
	case Rejected:
		at = r.pos
		o.Code = r.str("rejection's code")
		if r.err == nil && !plainText(o.Code, maxCodeBytes) {
			o.blame(&FormatError{Offset: at, What: "rejection's code: want " + CodeRule})
		}
		o.Payload = r.content(o, "rejection's payload", limits.PayloadBytes)
	case Faulted:
		o.Kind = r.kind()
		o.Message = r.str("fault's message")
	}
	return 0
}

// emitted reads the events of an accepted outcome.
func (r *reader) emitted(a *CommandAnswer, o *Outcome, limits *Limits) int {
	at := r.pos
	n := r.array("outcome's events")
	tooMany := limits.Events > 0 && n > limits.Events
	if tooMany {
		o.blame(&FormatError{Offset: at, What: fmt.Sprintf("outcome's events: %d, the limit is %d", n, limits.Events)})
	}
	o.First = len(a.Events)
	for i := 0; i < n && r.err == nil; i++ {
		r.places("event", 3)
		e := EmittedEvent{Name: r.str("event's name"), Version: r.version()}
		e.Payload = r.content(o, "event's payload", limits.PayloadBytes)
		if !tooMany {
			a.Events = append(a.Events, e)
		}
	}
	o.Count = len(a.Events) - o.First
	return n
}

// content reads a payload; what is wrong inside it is the outcome's problem.
func (r *reader) content(o *Outcome, noun string, limit int) []byte {
	v, at := r.payload(noun)
	if r.err == nil {
		o.blame(checkBin(v, at, noun, limit))
	}
	return v
}

func (o *Outcome) blame(err *FormatError) {
	if o.Problem == nil {
		o.Problem = err
	}
}

func (r *reader) kind() Kind {
	at := r.pos
	k := r.uint("kind", math.MaxUint64)
	if r.err == nil && (k > math.MaxUint8 || !Kind(k).Valid()) {
		r.fail(at, "kind: %d is none of 1 to 5", k)
		return 0
	}
	return Kind(k)
}
