package meter_test

import (
	"context"
	"encoding/json"
	"os"
	"testing"

	"github.com/tetratelabs/wazero"

	"github.com/eshost/eshost/abi"
	"github.com/eshost/eshost/abi/abitest"
)

// kitGuest is an instance as the conformance kit wants it.
type kitGuest struct{ *guest }

func (g kitGuest) Describe() ([]byte, error) {
	at, err := g.call(abi.ExportDescribe)
	if err != nil {
		return nil, failed(abi.ExportDescribe, err)
	}
	b, err := g.packed(at)
	return b, failed(abi.ExportDescribe, err)
}

func (g kitGuest) HandleCommand(request []byte) ([]byte, error) {
	b, err := g.handle(g.command, request)
	return b, failed(abi.ExportHandleCommand, err)
}

func (g kitGuest) HandleEvent(request []byte) ([]byte, error) {
	b, err := g.handle(g.event, request)
	return b, failed(abi.ExportHandleEvent, err)
}

func (g kitGuest) Reserve(size uint32) error {
	at, err := g.call(abi.ExportAlloc, uint64(size))
	if err == nil && !g.Memory().Write(uint32(at), make([]byte, size)) {
		return &abitest.CallError{Func: abi.ExportAlloc, Cause: "no room", NoRoom: true}
	}
	return failed(abi.ExportAlloc, err)
}

func (g kitGuest) MemoryBytes() int64 { return int64(g.Memory().Size()) }
func (g kitGuest) Close()             { _ = g.Module.Close(context.Background()) }

// failed is an error as the kit knows it, without the stack.
func failed(export string, err error) error {
	if err == nil {
		return nil
	}
	return &abitest.CallError{Func: export, Cause: what(err), Trapped: true}
}

// report is what the kit says about a module.
func report(t *testing.T, wasm []byte, calls int) *abitest.Report {
	t.Helper()
	r := newRuntime(t, wazero.NewRuntimeConfigCompiler())
	compiled, err := r.CompileModule(t.Context(), wasm)
	if err != nil {
		t.Fatal(err)
	}
	return abitest.Check(t.Context(), func([]byte) (abitest.Guest, error) {
		g, err := r.instance(compiled, 0)
		if err != nil {
			return nil, err
		}
		return kitGuest{g}, nil
	}, wasm, &abitest.Options{Calls: calls})
}

// TestTheKitSaysTheSameOfMeteredPlugins puts every law of the ABI to work on the plugins as they are and metered.
func TestTheKitSaysTheSameOfMeteredPlugins(t *testing.T) {
	calls := 1000
	if os.Getenv("ESHOST_SOAK") != "" {
		calls = 0 // as many as the kit makes of itself
	}
	for _, name := range plugins {
		t.Run(name, func(t *testing.T) {
			wasm := built(t, name)
			metered := rewrite(t, wasm)
			reports := [2]*abitest.Report{report(t, wasm, calls), report(t, metered, calls)}
			if reports[0].Aborted != "" || len(reports[0].Laws) < 10 || reports[0].GuestCalls < calls {
				t.Fatalf("the check of the original is no check: %+v", reports[0])
			}
			var texts [2]string
			for i, r := range reports {
				r.Digest, r.SizeBytes = "", 0
				text, err := json.MarshalIndent(r, "", " ")
				if err != nil {
					t.Fatal(err)
				}
				texts[i] = string(text)
			}
			if texts[0] != texts[1] {
				t.Errorf("of the original it says\n%s\nand of the metered one\n%s", texts[0], texts[1])
			}
			t.Logf("%d calls, OK %t", reports[0].GuestCalls, reports[0].OK)
		})
	}
}
