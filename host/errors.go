package host

import (
	"errors"

	"github.com/eshost/eshost/host/internal/entity"
	"github.com/eshost/eshost/host/internal/plugin"
	"github.com/eshost/eshost/stores"
)

// Errors of commands and reads, for errors.Is. A caller can always tell
// whether it was refused, whether a retry is safe, and whether it might have
// happened.
var (
	ErrMailboxFull     = entity.ErrMailboxFull     // nothing happened
	ErrNotStarted      = entity.ErrNotStarted      // the deadline ended first; nothing happened
	ErrOutcomeUnknown  = entity.ErrOutcomeUnknown  // it may have happened: retry with the same command id
	ErrUnavailable     = entity.ErrUnavailable     // nothing happened; later may do
	ErrClosed          = entity.ErrClosed          // the host is shut down; nothing happened
	ErrCommandIDReused = entity.ErrCommandIDReused // same id, another command
	ErrQuarantined     = entity.ErrQuarantined     // see QuarantineError
	ErrNoEvents        = entity.ErrNoEvents        // a read of an entity that does not exist
	ErrConflict        = stores.ErrConflict        // another writer came first, again and again; nothing happened. See ExpectedError
	ErrInvalidID       = stores.ErrInvalidID       // the type, id or command id is not well-formed

	// ErrUnknownType: no plugin that declares the type is deployed.
	ErrUnknownType = errors.New("no plugin for the entity type")
	// ErrIncompatible: the plugin cannot be deployed beside what is there.
	ErrIncompatible = errors.New("incompatible plugin")
	// ErrInvalidPayload: the payload is not exactly one well-formed msgpack value.
	ErrInvalidPayload = errors.New("invalid payload")
)

// Errors with content, for errors.As.
type (
	// Rejection is a command refused by the author's rules.
	Rejection = entity.Rejection
	// Fault is a failure of a plugin, or of what was given to it. See CommandError.
	Fault = entity.Fault
	// FaultKind classifies faults.
	FaultKind = entity.FaultKind
	// ExpectedError carries the number that was expected and the one that is.
	ExpectedError = entity.ExpectedError
	// QuarantineError says which event cannot be folded, and why.
	QuarantineError = entity.QuarantineError
	// LoadError lists all that is wrong with a plugin that was refused.
	LoadError = plugin.LoadError
)

// The kinds of faults.
const (
	UnknownCommand = entity.UnknownCommand
	BadPayload     = entity.BadPayload
	BadState       = entity.BadState
	Panicked       = entity.Panicked
	BadEvent       = entity.BadEvent
	Trapped        = entity.Trapped
	Malformed      = entity.Malformed
	OverLimit      = entity.OverLimit
	OutOfFuel      = entity.OutOfFuel
)
