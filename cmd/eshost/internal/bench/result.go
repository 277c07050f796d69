package bench

import (
	"runtime"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"

	"github.com/eshost/eshost/host"
)

// Result is what a run measured. Rates are per second; what was not measured is 0.
type Result struct {
	// The load on the host; with a concurrency or a setup, without the first command of each entity.
	CommandsPerSecond     float64 `json:"commands_per_second"`
	P50                   float64 `json:"p50_us"` // from sending (at a rate: from when it was due) to the durable answer
	P99                   float64 `json:"p99_us"`
	Max                   float64 `json:"max_us"`
	Commands              int64   `json:"commands"`
	RunSeconds            float64 `json:"run_seconds"`
	GuestNSPerCommand     float64 `json:"guest_ns_per_command"` // deciding: the guest call and what surrounds it
	CommandsPerGuestCall  float64 `json:"commands_per_guest_call"`
	CommitsPerWrite       float64 `json:"commits_per_write"`
	CommandsPerWrite      float64 `json:"commands_per_write"`
	ColdCommandsPerSecond float64 `json:"cold_commands_per_second"` // the first command of each entity, which is new
	ColdSeconds           float64 `json:"cold_seconds"`
	ColdP50               float64 `json:"cold_p50_us"`
	ColdP99               float64 `json:"cold_p99_us"`
	ColdMax               float64 `json:"cold_max_us"`
	ColdToWarm            float64 `json:"ratio_cold_to_warm"`

	// All entities activated again by a new host, from a log that the system may have cached.
	RecoveryEventsPerSecond float64 `json:"recovery_events_per_second"`
	RecoverySeconds         float64 `json:"recovery_seconds"`
	RecoveredEvents         uint64  `json:"recovered_events"` // folded; fewer than there are when there are snapshots
	RecoveryGuestNSPerEvent float64 `json:"recovery_guest_ns_per_event"`

	PeakRSSBytes int64 `json:"peak_rss_bytes"` // of the process, from its start to the end of recovery; 0: the system does not tell

	// The ceilings.
	BarePerSecond     float64 `json:"bare_store_per_second"` // writes of one record's bytes each
	BareP50           float64 `json:"bare_p50_us"`
	BareP99           float64 `json:"bare_p99_us"`
	BareMax           float64 `json:"bare_max_us"`
	BareCommands      int64   `json:"bare_commands"`
	BareSeconds       float64 `json:"bare_seconds"`
	RatioToBare       float64 `json:"ratio_to_bare_store"`
	BareColdPerSecond float64 `json:"bare_cold_per_second"`
	ColdRatioToBare   float64 `json:"cold_ratio_to_bare_store"`
	RawDiskPerSecond  float64 `json:"raw_disk_per_second"` // commands, if every sync carried as many as the host's durable writes did
	RawSyncsPerSecond float64 `json:"raw_syncs_per_second"`
	FdatasyncP50      float64 `json:"fdatasync_p50_us"`        // over a file that has its size
	FdatasyncGrowP50  float64 `json:"fdatasync_append_p50_us"` // of a file that grows
	BytesPerWrite     int     `json:"bytes_per_write"`

	// One command at a time, in turns with one commit of bare Pebble at a time.
	LoneP50    float64 `json:"lone_p50_us"`
	LoneToBare float64 `json:"lone_ratio_to_bare_store"` // of the medians: 1.2 is a fifth slower

	// What was run, and on what.
	Entities    int     `json:"entities"`
	Events      int     `json:"events_per_entity"`
	Inflight    int     `json:"inflight_per_entity"` // 0: it was not what limited the load
	Concurrency int     `json:"concurrency"`
	Rate        float64 `json:"rate"`
	Plugin      string  `json:"plugin"`
	PluginBytes int     `json:"plugin_bytes"`
	Store       string  `json:"store"`
	Durability  string  `json:"durability"`
	Snapshots   int     `json:"snapshot_every"`
	CommandIDs  bool    `json:"command_ids"`
	Setup       string  `json:"setup"`
	Clients     int     `json:"clients"`     // goroutines
	ClientKind  string  `json:"client_kind"` // kindCompletions, kindCalls
	FileSystem  string  `json:"file_system"`
	GoVersion   string  `json:"go_version"`
	OS          string  `json:"os"`
	Arch        string  `json:"arch"`
	CPUs        int     `json:"cpus"`
}

// The kinds of clients.
const (
	kindCompletions = "completions"
	kindCalls       = "calls"
)

// memoryFileSystem is one that keeps nothing on a disk.
const memoryFileSystem = "tmpfs"

