package meter_test

import (
	"errors"
	"testing"

	"github.com/tetratelabs/wazero"

	"github.com/eshost/eshost/host/internal/meter"
)

// loop is a loop without end around a body.
func loop(body ...any) []byte { return join(0x03, 0x40, join(body...), 0x0c, 0, 0x0b) }

// TestWhatNeverEndsRunsOutOfFuel is the promise: whatever a guest does, it comes back to the host.
func TestWhatNeverEndsRunsOutOfFuel(t *testing.T) {
	forever := loop()
	for name, w := range map[string]wat{
		"a loop":                         one(nothing, forever),
		"a loop of nothing but no-ops":   one(nothing, loop(0x01, 0x01)),
		"a loop in a loop":               one(nothing, loop(loop(0x01))),
		"a loop left and entered again":  one(nothing, loop(0x02, 0x40, 0x03, 0x40, 0x0c, 1, 0x0b, 0x0b)),
		"a loop by br_if":                one(nothing, 0x03, 0x40, c32(1), 0x0d, 0, 0x0b),
		"a loop by br_table":             one(nothing, 0x03, 0x40, c32(5), 0x0e, 2, 0, 1, 0, 0x0b),
		"a loop from an if":              one(nothing, 0x03, 0x40, c32(1), 0x04, 0x40, 0x0c, 1, 0x0b, 0x0b),
		"a loop from an else":            one(nothing, 0x03, 0x40, c32(0), 0x04, 0x40, 0x05, 0x0c, 1, 0x0b, 0x0b),
		"a loop with a parameter":        {types: [][]byte{nothing, i32ToI32}, funcs: []fn{{name: "f", body: join(c32(1), 0x03, 1, 0x0c, 0, 0x0b, 0x1a)}}},
		"a loop that calls light ones":   {types: [][]byte{nothing}, funcs: []fn{{name: "f", body: loop(0x10, 1)}, {body: join(0x10, 2)}, {}}},
		"exponential calls":              exponential(23),
		"calls through a table":          {types: [][]byte{nothing}, table: join(0x70, 0, 1), elements: [][]byte{join(0, c32(0), 0x0b, 1, 1)}, funcs: []fn{{name: "f", body: loop(c32(0), 0x11, 0, 0)}, {}}},
		"memory filled again and again":  {types: [][]byte{nothing}, memory: join(0, 16), funcs: []fn{{name: "f", body: loop(c32(0), c32(1), c32(1<<20), 0xfc, 11, 0)}}},
		"memory grown by nothing":        {types: [][]byte{nothing}, memory: join(0, 1), funcs: []fn{{name: "f", body: loop(c32(0), 0x40, 0, 0x1a)}}},
		"a start function without end":   {types: [][]byte{nothing}, start: []byte{0}, funcs: []fn{{body: forever}}},
		"a start function behind a call": {types: [][]byte{nothing}, start: []byte{0}, funcs: []fn{{body: join(0x10, 1)}, {body: forever}}},
	} {
		for engine, config := range map[string]wazero.RuntimeConfig{"compiled": wazero.NewRuntimeConfigCompiler(), "interpreted": wazero.NewRuntimeConfigInterpreter()} {
			t.Run(name+", "+engine, func(t *testing.T) {
				r := newRuntime(t, config)
				g, err := r.try(rewrite(t, scanned(t, w.bytes())), 3_000_000)
				if w.start == nil && err == nil {
					_, err = g.call("f")
				}
				if !errors.Is(err, errNoFuel) {
					t.Errorf("it ended with %v", err)
				}
			})
		}
	}
}

// exponential is a chain of functions that each call the next one twice: none
// of them has a loop.
func exponential(depth int) wat {
	w := wat{types: [][]byte{nothing}}
	for i := range depth {
		f := fn{}
		if i == 0 {
			f.name = "f"
		}
		if i < depth-1 {
			f.body = join(0x10, i+1, 0x10, i+1)
		}
		w.funcs = append(w.funcs, f)
	}
	return w
}

