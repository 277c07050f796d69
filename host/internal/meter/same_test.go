package meter_test

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"errors"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"

	"github.com/eshost/eshost/abi"
	"github.com/eshost/eshost/host/internal/countertest"
	"github.com/eshost/eshost/host/internal/meter"
)

var plugins = []string{"counter-go", "counter-rust", "counter-assemblyscript", "counter-c", "order-go", "order-rust"}

// vectors gives every text of hexadecimal digits in the vectors of the ABI: requests of all forms, and much that is none.
func vectors(t *testing.T) (all [][]byte) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("..", "..", "..", "abi", "testdata", "vectors.json"))
	if err != nil {
		t.Fatal(err)
	}
	var root any
	if err := json.Unmarshal(text, &root); err != nil {
		t.Fatal(err)
	}
	var walk func(any)
	walk = func(v any) {
		switch v := v.(type) {
		case map[string]any:
			for _, x := range v {
				walk(x)
			}
		case []any:
			for _, x := range v {
				walk(x)
			}
		case string:
			if b, err := hex.DecodeString(strings.ReplaceAll(v, " ", "")); err == nil && len(b) > 0 {
				all = append(all, b)
			}
		}
	}
	walk(root)
	if len(all) < 100 {
		t.Fatalf("%d vectors", len(all))
	}
	slices.SortFunc(all, bytes.Compare)
	return all
}

// TestMeteredPluginsAnswerTheSame gives each plugin, as it is and metered, the vectors, batches, and mutations of both.
func TestMeteredPluginsAnswerTheSame(t *testing.T) {
	requests := append(vectors(t), countertest.Increases(1), countertest.Increases(64))
	random := rand.New(rand.NewPCG(1, 2))
	for range 300 {
		b := bytes.Clone(requests[len(requests)-1-random.IntN(2)])
		for range 1 + random.IntN(4) {
			b[random.IntN(len(b))] = byte(random.Uint32())
		}
		requests = append(requests, b)
	}
	for _, name := range plugins {
		t.Run(name, func(t *testing.T) {
			wasm := built(t, name)
			r := newRuntime(t, wazero.NewRuntimeConfigCompiler())
			metered := rewrite(t, wasm)
			guests := [2]*guest{r.start(t, wasm), r.start(t, metered)}
			if n := len(metered) - len(wasm); n > len(wasm)/5 {
				t.Errorf("it grew by %d bytes of %d", n, len(wasm))
			} else {
				t.Logf("it grew by %.1f%% of %d bytes", 100*float64(n)/float64(len(wasm)), len(wasm))
			}
			for i, request := range requests {
				for _, handler := range []string{abi.ExportHandleCommand, abi.ExportHandleEvent} {
					var answers [2][]byte
					var errs [2]error
					for k, g := range guests {
						answers[k], errs[k] = g.handle(g.ExportedFunction(handler), request)
					}
					if (errs[0] == nil) != (errs[1] == nil) || !bytes.Equal(answers[0], answers[1]) {
						t.Fatalf("%s of request %d: %x and %x, errors %v and %v", handler, i, answers[0], answers[1], errs[0], errs[1])
					}
					if errs[0] != nil {
						guests = [2]*guest{r.start(t, wasm), r.start(t, metered)}
					}
				}
			}
			if guests[1].used() == 0 {
				t.Error("nothing was charged")
			}
		})
	}
}

// TestMeteringGivesTheSameBytes rewrites twice.
func TestMeteringGivesTheSameBytes(t *testing.T) {
	wasm := built(t, "counter-rust")
	if !bytes.Equal(rewrite(t, wasm), rewrite(t, wasm)) {
		t.Error("different bytes")
	}
}

