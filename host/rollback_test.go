package host_test

import (
	"crypto/sha256"
	"errors"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/eshost/eshost/host"
	"github.com/eshost/eshost/stores/memstore"
)

func TestARollbackGoesBackAndCanBeUndone(t *testing.T) {
	store := memstore.New(nil)
	metrics := prometheus.NewRegistry()
	h := registered(t, store, &host.Options{Metrics: metrics})
	first, second := deploy(t, h, mischief(t), nil), deploy(t, h, mischief(t, "factor=02"), nil)
	x := h.Entity("mischief", "x")
	accepted(t, x, add(1))
	stands(t, x, 1, "2")
	loads := labelled(t, metrics, "eshost_plugin_compilations_total", "source") + labelled(t, metrics, "eshost_plugin_compilations_total", "cache")
	d, err := h.Rollback(t.Context(), "mischief", &host.RollbackOptions{By: "ada@example.com", From: "192.0.2.7"})
	if err != nil || d.Plugin != first.Plugin || d.Seq != 3 {
		t.Fatalf("rolled back to %+v, %v", d, err)
	}
	stands(t, x, 1, "1")
	if d, err = h.Rollback(t.Context(), "mischief", nil); err != nil || d.Plugin != second.Plugin {
		t.Fatalf("undone: %+v, %v", d, err)
	}
	stands(t, x, 1, "2")
	if now := labelled(t, metrics, "eshost_plugin_compilations_total", "source") + labelled(t, metrics, "eshost_plugin_compilations_total", "cache"); now != loads {
		t.Errorf("the former plugin was not kept: %v plugins were loaded for two rollbacks", now-loads)
	}
	// After a restart the former one is loaded again.
	later := registered(t, store, nil)
	if d, err = later.Rollback(t.Context(), "mischief", nil); err != nil || d.Plugin != first.Plugin {
		t.Fatalf("after a restart: %+v, %v", d, err)
	}
	until(t, "the other host goes back, too", func() bool { return serves(h, "mischief") == first.Plugin })
	if e := h.DeploymentHistory()[2]; !e.Rollback || e.By != "ada@example.com" || e.From != "192.0.2.7" || e.Plugin != first.Plugin {
		t.Errorf("the history has %+v", e)
	}
	info, err := h.Plugin(t.Context(), first.Plugin.String()[:12])
	if err != nil || info.Plugin != first.Plugin || len(info.Serves) != 1 || len(info.Entries) != 3 || info.Manifest.Type("mischief") == nil || info.Bytes == 0 {
		t.Errorf("%+v, %v", info, err)
	}
	if typ := h.Types()[0]; typ.Former != second.Plugin || typ.Plugin != first.Plugin || typ.Deployment != 5 {
		t.Errorf("the type is %+v", typ)
	}
}

func TestThereMustBeSomethingToGoBackTo(t *testing.T) {
	h := registered(t, memstore.New(nil), nil)
	if _, err := h.Rollback(t.Context(), "mischief", nil); !errors.Is(err, host.ErrUnknownType) {
		t.Errorf("error %v, want ErrUnknownType", err)
	}
	deploy(t, h, mischief(t), nil)
	if _, err := h.Rollback(t.Context(), "mischief", nil); !errors.Is(err, host.ErrNoFormer) {
		t.Errorf("error %v, want ErrNoFormer", err)
	}
	if _, err := h.Plugin(t.Context(), "00"); !errors.Is(err, host.ErrUnknownPlugin) {
		t.Errorf("error %v, want ErrUnknownPlugin", err)
	}
}

func TestARollbackThatWouldLoseEventsIsRefusedUnlessForced(t *testing.T) {
	h := registered(t, memstore.New(nil), nil)
	deploy(t, h, forgetful(t), nil)
	d := deploy(t, h, mischief(t), nil)
	x := h.Entity("mischief", "x")
	accepted(t, x, host.Command{Name: "poison", Payload: by(1)})
	if _, err := h.Rollback(t.Context(), "mischief", nil); !errors.Is(err, host.ErrUncovered) || !strings.Contains(err.Error(), "roll back type mischief: ") || !strings.Contains(err.Error(), "poisoned v1") {
		t.Fatalf("error %v, want ErrUncovered", err)
	}
	if serves(h, "mischief") != d.Plugin || len(h.DeploymentHistory()) != 2 {
		t.Error("something changed")
	}
	if _, err := h.Rollback(t.Context(), "mischief", &host.RollbackOptions{Force: true}); err != nil {
		t.Fatal(err)
	}
	if _, err := x.State(t.Context()); !errors.Is(err, host.ErrQuarantined) {
		t.Errorf("error %v, want ErrQuarantined", err)
	}
}

// The former plugin is kept until the next deployment, no longer, and closed when nobody uses it.
func TestFormerPluginsAreClosedWithTheNextDeployment(t *testing.T) {
	metrics := prometheus.NewRegistry()
	h := registered(t, memstore.New(nil), &host.Options{Metrics: metrics, PluginInstances: 4, Workers: 1})
	for _, name := range []string{"a", "b", "c", "d"} {
		deploy(t, h, small(t, name), nil)
		accepted(t, h.Entity("counter", "x"), host.Command{Name: "increase", Payload: by(1)})
	}
	if n := h.LoadedPlugins(); n != 2 {
		t.Errorf("%d plugins are loaded, want the one that serves and the one before", n)
	}
	if serves(h, "counter") != sha256.Sum256(small(t, "d")) {
		t.Error("another one serves")
	}
}
