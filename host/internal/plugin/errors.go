package plugin

import (
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
)

// Causes of a [CallError], for errors.Is.
var (
	// ErrTrapped: the guest trapped: a panic, an exit, an access out of bounds,
	// a stack that overflowed, a sleep.
	ErrTrapped = errors.New("trapped")
	// ErrMalformed: what the guest returned makes no sense, such as an address
	// outside of its memory.
	ErrMalformed = errors.New("malformed answer")
	// ErrOverLimit: the guest refused memory for the request, or its answer is
	// larger than the limit.
	ErrOverLimit = errors.New("over a limit")
	// ErrOutOfFuel: the guest used all the fuel that the call was given.
	ErrOutOfFuel = errors.New("out of fuel")
	// ErrStopped: [Allowance].Pause stopped the guest.
	ErrStopped = errors.New("stopped")
	// ErrBroken: an earlier call into this instance failed.
	ErrBroken = errors.New("the instance is broken by an earlier failure")
)

// Errors of Engine and Plugin, for errors.Is.
var (
	ErrClosed  = errors.New("the plugin engine is closed")
	ErrRetired = errors.New("the plugin is retired")
)

// LoadError says why a plugin cannot be served.
type LoadError struct {
	Digest   [32]byte // SHA-256 of the bytes
	Problems []string // all that was found, each one line that says what is wrong and what to do; at least one
	Err      error    // what is behind it; may be nil
}

// Error gives the digest's beginning and all problems in one line.
func (e *LoadError) Error() string {
	return "plugin " + shortDigest(e.Digest) + " cannot be loaded: " + strings.Join(e.Problems, "; ")
}

// Unwrap gives Err.
func (e *LoadError) Unwrap() error { return e.Err }

// CallError is a guest call that failed. The instance is broken by it.
type CallError struct {
	Plugin [32]byte // digest
	Func   string   // the export that was called, or "start" for a module's start function
	Err    error    // ErrTrapped, ErrMalformed, ErrOverLimit, ErrOutOfFuel, ErrStopped or ErrBroken, with what happened
	Fuel   int64    // that the call used
	// Message is what the guest itself said to it: what it gave to the panic
	// import, or else the tail of its standard error. UTF-8, at most 4 KiB;
	// empty if it said nothing.
	Message string
	Trace   string // the guest's functions on the stack, innermost first, one a line; may be empty
}

// Error gives the plugin, the function, the cause and the guest's message, but
// not the trace.
func (e *CallError) Error() string {
	text := fmt.Sprintf("plugin %s: %s: %v", shortDigest(e.Plugin), e.Func, e.Err)
	if e.Message != "" {
		text += ": " + e.Message
	}
	return text
}

// Unwrap gives Err.
func (e *CallError) Unwrap() error { return e.Err }

func shortDigest(d [32]byte) string { return hex.EncodeToString(d[:6]) }