// TestBulkOperationsDoWhatTheyDid fills and copies at random, across pieces and the end of memory.
func TestBulkOperationsDoWhatTheyDid(t *testing.T) {
	args := join(0x20, 0, 0x20, 1, 0x20, 2)
	w := wat{types: [][]byte{three, i32ToI32}, memory: join(1, 17, 20), exports: [][]byte{join("memory", 2, 0)},
		dataCount: []byte{1}, data: [][]byte{join(1, "a segment that is not active")},
		funcs: []fn{
			{name: "fill", body: join(args, 0xfc, 11, 0)},
			{name: "copy", body: join(args, 0xfc, 10, 0, 0)},
			{name: "init", body: join(args, 0xfc, 8, 0, 0)},
			{name: "grow", kind: 1, body: join(0x20, 0, 0x40, 0)},
		}}
	wasm := scanned(t, w.bytes())
	r := newRuntime(t, wazero.NewRuntimeConfigCompiler())
	guests := [2]*guest{r.start(t, wasm), r.start(t, rewrite(t, wasm))}
	random := rand.New(rand.NewPCG(3, 4))
	const size = 17 << 16
	trapped := 0
	for i := range 2000 {
		place := func() uint64 {
			switch random.IntN(8) {
			case 0:
				return uint64(size - random.IntN(64) + 32)
			case 1:
				return uint64(random.Uint32())
			case 2:
				return 1<<32 - 1 - uint64(random.IntN(4))
			}
			return uint64(random.IntN(size))
		}
		length := func() uint64 {
			switch random.IntN(4) {
			case 0:
				return uint64(random.IntN(3))
			case 1:
				return place()
			}
			return uint64(random.IntN(1 << (4 + random.IntN(17))))
		}
		name := []string{"fill", "copy", "copy", "init", "grow"}[random.IntN(5)]
		params := []uint64{place(), place(), length()}
		if name == "grow" {
			params = []uint64{[]uint64{0, 1, 5, 1 << 16, 1<<32 - 1}[random.IntN(5)]}
		}
		var results [2]uint64
		var errs [2]error
		for k, g := range guests {
			results[k], errs[k] = g.call(name, params...)
		}
		if (errs[0] == nil) != (errs[1] == nil) || errs[0] != nil && what(errs[0]) != what(errs[1]) || results[0] != results[1] {
			t.Fatalf("%d: %s%v gives %d and %d, errors %v and %v", i, name, params, results[0], results[1], errs[0], errs[1])
		}
		if errs[0] != nil {
			trapped++
		}
		if !bytes.Equal(memoryOf(guests[0]), memoryOf(guests[1])) {
			t.Fatalf("%d: %s%v leaves another memory", i, name, params)
		}
	}
	if trapped < 100 || trapped > 1900 {
		t.Errorf("%d of 2000 trapped", trapped)
	}
}

func what(err error) string {
	line, _, _ := strings.Cut(err.Error(), "\n")
	return line
}

func memoryOf(g *guest) []byte {
	m := g.Memory()
	b, _ := m.Read(0, m.Size())
	return b
}

