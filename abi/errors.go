package abi

import "fmt"

// FormatError says that bytes do not have the form that ABI.md asks for.
type FormatError struct {
	// Offset is the byte at which it was noticed, counted from the start of
	// the bytes that were given to the function that failed.
	Offset int
	// What is wrong there, in words.
	What string
}

// Error gives What and Offset.
func (e *FormatError) Error() string {
	return fmt.Sprintf("%s (at byte %d)", e.What, e.Offset)
}

// OutcomeError says that an answer as a whole can be read but that outcomes in
// it must not be taken, each for a reason that concerns its own command alone:
// a payload that is not one well-formed value, or something beyond a limit.
type OutcomeError struct {
	Index int          // the first such outcome, counted from 0
	Err   *FormatError // what is wrong with it
}

// Error names the outcome and what is wrong with it.
func (e *OutcomeError) Error() string {
	return fmt.Sprintf("outcome %d: %s", e.Index, e.Err.Error())
}

// Unwrap gives Err.
func (e *OutcomeError) Unwrap() error { return e.Err }
