package host

import (
	"fmt"
	"log/slog"
	"runtime"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.opentelemetry.io/otel/trace"

	"github.com/eshost/eshost/stores"
)

// Options configure a Host. Log is required; every other zero field has the
// default its comment names.
type Options struct {
	Log       stores.Log           // required; the host does not close it
	Snapshots stores.SnapshotStore // nil: entities are always folded from their first event
	// Blobs keeps plugins, and makes deployments durable: they are recorded in the log, and every host on it follows
	// them. It is as durable as the log, and seen by all its hosts. nil: deployments are this host's own, and end with it.
	Blobs stores.BlobStore

	Logger  *slog.Logger          // nil: discards
	Metrics prometheus.Registerer // nil: no metrics are registered
	Tracing trace.TracerProvider  // nil: no spans, at no cost

	Workers          int // goroutines that run guests; 0: GOMAXPROCS
	MailboxSize      int // commands one entity holds waiting; 0: 1024
	BatchSize        int // commands of one guest call; 0: 1024
	BatchBytes       int // payload bytes of one guest call; 0: 1 MiB
	EventsPerCommand int // events one command may emit; 0: 1024
	StateBytes       int // size of one entity's state; 0: 16 MiB
	PayloadBytes     int // size of one command's or event's payload, and of one reply; 0: 1 MiB

	SnapshotEvery int           // events from one snapshot to the next; 0: no snapshots are taken
	IdleTimeout   time.Duration // after which an idle entity leaves memory; 0: 10 minutes; negative: never
	MemoryBytes   int64         // what resident entities may take, roughly; least recently used leave first; 0: 1 GiB; negative: no limit

	Recoveries    int                    // entities that are read from the log at the same time; 0: 64
	CommandIDs    int                    // commands with ids an entity remembers; 0: the larger of 1024 and 4 x MailboxSize
	CommandIDAge  time.Duration          // how long by commit time; 0: 24 h
	LocalReads    bool                   // on a log that others write too: answer reads and rejections from memory, perhaps outdated
	AppendTimeout time.Duration          // after which an append in flight counts as unknown and is repeated; 0: 10 s
	Types         map[string]TypeOptions // by entity type; missing ones take the values above

	PluginCacheDir    string // compiled plugins are kept here, 0700; empty: in memory only
	PluginMemoryBytes int    // linear memory of one instance at most; 0: 256 MiB
	PluginModuleBytes int    // size of a .wasm file at most; 0: 64 MiB
	PluginFunctions   int    // functions of a .wasm file at most; 0: 100,000
	PluginInstances   int    // instances of one plugin at the same time; 0: 256

	PluginCompileTimeout time.Duration // after which compiling a plugin is given up; 0: 1 minute
	PluginRecycleCalls   int           // calls after which an instance is replaced by a new one; 0: 10,000,000
	PluginRecycleAge     time.Duration // age at which it is; 0: 1 hour

	LogBytesPerCall   int     // text that a guest may log in one call, the rest is dropped and counted; 0: 16 KiB
	LogBytesPerSecond int     // that all guests of one plugin may log in a second; 0: 1 MiB
	AuditShare        float64 // of guest calls that are made twice, on two instances, to see whether they are answered the same, up to 1; 0: 0.001; negative: none

	// Fuel is counted in instructions, by which a guest call is stopped if it takes too long. It bounds what a
	// plugin can take, and is no part of what a decision means.
	StartFuel    int64 // that the start of an instance may use; 0: 5,000,000,000
	CommandFuel  int64 // that one command may use, or the folding of one event; 0: 1,000,000,000
	BatchFuel    int64 // that one guest call may use, of many commands or events; 0: that of one command
	RecoveryFuel int64 // that folding one entity from its log may use; 0: 1,000 times that of a batch
}

// TypeOptions override Options for one entity type.
type TypeOptions struct {
	SnapshotEvery *int // nil: Options.SnapshotEvery
	DropPayloads  bool // do not record the commands' payloads in the log, only their names, ids and replies
}

func or[T int | int64 | float64 | time.Duration](v, def T) T {
	if v == 0 {
		return def
	}
	return v
}

// withDefaults returns a copy of o with every zero field filled in.
func (o *Options) withDefaults() Options {
	d := *o
	if d.Logger == nil {
		d.Logger = slog.New(slog.DiscardHandler)
	}
	d.Workers = or(d.Workers, runtime.GOMAXPROCS(0))
	d.MailboxSize = or(d.MailboxSize, 1024)
	d.BatchSize = or(d.BatchSize, 1024)
	d.BatchBytes = or(d.BatchBytes, 1<<20)
	d.EventsPerCommand = or(d.EventsPerCommand, 1024)
	d.StateBytes = or(d.StateBytes, 16<<20)
	d.PayloadBytes = or(d.PayloadBytes, 1<<20)
	d.IdleTimeout = or(d.IdleTimeout, 10*time.Minute)
	d.MemoryBytes = or(d.MemoryBytes, 1<<30)
	d.Recoveries = or(d.Recoveries, 64)
	d.CommandIDs = or(d.CommandIDs, max(1024, 4*d.MailboxSize))
	d.CommandIDAge = or(d.CommandIDAge, 24*time.Hour)
	d.AppendTimeout = or(d.AppendTimeout, 10*time.Second)
	d.PluginMemoryBytes = or(d.PluginMemoryBytes, 256<<20)
	d.PluginModuleBytes = or(d.PluginModuleBytes, 64<<20)
	d.LogBytesPerCall = or(d.LogBytesPerCall, 16<<10)
	d.LogBytesPerSecond = or(d.LogBytesPerSecond, 1<<20)
	d.AuditShare = or(d.AuditShare, 0.001)
	d.CommandFuel = or(d.CommandFuel, 1_000_000_000)
	d.BatchFuel = or(d.BatchFuel, d.CommandFuel)
	d.RecoveryFuel = or(d.RecoveryFuel, 1000*min(d.BatchFuel, mostFuel/1000))
	return d
}

// mostFuel keeps the fuel of a batch of any size within 63 bits.
const mostFuel = 1 << 50

// check says what makes no sense, of options with their defaults filled in.
func (o *Options) check() error {
	for _, f := range []struct {
		name  string
		value int64
		least int64
	}{
		{"CommandFuel", o.CommandFuel, 1}, {"BatchFuel", o.BatchFuel, o.CommandFuel}, {"RecoveryFuel", o.RecoveryFuel, o.BatchFuel},
		{"PluginMemoryBytes", int64(o.PluginMemoryBytes), 64 << 10}, {"PluginInstances", int64(o.PluginInstances), 0},
		{"PluginFunctions", int64(o.PluginFunctions), 0}, {"PluginCompileTimeout", int64(o.PluginCompileTimeout), 0},
		{"PluginRecycleCalls", int64(o.PluginRecycleCalls), 0}, {"PluginRecycleAge", int64(o.PluginRecycleAge), 0}, {"StartFuel", o.StartFuel, 0},
		{"LogBytesPerCall", int64(o.LogBytesPerCall), 1}, {"LogBytesPerSecond", int64(o.LogBytesPerSecond), 1},
	} {
		if f.value < f.least || f.value > mostFuel {
			return fmt.Errorf("option %s is %d, want %d to %d, or 0 for the default", f.name, f.value, f.least, int64(mostFuel))
		}
	}
	if o.AuditShare > 1 {
		return fmt.Errorf("option AuditShare is %v, want a share up to 1, 0 for the default, or a negative number for none", o.AuditShare)
	}
	return nil
}
