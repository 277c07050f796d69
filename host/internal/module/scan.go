package module

import (
	"encoding/binary"
	"fmt"
)

// What a module may have at most. A real plugin is far below; they keep a
// hostile one from making its compilation or instantiation huge.
const (
	maxFunctionBytes = 512 << 10 // its compilation takes up to a thousand times as much memory
	maxLocals        = 50_000
	maxTableEntries  = 1 << 20 // 8 MiB of an instance's memory on the host's side
	maxTables        = 16
	maxParams        = 1_000
)

// Scan reads the structure of a module before the compiler does. The
// compiler believes the numbers that a module announces; after this each of
// them is backed by bytes or within a limit. What it returns is the module,
// with a maximum for every table and without custom sections other than the
// names of functions, and its imports. It may have so many functions of its own. Errors are [*Error].
func Scan(wasm []byte, functions int) (clean []byte, imports []Import, err error) {
	clean = append(make([]byte, 0, len(wasm)+64), wasm[:HeaderBytes]...)
	r := NewReader(wasm, HeaderBytes)
	for r.More() {
		id, in := r.Section()
		if r.err != nil {
			break
		}
		content := in.b[in.pos:]
		keep := in.section(id, &imports, functions)
		if in.err != nil {
			if id == CustomSection {
				continue // names are for people: without them it works as well
			}
			return nil, nil, fmt.Errorf("%s section: %w", sectionNames[id], in.err)
		}
		if id == CustomSection && keep == nil {
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
func (r *Reader) section(id byte, imports *[]Import, functions int) []byte {
	start := r.pos
	switch id {
	case CustomSection:
		if r.Name() == "name" {
			r.names()
			return r.b[start:]
		}
	case TypeSection:
		for n := r.Count("types", NoLimit); n > 0 && r.err == nil; n-- {
			if form := r.Byte(); form != 0x60 && r.err == nil {
				r.Fail("type of form %#x is not of WebAssembly 2.0", form)
			}
			r.Bytes(uint64(r.Count("parameters", maxParams)))
			r.Bytes(uint64(r.Count("results", maxParams)))
		}
	case ImportSection:
		for n := r.Count("imports", NoLimit); n > 0 && r.err == nil; n-- {
			r.oneImport(imports)
		}
	case FunctionSection:
		r.Count("functions", uint64(functions))
	case TableSection:
		return r.tables()
	case ElementSection:
		for n := r.Count("element segments", NoLimit); n > 0 && r.err == nil; n-- {
			r.element()
		}
	case CodeSection:
		for n := r.Count("functions", uint64(functions)); n > 0 && r.err == nil; n-- {
			r.body()
		}
	case DataSection:
		for n := r.Count("data segments", NoLimit); n > 0 && r.err == nil; n-- {
			r.data()
		}
	case MemorySection:
		r.Count("memories", NoLimit)
	case GlobalSection:
		r.Count("globals", NoLimit)
	case ExportSection:
		for n := r.Count("exports", NoLimit); n > 0 && r.err == nil; n-- {
			r.Name()
			r.Byte()
			r.Integer()
		}
	}
	return nil
}

func (r *Reader) oneImport(imports *[]Import) {
	i := Import{Module: r.Name(), Name: r.Name(), Kind: r.Byte()}
	switch i.Kind {
	case Function:
		r.Integer()
	case Table:
		r.Byte()
		r.Limits()
	case Memory:
		r.Limits()
	case Global:
		r.Bytes(2)
	default:
		r.Fail("import %q.%q of kind %d is not of WebAssembly 2.0", i.Module, i.Name, i.Kind)
	}
	if r.err == nil {
		*imports = append(*imports, i)
	}
}

// tables returns the section with a maximum for every table: a guest could
// otherwise grow one without end, on the host's memory.
func (r *Reader) tables() []byte {
	n := r.Count("tables", maxTables)
	out := binary.AppendUvarint(nil, uint64(n))
	for ; n > 0 && r.err == nil; n-- {
		kind := r.Byte()
		least, most, bounded := r.Limits()
		switch {
		case r.err != nil:
		case kind != 0x70 && kind != 0x6f:
			r.Fail("table of type %#x is not of WebAssembly 2.0", kind)
		case least > maxTableEntries:
			r.Fail("table of %d entries, the limit is %d", least, maxTableEntries)
		}
		if !bounded || most > maxTableEntries {
			most = maxTableEntries
		}
		out = append(out, kind, 1)
		out = binary.AppendUvarint(binary.AppendUvarint(out, least), most)
	}
	return out
}

func (r *Reader) element() {
	flags := r.Integer()
	if flags > 7 {
		r.Fail("element segment of form %d is not of WebAssembly 2.0", flags)
	}
	if flags&1 == 0 { // active
		if flags&2 != 0 {
			r.Integer() // table
		}
		r.Constant()
	}
	if flags&3 != 0 {
		r.Byte() // kind or type
	}
	n := r.Count("elements", NoLimit)
	for ; n > 0 && r.err == nil; n-- {
		if flags&4 != 0 {
			r.Constant()
		} else {
			r.Integer()
		}
	}
}

// body checks one function.
func (r *Reader) body() {
	size := r.Integer()
	if size > maxFunctionBytes {
		r.Fail("function of %d bytes, the limit is %d", size, maxFunctionBytes)
		return
	}
	in := r.Part(size)
	locals := uint64(0)
	for n := in.Count("groups of locals", NoLimit); n > 0 && in.err == nil; n-- {
		locals += min(in.Integer(), NoLimit)
		in.Byte()
		if locals > maxLocals {
			in.Fail("function with %d locals, the limit is %d", locals, maxLocals)
		}
	}
	if in.err != nil {
		r.err = in.err
	}
}

func (r *Reader) data() {
	flags := r.Integer()
	if flags > 2 {
		r.Fail("data segment of form %d is not of WebAssembly 2.0", flags)
	}
	if flags == 2 {
		r.Integer() // memory
	}
	if flags != 1 {
		r.Constant()
	}
	r.Bytes(r.Integer())
}

// names checks the numbers in the section of names.
func (r *Reader) names() {
	for r.pos < len(r.b) && r.err == nil {
		id := r.Byte()
		in := r.Part(r.Integer())
		switch id {
		case 0:
			in.Name()
		case 1:
			in.nameMap()
		case 2:
			for n := in.Count("functions", NoLimit); n > 0 && in.err == nil; n-- {
				in.Integer()
				in.nameMap()
			}
		}
		if in.err != nil {
			r.err = in.err
		}
	}
}

func (r *Reader) nameMap() {
	for n := r.Count("names", NoLimit); n > 0 && r.err == nil; n-- {
		r.Integer()
		r.Name()
	}
}
