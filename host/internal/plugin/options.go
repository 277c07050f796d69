package plugin

import (
	"fmt"
	"log/slog"
	"os"
	"time"
)

// Options configure an Engine. A nil *Options and every zero field mean the
// default that the field's comment names.
type Options struct {
	// CacheDir keeps compiled plugins from one start to the next, which saves
	// most of the time of loading one. What lies there is native code and is
	// trusted: the folder is created with mode 0700 and refused if others can
	// enter it. Empty: compiled plugins are kept in memory only.
	CacheDir string

	MemoryLimitPages uint32        // linear memory of one instance at most, in pages of 64 KiB; 0: 4096 (256 MiB); at most 65536
	MaxInstanceBytes int           // an instance whose memory grew beyond it is replaced when it is released; 0: half of the memory limit
	MaxModuleBytes   int           // size of a .wasm file at most; 0: 64 MiB
	MaxAnswerBytes   int           // size of one answer at most, a manifest included; 0: 64 MiB
	MaxLogBytes      int           // text that a guest may log in one call, the rest is counted and dropped; 0: 16 KiB
	CallTimeout      time.Duration // after which a guest call is taken for stuck; 0: 10 s

	// OnStuck is told of a guest call that did not return within CallTimeout,
	// once for each such call and on a goroutine of the engine's. Such a call
	// cannot be stopped and holds up the garbage collector, and with it
	// everything else. nil: one line on standard error, and the process ends
	// with [ExitStuck]. Where a call holds up all goroutines, OnStuck cannot
	// run; on Linux the process is then ended the same way without it.
	OnStuck func(Stuck)

	// Stoppable lets a guest call that does not return within CallTimeout fail
	// with [ErrTimeout] instead. Handlers then take several times as long, so
	// it is for tools. Calls that call each other without end and without a
	// loop are still left to OnStuck, after twice the time.
	Stoppable bool

	Logger *slog.Logger // told of what went wrong without failing a caller; nil: discards
}

const pageBytes = 1 << 16

// withDefaults returns a copy of o with every zero field filled in.
func (o *Options) withDefaults() (Options, error) {
	var d Options
	if o != nil {
		d = *o
	}
	if d.MemoryLimitPages == 0 {
		d.MemoryLimitPages = 4096
	}
	if d.MemoryLimitPages > 1<<16 {
		return d, fmt.Errorf("plugin memory limit of %d pages: at most 65536 (4 GiB) can be addressed", d.MemoryLimitPages)
	}
	for _, field := range []struct {
		value *int
		def   int
		noun  string
	}{
		{&d.MaxInstanceBytes, int(d.MemoryLimitPages) * (pageBytes / 2), "size of an instance that is kept"},
		{&d.MaxModuleBytes, 64 << 20, "limit of a module's size"},
		{&d.MaxAnswerBytes, 64 << 20, "limit of an answer's size"},
		{&d.MaxLogBytes, 16 << 10, "limit of a guest's log text"},
	} {
		if *field.value < 0 {
			return d, fmt.Errorf("%s: %d bytes, want a positive number or 0 for the default", field.noun, *field.value)
		}
		if *field.value == 0 {
			*field.value = field.def
		}
	}
	if d.CallTimeout < 0 {
		return d, fmt.Errorf("timeout of guest calls: %v, want a positive duration or 0 for the default", d.CallTimeout)
	}
	if d.CallTimeout == 0 {
		d.CallTimeout = 10 * time.Second
	}
	if d.OnStuck == nil {
		d.OnStuck = func(s Stuck) {
			fmt.Fprintln(os.Stderr, s.String())
			os.Exit(ExitStuck)
		}
	}
	if d.Logger == nil {
		d.Logger = slog.New(slog.DiscardHandler)
	}
	return d, nil
}
