package host_test

import (
	"context"
	"math"
	"strings"
	"testing"

	"github.com/eshost/eshost/host"
	"github.com/eshost/eshost/stores/memstore"
)

func TestOptionsThatMakeNoSenseAreRefused(t *testing.T) {
	for name, o := range map[string]host.Options{
		"CommandFuel":       {CommandFuel: -1},
		"BatchFuel":         {CommandFuel: 100, BatchFuel: 99},
		"RecoveryFuel":      {RecoveryFuel: 5},
		"PluginMemoryBytes": {PluginMemoryBytes: 100},
		"PluginInstances":   {PluginInstances: -1},
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