// TestRecursionRunsOutOfFuel goes deep, and the guest's stack may end before the fuel does.
func TestRecursionRunsOutOfFuel(t *testing.T) {
	r := newRuntime(t, wazero.NewRuntimeConfigCompiler())
	for name, w := range map[string]wat{
		"of one":          one(nothing, 0x10, 0),
		"of two":          {types: [][]byte{nothing}, funcs: []fn{{name: "f", body: join(0x10, 1)}, {body: join(0x10, 0)}}},
		"through a table": {types: [][]byte{nothing}, table: join(0x70, 0, 1), elements: [][]byte{join(0, c32(0), 0x0b, 1, 0)}, funcs: []fn{{name: "f", body: join(c32(0), 0x11, 0, 0)}}},
		"within a loop":   one(nothing, loop(0x10, 0)),
		"within a round":  one(nothing, 0x03, 0x40, 0x10, 0, back(0), 0x0b),
		"of many":         circle(500),
		// The types are the same, though one is written in more bytes.
		"by a type that is written twice": {types: [][]byte{nothing, join(0x60, 0x80, 0, 0x80, 0)}, table: join(0x70, 0, 1), elements: [][]byte{join(0, c32(0), 0x0b, 1, 0)}, funcs: []fn{{name: "f", body: join(c32(0), 0x11, 1, 0)}}},
		"by a reference in the code":      {types: [][]byte{nothing}, table: join(0x70, 0, 1), funcs: []fn{{name: "f", body: join(c32(0), 0xd2, 0, 0x26, 0, c32(0), 0x11, 0, 0)}}},
		"by a reference in a global":      {types: [][]byte{nothing}, table: join(0x70, 0, 1), globals: [][]byte{join(0x70, 0, 0xd2, 0, 0x0b)}, funcs: []fn{{name: "f", body: join(c32(0), 0x23, 0, 0x26, 0, c32(0), 0x11, 0, 0)}}},
		"by the last of many types":       manyTypes(1200),
	} {
		g, err := r.try(rewrite(t, scanned(t, w.bytes())), 5_000)
		if err != nil {
			t.Fatal(err)
		}
		g.tank.slice = 1_000
		if _, err := g.call("f"); !errors.Is(err, errNoFuel) {
			t.Errorf("recursion %s ended with %v", name, err)
		}
	}
}

// circle is functions that each call the next one, and the last the first.
func circle(n int) wat {
	w := wat{types: [][]byte{nothing}}
	for i := range n {
		w.funcs = append(w.funcs, fn{body: join(0x10, uv((i+1)%n))})
	}
	w.funcs[0].name = "f"
	return w
}

// manyTypes calls itself through a table, by the last of n types.
func manyTypes(n int) wat {
	w := wat{table: join(0x70, 0, 1), elements: [][]byte{join(0, c32(0), 0x0b, 1, 0)}}
	for i := range n - 1 {
		w.types = append(w.types, signature(string(sequence(i)), ""))
	}
	w.types = append(w.types, nothing)
	w.funcs = []fn{{name: "f", kind: n - 1, body: join(c32(0), 0x11, uv(n-1), 0)}}
	return w
}

// sequence is a list of types that no other number has, and not empty.
func sequence(i int) (b []byte) {
	for i++; i > 0; i /= 4 {
		b = append(b, i32-byte(i%4))
	}
	return b
}

