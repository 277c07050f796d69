package meter

import (
	"strconv"

	"github.com/eshost/eshost/host/internal/module"
)

// The parts of the section of names.
const (
	moduleNames   = 0
	functionNames = 1
)

// name appends a name.
func name(b []byte, s string) []byte { return append(uvarint(b, len(s)), s...) }

// copyNames writes the names of functions, as stack traces show them, and that
// of the module.
func (r *rewriter) copyNames() error {
	content := name(nil, "name")
	part := func(id byte, b []byte) {
		content = append(uvarint(append(content, id), len(b)), b...)
	}
	names := make([]string, r.functions)
	in := r.names // empty if there are none
	for in.More() {
		id := in.Byte()
		from := in.Part(uint64(in.Index()))
		switch id {
		case moduleNames:
			part(id, name(nil, from.Name()))
		case functionNames:
			for n := from.Count("names", module.NoLimit); n > 0 && from.Err() == nil; n-- {
				if index, s := from.Index(), from.Name(); index < r.functions {
					names[index] = s
				}
			}
		default:
			continue
		}
		from.End()
		if from.Err() != nil {
			return from.Err()
		}
	}
	part(functionNames, r.functionNames(names))
	r.section(module.CustomSection, content)
	return in.Err()
}

// functionNames gives the functions their names under their new indices. One
// without a name gets its old index for it, as the engine would have shown it.
func (r *rewriter) functionNames(names []string) []byte {
	out := make([]byte, 0, 16*len(names)+128)
	n := 0
	put := func(index int, s string) {
		out = name(uvarint(out, index), s)
		n++
	}
	imported := int(r.importedFunctions)
	for i, s := range names[:imported] {
		if s != "" {
			put(i, s)
		}
	}
	put(imported, ImportModule+"."+ImportRefuel)
	for i, s := range names[imported:] {
		if s == "" {
			s = "$" + strconv.Itoa(imported+i)
		}
		put(imported+i+1, s)
	}
	for _, h := range r.order {
		put(r.use(h), helperNames[h])
	}
	return append(uvarint(nil, n), out...)
}
