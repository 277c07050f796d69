package stores

import (
	"errors"
	"fmt"
)

// Errors of all stores. They arrive wrapped with what was attempted and on
// what; test for them with errors.Is.
var (
	// ErrUnavailable: the store cannot be reached or refuses to write just now, and
	// trying later may succeed. Whether a commit was written, its Outcome says; what
	// else was to be written may be there.
	ErrUnavailable = errors.New("store is unavailable")
	// ErrCorrupt: stored bytes are damaged or missing. The text names the place.
	ErrCorrupt = errors.New("store is corrupt")
	// ErrClosed: the store was closed.
	ErrClosed = errors.New("store is closed")
	// ErrConflict: another writer came first. Nothing was written.
	ErrConflict = errors.New("sequence number conflict")
	// ErrTooLarge: the engine cannot hold something of this size.
	ErrTooLarge = errors.New("too large for the store")
	// ErrNotFound: there is no such blob, or no store where one must be.
	ErrNotFound = errors.New("not found in the store")
	// ErrPosition: the position is not one of this log.
	ErrPosition = errors.New("not a position of this log")
	// ErrFormat: the store was written by a newer version of eshost.
	ErrFormat = errors.New("store has a newer format")
	// ErrInvalidID: an entity type, entity id or command id is not well-formed.
	ErrInvalidID = errors.New("invalid id")
	// ErrInUse: another process has the store open.
	ErrInUse = errors.New("store is in use by another process")
)

// EntityError is an error about one entity's stream.
type EntityError struct {
	Op     string // what was attempted: "append", "read", ...
	Entity EntityID
	Seq    uint64 // the sequence number concerned; 0: none
	Err    error
}

func (e *EntityError) Error() string {
	if e.Seq != 0 {
		return fmt.Sprintf("%s %s at %d: %v", e.Op, e.Entity, e.Seq, e.Err)
	}
	return fmt.Sprintf("%s %s: %v", e.Op, e.Entity, e.Err)
}

// Unwrap returns the cause.
func (e *EntityError) Unwrap() error { return e.Err }