// TestCosts holds the fuel used against what the package promises.
func TestCosts(t *testing.T) {
	r := newRuntime(t, wazero.NewRuntimeConfigCompiler())
	// n rounds of: n -= 1; if n != 0 again. 4 instructions and the branch; the entry, which is light, has the first round.
	counting := join(0x03, 0x40, 0x20, 0, c32(1), 0x6b, 0x22, 0, 0x0d, 0, 0x0b)
	toNothing := signature("\x7f", "")
	memory := func(body ...any) wat {
		return wat{types: [][]byte{three}, memory: join(0, 64), funcs: []fn{{name: "f", body: join(body...)}}}
	}
	args := join(0x20, 0, 0x20, 1, 0x20, 2)
	piece := func(n uint64) int64 { return int64(n>>4) + 1 }
	for name, c := range map[string]struct {
		wat    wat
		params []uint64
		want   int64
	}{
		"a loop of one round":          {one(toNothing, counting), []uint64{1}, 0},
		"a loop of a thousand rounds":  {one(toNothing, counting), []uint64{1000}, 999 * 5},
		"rounds in a loop of rounds":   {one(nothing, charged(0, rounds(0, 10, rounds(1, 10, c32(1), 0x1a)))), nil, 1 + 2 + 5 + 2 + 5 + 1 + 9*(2+5+1+5) + 10*9*(1+5)},
		"a loop that pays at its top":  {one(nothing, charged(0, rounds(0, 10, 0x03, 0x40, back(0), back(0), back(0), 0x0b))), nil, 1 + 2 + 5 + 9*5 + 10*6},
		"a light function":             {one(nothing, 0x01), nil, 0},
		"the longer branch of an if":   {one(nothing, charged(0, c32(0), 0x04, 0x40, 0x01, 0x05, c32(1), 0x1a, c32(1), 0x1a, 0x0b)), nil, 1 + 4},
		"the longer way out of a loop": {one(nothing, charged(0, 0x02, 0x40, 0x03, 0x40, c32(1), 0x0d, 1, c32(1), 0x1a, c32(1), 0x1a, 0x0c, 1, 0x0b, 0x0b, c32(1), 0x1a)), nil, 1 + 2 + 3 + 1},
		"nothing for dead code":        {one(nothing, charged(0, 0x02, 0x40, 0x0c, 0, c32(1), 0x1a, c32(1), 0x1a, 0x0b)), nil, 1 + 1},
		"a light callee by its caller": {wat{types: [][]byte{nothing}, funcs: []fn{{name: "f", body: charged(0, 0x10, 1)}, {body: join(c32(1), 0x1a, c32(1), 0x1a)}}}, nil, 1 + 4 + 2},
		"a division":                   {one(nothing, charged(0, c32(1), c32(1), 0x6d, 0x1a)), nil, 1 + 10},
		"a fill of nothing":            {memory(args, 0xfc, 11, 0), []uint64{0, 0, 0}, 1},
		"a fill of a kilobyte":         {memory(args, 0xfc, 11, 0), []uint64{0, 0, 1024}, 65},
		"a fill of many pieces":        {memory(args, 0xfc, 11, 0), []uint64{0, 0, 1<<20 + 16}, 4*piece(256<<10) + piece(16)},
		"a copy upwards":               {memory(args, 0xfc, 10, 0, 0), []uint64{16, 0, 1 << 20}, 4 * piece(256<<10)},
		"a copy downwards":             {memory(args, 0xfc, 10, 0, 0), []uint64{0, 16, 1 << 20}, 4 * piece(256<<10)},
		"a page":                       {one2(c32(1), 0x40, 0, 0x1a), nil, 4096 + 1 + 128},
		"memory that is refused":       {one2(c32(-1), 0x40, 0, 0x1a), nil, 1 + 128},
	} {
		for i := range c.wat.funcs {
			if c.wat.funcs[i].locals == nil && c.params == nil {
				c.wat.funcs[i].locals = join(1, 2, i32)
			}
		}
		t.Run(name, func(t *testing.T) {
			g := r.start(t, rewrite(t, scanned(t, c.wat.bytes())))
			if got := g.costs(t, "f", c.params...); got != c.want {
				t.Errorf("%d units, want %d", got, c.want)
			}
		})
	}
}

// charged is the body of a function that stands in a cycle of calls, since a
// call of itself follows a branch over it. So it pays itself, and for the branch.
func charged(self int, body ...any) []byte {
	return join(0x02, 0x40, 0x0c, 0, 0x10, self, 0x0b, join(body...))
}

// rounds is a loop of n rounds that counts in an i32 variable. The count costs
// 2 before the loop, and 5 in each round.
func rounds(local, n int, body ...any) []byte {
	return join(c32(int64(n)), 0x21, local, 0x03, 0x40, join(body...), 0x20, local, c32(1), 0x6b, 0x22, local, 0x0d, 0, 0x0b)
}

// back is a branch to the beginning of a loop that is not taken.
func back(label int) []byte { return join(c32(0), 0x0d, label) }

// one2 is a function with a memory of one page.
func one2(body ...any) wat {
	w := one(nothing, body...)
	w.memory = join(0, 1)
	return w
}

// TestTheHostIsToldWhatIsLeft looks at the number that a refill passes.
func TestTheHostIsToldWhatIsLeft(t *testing.T) {
	r := newRuntime(t, wazero.NewRuntimeConfigCompiler())
	g := r.start(t, rewrite(t, scanned(t, one(nothing, charged(0, c32(1), 0x1a, c32(1), 0x1a)).bytes())))
	g.ExportedGlobal(meter.FuelGlobal)
	g.tank.slice = 10
	if got := g.costs(t, "f"); got != 3 || g.tank.refills != 1 || g.tank.granted != 13 {
		t.Errorf("%d units, %d refills, %d given", got, g.tank.refills, g.tank.granted)
	}
}
