package host_test

import (
	"bytes"
	"path/filepath"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/eshost/eshost/host"
	"github.com/eshost/eshost/host/hosttest"
)

// Plugins that differ in a mark alone are ten plugins to the host, as large as they come.
func TestARestartCompilesNothing(t *testing.T) {
	const plugins = 10
	dir := filepath.Join(t.TempDir(), "compiled")
	var all [][]byte
	for i := range plugins {
		all = append(all, bytes.ReplaceAll(mischief(t), []byte("factor=01"), []byte{'f', 'a', 'c', 't', 'o', 'r', '=', '1', byte('0' + i)}))
	}
	for _, start := range []string{"first", "second"} {
		metrics := prometheus.NewRegistry()
		h := hosttest.New(t, &host.Options{Metrics: metrics, PluginCacheDir: dir, Workers: 1})
		began := time.Now()
		for _, wasm := range all {
			if _, err := h.Deploy(t.Context(), wasm); err != nil {
				t.Fatal(err)
			}
		}
		t.Logf("%s start: ten Go plugins of %d KB took %v", start, len(all[0])>>10, time.Since(began))
		anew, cached := labelled(t, metrics, "eshost_plugin_compilations_total", "source"), labelled(t, metrics, "eshost_plugin_compilations_total", "cache")
		if want := float64(plugins); start == "first" && (anew != want || cached != 0) || start == "second" && (anew != 0 || cached != want) {
			t.Errorf("%s start: %v compiled anew, %v from the cache", start, anew, cached)
		}
		accepted(t, h.Entity("mischief", "a"), add(1))
	}
}

// labelled is the value of the counter with a label of that value.
func labelled(t *testing.T, r *prometheus.Registry, name, label string) float64 {
	t.Helper()
	families, err := r.Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range families {
		for _, m := range f.GetMetric() {
			if f.GetName() == name && m.GetLabel()[0].GetValue() == label {
				return m.GetCounter().GetValue()
			}
		}
	}
	t.Fatalf("no metric %s with %s", name, label)
	return 0
}
