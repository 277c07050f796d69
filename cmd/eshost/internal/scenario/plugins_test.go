package scenario_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/eshost/eshost/abi"
	"github.com/eshost/eshost/cmd/eshost/internal/scenario"
	"github.com/eshost/eshost/host/hosttest"
	"github.com/eshost/eshost/host/sandbox"
)

// The scenarios leave nothing out that the plugin can do, down to the last rejection.
func TestThePluginsDoWhatTheirScenariosSayInEveryLanguage(t *testing.T) {
	for _, name := range []string{"counter-go", "counter-rust", "counter-assemblyscript", "counter-c", "order-go", "order-rust"} {
		t.Run(name, func(t *testing.T) {
			seen := make(map[string]bool)
			def := runBuilt(t, name, seen).Types[0]
			var want []string
			for _, c := range def.Commands {
				want = append(want, c.Name+" accepted")
				for _, code := range c.Rejections {
					want = append(want, c.Name+" rejected with "+code)
				}
			}
			for _, e := range def.Events {
				want = append(want, fmt.Sprintf("event %s version %d", e.Name, e.Version))
			}
			for _, what := range want {
				if !seen[what] {
					t.Errorf("no scenario has %s", what)
				}
			}
		})
	}
}

// runBuilt runs the scenarios of a plugin that make wasm built, and notes what it does.
func runBuilt(t *testing.T, name string, seen map[string]bool) *abi.Manifest {
	t.Helper()
	kind, _, _ := strings.Cut(name, "-")
	paths, err := scenario.Find([]string{"../../../../plugins/" + kind + "/scenarios"})
	if err != nil {
		t.Fatal(err)
	}
	files, err := scenario.Load(paths)
	if err != nil {
		t.Fatal(err)
	}
	ctx := context.Background()
	plugin, err := sandbox.Open(ctx, hosttest.Built(t, name), nil)
	if err != nil {
		t.Fatal(err)
	}
	report, err := scenario.Run(ctx, &scenario.Plugin{Manifest: plugin.Manifest(), Open: func(ctx context.Context) (scenario.Guest, error) {
		in, err := plugin.Instance(ctx)
		return &witness{in, seen}, err
	}}, files, nil, func(r *scenario.Result) {
		if len(r.Failures) > 0 {
			var text strings.Builder
			r.Text(&text)
			t.Error("\n" + text.String())
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	if report.Passed == 0 {
		t.Error("no scenario was run")
	}
	if err := plugin.Close(ctx); err != nil {
		t.Error(err)
	}
	return plugin.Manifest()
}

// witness is an instance that notes what passes.
type witness struct {
	*sandbox.Instance
	seen map[string]bool
}

func (w *witness) HandleCommand(request []byte) ([]byte, error) {
	raw, err := w.Instance.HandleCommand(request)
	if err != nil {
		return raw, err
	}
	var r abi.CommandRequest
	var a abi.CommandAnswer
	if err := r.Decode(request); err != nil {
		return nil, err
	}
	if err := a.Decode(slices.Clone(raw), nil); err != nil {
		return nil, err
	}
	for i, o := range a.Outcomes {
		what := r.Commands[i].Name + " " + o.Status.String()
		if o.Status == abi.Rejected {
			what += " with " + string(o.Code)
		}
		w.seen[what] = true
	}
	return raw, nil
}

func (w *witness) HandleEvent(request []byte) ([]byte, error) {
	var r abi.EventRequest
	if err := r.Decode(request); err != nil {
		return nil, err
	}
	for _, e := range r.Events {
		w.seen[fmt.Sprintf("event %s version %d", e.Name, e.Version)] = true
	}
	return w.Instance.HandleEvent(request)
}
