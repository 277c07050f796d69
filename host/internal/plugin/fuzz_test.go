package plugin_test

import (
	"bytes"
	"testing"

	"github.com/eshost/eshost/abi"
	"github.com/eshost/eshost/host/internal/plugin"
)

// FuzzModule scans what may be a module, and compiles it if that goes well.
// Neither may panic or take memory that the bytes do not account for.
func FuzzModule(f *testing.F) {
	whole := counting().imported(abi.ImportWASI, "fd_write", []byte{i32, i32, i32, i32}, []byte{i32})
	whole.table = code(0x70, 1, 1, 9)
	whole.custom = map[string][]byte{"name": code(1, vec(code(1, 0, vec([]byte("f")))))}
	for _, g := range []*guest{echo(), whole, trapAtStart(), {}} {
		f.Add(g.bytes())
	}
	f.Add(code([]byte("\x00asm\x01\x00\x00\x00"), 9, vec(code(2, 0, i32const(1), opEnd, 1, 0, 5, 0x70, 1, 0xd2, 0, opEnd))))
	e := newEngine(f, &plugin.Options{MemoryLimitPages: 16})
	f.Fuzz(func(t *testing.T, wasm []byte) {
		if !bytes.HasPrefix(wasm, []byte("\x00asm\x01\x00\x00\x00")) {
			return
		}
		clean, imports, err := plugin.ScanModule(wasm)
		if err != nil {
			return
		}
		again, same, err := plugin.ScanModule(clean)
		if err != nil || same != imports || !bytes.Equal(again, clean) {
			t.Fatalf("scanned twice: %d and %d imports, error %v, %x and %x", imports, same, err, clean, again)
		}
		_ = e.Compile(clean) // any error will do
	})
}
