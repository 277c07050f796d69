package plugin

import (
	"encoding/binary"
	"fmt"
)

// What a module may have at most. A real plugin is far below; they keep a
// hostile one from making its compilation or instantiation huge.
const (
	maxFunctions     = 100_000
	maxFunctionBytes = 8 << 20
	maxLocals        = 50_000
	maxTableEntries  = 1 << 20 // 8 MiB of an instance's memory on the host's side
	maxTables        = 16
	maxParams        = 1_000
)

// The sections of a module, by their numbers.
const (
	customSection   = 0
	typeSection     = 1
	importSection   = 2
	functionSection = 3
	tableSection    = 4
	memorySection   = 5
	globalSection   = 6
	exportSection   = 7
	elementSection  = 9
	codeSection     = 10
	dataSection     = 11
)

var sectionNames = [...]string{
	"custom", "type", "import", "function", "table", "memory", "global",
	"export", "start", "element", "code", "data", "data count",
}

// moduleImport is one import of any kind.
type moduleImport struct {
	module, name string
	kind         byte // 0 function, 1 table, 2 memory, 3 global
}

func (i moduleImport) String() string {
	kind := "import"
	if i.kind < 4 {
		kind = [...]string{"function", "table", "memory", "global"}[i.kind]
	}
	return fmt.Sprintf("%s %s.%s", kind, i.module, i.name)
}

// scanModule reads the structure of a module before the compiler does. The
// compiler believes the numbers that a module announces; after this each of
// them is backed by bytes or within a limit. What it returns is the module,
// with a maximum for every table and without custom sections other than the
// names of functions, and its imports. Errors are [*moduleError].
func scanModule(wasm []byte) (clean []byte, imports []moduleImport, err error) {
	clean = append(make([]byte, 0, len(wasm)+64), wasm[:8]...)
	r := &moduleReader{b: wasm, pos: 8}
	for r.pos < len(r.b) && r.err == nil {
		id := r.byte()
		size := r.leb()
		start := r.pos
		content := r.bytes(size)
		if r.err != nil {
			break
		}
		if int(id) >= len(sectionNames) {
			r.pos = start
			r.fail("section %d is not of WebAssembly 2.0", id)
			break
		}
		in := &moduleReader{b: wasm[:start+len(content)], pos: start}
		keep := in.section(id, &imports)
		if in.err != nil {
			if id == customSection {
				continue // names are for people: without them it works as well
			}
			return nil, nil, fmt.Errorf("%s section: %w", sectionNames[id], in.err)
		}
		if id == customSection && keep == nil {
			continue
		}
		if keep != nil {
			content = keep
		}
		clean = binary.AppendUvarint(append(clean, id), uint64(len(content)))
		clean = append(clean, content...)
	}
	if r.err != nil {
		return nil, nil, r.err
	}
	return clean, imports, nil
}

// section checks one section. It returns what to put in its place: nil leaves
// it as it is, and leaves out a custom one.
func (r *moduleReader) section(id byte, imports *[]moduleImport) []byte {
	start := r.pos
	switch id {
	case customSection:
		if r.name() == "name" {
			r.names()
			return r.b[start:]
		}
	case typeSection:
		for n := r.count("types", noLimit); n > 0 && r.err == nil; n-- {
			if form := r.byte(); form != 0x60 && r.err == nil {
				r.fail("type of form %#x is not of WebAssembly 2.0", form)
			}
			r.bytes(uint64(r.count("parameters", maxParams)))
			r.bytes(uint64(r.count("results", maxParams)))
		}
	case importSection:
		for n := r.count("imports", noLimit); n > 0 && r.err == nil; n-- {
			r.oneImport(imports)
		}
	case functionSection:
		r.count("functions", maxFunctions)
	case tableSection:
		return r.tables()
	case elementSection:
		for n := r.count("element segments", noLimit); n > 0 && r.err == nil; n-- {
			r.element()
		}
	case codeSection:
		for n := r.count("functions", maxFunctions); n > 0 && r.err == nil; n-- {
			r.body()
		}
	case dataSection:
		for n := r.count("data segments", noLimit); n > 0 && r.err == nil; n-- {
			r.data()
		}
	case memorySection:
		r.count("memories", noLimit)
	case globalSection:
		r.count("globals", noLimit)
	case exportSection:
		for n := r.count("exports", noLimit); n > 0 && r.err == nil; n-- {
			r.name()
			r.byte()
			r.leb()
		}
	}
	return nil
}

