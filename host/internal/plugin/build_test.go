package plugin_test

import (
	"encoding/binary"
	"math"

	"github.com/eshost/eshost/abi"
)

// A small builder of WebAssembly modules, so that broken guests need no
// toolchain.

const (
	i32 byte = 0x7f
	i64 byte = 0x7e
	f64 byte = 0x7c
)

// guestFunc is a function of a module; the names of its exports may be none.
type guestFunc struct {
	exports []string
	params  []byte
	results []byte
	locals  int // of type i32
	body    []byte
}

type guestImport struct {
	module, name    string
	params, results []byte
}

type guestData struct {
	at    uint32
	bytes []byte
}

// guest is a module. The zero value of each field leaves that part out.
type guest struct {
	imports    []guestImport
	rawImports [][]byte // of any other kind, encoded
	funcs      []guestFunc
	table      []byte // encoded, one table
	memory     []byte // encoded limits
	memoryName string // "" does not export it
	globals    int    // mutable, of type i32, 0
	start      int    // index of a function plus 1
	data       []guestData
	custom     map[string][]byte
}

func leb(n uint64) []byte { return binary.AppendUvarint(nil, n) }

func sleb(n int64) (b []byte) {
	for {
		c := byte(n & 0x7f)
		n >>= 7
		if n == 0 && c&0x40 == 0 || n == -1 && c&0x40 != 0 {
			return append(b, c)
		}
		b = append(b, c|0x80)
	}
}

func vec(b []byte) []byte { return append(leb(uint64(len(b))), b...) }

func list(items [][]byte) []byte {
	b := leb(uint64(len(items)))
	for _, item := range items {
		b = append(b, item...)
	}
	return b
}

// code joins instructions: bytes, slices of them, and constants.
func code(parts ...any) (b []byte) {
	for _, part := range parts {
		switch v := part.(type) {
		case int:
			b = append(b, byte(v))
		case byte:
			b = append(b, v)
		case []byte:
			b = append(b, v...)
		}
	}
	return b
}

func i32const(n int64) []byte { return append([]byte{0x41}, sleb(int64(int32(n)))...) }
func i64const(n int64) []byte { return append([]byte{0x42}, sleb(n)...) }
func call(f int) []byte       { return append([]byte{0x10}, leb(uint64(f))...) }
func local(n int) []byte      { return []byte{0x20, byte(n)} }

const (
	unreachable = 0x00
	drop        = 0x1a
	opEnd       = 0x0b
)

// store8 stores a byte at an address.
func store8(at, value int64) []byte { return code(i32const(at), i32const(value), 0x3a, 0, 0) }

// global add: globals[n] += by.
func addGlobal(n int, by int64) []byte {
	return code(0x23, n, i32const(by), 0x6a, 0x24, n)
}

// place packs an address and a length, given as instructions of type i32.
func place(ptr, size []byte) []byte {
	return code(ptr, 0xad, i64const(32), 0x86, size, 0xad, 0x84)
}

func (g *guest) bytes() []byte {
	var types [][]byte
	typeOf := func(params, results []byte) []byte {
		types = append(types, code(0x60, vec(params), vec(results)))
		return leb(uint64(len(types) - 1))
	}
	var imports, funcs, exports, bodies, globals, data [][]byte
	for _, i := range g.imports {
		imports = append(imports, code(vec([]byte(i.module)), vec([]byte(i.name)), 0, typeOf(i.params, i.results)))
	}
	for i, f := range g.funcs {
		funcs = append(funcs, typeOf(f.params, f.results))
		for _, name := range f.exports {
			exports = append(exports, code(vec([]byte(name)), 0, leb(uint64(len(g.imports)+i))))
		}
		locals := []byte{0}
		if f.locals > 0 {
			locals = code(1, leb(uint64(f.locals)), i32)
		}
		bodies = append(bodies, vec(code(locals, f.body, opEnd)))
	}
	if g.memoryName != "" {
		exports = append(exports, code(vec([]byte(g.memoryName)), 2, 0))
	}
	for range g.globals {
		globals = append(globals, code(i32, 1, i32const(0), opEnd))
	}
	for _, d := range g.data {
		data = append(data, code(0, i32const(int64(d.at)), opEnd, vec(d.bytes)))
	}
	out := []byte("\x00asm\x01\x00\x00\x00")
	section := func(id byte, there bool, content []byte) {
		if there {
			out = append(append(out, id), vec(content)...)
		}
	}
	section(1, len(types) > 0, list(types))
	section(2, len(imports)+len(g.rawImports) > 0, list(append(imports, g.rawImports...)))
	section(3, len(funcs) > 0, list(funcs))
	section(4, g.table != nil, list([][]byte{g.table}))
	section(5, g.memory != nil, list([][]byte{g.memory}))
	section(6, len(globals) > 0, list(globals))
	section(7, len(exports) > 0, list(exports))
	section(8, g.start > 0, leb(uint64(g.start-1)))
	section(10, len(bodies) > 0, list(bodies))
	section(11, len(data) > 0, list(data))
	for name, content := range g.custom {
		section(0, true, code(vec([]byte(name)), content))
	}
	return out
}