func newResult(c *Config, fileSystem string) *Result {
	r := &Result{
		Entities: c.Entities, Events: c.Events, Inflight: c.Inflight, Concurrency: c.Concurrency, Rate: c.Rate,
		Plugin: c.PluginName, PluginBytes: len(c.Plugin), Store: c.store.Kind, Snapshots: c.Snapshots, CommandIDs: c.CommandIDs,
		Clients: min(c.Clients, c.Entities), ClientKind: kindCompletions, FileSystem: fileSystem,
		GoVersion: runtime.Version(), OS: runtime.GOOS, Arch: runtime.GOARCH, CPUs: runtime.GOMAXPROCS(0),
	}
	if c.Setup != nil {
		r.Setup = c.Setup.Command
	}
	if c.Concurrency > 0 || c.Rate > 0 {
		r.Inflight = 0
	}
	if c.Concurrency > 0 {
		r.Clients = min(r.Clients, c.Concurrency)
	}
	if c.lone() {
		r.ClientKind = kindCalls
	}
	return r
}

// micros returns a quantile in microseconds.
func micros(h *hdrhistogram.Histogram, percent float64) float64 {
	return float64(h.ValueAtQuantile(percent)) / 1e3
}

// ratio is 0 where there is nothing to divide by.
func ratio(a, b float64) float64 {
	if b == 0 {
		return 0
	}
	return a / b
}

// bareName is what the bare store is called.
func (r *Result) bareName() string { return bareNames[r.Store] }

// loaded takes what the load on the host gave, and what the host counted in its main part.
func (r *Result) loaded(p parts, wrote host.Stats) {
	m := p.rest
	r.Commands, r.RunSeconds, r.CommandsPerSecond = m.commands, m.took.Seconds(), m.perSecond()
	r.P50, r.P99, r.Max = micros(m.latency, 50), micros(m.latency, 99), micros(m.latency, 100)
	r.GuestNSPerCommand = ratio(float64(wrote.GuestTime), float64(wrote.Commands))
	r.CommandsPerGuestCall = ratio(float64(wrote.Commands), float64(wrote.GuestCalls))
	r.CommitsPerWrite = ratio(float64(wrote.Commits), float64(wrote.Writes))
	r.CommandsPerWrite = ratio(float64(m.commands), float64(wrote.Writes))
	if p.first != nil {
		m = p.first
		r.ColdSeconds, r.ColdCommandsPerSecond = m.took.Seconds(), m.perSecond()
		r.ColdP50, r.ColdP99, r.ColdMax = micros(m.latency, 50), micros(m.latency, 99), micros(m.latency, 100)
		r.ColdToWarm = ratio(r.ColdCommandsPerSecond, r.CommandsPerSecond)
	}
}

func (r *Result) recovered(took time.Duration, s host.Stats) {
	r.RecoverySeconds, r.RecoveredEvents = took.Seconds(), s.EventsRecovered
	r.RecoveryEventsPerSecond = perSecond(float64(s.EventsRecovered), took)
	r.RecoveryGuestNSPerEvent = ratio(float64(s.FoldTime), float64(s.EventsRecovered))
}

// disk takes what the raw disk did.
func (r *Result) disk(s syncs, grow bool, bytes int) {
	if grow {
		r.FdatasyncGrowP50 = micros(s.latency, 50)
		return
	}
	r.BytesPerWrite = bytes
	r.FdatasyncP50 = micros(s.latency, 50)
	r.RawSyncsPerSecond = perSecond(float64(s.n), s.took)
	r.RawDiskPerSecond = r.RawSyncsPerSecond * r.CommandsPerWrite
}

// bare takes what bare Pebble did under the load.
func (r *Result) bare(p parts) {
	r.bareLoad(p.rest)
	r.RatioToBare = ratio(r.CommandsPerSecond, r.BarePerSecond)
	if p.first != nil {
		r.BareColdPerSecond = p.first.perSecond()
		r.ColdRatioToBare = ratio(r.ColdCommandsPerSecond, r.BareColdPerSecond)
	}
}

func (r *Result) bareLoad(m *measured) {
	r.BareCommands, r.BareSeconds, r.BarePerSecond = m.commands, m.took.Seconds(), m.perSecond()
	r.BareP50, r.BareP99, r.BareMax = micros(m.latency, 50), micros(m.latency, 99), micros(m.latency, 100)
}

// alone takes the comparison of the lone command with the lone commit.
func (r *Result) alone(ours, theirs *measured) {
	r.bareLoad(theirs)
	r.LoneP50 = micros(ours.latency, 50)
	r.LoneToBare = ratio(r.LoneP50, r.BareP50)
	r.RatioToBare = ratio(ours.perSecond(), theirs.perSecond())
}