func (r *moduleReader) oneImport(imports *[]moduleImport) {
	i := moduleImport{module: r.name(), name: r.name(), kind: r.byte()}
	switch i.kind {
	case 0:
		r.leb()
	case 1:
		r.byte()
		r.limits()
	case 2:
		r.limits()
	case 3:
		r.bytes(2)
	default:
		r.fail("import %q.%q of kind %d is not of WebAssembly 2.0", i.module, i.name, i.kind)
	}
	if r.err == nil {
		*imports = append(*imports, i)
	}
}

// tables returns the section with a maximum for every table: a guest could
// otherwise grow one without end, on the host's memory.
func (r *moduleReader) tables() []byte {
	n := r.count("tables", maxTables)
	out := binary.AppendUvarint(nil, uint64(n))
	for ; n > 0 && r.err == nil; n-- {
		kind := r.byte()
		least, most, bounded := r.limits()
		switch {
		case r.err != nil:
		case kind != 0x70 && kind != 0x6f:
			r.fail("table of type %#x is not of WebAssembly 2.0", kind)
		case least > maxTableEntries:
			r.fail("table of %d entries, the limit is %d", least, maxTableEntries)
		}
		if !bounded || most > maxTableEntries {
			most = maxTableEntries
		}
		out = append(out, kind, 1)
		out = binary.AppendUvarint(binary.AppendUvarint(out, least), most)
	}
	return out
}

func (r *moduleReader) element() {
	flags := r.leb()
	if flags > 7 {
		r.fail("element segment of form %d is not of WebAssembly 2.0", flags)
	}
	if flags&1 == 0 { // active
		if flags&2 != 0 {
			r.leb() // table
		}
		r.constant()
	}
	if flags&3 != 0 {
		r.byte() // kind or type
	}
	n := r.count("elements", noLimit)
	for ; n > 0 && r.err == nil; n-- {
		if flags&4 != 0 {
			r.constant()
		} else {
			r.leb()
		}
	}
}

// body checks one function.
func (r *moduleReader) body() {
	size := r.leb()
	if size > maxFunctionBytes {
		r.fail("function of %d bytes, the limit is %d", size, maxFunctionBytes)
		return
	}
	start := r.pos
	r.bytes(size)
	if r.err != nil {
		return
	}
	in := &moduleReader{b: r.b[:r.pos], pos: start}
	locals := uint64(0)
	for n := in.count("groups of locals", noLimit); n > 0 && in.err == nil; n-- {
		locals += min(in.leb(), noLimit)
		in.byte()
		if locals > maxLocals {
			in.fail("function with %d locals, the limit is %d", locals, maxLocals)
		}
	}
	if in.err != nil {
		r.err = in.err
	}
}

func (r *moduleReader) data() {
	flags := r.leb()
	if flags > 2 {
		r.fail("data segment of form %d is not of WebAssembly 2.0", flags)
	}
	if flags == 2 {
		r.leb() // memory
	}
	if flags != 1 {
		r.constant()
	}
	r.bytes(r.leb())
}

// names checks the numbers in the section of names.
func (r *moduleReader) names() {
	for r.pos < len(r.b) && r.err == nil {
		id := r.byte()
		content := r.bytes(r.leb())
		if r.err != nil {
			return
		}
		in := &moduleReader{b: r.b[:r.pos], pos: r.pos - len(content)}
		switch id {
		case 0:
			in.name()
		case 1:
			in.nameMap()
		case 2:
			for n := in.count("functions", noLimit); n > 0 && in.err == nil; n-- {
				in.leb()
				in.nameMap()
			}
		}
		if in.err != nil {
			r.err = in.err
		}
	}
}

func (r *moduleReader) nameMap() {
	for n := r.count("names", noLimit); n > 0 && r.err == nil; n-- {
		r.leb()
		r.name()
	}
}
