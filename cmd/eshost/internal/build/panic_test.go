package build_test

import (
	"context"
	"errors"
	"path/filepath"
	"strings"
	"testing"

	"github.com/eshost/eshost/abi"
	"github.com/eshost/eshost/cmd/eshost/internal/build"
	"github.com/eshost/eshost/host/sandbox"
)

// What a handler says when it gives up must reach whoever looks for the fault, whatever language it was written in: as
// a fault of its own command, or as the text of the trap.
func TestTheTextOfAPanicArrivesFromEveryLanguage(t *testing.T) {
	for language, panics := range map[string]struct{ file, before, after string }{
		"go":             {"counter.go", "if c.By > math.MaxUint64-value {", `panic("a bad day")` + "\n\tif c.By > math.MaxUint64-value {"},
		"rust":           {"src/lib.rs", "if u64::MAX - state.0 < self.by {", `if self.by == 5 { panic!("a bad {}", "day") } else if u64::MAX - state.0 < self.by {`},
		"assemblyscript": {"assembly/counter.ts", "if (command.by > u64.MAX_VALUE - value)", `if (command.by == 5) throw new Error("a bad day");` + "\n  if (command.by > u64.MAX_VALUE - value)"},
		"c":              {"counter.c", "if (command->by > UINT64_MAX - *value)", `if (command->by == 5) eshost_panic("a bad day");` + "\n\tif (command->by > UINT64_MAX - *value)"},
	} {
		t.Run(language, func(t *testing.T) {
			b := build.New(&build.Options{CacheDir: filepath.Join(t.TempDir(), "cache")})
			dir := filepath.Join(t.TempDir(), "plugin")
			if _, err := b.Scaffold(dir, language, "counter"); err != nil {
				t.Fatal(err)
			}
			change(t, filepath.Join(dir, filepath.FromSlash(panics.file)), panics.before, panics.after)
			built, err := b.Build(t.Context(), dir)
			if err != nil {
				t.Fatal(err)
			}
			p, err := sandbox.Open(t.Context(), built.Wasm, nil)
			if err != nil {
				t.Fatal(err)
			}
			defer p.Close(context.Background())
			in, err := p.Instance(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			defer in.Close()
			request := abi.AppendCommandRequest(nil, &abi.CommandRequest{Type: "counter", ID: "a", Now: 1763892000000,
				Commands: []abi.Command{{Name: "increase", Payload: []byte{0x81, 0xa2, 'b', 'y', 5}}}})
			message, err := in.HandleCommand(request)
			text := ""
			if trap := new(sandbox.CallError); errors.As(err, &trap) {
				text = trap.Message
			} else if err != nil {
				t.Fatal(err)
			} else if answer := new(abi.CommandAnswer); answer.Decode(message, nil) != nil || len(answer.Outcomes) != 1 || answer.Outcomes[0].Kind != abi.KindPanic {
				t.Fatalf("the answer is %x, want a fault of kind %d", message, abi.KindPanic)
			} else {
				text = string(answer.Outcomes[0].Message)
			}
			if !strings.Contains(text, "a bad day") {
				t.Errorf("the text that arrives is %q", text)
			}
			t.Logf("%q", text)
		})
	}
}
