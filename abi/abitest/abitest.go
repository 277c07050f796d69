// Package abitest is the conformance kit: it puts every law of ABI.md to work
// on a plugin and says which it holds. It knows no WebAssembly engine: whoever
// has one passes an [Open]. Package host/sandbox/conformance does that with
// eshost's own.
//
// The kit feeds on what the manifest says: the examples of commands, and the
// JSON Schemas where there are any. A law that nothing put to work is not
// held, so a plugin without examples fails. The checklist of ABI.md says what
// it takes to put a plugin to work.
package abitest

import (
	"strings"
	"time"
)

// Guest is one instance of a plugin. The kit uses it from one goroutine.
//
// An error that is a [*CallError] says that the guest failed, and the kit makes
// no further call into this instance but Close. Any other error ends the check.
type Guest interface {
	// Describe asks for the manifest.
	Describe() ([]byte, error)
	// HandleCommand and HandleEvent pass a request and give the answer, which
	// may be a buffer that the next call writes over.
	HandleCommand(request []byte) (answer []byte, err error)
	HandleEvent(request []byte) (answer []byte, err error)
	// Reserve asks alloc for that many bytes, at least 1, and writes to all of
	// them. It is the last call into an instance.
	Reserve(size uint32) error
	// MemoryBytes is the size of the guest's linear memory.
	MemoryBytes() int64
	Close()
}

// Open makes a fresh instance of the plugin. It is called many times with the
// same bytes, and should compile them once. The error of a plugin that cannot be
// served is a [*LoadError]; that of an instance whose start failed is a
// [*CallError]; any other ends the check.
type Open func(wasm []byte) (Guest, error)

// LoadError says why a plugin cannot be served.
type LoadError struct {
	Problems []string // all that was found, one line each
	Err      error    // what is behind it, such as an *abi.ManifestError; may be nil
}

// Error gives all problems in one line.
func (e *LoadError) Error() string {
	return "plugin cannot be loaded: " + strings.Join(e.Problems, "; ")
}

// Unwrap gives Err.
func (e *LoadError) Unwrap() error { return e.Err }

// CallError is a guest call that failed.
type CallError struct {
	Func    string // the export
	Cause   string // what happened, such as "trapped: unreachable"
	Trapped bool   // the guest trapped, rather than to return what cannot be taken
	NoRoom  bool   // alloc refused the request, or the answer is beyond a limit
	Endless bool   // the guest did not return in time, and was stopped
	Message string // what the guest itself said to it; empty if it said nothing
}

// Error gives the function, the cause and the guest's own words.
func (e *CallError) Error() string {
	text := e.Func + ": " + e.Cause
	if e.Message != "" {
		text += ": " + e.Message
	}
	return text
}

// Options configure a check. A nil *Options and every zero field mean the
// default that the field's comment names.
type Options struct {
	// Calls is how often the guest is called to see whether its memory stays
	// flat; 0: 100,000. Fewer than 1,000 show nothing and count as 1,000.
	Calls int
	// Seed decides the random orders. The same seed makes the same calls; 0: 1.
	Seed uint64
	// CallTimeout is the time after which a call is taken for one that never
	// returns. It is for whoever makes the Open; 0: 10 s, as a host has it.
	CallTimeout time.Duration
	// Progress is told how far the check is: the law at work, and how many of
	// its calls are done; total 0: nobody knows. nil: nobody is told.
	Progress func(law string, done, total int)
}

const (
	defaultCalls   = 100_000
	defaultTimeout = 10 * time.Second
	fewestCalls    = 1_000
)

func (o *Options) withDefaults() Options {
	var d Options
	if o != nil {
		d = *o
	}
	if d.Calls == 0 {
		d.Calls = defaultCalls
	}
	d.Calls = max(d.Calls, fewestCalls)
	if d.Seed == 0 {
		d.Seed = 1
	}
	if d.CallTimeout == 0 {
		d.CallTimeout = defaultTimeout
	}
	if d.Progress == nil {
		d.Progress = func(string, int, int) {}
	}
	return d
}
