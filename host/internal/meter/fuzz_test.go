package meter_test

import (
	"bytes"
	"context"
	"testing"

	"github.com/tetratelabs/wazero"

	"github.com/eshost/eshost/host/internal/meter"
	"github.com/eshost/eshost/host/internal/module"
)

// FuzzRewrite rewrites what may be a module. What the engine refuses stays
// refused, what it takes is taken afterwards, and nothing panics.
func FuzzRewrite(f *testing.F) {
	args := join(0x20, 0, 0x20, 1, 0x20, 2)
	for _, w := range []wat{
		{},
		one(nothing, loop(0x02, 0x40, 0x0c, 0, 0x0b)),
		one(toI32, c32(1), 0x04, i32, c32(2), 0x05, c32(3), 0x0b),
		exponential(3),
		circle(3),
		tree(4, 6, straight(300)),
		broad(3, 6),
		{types: [][]byte{nothing}, funcs: []fn{{name: "f", locals: join(1, 2, i32), body: charged(0, rounds(0, 2, rounds(1, 2, back(0), back(1), back(1), back(1)), c32(0), 0x0e, 2, 0, 1, 2))}}},
		{types: [][]byte{nothing, i32ToI32}, funcs: []fn{{name: "f", body: join(c32(1), 0x03, 1, back(0), 0x0b, 0x1a, 0x02, 0x40, 0x03, 0x40, c32(0), 0x0e, 2, 1, 2, 0, 0x0b, 0x0b)}}},
		{types: [][]byte{three, nothing}, memory: join(1, 1, 2), table: join(0x70, 1, 2, 3), globals: [][]byte{join(i64, 1, c64(5), 0x0b)},
			imports: [][]byte{join("a", "b", 0, 1)}, imported: 1, start: []byte{2}, dataCount: []byte{1}, data: [][]byte{join(1, "data")},
			elements: [][]byte{join(0, c32(0), 0x0b, 1, 1), join(5, 0x70, 1, 0xd2, 2, 0x0b)},
			funcs: []fn{
				{name: "bulk", locals: join(1, 2, 0x7b), body: join(args, 0xfc, 11, 0, args, 0xfc, 10, 0, 0, args, 0xfc, 8, 0, 0, args, 0xfc, 12, 1, 0, args, 0xfc, 14, 0, 0)},
				{kind: 1, body: join(c64(1), 0x24, 0, c32(1), 0x40, 0, 0x1a, c32(0), 0x11, 1, 0, 0xfd, 0x0c, make([]byte, 16), 0xfd, 0x80, 1, 0x1a, 0xd2, 1, 0x1a)},
				{kind: 1, body: join(c32(0), 0x0e, 1, 0, 0)},
			},
			names: join(1, sized(vector([][]byte{join(0, "imported"), join(1, "bulk")})))},
	} {
		f.Add(w.bytes())
	}
	f.Add(wat{raw: join(12, 0)}.bytes())
	r := newRuntime(f, wazero.NewRuntimeConfigInterpreter())
	compile := func(wasm []byte) (err error) {
		defer func() {
			if p := recover(); p != nil {
				err = context.Canceled // the engine panics over some modules, and refuses them so
			}
		}()
		c, err := r.CompileModule(context.Background(), wasm)
		if err == nil {
			err = c.Close(context.Background())
		}
		return err
	}
	f.Fuzz(func(t *testing.T, wasm []byte) {
		if len(wasm) > 1<<16 || !bytes.HasPrefix(wasm, []byte(header)) {
			return
		}
		clean, _, err := module.Scan(wasm, 100_000)
		if err != nil {
			return
		}
		before := compile(clean)
		metered, err := meter.Rewrite(clean)
		if err != nil {
			return
		}
		if after := compile(metered); (before == nil) != (after == nil) {
			t.Fatalf("the engine said %v of %x, and of the metered one %v: %x", before, clean, after, metered)
		}
		if again, err := meter.Rewrite(metered); err == nil {
			t.Fatalf("it can be metered again: %x", again)
		}
	})
}