// TestTablesDoWhatTheyDid uses every instruction of tables, and a segment of each of the eight forms.
func TestTablesDoWhatTheyDid(t *testing.T) {
	toNothing := signature("\x7f", "")
	seven, eight := join(c32(7), 0x0b), join(c32(8), 0x0b)
	w := wat{types: [][]byte{toI32, i32ToI32, toNothing}, table: join(0x70, 0, 8), imported: 1, imports: [][]byte{join("eshost_v1", "panic", 0, 3)},
		globals: [][]byte{join(0x70, 0, 0xd2, 1, 0x0b)},
		elements: [][]byte{
			join(0, c32(0), 0x0b, 2, 1, 2),
			join(1, 0, 1, 1),
			join(2, 0, c32(2), 0x0b, 0, 1, 2),
			join(3, 0, 1, 2),
			join(4, c32(3), 0x0b, 1, 0xd2, 1, 0x0b),
			join(5, 0x70, 2, 0xd2, 2, 0x0b, 0xd0, 0x70, 0x0b),
			join(6, 0, c32(4), 0x0b, 0x70, 1, 0xd2, 2, 0x0b),
			join(7, 0x70, 1, 0xd2, 1, 0x0b),
		},
		funcs: []fn{
			{body: seven[:len(seven)-1]},
			{body: eight[:len(eight)-1]},
			{name: "call", kind: 1, body: join(0x20, 0, 0x11, 0, 0)},
			{name: "init", kind: 2, body: join(0x20, 0, c32(0), c32(2), 0xfc, 12, 5, 0)},
			{name: "copy", kind: 2, body: join(0x20, 0, c32(0), c32(3), 0xfc, 14, 0, 0)},
			{name: "grow", kind: 1, body: join(0xd2, 1, 0x20, 0, 0xfc, 15, 0)},
			{name: "fill", kind: 2, body: join(0x20, 0, 0x23, 0, c32(2), 0xfc, 17, 0)},
			{name: "size", kind: 0, body: join(0xfc, 16, 0)},
			{name: "set", kind: 2, body: join(0x20, 0, 0xd2, 2, 0x26, 0)},
		}}
	w.types = append(w.types, signature("\x7f\x7f", ""))
	wasm := scanned(t, w.bytes())
	r := newRuntime(t, wazero.NewRuntimeConfigCompiler())
	guests := [2]*guest{r.start(t, wasm), r.start(t, rewrite(t, wasm))}
	random := rand.New(rand.NewPCG(5, 6))
	for i := range 2000 {
		name := []string{"call", "call", "call", "init", "copy", "fill", "set", "size", "grow"}[random.IntN(9)]
		params := []uint64{uint64(random.IntN(12))}
		switch {
		case name == "size":
			params = nil
		case name == "grow" && random.IntN(2) == 0:
			params[0] = 1<<32 - 1
		}
		a, errA := guests[0].call(name, params...)
		b, errB := guests[1].call(name, params...)
		if a != b || (errA == nil) != (errB == nil) || errA != nil && what(errA) != what(errB) {
			t.Fatalf("%d: %s%v gives %d and %d, errors %v and %v", i, name, params, a, b, errA, errB)
		}
	}
}

// TestNamesInStackTracesStayRight traps in a named function behind an import.
func TestNamesInStackTracesStayRight(t *testing.T) {
	w := wat{types: [][]byte{nothing, signature("\x7f\x7f", "")}, imported: 1, imports: [][]byte{join("eshost_v1", "panic", 0, 1)},
		funcs: []fn{{name: "f", body: charged(1, 0x10, 2)}, {body: []byte{0x00}}},
		names: join(0, sized(join("m")), 1, sized(vector([][]byte{join(0, "imported"), join(1, "outer"), join(2, "inner"), join(9, "nobody")})),
			2, sized(vector([][]byte{join(1, vector([][]byte{join(0, "local")}))})))}
	r := newRuntime(t, wazero.NewRuntimeConfigCompiler())
	metered := rewrite(t, scanned(t, w.bytes()))
	g := r.start(t, metered)
	_, err := g.call("f")
	if err == nil || !strings.Contains(err.Error(), "m.inner()") || !strings.Contains(err.Error(), "m.outer()") {
		t.Errorf("error %v", err)
	}
	g.tank.limit = 1
	g.ExportedGlobal(meter.FuelGlobal).(api.MutableGlobal).Set(0)
	if _, err = g.call("f"); !errors.Is(err, errNoFuel) || !strings.Contains(err.Error(), "eshost_meter.refill()") {
		t.Errorf("error %v", err)
	}
	if bytes.Contains(metered, []byte("local")) || bytes.Contains(metered, []byte("nobody")) {
		t.Error("names of nothing are kept")
	}
}

// TestTheFuelIsExported looks at what the host needs.
func TestTheFuelIsExported(t *testing.T) {
	r := newRuntime(t, wazero.NewRuntimeConfigInterpreter())
	g := r.start(t, rewrite(t, scanned(t, []byte(header))))
	fuel, ok := g.ExportedGlobal(meter.FuelGlobal).(api.MutableGlobal)
	if !ok || fuel.Type() != api.ValueTypeI64 || fuel.Get() != 0 {
		t.Errorf("fuel %v", g.ExportedGlobal(meter.FuelGlobal))
	}
}
