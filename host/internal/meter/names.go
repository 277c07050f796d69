package meter

import "github.com/eshost/eshost/host/internal/module"

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
	if !r.named {
		return nil
	}
	content := name(nil, "name")
	in := r.names
	for in.More() {
		id := in.Byte()
		part := in.Part(uint64(in.Index()))
		var out []byte
		switch id {
		case moduleNames:
			out = name(nil, part.Name())
		case functionNames:
			out = r.functionNames(&part)
		default:
			continue
		}
		part.End()
		if part.Err() != nil {
			return part.Err()
		}
		content = append(uvarint(append(content, id), len(out)), out...)
	}
	r.section(module.CustomSection, content)
	return in.Err()
}

// functionNames gives the functions their names under their new indices.
func (r *rewriter) functionNames(in *module.Reader) []byte {
	out := make([]byte, 0, in.Len()+128)
	n := 0
	put := func(index int, s string) {
		out = name(uvarint(out, index), s)
		n++
	}
	refuel := func() { put(int(r.importedFunctions), ImportModule+"."+ImportRefuel) }
	refueled := false
	for left := in.Count("names", module.NoLimit); left > 0 && in.Err() == nil; left-- {
		index, s := in.Index(), in.Name()
		if index >= r.functions {
			continue // nothing of the module's
		}
		if index >= r.importedFunctions {
			if !refueled {
				refuel()
			}
			refueled = true
			index++
		}
		put(int(index), s)
	}
	if !refueled {
		refuel()
	}
	for _, h := range r.order {
		put(r.use(h), helperNames[h])
	}
	return append(uvarint(nil, n), out...)
}
