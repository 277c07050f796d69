package host_test

import (
	"context"
	"math"
	"strings"
	"testing"

	"github.com/eshost/eshost/host"
	"github.com/eshost/eshost/host/hosttest"
	"github.com/eshost/eshost/stores/memstore"
)

func TestOptionsThatMakeNoSenseAreRefused(t *testing.T) {
	for name, o := range map[string]host.Options{
		"CommandFuel":       {CommandFuel: -1},
		"BatchFuel":         {CommandFuel: 100, BatchFuel: 99},
		"RecoveryFuel":      {RecoveryFuel: 5},
		"PluginMemoryBytes": {PluginMemoryBytes: 100},
		"PluginInstances":   {PluginInstances: -1},
		"PluginFunctions":   {PluginFunctions: -1},
		"PluginRecycleAge":  {PluginRecycleAge: -1},
		"LogBytesPerSecond": {LogBytesPerSecond: -5},
		"AuditShare":        {AuditShare: 1.5},
	} {
		o.Log = memstore.New(nil)
		if h, err := host.New(t.Context(), &o); err == nil || !strings.Contains(err.Error(), "start host: option "+name+" is ") {
			t.Errorf("%s: error %v", name, err)
			if h != nil {
				_ = h.Close(context.Background())
			}
		}
	}
	o := host.Options{Log: memstore.New(nil), CommandFuel: math.MaxInt64}
	if _, err := host.New(t.Context(), &o); err == nil {
		t.Error("fuel beyond all that is counted")
	}
}

func TestLimitsOfLoadingArePassedOn(t *testing.T) {
	for want, o := range map[string]host.Options{
		"functions":        {PluginFunctions: 2},
		"takes longer":     {PluginCompileTimeout: 1},
		"out of fuel":      {StartFuel: 1},
		"the limit is 100": {PluginModuleBytes: 100},
	} {
		o.Log = memstore.New(nil)
		h, err := host.New(t.Context(), &o)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := h.Deploy(t.Context(), hosttest.Built(t, "counter-go")); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("a plugin beyond a limit: error %v, want one with %q", err, want)
		}
		if err := h.Close(context.Background()); err != nil {
			t.Error(err)
		}
	}
}
