package plugin

import (
	"cmp"
	"fmt"
	"log/slog"
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
	MaxFunctions     int           // that a .wasm file has of its own at most; 0: 100,000
	MaxAnswerBytes   int           // size of one answer at most, a manifest included; 0: 64 MiB
	MaxLogBytes      int           // text that a guest may log in one call, the rest is counted and dropped; 0: 16 KiB
	Fuel             int64         // of a call that is given no other, and of each start-up, in instructions as package meter counts them; 0: 5,000,000,000
	CompileTimeout   time.Duration // after which compiling a plugin is given up; 0: 1 minute
	MaxInstances     int           // of one plugin at the same time, beyond which Acquire waits; 0: 256
	RecycleCalls     int           // calls after which an instance is replaced when it is released; 0: 10,000,000
	RecycleAge       time.Duration // age at which it is; 0: 1 hour

	Vary bool // every instance has a time and random bytes of its own: for checks that answers do not depend on them

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
		{&d.MaxInstances, 256, "limit of a plugin's instances"},
		{&d.RecycleCalls, 10_000_000, "calls of an instance"},
		{&d.MaxInstanceBytes, int(d.MemoryLimitPages) * (pageBytes / 2), "size of an instance that is kept"},
		{&d.MaxModuleBytes, 64 << 20, "limit of a module's size"},
		{&d.MaxFunctions, 100_000, "limit of a module's functions"},
		{&d.MaxAnswerBytes, 64 << 20, "limit of an answer's size"},
		{&d.MaxLogBytes, 16 << 10, "limit of a guest's log text"},
	} {
		if *field.value < 0 {
			return d, fmt.Errorf("%s: %d, want a positive number or 0 for the default", field.noun, *field.value)
		}
		if *field.value == 0 {
			*field.value = field.def
		}
	}
	if d.Fuel < 0 || d.CompileTimeout < 0 || d.RecycleAge < 0 {
		return d, fmt.Errorf("plugin options: fuel %d, compile timeout %v, age of instances %v: want positive values or 0 for the default", d.Fuel, d.CompileTimeout, d.RecycleAge)
	}
	d.Fuel = cmp.Or(d.Fuel, 5_000_000_000)
	d.CompileTimeout = cmp.Or(d.CompileTimeout, time.Minute)
	d.RecycleAge = cmp.Or(d.RecycleAge, time.Hour)
	if d.Logger == nil {
		d.Logger = slog.New(slog.DiscardHandler)
	}
	return d, nil
}
