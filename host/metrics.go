package host

import (
	"github.com/prometheus/client_golang/prometheus"

	"github.com/eshost/eshost/host/internal/engine"
)

// register registers the host's metrics, if it was given where.
func (h *Host) register(m *engine.Metrics) error {
	if h.o.Metrics == nil {
		return nil
	}
	for _, c := range append(m.Collectors(), collector{h}) {
		if err := h.o.Metrics.Register(c); err != nil {
			return err
		}
		h.registered = append(h.registered, c)
	}
	return nil
}

// unregister takes the host's metrics back.
func (h *Host) unregister() {
	for _, c := range h.registered {
		h.o.Metrics.Unregister(c)
	}
	h.registered = nil
}

func desc(name, help string, labels ...string) *prometheus.Desc {
	return prometheus.NewDesc("eshost_"+name, help, labels, nil)
}

var (
	descCommands      = desc("commands_total", "Commands by what became of them: accepted, rejected, faulted or unavailable.", "type", "outcome")
	descReads         = desc("reads_total", "Reads of an entity's state that were answered.", "type")
	descResident      = desc("entities_resident", "Entities in memory.", "type")
	descBytes         = desc("entities_resident_bytes", "Memory that entities take, roughly.")
	descRecovering    = desc("entities_recovering", "Entities being recovered from the log, or waiting for it.")
	descQuarantined   = desc("entities_quarantined", "Entities whose events cannot be folded.")
	descQueue         = desc("queue_depth", "Entities that wait for a worker.")
	descSlowQueue     = desc("slow_queue_depth", "Entities that wait for a worker for calls that take long.")
	descHeld          = desc("entities_held", "Entities that wait because their commands ran out of fuel.")
	descInterruptions = desc("guest_interruptions_total", "Guest calls that took so long that they were broken off, to be made again by a worker for such calls.")
	descInstances     = desc("plugin_instances", "Instances of a plugin that is served.", "plugin")
	descInstanceBytes = desc("plugin_instance_bytes", "Linear memory of those instances.", "plugin")
	descDiscarded     = desc("plugin_instances_discarded_total", "Instances discarded after an error or because they grew.", "plugin")
	descCompilations  = desc("plugin_compilations_total", "Plugins that were loaded: compiled anew, or as an earlier start had compiled them.", "from")
	descCompileTime   = desc("plugin_compile_seconds_total", "Time that took.")
	descAudits        = desc("plugin_audits_total", "Guest calls that were made twice, to see whether they are answered the same.", "plugin")
	descDifferences   = desc("plugin_audit_differences_total", "Of these, those that were not: the plugin depends on more than its input.", "plugin")
	descLogDropped    = desc("plugin_log_lines_dropped_total", "Lines that a plugin logged beyond what it may.", "plugin")
	descGuestCalls    = desc("guest_calls_total", "Guest calls that decided commands.")
	descGuestTime     = desc("guest_seconds_total", "Time in those calls.")
	descRecovered     = desc("events_recovered_total", "Events folded from the log.")
)

// collector reads what the host counts anyway.
type collector struct{ h *Host }

// Describe implements prometheus.Collector.
func (c collector) Describe(ch chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{descCommands, descReads, descResident, descBytes, descRecovering, descQuarantined,
		descQueue, descSlowQueue, descHeld, descInterruptions, descInstances, descInstanceBytes, descDiscarded, descCompilations, descCompileTime, descAudits, descDifferences, descLogDropped, descGuestCalls, descGuestTime, descRecovered} {
		ch <- d
	}
}

// Collect implements prometheus.Collector.
func (c collector) Collect(ch chan<- prometheus.Metric) {
	counter := func(d *prometheus.Desc, v float64, labels ...string) {
		ch <- prometheus.MustNewConstMetric(d, prometheus.CounterValue, v, labels...)
	}
	gauge := func(d *prometheus.Desc, v float64, labels ...string) {
		ch <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, v, labels...)
	}
	for _, t := range c.h.engine.Types() {
		counter(descCommands, float64(t.Tallies.Accepted.Load()), t.Name, "accepted")
		counter(descCommands, float64(t.Tallies.Rejected.Load()), t.Name, "rejected")
		counter(descCommands, float64(t.Tallies.Faulted.Load()), t.Name, "faulted")
		counter(descCommands, float64(t.Tallies.Unavailable.Load()), t.Name, "unavailable")
		counter(descReads, float64(t.Tallies.Reads.Load()), t.Name)
		gauge(descResident, float64(t.Resident()), t.Name)
	}
	s := c.h.Stats()
	gauge(descBytes, float64(s.ResidentBytes))
	gauge(descRecovering, float64(s.Recovering))
	gauge(descQuarantined, float64(len(c.h.engine.Quarantined())))
	gauge(descQueue, float64(s.Queue))
	gauge(descSlowQueue, float64(s.SlowQueue))
	gauge(descHeld, float64(s.Held))
	counter(descInterruptions, float64(s.Interruptions))
	counter(descGuestCalls, float64(s.GuestCalls))
	counter(descGuestTime, s.GuestTime.Seconds())
	counter(descRecovered, float64(s.EventsRecovered))
	compiled := c.h.plugins.Compilations()
	counter(descCompilations, float64(compiled.Compiled), "source")
	counter(descCompilations, float64(compiled.Cached), "cache")
	counter(descCompileTime, compiled.Time.Seconds())
	for _, d := range c.h.running() {
		n := d.plugin.Stats()
		gauge(descInstances, float64(n.Live), d.digest.String())
		gauge(descInstanceBytes, float64(n.MemoryBytes), d.digest.String())
		counter(descDiscarded, float64(n.Discarded), d.digest.String())
		counter(descLogDropped, float64(d.speech.dropped.Load()), d.digest.String())
		counter(descAudits, float64(d.auditor.audited.Load()), d.digest.String())
		counter(descDifferences, float64(d.auditor.different.Load()), d.digest.String())
	}
}
