// Package abi is the contract between eshost and its plugins: the names of
// exports and imports, the messages that cross the border, the rules their
// payloads keep, and a codec for all of it in Go. ABI.md in this folder is the
// specification; where the two differ, the specification is right.
//
// The host encodes requests ([AppendCommandRequest], [AppendEventRequest]) and
// decodes answers ([CommandAnswer.Decode], [EventAnswer.Decode]). The opposite
// directions are here as well, for guests written in plain Go and for tests.
//
// Encoding appends to a slice of the caller's. Decoding fills a value of the
// caller's, whose slices are reused from call to call, with views into the
// message. Neither leaves garbage behind in a steady state, and no length that
// a message claims is believed before the bytes are there. Nothing here keeps
// state: different values may be used from different goroutines at once.
package abi

import "strconv"

// The version of the ABI that this package implements. A plugin names its
// major version by exporting [ExportMarker] and both numbers in its manifest.
const (
	Major = 1
	Minor = 0
)

// What a plugin exports. [ExportInitialize] is optional, the others are not.
const (
	ExportMemory        = "memory"         // its linear memory
	ExportMarker        = "eshost_abi_v1"  // () -> (), never called: names the major version
	ExportAlloc         = "alloc"          // (size i32) -> ptr i32
	ExportDescribe      = "describe"       // () -> i64, a manifest
	ExportHandleCommand = "handle_command" // (ptr i32, len i32) -> i64, a command answer
	ExportHandleEvent   = "handle_event"   // (ptr i32, len i32) -> i64, an event answer
	ExportInitialize    = "_initialize"    // () -> (), once per instance, before anything else
)

// ExportStart marks a program that runs and ends; a plugin must not have it.
const ExportStart = "_start"

// What a plugin may import, all of it optional.
const (
	ImportModule = "eshost_v1"
	ImportLog    = "log"   // (level i32, ptr i32, len i32)
	ImportPanic  = "panic" // (ptr i32, len i32)
	// ImportWASI is the module of the functions that language runtimes insist
	// on; ABI.md lists those that are served.
	ImportWASI = "wasi_snapshot_preview1"
)

// Levels of the log import. A host takes any other number as [LogInfo].
const (
	LogDebug = 0
	LogInfo  = 1
	LogWarn  = 2
	LogError = 3
)

// MaxTextBytes bounds a text meant for people: what the panic import was given
// and the message of a fault. A host cuts what is longer (see [CleanText]).
const MaxTextBytes = 4096

// MaxDepth is how many arrays and maps of a payload may lie inside each other.
// A bare scalar has depth 0.
const MaxDepth = 64

// Kind says what a guest could not do. The zero Kind is none of them.
type Kind uint8

// The five kinds. Only these appear in a valid answer.
const (
	KindUnknownCommand Kind = 1 // the entity type has no command of this name
	KindPayload        Kind = 2 // the payload does not decode
	KindState          Kind = 3 // the state does not decode
	KindPanic          Kind = 4 // the handler panicked
	KindFold           Kind = 5 // an event cannot be folded
)

// String gives the kind in words, or its number if it is not one of the five.
func (k Kind) String() string {
	switch k {
	case KindUnknownCommand:
		return "unknown command"
	case KindPayload:
		return "payload does not decode"
	case KindState:
		return "state does not decode"
	case KindPanic:
		return "handler panicked"
	case KindFold:
		return "event cannot be folded"
	}
	return "kind " + strconv.Itoa(int(k))
}

// Valid reports whether k is one of the five kinds.
func (k Kind) Valid() bool { return k >= KindUnknownCommand && k <= KindFold }
