package entity

import (
	"errors"
	"fmt"

	"github.com/eshost/eshost/stores"
)

// Errors of commands and reads. A caller can always tell whether it was
// refused, whether a retry is safe, and whether it might have happened.
var (
	// ErrMailboxFull: the entity has as much mail as it may hold. Nothing happened.
	ErrMailboxFull = errors.New("the entity's mailbox is full")
	// ErrNotStarted: the caller's deadline ended before the command was taken up.
	// Nothing happened; a retry is safe.
	ErrNotStarted = errors.New("not started, safe to retry")
	// ErrOutcomeUnknown: the command may or may not have happened. Retry it with
	// the same command id to learn its answer.
	ErrOutcomeUnknown = errors.New("outcome unknown: retry with the same command id")
	// ErrUnavailable: the log cannot be reached or refuses to write. Nothing happened.
	ErrUnavailable = errors.New("unavailable, safe to retry later")
	// ErrClosed: the host is shutting down. Nothing happened.
	ErrClosed = errors.New("the host is shut down")
	// ErrCommandIDReused: the command id was used before with another name or payload.
	ErrCommandIDReused = errors.New("the command id was used before for another command")
	// ErrQuarantined: the entity's events cannot be folded by its plugin. Nothing happened.
	ErrQuarantined = errors.New("the entity is quarantined: its events cannot be folded")
	// ErrNoEvents: the entity has no events, so it has no state.
	ErrNoEvents = errors.New("the entity has no events")
)

// Rejection is a command refused by the author's rules. Nothing was persisted.
type Rejection struct {
	Code    string
	Payload []byte // one msgpack value; nil when the rejection carries none
}

func (r *Rejection) Error() string { return "rejected: " + r.Code }

// FaultKind classifies what went wrong in or with a plugin.
type FaultKind uint8

// The kinds 1-5 are the ABI's own; the others are found by the host.
const (
	UnknownCommand FaultKind = iota + 1 // the plugin has no such command
	BadPayload                          // the payload does not decode
	BadState                            // the state does not decode
	Panicked                            // the handler panicked
	BadEvent                            // an event cannot be folded
	Trapped                             // the guest trapped: its instance is gone
	Malformed                           // the guest's answer is not what the ABI asks for
	OverLimit                           // an answer, payload or batch is beyond a limit
	OutOfFuel                           // the guest used all the fuel that a call may
)

// String returns the kind in words.
func (k FaultKind) String() string {
	switch k {
	case UnknownCommand:
		return "unknown command"
	case BadPayload:
		return "payload does not decode"
	case BadState:
		return "state does not decode"
	case Panicked:
		return "handler panicked"
	case BadEvent:
		return "event cannot be folded"
	case Trapped:
		return "plugin trapped"
	case Malformed:
		return "malformed answer from the plugin"
	case OverLimit:
		return "beyond a limit"
	case OutOfFuel:
		return "out of fuel"
	default:
		return "unknown fault"
	}
}

// Fault is a failure of a plugin or of what was given to it. Nothing was persisted.
type Fault struct {
	Kind    FaultKind
	Message string        // the guest's own words, or the host's finding
	Plugin  stores.Digest // the plugin at fault
	Func    string        // the export that was called: handle_command or handle_event
	Seq     uint64        // the event at fault, for BadEvent; 0: none
	Err     error         // the cause, where there is one
}

func (f *Fault) Error() string {
	at := ""
	if f.Seq != 0 {
		at = fmt.Sprintf(" at event %d", f.Seq)
	}
	text := f.Message
	if text == "" && f.Err != nil {
		text = f.Err.Error()
	}
	return fmt.Sprintf("%s in %s of plugin %x%s: %s", f.Kind, f.Func, f.Plugin[:6], at, text)
}

// Unwrap returns the cause.
func (f *Fault) Unwrap() error { return f.Err }

// ExpectedError says that the entity's sequence number is not the one the
// command expected. Nothing happened. It is a stores.ErrConflict.
type ExpectedError struct {
	Entity   stores.EntityID
	Expected uint64
	Seq      uint64 // what it is
}

func (e *ExpectedError) Error() string {
	return fmt.Sprintf("expected %s at %d, but it is at %d", e.Entity, e.Expected, e.Seq)
}

// Is reports that the error is a conflict.
func (e *ExpectedError) Is(target error) bool { return target == stores.ErrConflict }

// QuarantineError says why an entity is quarantined. It is an ErrQuarantined.
type QuarantineError struct {
	Entity stores.EntityID
	Err    error // why its events cannot be folded; usually a *Fault with the sequence number
}

func (e *QuarantineError) Error() string {
	return fmt.Sprintf("%s: %v: %v", e.Entity, ErrQuarantined, e.Err)
}

// Is reports that the error is a quarantine.
func (e *QuarantineError) Is(target error) bool { return target == ErrQuarantined }

// Unwrap returns the cause.
func (e *QuarantineError) Unwrap() error { return e.Err }
