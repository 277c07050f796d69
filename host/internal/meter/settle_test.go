package meter_test

import (
	"bytes"
	"math/rand/v2"
	"testing"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"

	"github.com/eshost/eshost/host/internal/meter"
)

// mostDrawn is what the package promises that is drawn at most beyond what there was, beside a single charge.
const mostDrawn = 220_000

// straight is code without any loop that costs n.
func straight(n int) []byte { return bytes.Repeat(join(c32(1), 0x1a), n) }

// overdraw calls f with a slice of hardly anything and returns what was used, and what of it was drawn at most while the
// host was not asked.
func overdraw(t *testing.T, w wat, params ...uint64) (used, worst int64) {
	t.Helper()
	g := newRuntime(t, wazero.NewRuntimeConfigCompiler()).start(t, rewrite(t, scanned(t, w.bytes())))
	g.tank.slice = 1
	used = g.costs(t, "f", params...)
	return used, max(g.tank.worst, -int64(g.ExportedGlobal(meter.FuelGlobal).Get()))
}

// TestTheHostIsAskedInTime has functions that each draw little, and much together. Every case ends by itself, with what
// it draws to show for it.
func TestTheHostIsAskedInTime(t *testing.T) {
	toNothing := signature("\x7f", "")
	more := join(0x20, 0, 0x04, 0x40, 0x20, 0, c32(1), 0x6b) // if n != 0: n-1
	heavy := fn{kind: 1, body: straight(10_000)}
	types := [][]byte{toNothing, nothing}
	held := func(i int) [][]byte { return [][]byte{join(0, c32(0), 0x0b, 1, i)} }
	table := join(0x70, 0, 1)
	var wide []byte
	for range 300 {
		wide = join(wide, 0x10, 1)
	}
	for name, c := range map[string]struct {
		wat   wat
		param uint64
		least int64 // what is used
	}{
		"down a recursion":                      {wat{types: types, funcs: []fn{{name: "f", body: join(straight(1000), more, 0x10, 0, 0x0b)}}}, 1000, 1_000_000},
		"down a recursion through a table":      {wat{types: types, table: table, elements: held(0), funcs: []fn{{name: "f", body: join(straight(1000), more, c32(0), 0x11, 0, 0, 0x0b)}}}, 1000, 1_000_000},
		"up a recursion, by a call":             {wat{types: types, funcs: []fn{{name: "f", body: join(more, 0x10, 0, 0x10, 1, 0x0b)}, heavy}}, 1000, 10_000_000},
		"up a recursion, by two calls":          {wat{types: types, funcs: []fn{{name: "f", body: join(more, 0x10, 0, 0x10, 1, 0x10, 1, 0x0b)}, heavy}}, 1000, 20_000_000},
		"up a recursion, by return":             {wat{types: types, funcs: []fn{{name: "f", body: join(more, 0x10, 0, 0x10, 1, 0x10, 1, 0x0f, 0x0b)}, heavy}}, 1000, 20_000_000},
		"up a recursion, by br":                 {wat{types: types, funcs: []fn{{name: "f", body: join(more, 0x10, 0, 0x10, 1, 0x10, 1, 0x0c, 1, 0x0b, 0x10, 1)}, heavy}}, 1000, 20_000_000},
		"up a recursion, by br_if":              {wat{types: types, funcs: []fn{{name: "f", body: join(more, 0x10, 0, 0x10, 1, 0x10, 1, c32(1), 0x0d, 1, 0x10, 1, 0x0b)}, heavy}}, 1000, 20_000_000},
		"up a recursion, by br_table":           {wat{types: types, funcs: []fn{{name: "f", body: join(0x02, 0x40, more, 0x10, 0, 0x10, 1, 0x10, 1, 0x10, 1, c32(1), 0x0e, 2, 0, 2, 2, 0x0b, 0x0b)}, heavy}}, 1000, 20_000_000},
		"up a recursion through a table":        {wat{types: types, table: table, elements: held(0), funcs: []fn{{name: "f", body: join(more, c32(0), 0x11, 0, 0, 0x10, 1, 0x0b)}, heavy}}, 1000, 10_000_000},
		"up a recursion, by a call by a table":  {wat{types: types, table: table, elements: held(1), funcs: []fn{{name: "f", body: join(more, 0x10, 0, c32(0), 0x11, 1, 0, 0x0b)}, heavy}}, 1000, 10_000_000},
		"up a recursion of two":                 {wat{types: types, funcs: []fn{{name: "f", body: join(more, 0x10, 2, 0x0b)}, heavy, {body: join(0x20, 0, 0x10, 0, 0x10, 1)}}}, 1000, 10_000_000},
		"along many calls":                      {wat{types: types, funcs: []fn{{name: "f", body: wide}, heavy}}, 0, 3_000_000},
		"along calls of many functions":         {broad(60, 60), 0, 500_000},
		"along many calls of many functions":    {broad(60, 1500), 0, 2_900_000},
		"along many calls in a recursion":       {wat{types: types, funcs: []fn{{name: "f", body: join(more, 0x10, 0, wide, 0x0b)}, heavy}}, 10, 30_000_000},
		"along calls in a loop":                 {wat{types: types, funcs: []fn{{name: "f", locals: join(1, 1, i32), body: rounds(1, 300, 0x10, 1)}, heavy}}, 0, 3_000_000},
		"along a loop that pays at its top":     {wat{types: types, funcs: []fn{{name: "f", locals: join(1, 1, i32), body: rounds(1, 300, 0x10, 1, back(0), back(0))}, heavy}}, 0, 3_000_000},
		"up a recursion in such a loop":         {wat{types: types, funcs: []fn{{name: "f", body: join(more, 0x21, 0, 0x03, 0x40, 0x20, 0, 0x10, 0, 0x10, 1, back(0), back(0), back(0), 0x0b, 0x0b)}, heavy}}, 1000, 10_000_000},
		"down a recursion in such a loop":       {wat{types: types, funcs: []fn{{name: "f", body: join(0x03, 0x40, straight(1000), more, 0x10, 0, 0x0b, back(0), back(0), back(0), 0x0b)}}}, 1000, 1_000_000},
		"down a tree":                           {tree(18, 4, nil), 0, 1 << 19},
		"down a tree whose leaves are no light": {tree(14, 4, straight(1000)), 0, 1000 << 13},
		"down a broad tree":                     {tree(5, 2*30, straight(5)), 0, 30 * 30 * 30 * 30 * 5},
	} {
		t.Run(name, func(t *testing.T) {
			var params []uint64
			if c.wat.funcs[0].kind == 0 && len(c.wat.types) > 1 {
				params = []uint64{c.param}
			}
			used, worst := overdraw(t, c.wat, params...)
			if used < c.least || worst > mostDrawn {
				t.Errorf("it used %d units, at least %d, and drew up to %d while nobody looked", used, c.least, worst)
			}
			t.Logf("%d of %d units", worst, used)
		})
	}
}

