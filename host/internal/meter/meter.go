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
// drop and the like) cost nothing, slow ones up to 128. Memory and tables that
// are filled, copied, initialized or grown are charged by size: a unit for 16
// bytes.
//
// A round of a loop costs what the costliest way through it does, from its
// header on, with one round of each loop in it. The entry of a function pays for
// the costliest way through the function, with one round of each loop; a branch
// back to the beginning of a loop pays for one more round. That is an upper
// bound of what is executed: WebAssembly's control flow is structured, so a loop
// is entered by its header alone, and what is executed without such a branch is
// one path without repetition. A loop to which more than [mostBack] branches
// lead back, or a table of branches, or whose beginning takes parameters, is
// charged at its header instead, there also for the first round, and what stands
// around it does not pay for it.
//
// A function is light if its entry costs little ([lightCost]) and it calls
// nothing but light functions; calls behind the header of a loop that is charged
// there do not count. Its callers pay for its entry. A call through a table pays
// for the costliest light function of its type that a table may hold.
//
// # Where the host is asked
//
// To draw on the fuel is cheap. To look what is left and call the host is not: a
// function with a call in it keeps its variables otherwise than one without. So
// most functions draw at their entry and do not look. Only what pays for another
// round of a loop always does. For the rest, three things are to be shown: what
// never ends is checked, and between two checks at most a constant is drawn
// ([mostBetween] and [mostLeft], beside one single charge), on the way down and
// on the way up.
//
// Let a function leave what it and all that it calls may draw without a check at
// most, where each call in it is made once: between two rounds of a loop stands
// a check, so between two checks within a function each call in it is indeed
// made once at most. Light functions leave nothing, for they draw nothing; those
// of the table as much as the worst of them.
//
// Calls that may come back to the function that makes them, directly or by a
// table, are the edges of cycles in the graph of all calls. A table is taken to
// hold, of a type, all functions that a segment, a constant or ref.func names:
// there is no other way into one, since tables and functions are not imported
// and the host calls nothing while the guest runs.
//
//   - Down: a function that stands in a cycle of the graph checks at its entry.
//     Calls behind the header of a loop that is charged there need not count:
//     they are checked by that. So an endless chain of calls, each turn of which
//     uses a cycle, passes a check in every turn.
//   - Up: a function that stands in a cycle leaves nothing, or what the callers
//     of a deep recursion are left with would add up. It has a check behind each
//     call that leaves something, or one before whatever may leave the function,
//     whichever is less, and the former if the calls leave more than
//     [mostBetween].
//   - Along: any other function that would leave more than [mostLeft], or much
//     that many callers would be left with ([mostSpread]), checks at its entry and
//     leaves nothing as well. So trees of calls, which double with every level,
//     are cut into small ones.
//
// What is called by a function that leaves is either counted in it, or begins
// with a check and leaves nothing. Hence whatever happens between two checks is
// what one function's calls leave. What is drawn is drawn before the work is
// done; a function in a deep recursion has paid for the work that it does on the
// way up on its way down.
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

	takes   []bool           // of each type, whether it has parameters
	sortOf  []int32          // of each type; types that differ in nothing are of one sort
	sorts   map[string]int32 // by their parameters and results
	sortKey []byte
	defined []uint32 // the type of each function defined in the module
	tabled  []bool   // of each of these functions, whether a table may come to hold it

	draw  [2][]byte    // what comes before and after the units in the code that draws them
	check []byte       // the code that asks the host if more was drawn than there was
	order []helper     // those in use
	added [helpers]int // their places in it, from 1 on
	out   []byte
}

// Rewrite returns a module that does the same and is metered. It takes a module
// as [module.Scan] returned it; of custom sections, only the names of functions
// survive. The same bytes always give the same bytes. Whether the module is
// valid it leaves to the engine: one that is not stays so.
//
// Errors are [*module.Error]: the module is not of WebAssembly 2.0, it names
// what it does not have, or it uses a name that is reserved for what is added.
func Rewrite(wasm []byte) ([]byte, error) {
	r := &rewriter{wasm: wasm, sorts: make(map[string]int32)}
	err := r.split()
	for _, step := range []func() error{r.count, r.references, r.code} {
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