// Places in the memory of the guests below.
const (
	manifestAt = 1024
	flagAt     = 64
	textAt     = 128
	bufferAt   = 1 << 16 // where requests are written
	textsAt    = 2 << 16
	memoryEnd  = 4 << 16
)

func testManifest() *abi.Manifest {
	return &abi.Manifest{Major: abi.Major, Minor: abi.Minor, SDK: "test", Types: []abi.EntityType{{
		Name: "thing", StateSchema: "{}", Commands: []abi.CommandSpec{{Name: "do"}}, Events: []abi.EventSpec{{Name: "done", Version: 1}},
	}}}
}

// echo is a well-behaved plugin: it answers each request with its own bytes.
func echo() *guest {
	manifest := abi.AppendManifest(nil, testManifest())
	answer := place(local(0), local(1))
	return &guest{
		memory:     []byte{0, 4},
		memoryName: abi.ExportMemory,
		data:       []guestData{{manifestAt, manifest}},
		funcs: []guestFunc{
			{exports: []string{abi.ExportMarker}},
			{exports: []string{abi.ExportAlloc}, params: []byte{i32}, results: []byte{i32}, body: i32const(bufferAt)},
			{exports: []string{abi.ExportDescribe}, results: []byte{i64}, body: i64const(manifestAt<<32 | int64(len(manifest)))},
			{exports: []string{abi.ExportHandleCommand}, params: []byte{i32, i32}, results: []byte{i64}, body: answer},
			{exports: []string{abi.ExportHandleEvent}, params: []byte{i32, i32}, results: []byte{i64}, body: answer},
		},
	}
}

// export finds the function that is exported under a name.
func (g *guest) export(name string) *guestFunc {
	for i := range g.funcs {
		for _, e := range g.funcs[i].exports {
			if e == name {
				return &g.funcs[i]
			}
		}
	}
	panic("no export " + name)
}

// without takes an export away.
func (g *guest) without(name string) *guest {
	g.export(name).exports = nil
	return g
}

// with gives an exported function another body.
func (g *guest) with(name string, body []byte) *guest {
	g.export(name).body = body
	return g
}

// imported adds an import. It comes before all functions of the module, and
// calls of them in bodies have to know.
func (g *guest) imported(module, name string, params, results []byte) *guest {
	g.imports = append(g.imports, guestImport{module, name, params, results})
	return g
}

// saying puts a text at textAt.
func (g *guest) saying(text string) *guest {
	g.data = append(g.data, guestData{textAt, []byte(text)})
	return g
}

// describing makes describe give these bytes.
func (g *guest) describing(manifest []byte) *guest {
	g.data[0].bytes = manifest
	return g.with(abi.ExportDescribe, i64const(manifestAt<<32|int64(len(manifest))))
}

// answering makes handle_command return a fixed place.
func (g *guest) answering(ptr, size uint32) *guest {
	return g.with(abi.ExportHandleCommand, i64const(int64(uint64(ptr)<<32|uint64(size))))
}

const maxU32 = math.MaxUint32