// broad is a function that makes so many calls of n functions, which leave as much as they may with so many.
func broad(n, calls int) wat {
	w := wat{types: [][]byte{nothing}, funcs: []fn{{name: "f"}}}
	for i := range calls {
		w.funcs[0].body = join(w.funcs[0].body, 0x10, 1+i%n)
	}
	for range n {
		w.funcs = append(w.funcs, fn{body: straight(min(10_000, 50_000/(calls/n)-10))})
	}
	return w
}

// tree is a chain of functions that each call the next one calls/2 times, in bytes.
func tree(depth, calls int, leaf []byte) wat {
	w := wat{types: [][]byte{nothing}}
	for i := range depth {
		f := fn{body: leaf}
		if i == 0 {
			f.name = "f"
		}
		if i < depth-1 {
			f.body = bytes.Repeat(join(0x10, i+1), calls/2)
		}
		w.funcs = append(w.funcs, f)
	}
	return w
}

// TestRandomCallsAreCountedInTime makes functions that call each other as it comes, directly and by a table, in loops and
// out of them. A variable counts down the calls that are left, another one the work that was done.
func TestRandomCallsAreCountedInTime(t *testing.T) {
	r := newRuntime(t, wazero.NewRuntimeConfigCompiler())
	random := rand.New(rand.NewPCG(7, 8))
	asked := 0
	for module := range 300 {
		w := randomCalls(random)
		wasm := scanned(t, w.bytes())
		g, original := r.start(t, rewrite(t, wasm)), r.start(t, wasm)
		g.tank.slice = 1 + random.Int64N(5000)
		used := g.costs(t, "f")
		if _, err := original.call("f"); err != nil {
			t.Fatal(err)
		}
		work := int64(g.ExportedGlobal("work").Get())
		if other := int64(original.ExportedGlobal("work").Get()); other != work {
			t.Fatalf("module %d does %d units of work, and metered %d", module, other, work)
		}
		if used+100 < work {
			t.Errorf("module %d does %d units of work and pays for %d", module, work, used)
		}
		worst := max(g.tank.worst, -int64(g.ExportedGlobal(meter.FuelGlobal).(api.MutableGlobal).Get()))
		if worst > mostDrawn+30_000 {
			t.Errorf("module %d drew up to %d units of %d while nobody looked", module, worst, used)
		}
		if work > 2*mostDrawn {
			asked++
		}
	}
	if asked < 40 {
		t.Errorf("%d modules did enough to tell", asked)
	}
}

// randomCalls is a module of a few functions. What they call last to first is likely, and the other way round possible.
func randomCalls(random *rand.Rand) wat {
	n := 2 + random.IntN(10)
	w := wat{types: [][]byte{nothing}, table: join(0x70, 0, 2), elements: [][]byte{join(0, c32(0), 0x0b, 2, random.IntN(n), random.IntN(n))},
		globals: [][]byte{join(i64, 1, c64(20000), 0x0b), join(i64, 1, c64(0), 0x0b)}, exports: [][]byte{join("work", 3, 1)}}
	cycles := random.IntN(2) == 0
	for i := range n {
		// Out if there are no calls left.
		body := join(0x23, 0, 0x50, 0x0d, 0, 0x23, 0, c64(1), 0x7d, 0x24, 0)
		local := 0
		for range 1 + random.IntN(8) {
			var piece []byte
			switch random.IntN(6) {
			case 0, 1:
				k := random.IntN(1 << random.IntN(13))
				piece = join(straight(k), 0x23, 1, c64(int64(k)), 0x7c, 0x24, 1)
			case 2:
				if cycles {
					piece = join(c32(int64(random.IntN(2))), 0x11, 0, 0)
				}
			default:
				to := i + 1 + random.IntN(3)
				if cycles && random.IntN(8) == 0 {
					to = random.IntN(n)
				}
				if to < n {
					piece = join(0x10, to)
				}
			}
			switch random.IntN(6) {
			case 0:
				if local < 3 {
					piece = rounds(local, 1+random.IntN(4), piece)
					local++
				}
			case 1:
				piece = join(0x23, 0, 0xa7, c32(3), 0x71, 0x04, 0x40, piece, 0x0b)
			case 2:
				piece = join(piece, 0x23, 0, 0xa7, c32(31), 0x71, 0x45, 0x04, 0x40, 0x0f, 0x0b)
			}
			body = append(body, piece...)
		}
		f := fn{locals: join(1, 3, i32), body: body}
		if i == 0 {
			f.name = "f"
		}
		w.funcs = append(w.funcs, f)
	}
	return w
}
