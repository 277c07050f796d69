package meter_test

import "encoding/binary"

// A small builder of modules.

const (
	i32 = 0x7f
	i64 = 0x7e
)

// fn is a function; its name is its export, if it has one.
type fn struct {
	name   string
	kind   int    // its type
	locals []byte // groups, encoded
	body   []byte // without the last end
}

// wat is a module. What is nil is left out.
type wat struct {
	types     [][]byte
	imports   [][]byte // encoded
	imported  int      // how many of them are functions
	funcs     []fn
	table     []byte
	memory    []byte
	globals   [][]byte
	exports   [][]byte // besides functions
	start     []byte
	elements  [][]byte
	dataCount []byte
	data      [][]byte
	names     []byte
	raw       []byte // at the end
}

func uv(n int) []byte { return binary.AppendUvarint(nil, uint64(n)) }

func sv(n int64) (b []byte) {
	for ; n < -64 || n > 63; n >>= 7 {
		b = append(b, byte(n&0x7f)|0x80)
	}
	return append(b, byte(n&0x7f))
}

// join joins bytes, slices of them and strings with their length.
func join(parts ...any) (b []byte) {
	for _, part := range parts {
		switch v := part.(type) {
		case int:
			b = append(b, byte(v))
		case []byte:
			b = append(b, v...)
		case string:
			b = append(append(b, uv(len(v))...), v...)
		}
	}
	return b
}

func sized(b []byte) []byte { return append(uv(len(b)), b...) }

func vector(items [][]byte) []byte {
	b := uv(len(items))
	for _, item := range items {
		b = append(b, item...)
	}
	return b
}

func signature(params, results string) []byte { return join(0x60, params, results) }

func c32(n int64) []byte { return append([]byte{0x41}, sv(int64(int32(n)))...) }
func c64(n int64) []byte { return append([]byte{0x42}, sv(n)...) }

const header = "\x00asm\x01\x00\x00\x00"

func (w wat) bytes() []byte {
	var kinds, bodies [][]byte
	exports := w.exports
	for i, f := range w.funcs {
		kinds = append(kinds, uv(f.kind))
		if f.name != "" {
			exports = append(exports, join(f.name, 0, uv(w.imported+i)))
		}
		locals := f.locals
		if locals == nil {
			locals = []byte{0}
		}
		bodies = append(bodies, sized(join(locals, f.body, 0x0b)))
	}
	out := []byte(header)
	put := func(id byte, there bool, content []byte) {
		if there {
			out = append(append(out, id), sized(content)...)
		}
	}
	put(1, len(w.types) > 0, vector(w.types))
	put(2, len(w.imports) > 0, vector(w.imports))
	put(3, len(kinds) > 0, vector(kinds))
	put(4, w.table != nil, vector([][]byte{w.table}))
	put(5, w.memory != nil, vector([][]byte{w.memory}))
	put(6, len(w.globals) > 0, vector(w.globals))
	put(7, len(exports) > 0, vector(exports))
	put(8, w.start != nil, w.start)
	put(9, len(w.elements) > 0, vector(w.elements))
	put(12, w.dataCount != nil, w.dataCount)
	put(10, len(bodies) > 0, vector(bodies))
	put(11, len(w.data) > 0, vector(w.data))
	put(0, w.names != nil, join("name", w.names))
	return append(out, w.raw...)
}

// one is a module with one function, of type () -> (), () -> i32 or whatever is given.
func one(kind []byte, body ...any) wat {
	return wat{types: [][]byte{kind}, funcs: []fn{{name: "f", body: join(body...)}}}
}

var (
	nothing  = signature("", "")
	toI32    = signature("", "\x7f")
	i32ToI32 = signature("\x7f", "\x7f")
	three    = signature("\x7f\x7f\x7f", "")
)
