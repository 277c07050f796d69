package host_test

import (
	"bytes"
	"log/slog"
	"strings"
	"sync"
	"testing"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/eshost/eshost/host"
)

// written collects a log.
type written struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (w *written) Write(b []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.b.Write(b)
}

func TestAPluginLogsNoMoreThanItMay(t *testing.T) {
	var out written
	metrics := prometheus.NewRegistry()
	h := serve(t, &host.Options{Logger: slog.New(slog.NewTextHandler(&out, nil)), Metrics: metrics,
		LogBytesPerCall: 5500, LogBytesPerSecond: 20_000, AuditShare: -1}, mischief(t))
	const calls = 100
	for range calls {
		accepted(t, h.Entity("mischief", "a"), host.Command{Name: "say"})
	}
	out.mu.Lock()
	defer out.mu.Unlock()
	lines, warnings := strings.Count(out.b.String(), "xxx source=plugin"), strings.Count(out.b.String(), "the plugin logs more than it may")
	// A burst of a second's worth, and what was allowed meanwhile; of one call 5 of its 10 lines.
	if lines < 15 || lines > 200 {
		t.Errorf("%d lines of %d", lines, 10*calls)
	}
	if warnings == 0 || warnings > 60 {
		t.Errorf("%d warnings", warnings)
	}
	if dropped := sumOf(t, metrics, "eshost_plugin_log_lines_dropped_total"); int(dropped) != 10*calls-lines {
		t.Errorf("%v dropped and %d logged, of %d", dropped, lines, 10*calls)
	}
}

// sumOf is a counter's value over all its labels.
func sumOf(t *testing.T, r *prometheus.Registry, name string) (sum float64) {
	t.Helper()
	families, err := r.Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range families {
		if f.GetName() == name {
			for _, m := range f.GetMetric() {
				sum += m.GetCounter().GetValue()
			}
		}
	}
	return sum
}
