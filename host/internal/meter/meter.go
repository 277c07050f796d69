// Package meter rewrites WebAssembly modules so that the work of their
// functions is counted. The guest draws on a global variable, its fuel, and
// calls the host when there is none left; the host gives more, or ends it.
//
// # What is added
//
// To a module come a global with the fuel, exported as [FuelGlobal]; the import
// of a function with which the guest asks for more, [ImportRefuel] of
// [ImportModule], of type (i64) -> i64; and a few functions of the module's
// own. The import stands after the module's own imports, so the index of each
// function defined in it grows by one. All else keeps its place. A module that
// has been rewritten does what it did before, and traps where it did.
//
// The host's function is called with the fuel that is left, which is less than
// nothing, and answers with what is in the tank from then on. Fuel is 0 at
// first, so the first charge asks.
//
// # What is charged
//
// The unit is a simple instruction. Instructions that are no work (block, end,
// drop and the like) cost nothing, slow ones up to 128. There are charges at the
// entry of a function and at the header of each loop, that is, before each
// round. Memory and tables that are filled, copied, initialized or grown are
// charged by size: a unit for 16 bytes.
//
// The entry pays for the costliest way through all that stands in no loop of
// the function, a loop's header for the costliest way through all that stands
// in this loop and in no inner one. That is an upper bound of what is executed:
// WebAssembly's control flow is structured, so the only way back to an
// instruction within a call is by the header of a loop around it. Between two
// passes of the header of the innermost loop around it (or, outside of loops,
// between entry and return) an instruction is therefore executed once at most,
// and what is executed there, seen without the inner loops, is one path without
// repetition. A branch out of a loop ends the round early, and what was paid
// for it stays paid.
//
// A function that calls nothing outside of its loops but light functions, and
// whose entry costs little with them ([lightCost]), is light itself: its callers
// pay for its entry, and it has no charge of its own there. A call through a
// table pays for the costliest light function. Every cycle of calls passes a
// charge all the same: what is light outside of loops is found beginning with
// functions that call nothing there, so a cycle has a call in a loop or a
// function that is not light.
//
// # What a guest cannot do
//
// Every index in the module is held against the numbers of what the module had
// before anything was added, so no code and no segment can name what was. The
// instructions are read exactly as far as the engine reads them; whatever is
// not of WebAssembly 2.0, and whatever the two might read differently, is
// refused.
package meter

import (
	"encoding/binary"

	"github.com/eshost/eshost/host/internal/module"
)

// FuelGlobal is the export of the fuel, a mutable global of type i64.
const FuelGlobal = "eshost_fuel"

// The function that the rewritten module imports, of type (i64) -> i64.
const (
	ImportModule = "eshost_meter"
	ImportRefuel = "refuel"
)

// rewriter takes a module apart and puts it together again.
type rewriter struct {
	wasm     []byte
	sections [module.DataCountSection + 1]module.Reader
	present  [module.DataCountSection + 1]bool
	names    module.Reader
	named    bool

	// What the module has of itself, imports included.
	types, functions, globals uint32
	importedFunctions         uint32
	lists                     [module.FunctionSection + 1]list

	charge [2][]byte    // what comes before and after the cost in the code that charges it
	order  []helper     // those in use
	added  [helpers]int // their places in it, from 1 on
	out    []byte
}

// Rewrite returns a module that does the same and is metered. It takes a module
// as [module.Scan] returned it; of custom sections, only the names of functions
// survive. The same bytes always give the same bytes. Whether the module is
// valid it leaves to the engine: one that is not stays so.
//
// Errors are [*module.Error]: the module is not of WebAssembly 2.0, it names
// what it does not have, or it uses a name that is reserved for what is added.
func Rewrite(wasm []byte) ([]byte, error) {
	r := &rewriter{wasm: wasm}
	err := r.split()
	for _, step := range []func() error{r.count, r.code} {
		if err == nil {
			err = step()
		}
	}
	if err != nil {
		return nil, err
	}
	code := r.out
	r.out = append(make([]byte, 0, len(code)+len(wasm)), wasm[:module.HeaderBytes]...)
	for _, id := range sectionOrder {
		if id == module.CodeSection {
			r.section(id, code)
			continue
		}
		if err := r.copySection(id); err != nil {
			return nil, err
		}
	}
	if err := r.copyNames(); err != nil {
		return nil, err
	}
	return r.out, nil
}

// sectionOrder is the order in which sections stand in a module.
var sectionOrder = [...]byte{
	module.TypeSection, module.ImportSection, module.FunctionSection, module.TableSection, module.MemorySection, module.GlobalSection,
	module.ExportSection, module.StartSection, module.ElementSection, module.DataCountSection, module.CodeSection, module.DataSection,
}

// split finds the sections.
func (r *rewriter) split() error {
	in := module.NewReader(r.wasm, 0)
	if string(in.Bytes(module.HeaderBytes)) != "\x00asm\x01\x00\x00\x00" {
		in.FailAt(0, "the file is not a WebAssembly module of version 1")
	}
	next := 0 // in the order
	for in.More() {
		start := in.Pos()
		id, content := in.Section()
		if in.Err() != nil {
			break
		}
		if id == module.CustomSection {
			if content.Name() != "name" || content.Err() != nil {
				continue
			}
			if r.named {
				in.FailAt(start, "there are two sections of names")
			}
			r.names, r.named = content, true
			continue
		}
		for next < len(sectionOrder) && sectionOrder[next] != id {
			next++
		}
		if next == len(sectionOrder) {
			in.FailAt(start, "the %s section is out of order", module.SectionName(id))
		}
		next++
		r.sections[id], r.present[id] = content, true
	}
	return in.Err()
}

// section writes a section.
func (r *rewriter) section(id byte, content []byte) {
	r.out = append(uvarint(append(r.out, id), len(content)), content...)
}

// uvarint appends an unsigned integer in its shortest form.
func uvarint[N int | uint32](b []byte, n N) []byte {
	if n < 0x80 {
		return append(b, byte(n))
	}
	return binary.AppendUvarint(b, uint64(n))
}

// varint appends a signed integer in its shortest form.
func varint(b []byte, n int64) []byte {
	for {
		c := byte(n & 0x7f)
		n >>= 7
		if n == 0 && c&0x40 == 0 || n == -1 && c&0x40 != 0 {
			return append(b, c)
		}
		b = append(b, c|0x80)
	}
}
