// Package config reads the configuration of eshost: defaults, a YAML file,
// environment variables and flags, each over the one before it. Every value
// knows where it came from, and what nobody knows is an error.
package config

import (
	"time"

	"github.com/eshost/eshost/cmd/eshost/internal/natsapi"
)

// Config is the effective configuration. Keys are the tags joined by dots,
// as in http.listen; in the environment that is ESHOST__HTTP__LISTEN. Paths are
// relative to the working directory.
type Config struct {
	Plugins []string        `koanf:"plugins"` // source folders and .wasm files that `eshost serve` deploys
	HTTP    HTTP            `koanf:"http"`
	NATS    NATSAPI         `koanf:"nats"`
	Store   Store           `koanf:"store"`
	Host    Host            `koanf:"host"`
	Bench   Bench           `koanf:"bench"`
	Types   map[string]Type `koanf:"types"` // by entity type; what is not given is as under host
	Log     Log             `koanf:"log"`
	Tracing Tracing         `koanf:"tracing"`

	values map[string]value // by key
}

// HTTP is the API's listener.
type HTTP struct {
	Listen          string        `koanf:"listen"`                    // address and port; not on loopback only with a token
	Token           string        `koanf:"token" secret:"true"`       // that every request must carry; empty: none
	AdminToken      string        `koanf:"admin_token" secret:"true"` // that requests must carry which change what serves; empty: token is enough
	AllowedHosts    []string      `koanf:"allowed_hosts"`             // names by which others may call this host, besides this machine's
	MaxBodyBytes    int64         `koanf:"max_body_bytes"`            // of one command
	StreamWindow    int           `koanf:"stream_window"`             // commands of one bulk stream that are in flight
	ShutdownTimeout time.Duration `koanf:"shutdown_timeout"`          // for requests and batches that are under way
}

// Store says which stores there are. Log, checkpoints and blobs are in one of them.
type Store struct {
	URL          string `koanf:"url" secret:"url"`           // pebble:FOLDER, nats://HOST:4222, postgres://USER@HOST:5432/DATABASE or memory:
	SnapshotsURL string `koanf:"snapshots_url" secret:"url"` // of the snapshots; empty: they are where the log is

	// Of the embedded store.
	CacheBytes    int64  `koanf:"cache_bytes"`    // of blocks read
	MemtableBytes uint64 `koanf:"memtable_bytes"` // of one memtable, of which there are a few
	ReserveBytes  uint64 `koanf:"reserve_bytes"`  // free bytes of the disk below which nothing is written

	Postgres Postgres `koanf:"postgres"`
	NATS     NATS     `koanf:"nats"`
}

// Postgres is what a URL of Postgres may leave out. What the URL says goes first.
type Postgres struct {
	Host     string `koanf:"host"` // several, with commas between them: the first that is a primary
	Port     string `koanf:"port"`
	User     string `koanf:"user"`
	Password string `koanf:"password" secret:"true"`
	DBName   string `koanf:"dbname"`
	SSLMode  string `koanf:"sslmode"` // disable, prefer, require, verify-ca or verify-full
}

// NATS is what a URL of NATS may leave out. What the URL says goes first.
type NATS struct {
	User        string `koanf:"user"`
	Password    string `koanf:"password" secret:"true"`
	Token       string `koanf:"token" secret:"true"`
	Credentials string `koanf:"credentials"` // a .creds file
}

// Host is the engine. Zero values mean the engine's defaults where noted.
type Host struct {
	Workers              int           `koanf:"workers"`                // goroutines that run guests; 0: one a core
	MailboxSize          int           `koanf:"mailbox_size"`           // commands one entity holds waiting
	BatchSize            int           `koanf:"batch_size"`             // commands of one guest call
	BatchBytes           int           `koanf:"batch_bytes"`            // payload bytes of one guest call
	EventsPerCommand     int           `koanf:"events_per_command"`     // at most
	StateBytes           int           `koanf:"state_bytes"`            // of one entity's state, at most
	PayloadBytes         int           `koanf:"payload_bytes"`          // of one payload or reply, at most
	SnapshotEvery        int           `koanf:"snapshot_every"`         // events from one snapshot to the next; 0: none
	IdleTimeout          time.Duration `koanf:"idle_timeout"`           // after which an idle entity leaves memory; negative: never
	MemoryBytes          int64         `koanf:"memory_bytes"`           // what resident entities may take, roughly; negative: no limit
	Recoveries           int           `koanf:"recoveries"`             // entities that are read from the log at the same time
	CommandIDs           int           `koanf:"command_ids"`            // commands with ids an entity remembers; 0: the larger of 1024 and 4 x mailbox_size
	CommandIDAge         time.Duration `koanf:"command_id_age"`         // how long by commit time
	AppendTimeout        time.Duration `koanf:"append_timeout"`         // after which an append in flight counts as unknown and is repeated
	PluginCacheDir       string        `koanf:"plugin_cache_dir"`       // compiled plugins are kept here; empty: a folder of the user's cache
	PluginMemoryBytes    int           `koanf:"plugin_memory_bytes"`    // linear memory of one instance, at most
	PluginModuleBytes    int           `koanf:"plugin_module_bytes"`    // size of a .wasm file, at most
	PluginFunctions      int           `koanf:"plugin_functions"`       // of a .wasm file, at most
	PluginInstances      int           `koanf:"plugin_instances"`       // of one plugin at the same time, at most
	PluginCompileTimeout time.Duration `koanf:"plugin_compile_timeout"` // after which compiling a plugin is given up
	PluginRecycleCalls   int           `koanf:"plugin_recycle_calls"`   // calls after which an instance is replaced by a new one
	PluginRecycleAge     time.Duration `koanf:"plugin_recycle_age"`     // age at which it is
	LocalReads           bool          `koanf:"local_reads"`            // on a log that other hosts write too: answer reads and rejections from memory, perhaps outdated
	StartFuel            int64         `koanf:"start_fuel"`             // instructions that the start of an instance may take
	LogBytesPerCall      int           `koanf:"log_bytes_per_call"`     // text that a guest may log in one call
	LogBytesPerSecond    int           `koanf:"log_bytes_per_second"`   // that all guests of one plugin may log in a second
	AuditShare           float64       `koanf:"audit_share"`            // of guest calls that are made twice to see whether they are answered the same, 0 to 1
	CommandFuel          int64         `koanf:"command_fuel"`           // instructions that one command may take, or the folding of one event
	BatchFuel            int64         `koanf:"batch_fuel"`             // that one guest call may take, of many commands or events; 0: as much as one command
	RecoveryFuel         int64         `koanf:"recovery_fuel"`          // that folding one entity from its log may take; 0: 1000 times as much as a guest call
}

