package meter

import "github.com/eshost/eshost/host/internal/module"

// list is a section that is a list, to which something is added.
type list struct {
	n     int
	items []byte
}

// with writes the section with more items at its end.
func (r *rewriter) with(id byte, l list, n int, items ...byte) {
	content := append(uvarint(nil, l.n+n), l.items...)
	r.section(id, append(content, items...))
}

// count reads the sections that say what the module has, and checks what they
// name.
func (r *rewriter) count() error {
	for _, step := range []struct {
		id   byte
		noun string
		item func(*module.Reader)
	}{
		{module.TypeSection, "types", r.functionType},
		{module.ImportSection, "imports", r.imported},
		{module.FunctionSection, "functions", func(in *module.Reader) {
			r.defined = append(r.defined, r.typeIndex(in))
			r.functions++
		}},
	} {
		in := r.sections[step.id]
		if !r.present[step.id] {
			continue
		}
		n := in.Count(step.noun, module.NoLimit)
		start := in.Pos()
		for i := 0; i < n && in.Err() == nil; i++ {
			step.item(&in)
		}
		in.End()
		if in.Err() != nil {
			return in.Err()
		}
		r.lists[step.id] = list{n: n, items: r.wasm[start:in.Pos()]}
	}
	// Globals may name functions, which are counted now, and globals.
	in := r.sections[module.GlobalSection]
	if r.present[module.GlobalSection] {
		r.globals += uint32(in.Count("globals", module.NoLimit))
	}
	r.tabled = make([]bool, r.functions-r.importedFunctions)
	r.chargeCode()
	return in.Err()
}

// references finds the functions that are named outside of the code.
func (r *rewriter) references() error {
	in := r.sections[module.GlobalSection]
	r.rewritten(module.GlobalSection, "globals", r.definedGlobal, &in)
	if in.Err() == nil {
		in = r.sections[module.ElementSection]
		r.rewritten(module.ElementSection, "element segments", r.element, &in)
	}
	return in.Err()
}

func (r *rewriter) definedGlobal(in *module.Reader, out []byte) []byte {
	start := in.Pos()
	globalType(in)
	return r.constant(in, append(out, r.wasm[start:in.Pos()]...))
}

func (r *rewriter) functionType(in *module.Reader) {
	if form := in.Byte(); form != 0x60 {
		in.Fail("type of form %#x is not of WebAssembly 2.0", form)
	}
	r.sortKey = append(r.sortKey[:0], valueTypes(in, "parameters")...)
	r.takes = append(r.takes, len(r.sortKey) > 0)
	r.sortKey = append(append(r.sortKey, 0), valueTypes(in, "results")...)
	sort, ok := r.sorts[string(r.sortKey)]
	if !ok {
		if sort = int32(len(r.sorts)); sort < mostSorts {
			r.sorts[string(r.sortKey)] = sort
		}
	}
	r.sortOf = append(r.sortOf, sort)
	r.types++
}

func (r *rewriter) imported(in *module.Reader) {
	start := in.Pos()
	from := in.Name()
	in.Name()
	if from == ImportModule {
		in.FailAt(start, "an import from %s, which is the host's own", ImportModule)
	}
	switch kind := in.Byte(); kind {
	case module.Function:
		r.typeIndex(in)
		r.importedFunctions++
		r.functions++
	case module.Table:
		referenceType(in)
		limits(in)
	case module.Memory:
		limits(in)
	case module.Global:
		globalType(in)
		r.globals++
	default:
		in.Fail("an import of kind %d is not of WebAssembly 2.0", kind)
	}
}

// copySection writes a section other than the code.
func (r *rewriter) copySection(id byte) error {
	in := r.sections[id]
	switch id {
	case module.TypeSection:
		r.with(id, r.lists[id], addedTypes, addedTypeCode...)
	case module.ImportSection:
		item := append(name(name(nil, ImportModule), ImportRefuel), module.Function)
		r.with(id, r.lists[id], 1, uvarint(item, int(r.types)+refuelType)...)
	case module.FunctionSection:
		var items []byte
		for _, h := range r.order {
			items = uvarint(items, int(r.types)+helperTypes[h])
		}
		r.with(id, r.lists[id], len(r.order), items...)
	case module.GlobalSection:
		l := r.rewritten(id, "globals", r.definedGlobal, &in)
		r.with(id, l, 1, i64, 1, opI64Const, 0, opEnd)
	case module.ExportSection:
		l := r.rewritten(id, "exports", r.export, &in)
		r.with(id, l, 1, uvarint(append(name(nil, FuelGlobal), module.Global), r.globals)...)
	case module.StartSection:
		if r.present[id] {
			r.section(id, uvarint(nil, r.function(&in)))
			in.End()
		}
	case module.ElementSection:
		if l := r.rewritten(id, "element segments", r.element, &in); r.present[id] {
			r.with(id, l, 0)
		}
	default:
		switch {
		case id == module.DataSection:
			r.rewritten(id, "data segments", r.data, &in)
		case id == module.DataCountSection && r.present[id]:
			in.Index() // the engine reads on behind an empty one
			in.End()
		}
		if r.present[id] {
			content := r.sections[id]
			r.section(id, content.Bytes(uint64(content.Len())))
		}
	}
	return in.Err()
}

