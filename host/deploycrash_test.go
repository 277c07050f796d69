package host_test

import (
	"context"
	"crypto/sha256"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/eshost/eshost/host"
	"github.com/eshost/eshost/stores"
	"github.com/eshost/eshost/stores/pebblestore"
	"github.com/eshost/eshost/stores/storetest"
)

// deployerEnv tells the test binary to be the child that deploys: its value is the data folder and the
// moment at which it kills itself, with a space between them.
const deployerEnv = "ESHOST_TEST_DEPLOYER"

// The moments are the steps of a deployment, and these.
const (
	afterAppend = "after append" // it is in the log, and nobody was told
	afterBlob   = "after blob"   // the plugin is kept, its manifest is not
	afterAll    = "after all"
)

// livedOn is the exit code of a child that was not killed.
const livedOn = 3

// mortal kills the process, as `kill -9` does, when what it wraps has done its work.
type mortal struct {
	stores.Log
	stores.BlobStore
	moment string
}

func die() {
	if self, err := os.FindProcess(os.Getpid()); err == nil {
		_ = self.Kill()
	}
	select {}
}

func (s *mortal) Append(ctx context.Context, f stores.Fence, c []stores.Commit) []stores.Result {
	r := s.Log.Append(ctx, f, c)
	if s.moment == afterAppend && c[0].Entity.Type == "_deployments" && c[0].Expected == 1 {
		die()
	}
	return r
}

func (s *mortal) PutBlob(ctx context.Context, b []byte) (stores.Digest, error) {
	d, err := s.BlobStore.PutBlob(ctx, b)
	if s.moment == afterBlob {
		die()
	}
	return d, err
}

func (s *mortal) Close() error { return nil }

// deployer deploys a second plugin and kills itself.
func deployer(dir, moment string) error {
	ctx := context.Background()
	store, err := pebblestore.Open(filepath.Join(dir, "data"), nil)
	if err != nil {
		return err
	}
	s := &mortal{Log: store, BlobStore: store, moment: moment}
	h, err := host.New(ctx, &host.Options{Log: s, Blobs: s, Snapshots: store, PluginCacheDir: filepath.Join(dir, "cache")})
	if err != nil {
		return err
	}
	wasm, err := os.ReadFile(filepath.Join(dir, "second.wasm"))
	if err != nil {
		return err
	}
	_, err = h.DeployWith(ctx, wasm, &host.DeployOptions{Progress: func(p host.Progress) {
		if p.Step == moment {
			die()
		}
	}})
	if moment == afterAll && err == nil {
		if _, err = h.Entity("counter", "x").Handle(ctx, host.Command{Name: "increase", Payload: by(1)}); err == nil {
			die()
		}
	}
	return fmt.Errorf("it lives on after %s: %w", moment, err)
}

// At whatever moment a deployment is killed, after a restart the former plugin serves or the new one does.
func TestADeploymentThatIsKilledHasHappenedOrNot(t *testing.T) {
	first, second := small(t, "first"), small(t, "second")
	for _, test := range []struct {
		moment string
		happen bool
	}{
		{host.StepLoad, false}, {host.StepPlan, false}, {host.StepStore, false}, {afterBlob, false}, {host.StepRecord, false},
		{afterAppend, true}, {host.StepActivate, true}, {afterAll, true},
	} {
		dir := t.TempDir()
		if err := os.WriteFile(filepath.Join(dir, "second.wasm"), second, 0o600); err != nil {
			t.Fatal(err)
		}
		within(t, dir, func(h *host.Host) {
			deploy(t, h, first, nil)
			accepted(t, h.Entity("counter", "x"), host.Command{Name: "increase", Payload: by(5)})
		})
		cmd := exec.Command(os.Args[0], "-test.run=^$")
		cmd.Env = append(os.Environ(), deployerEnv+"="+dir+" "+test.moment)
		out, err := cmd.CombinedOutput()
		if err == nil || len(out) > 0 || cmd.ProcessState.ExitCode() == livedOn {
			t.Fatalf("%s: the child was not killed: %v\n%s", test.moment, err, out)
		}
		want, entries := sha256.Sum256(first), 1
		if test.happen {
			want, entries = sha256.Sum256(second), 2
		}
		for restart := range 2 {
			within(t, dir, func(h *host.Host) {
				if types := h.Types(); len(types) != 1 || types[0].Plugin != want {
					t.Errorf("killed at %q, restart %d: %+v serve, want %x", test.moment, restart, types, want[:6])
				}
				if n := len(h.DeploymentHistory()); n != entries {
					t.Errorf("killed at %q: %d deployments are recorded, want %d", test.moment, n, entries)
				}
				r := accepted(t, h.Entity("counter", "x"), host.Command{Name: "increase", Payload: by(1)})
				if s, err := h.Entity("counter", "x").State(t.Context()); err != nil || s.Plugin != want || s.Seq != r.Seq {
					t.Errorf("killed at %q: the state is %+v, %v", test.moment, s, err)
				}
			})
		}
		within(t, dir, func(h *host.Host) { // and the way is free
			d := deploy(t, h, second, nil)
			if serves(h, "counter") != d.Plugin {
				t.Errorf("killed at %q: it cannot be deployed afterwards", test.moment)
			}
		})
	}
}

// within runs a host on the folder's store.
func within(t *testing.T, dir string, f func(*host.Host)) {
	t.Helper()
	store, err := pebblestore.Open(filepath.Join(dir, "data"), nil)
	if err != nil {
		t.Fatal(err)
	}
	h, err := host.New(t.Context(), &host.Options{Log: store, Snapshots: store, Blobs: store, PluginCacheDir: filepath.Join(dir, "cache")})
	if err != nil {
		t.Fatal(err)
	}
	f(h)
	if err := h.Close(t.Context()); err != nil {
		t.Error(err)
	}
	storetest.Verify(t, store)
	if err := store.Close(); err != nil {
		t.Error(err)
	}
}

// deploys runs the child that deploys, if this is it.
func deploys() {
	dir, moment, is := strings.Cut(os.Getenv(deployerEnv), " ")
	if !is {
		return
	}
	fmt.Fprintln(os.Stderr, "child:", deployer(dir, moment))
	os.Exit(livedOn)
}