// Bench is what `eshost bench` puts on a host.
type Bench struct {
	Store       string  `koanf:"store" secret:"url"` // where the host keeps what the benchmark writes, as store.url; pebble: is a folder of its own, which is removed
	Dir         string  `koanf:"dir"`                // an existing folder on the disk to measure; empty: the system's for temporary files
	Plugin      string  `koanf:"plugin"`             // a source folder or .wasm file; empty: the Go counter
	Entities    int     `koanf:"entities"`
	Events      int     `koanf:"events"`      // of each entity
	Inflight    int     `koanf:"inflight"`    // commands in flight of each entity; 0: 1
	Concurrency int     `koanf:"concurrency"` // commands in flight overall, of entities drawn at random, instead; 0: not
	Rate        float64 `koanf:"rate"`        // commands started a second, whatever becomes of them; 0: each when one is answered
	Snapshots   int     `koanf:"snapshots"`   // events from one snapshot to the next; 0: none
	CommandIDs  bool    `koanf:"command_ids"` // every command has an id
	Clients     int     `koanf:"clients"`     // goroutines that send and receive; 0: as many as suit the load
	StateBytes  int     `koanf:"state_bytes"` // of each entity's state, for a plugin that also takes pad {bytes}
}

// Type overrides what is under host for one entity type.
type Type struct {
	SnapshotEvery *int `koanf:"snapshot_every"` // nil: as under host
	DropPayloads  bool `koanf:"drop_payloads"`  // do not record the commands' payloads
}

// Log is the program's own log, on standard error.
type Log struct {
	Level  string `koanf:"level"`  // debug, info, warn or error
	Format string `koanf:"format"` // json, text, or auto: text on a terminal
}

// Tracing sends spans of commands to an OpenTelemetry collector.
type Tracing struct {
	Endpoint    string  `koanf:"endpoint"`     // URL of an OTLP/HTTP collector; empty: no spans
	SampleRatio float64 `koanf:"sample_ratio"` // of commands that come without a trace, 0 to 1
}

// Default returns what holds where nobody says otherwise.
func Default() *Config {
	return &Config{
		Plugins: []string{},
		HTTP: HTTP{Listen: "127.0.0.1:8080", AllowedHosts: []string{}, MaxBodyBytes: 2 << 20, StreamWindow: 1024,
			ShutdownTimeout: 30 * time.Second},
		NATS:  NATSAPI{Prefix: natsapi.DefaultPrefix, Queue: natsapi.DefaultQueue, InFlight: 16384, InFlightBytes: 64 << 20},
		Store: Store{URL: "pebble:eshost-data", CacheBytes: 128 << 20, MemtableBytes: 64 << 20, ReserveBytes: 256 << 20},
		Host: Host{MailboxSize: 1024, BatchSize: 1024, BatchBytes: 1 << 20, EventsPerCommand: 1024, StateBytes: 16 << 20,
			PayloadBytes: 1 << 20, SnapshotEvery: 1000, IdleTimeout: 10 * time.Minute, MemoryBytes: 1 << 30, Recoveries: 64,
			CommandIDAge: 24 * time.Hour, AppendTimeout: 10 * time.Second, PluginMemoryBytes: 256 << 20,
			PluginModuleBytes: 64 << 20, PluginFunctions: 100_000, PluginInstances: 256,
			PluginCompileTimeout: time.Minute, PluginRecycleCalls: 10_000_000, PluginRecycleAge: time.Hour, StartFuel: 5_000_000_000, AuditShare: 0.001,
			LogBytesPerCall: 16 << 10, LogBytesPerSecond: 1 << 20,
			CommandFuel: 1_000_000_000},
		Bench:   Bench{Store: "pebble:", Entities: 50, Events: 20_000},
		Log:     Log{Level: "info", Format: "auto"},
		Tracing: Tracing{SampleRatio: 1},
	}
}