// rewritten reads a list whose items are written differently.
func (r *rewriter) rewritten(id byte, noun string, item func(in *module.Reader, out []byte) []byte, in *module.Reader) (l list) {
	if !r.present[id] {
		return l
	}
	l.n = in.Count(noun, module.NoLimit)
	l.items = make([]byte, 0, in.Len()+in.Len()/16)
	for i := 0; i < l.n && in.Err() == nil; i++ {
		l.items = item(in, l.items)
	}
	in.End()
	return l
}

func (r *rewriter) export(in *module.Reader, out []byte) []byte {
	start := in.Pos()
	if in.Name() == FuelGlobal {
		in.FailAt(start, "an export by the name of %s, which is the host's own", FuelGlobal)
	}
	kind := in.Byte()
	out = append(out, r.wasm[start:in.Pos()]...)
	switch kind {
	case module.Function:
		return uvarint(out, r.function(in))
	case module.Global:
		return uvarint(out, r.global(in))
	case module.Table, module.Memory:
		return uvarint(out, in.Index())
	}
	in.Fail("an export of kind %d is not of WebAssembly 2.0", kind)
	return out
}

// element reads a segment in one of its eight forms.
func (r *rewriter) element(in *module.Reader, out []byte) []byte {
	const (
		notActive  = 1
		withTable  = 2 // if it is active
		expression = 4
	)
	flags := in.Index()
	if flags > 7 {
		in.Fail("element segment of form %d is not of WebAssembly 2.0", flags)
	}
	out = uvarint(out, flags)
	if flags&notActive == 0 {
		if flags&withTable != 0 {
			out = uvarint(out, in.Index())
		}
		out = r.constant(in, out)
	}
	if flags&(notActive|withTable) != 0 {
		if flags&expression != 0 {
			out = append(out, referenceType(in))
		} else {
			kind := in.Byte()
			if kind != 0 {
				in.Fail("elements of kind %d are not of WebAssembly 2.0", kind)
			}
			out = append(out, kind)
		}
	}
	n := in.Count("elements", module.NoLimit)
	out = uvarint(out, n)
	for ; n > 0 && in.Err() == nil; n-- {
		if flags&expression != 0 {
			out = r.constant(in, out)
		} else {
			out = uvarint(out, r.reference(in))
		}
	}
	return out
}

// data checks a segment, which stays as it is.
func (r *rewriter) data(in *module.Reader, out []byte) []byte {
	flags := in.Index()
	if flags > 2 {
		in.Fail("data segment of form %d is not of WebAssembly 2.0", flags)
	}
	if flags == 2 {
		in.Index() // memory
	}
	if flags != 1 {
		r.constant(in, nil)
	}
	in.Bytes(uint64(in.Index()))
	return out
}

// constant reads a constant expression.
func (r *rewriter) constant(in *module.Reader, out []byte) []byte {
	for in.Err() == nil {
		start := in.Pos()
		op := in.Byte()
		switch op {
		case opEnd:
			return append(out, op)
		case opGlobalGet:
			out = uvarint(append(out, op), r.global(in))
			continue
		case opRefFunc:
			out = uvarint(append(out, op), r.reference(in))
			continue
		case opI32Const:
			in.Skip(5)
		case opI64Const:
			in.Skip(10)
		case opF32Const:
			in.Bytes(4)
		case opF64Const:
			in.Bytes(8)
		case opRefNull:
			referenceType(in)
		case opFD:
			if in.Byte() != 0x0c { // v128.const, of which the engine reads one byte
				in.FailAt(start, "a vector instruction in a constant expression")
			}
			in.Bytes(16)
		default:
			in.FailAt(start, "instruction %#x in a constant expression is not of WebAssembly 2.0", op)
		}
		out = append(out, r.wasm[start:in.Pos()]...)
	}
	return out
}
