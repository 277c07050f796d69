package engine

import (
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/eshost/eshost/host/internal/entity"
)

// Metrics are the engine's own. None has an entity's id as a label.
type Metrics struct {
	BatchCommands    *histogram
	DecideSeconds    *histogram
	CommandFuel      *histogram
	AppendSeconds    *histogram
	AppendCommits    *histogram
	RecoverySeconds  prometheus.Histogram
	Conflicts        prometheus.Counter
	Passivations     prometheus.Counter
	Snapshots        prometheus.Counter
	SnapshotFailures prometheus.Counter

	Interruptions, folds, foldNanos, recoveries atomic.Uint64
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
	SlowQueue       int           // turns that wait for a worker for slow ones
	Held            int           // entities that wait because they ran out of fuel
	Interruptions   uint64        // guest calls that were broken off, to be made again by a slow worker
}

// Stats returns the engine's counters.
func (g *Engine) Stats() Stats {
	m := g.cfg.Metrics
	s := Stats{
		Commands: m.BatchCommands.sum.Load(), GuestCalls: m.BatchCommands.count(), GuestTime: time.Duration(m.DecideSeconds.sum.Load()),
		Commits: m.AppendCommits.sum.Load(), Writes: m.AppendCommits.count(),
		EventsRecovered: m.folds.Load(), FoldTime: time.Duration(m.foldNanos.Load()), Recoveries: m.recoveries.Load(),
		ResidentBytes: g.resident.Load(), Recovering: g.recoveries.count(), Queue: g.queue.length(), SlowQueue: g.slow.length(), Held: g.held.count(), Interruptions: m.Interruptions.Load(),
	}
	for _, t := range g.Types() {
		s.Resident += t.Resident()
	}
	return s
}

// NewMetrics returns the engine's metrics, not registered anywhere.
func NewMetrics() *Metrics {
	seconds := prometheus.ExponentialBuckets(1e-6, 4, 13) // 1 us to 16 s
	histogram := func(name, help string, buckets []float64) prometheus.Histogram {
		return prometheus.NewHistogram(prometheus.HistogramOpts{Namespace: "eshost", Name: name, Help: help, Buckets: buckets})
	}
	counter := func(name, help string) prometheus.Counter {
		return prometheus.NewCounter(prometheus.CounterOpts{Namespace: "eshost", Name: name, Help: help})
	}
	return &Metrics{
		BatchCommands:    newHistogram("batch_commands", "Commands decided in one guest call.", 1, 0, 13),
		DecideSeconds:    newHistogram("decide_seconds", "Time of deciding one batch, guest calls and repeats included.", 1e-9, 10, 24),
		CommandFuel:      newHistogram("command_fuel", "Instructions that deciding one command took, as they are metered; the mean of each batch.", 1, 4, 30),
		AppendSeconds:    newHistogram("append_seconds", "Time of one durable write.", 1e-9, 10, 24),
		AppendCommits:    newHistogram("append_commits", "Commits in one durable write.", 1, 0, 13),
		RecoverySeconds:  histogram("recovery_seconds", "Time of recovering one entity.", seconds),
		Conflicts:        counter("conflicts_total", "Appends that met another writer."),
		Passivations:     counter("passivations_total", "Entities that left memory."),
		Snapshots:        counter("snapshots_total", "Snapshots saved."),
		SnapshotFailures: counter("snapshot_failures_total", "Snapshots that could not be saved."),
	}
}

// Collectors returns what there is to register.
func (m *Metrics) Collectors() []prometheus.Collector {
	return []prometheus.Collector{m.BatchCommands, m.DecideSeconds, m.CommandFuel, m.AppendSeconds, m.AppendCommits,
		m.RecoverySeconds, m.Conflicts, m.Passivations, m.Snapshots, m.SnapshotFailures}
}

func (m *Metrics) appended(n int, took time.Duration) {
	m.AppendCommits.observe(uint64(n))
	m.AppendSeconds.observe(uint64(took))
}

func (m *Metrics) folded(n int, took time.Duration) {
	m.folds.Add(uint64(n))
	m.foldNanos.Add(uint64(took))
}

func (m *Metrics) recovered(took time.Duration) {
	m.recoveries.Add(1)
	m.RecoverySeconds.Observe(took.Seconds())
}
