package host_test

import (
	"encoding/binary"
	"testing"
)

// What no compiler makes of C is put into compiled modules afterwards.

// Sections of a module.
const (
	typeSection     = 1
	functionSection = 3
	exportSection   = 7
	startSection    = 8
	codeSection     = 10
)

// section is one section of a module.
type section struct {
	id      byte
	content []byte
}

// sections takes a module apart.
func sections(wasm []byte) (all []section) {
	for rest := wasm[8:]; len(rest) > 0; {
		size, n := binary.Uvarint(rest[1:])
		all = append(all, section{rest[0], rest[1+n:][:size]})
		rest = rest[1+n+int(size):]
	}
	return all
}

// module puts a module together.
func module(all []section) []byte {
	wasm := []byte("\x00asm\x01\x00\x00\x00")
	for _, s := range all {
		wasm = append(binary.AppendUvarint(append(wasm, s.id), uint64(len(s.content))), s.content...)
	}
	return wasm
}

// edited returns the module with a section replaced.
func edited(tb testing.TB, wasm []byte, id byte, edit func(content []byte) []byte) []byte {
	tb.Helper()
	all := sections(wasm)
	for i := range all {
		if all[i].id == id {
			all[i].content = edit(all[i].content)
			return module(all)
		}
	}
	tb.Fatalf("the module has no section %d", id)
	return nil
}

// appended adds so many items, encoded one after the other, to a section that is a list.
func appended(tb testing.TB, wasm []byte, id byte, n int, items []byte) []byte {
	tb.Helper()
	return edited(tb, wasm, id, func(content []byte) []byte {
		count, size := binary.Uvarint(content)
		out := binary.AppendUvarint(make([]byte, 0, len(content)+len(items)+8), count+uint64(n))
		return append(append(out, content[size:]...), items...)
	})
}

// times repeats bytes.
func times(n int, b ...byte) []byte {
	out := make([]byte, 0, n*len(b))
	for range n {
		out = append(out, b...)
	}
	return out
}

// withFunctions adds so many functions without parameters and results that have the body, which begins with its variables.
func withFunctions(tb testing.TB, wasm []byte, n int, body []byte) []byte {
	tb.Helper()
	types := uint64(0)
	wasm = edited(tb, wasm, typeSection, func(content []byte) []byte {
		types, _ = binary.Uvarint(content)
		return content
	})
	wasm = appended(tb, wasm, typeSection, 1, []byte{0x60, 0, 0})
	wasm = appended(tb, wasm, functionSection, n, times(n, binary.AppendUvarint(nil, types)...))
	return appended(tb, wasm, codeSection, n, times(n, append(binary.AppendUvarint(nil, uint64(len(body))), body...)...))
}

// starting makes the exported function "start" the module's start function.
func starting(tb testing.TB, wasm []byte) []byte {
	tb.Helper()
	var out []section
	for _, s := range sections(wasm) {
		out = append(out, s)
		if s.id == exportSection {
			out = append(out, section{startSection, binary.AppendUvarint(nil, exported(tb, s.content, "start"))})
		}
	}
	return module(out)
}

// exported finds the index of an export in the section of exports.
func exported(tb testing.TB, content []byte, name string) uint64 {
	tb.Helper()
	uvarint := func() uint64 {
		v, n := binary.Uvarint(content)
		content = content[n:]
		return v
	}
	for n := uvarint(); n > 0; n-- {
		size := uvarint()
		found := string(content[:size]) == name
		content = content[size+1:] // and the kind
		if index := uvarint(); found {
			return index
		}
	}
	tb.Fatalf("no export %s", name)
	return 0
}

// named adds a section of names with the content.
func named(wasm, content []byte) []byte {
	return module(append(sections(wasm), section{0, append([]byte("\x04name"), content...)}))
}
