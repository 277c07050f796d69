package engine

import (
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/eshost/eshost/host/internal/entity"
)

// Metrics are the engine's own. None has an entity's id as a label.
type Metrics struct {
	BatchCommands    prometheus.Histogram
	DecideSeconds    prometheus.Histogram
	AppendSeconds    prometheus.Histogram
	AppendCommits    prometheus.Histogram
	RecoverySeconds  prometheus.Histogram
	Conflicts        prometheus.Counter
	Passivations     prometheus.Counter
	Snapshots        prometheus.Counter
	SnapshotFailures prometheus.Counter

	commands, guestCalls, guestNanos, commits, writes, folds, foldNanos, recoveries atomic.Uint64
}

// Tallies count a type's commands by what became of them.
type Tallies struct {
	Accepted, Rejected, Faulted, Unavailable, Reads atomic.Uint64
}

func (t *Tallies) add(n entity.Tally) {
	if n.Accepted > 0 {
		t.Accepted.Add(uint64(n.Accepted))
	}
	if n.Rejected > 0 {
		t.Rejected.Add(uint64(n.Rejected))
	}
	if n.Faulted > 0 {
		t.Faulted.Add(uint64(n.Faulted))
	}
}

// count counts a batch that persisted nothing.
func (t *Type) count(b *entity.Batch) {
	t.Tallies.add(b.Tally())
	t.Tallies.Reads.Add(uint64(b.Reads()))
}

// Stats are counters since the engine was started.
type Stats struct {
	Commands        uint64        // decided by a guest
	GuestCalls      uint64        // that decided them
	GuestTime       time.Duration // which those calls took
	Commits         uint64        // given to the log
	Writes          uint64        // durable writes that held them
	EventsRecovered uint64        // folded from the log
	FoldTime        time.Duration // which that took in the guest
	Recoveries      uint64        // entities folded from the log
	Resident        int           // entities in memory
	ResidentBytes   int64         // which they take, roughly
	Recovering      int           // entities being recovered, or waiting for it
	Queue           int           // turns that wait for a worker
}

// Stats returns the engine's counters.
func (g *Engine) Stats() Stats {
	m := g.cfg.Metrics
	s := Stats{
		Commands: m.commands.Load(), GuestCalls: m.guestCalls.Load(), GuestTime: time.Duration(m.guestNanos.Load()),
		Commits: m.commits.Load(), Writes: m.writes.Load(),
		EventsRecovered: m.folds.Load(), FoldTime: time.Duration(m.foldNanos.Load()), Recoveries: m.recoveries.Load(),
		ResidentBytes: g.resident.Load(), Recovering: g.recoveries.count(), Queue: g.queue.length(),
	}
	for _, t := range g.Types() {
		s.Resident += t.Resident()
	}
	return s
}

// NewMetrics returns the engine's metrics, not registered anywhere.
func NewMetrics() *Metrics {
	seconds := prometheus.ExponentialBuckets(1e-6, 4, 13) // 1 us to 16 s
	sizes := prometheus.ExponentialBuckets(1, 2, 13)      // 1 to 4096
	histogram := func(name, help string, buckets []float64) prometheus.Histogram {
		return prometheus.NewHistogram(prometheus.HistogramOpts{Namespace: "eshost", Name: name, Help: help, Buckets: buckets})
	}
	counter := func(name, help string) prometheus.Counter {
		return prometheus.NewCounter(prometheus.CounterOpts{Namespace: "eshost", Name: name, Help: help})
	}
	return &Metrics{
		BatchCommands:    histogram("batch_commands", "Commands decided in one guest call.", sizes),
		DecideSeconds:    histogram("decide_seconds", "Time of deciding one batch, guest calls and repeats included.", seconds),
		AppendSeconds:    histogram("append_seconds", "Time of one durable write.", seconds),
		AppendCommits:    histogram("append_commits", "Commits in one durable write.", sizes),
		RecoverySeconds:  histogram("recovery_seconds", "Time of recovering one entity.", seconds),
		Conflicts:        counter("conflicts_total", "Appends that met another writer."),
		Passivations:     counter("passivations_total", "Entities that left memory."),
		Snapshots:        counter("snapshots_total", "Snapshots saved."),
		SnapshotFailures: counter("snapshot_failures_total", "Snapshots that could not be saved."),
	}
}

// Collectors returns what there is to register.
func (m *Metrics) Collectors() []prometheus.Collector {
	return []prometheus.Collector{m.BatchCommands, m.DecideSeconds, m.AppendSeconds, m.AppendCommits,
		m.RecoverySeconds, m.Conflicts, m.Passivations, m.Snapshots, m.SnapshotFailures}
}

func (m *Metrics) decided(n int, took time.Duration) {
	m.commands.Add(uint64(n))
	m.guestCalls.Add(1)
	m.guestNanos.Add(uint64(took))
	m.BatchCommands.Observe(float64(n))
	m.DecideSeconds.Observe(took.Seconds())
}

func (m *Metrics) appended(n int, took time.Duration) {
	m.commits.Add(uint64(n))
	m.writes.Add(1)
	m.AppendCommits.Observe(float64(n))
	m.AppendSeconds.Observe(took.Seconds())
}

func (m *Metrics) folded(n int, took time.Duration) {
	m.folds.Add(uint64(n))
	m.foldNanos.Add(uint64(took))
}

func (m *Metrics) recovered(took time.Duration) {
	m.recoveries.Add(1)
	m.RecoverySeconds.Observe(took.Seconds())
}
