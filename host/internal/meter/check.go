package meter

import "github.com/eshost/eshost/host/internal/module"

// What follows reads something that names what the module has, or must be of
// WebAssembly 2.0, and fails the reader if it does not or is not.

// function reads the index of a function and gives the one it has from now on.
func (r *rewriter) function(in *module.Reader) int {
	start := in.Pos()
	n := in.Index()
	if n >= r.functions {
		in.FailAt(start, "function %d: the module has %d", n, r.functions)
	}
	if n >= r.importedFunctions {
		return int(n) + 1
	}
	return int(n)
}

// reference reads the index of a function that may come into a table.
func (r *rewriter) reference(in *module.Reader) int {
	n := r.function(in)
	if defined := n - int(r.importedFunctions) - 1; defined >= 0 && in.Err() == nil {
		r.tabled[defined] = true
	}
	return n
}

// global reads the index of a global.
func (r *rewriter) global(in *module.Reader) int {
	start := in.Pos()
	n := in.Index()
	if n >= r.globals {
		in.FailAt(start, "global %d: the module has %d", n, r.globals)
	}
	return int(n)
}

// typeIndex reads the index of a type.
func (r *rewriter) typeIndex(in *module.Reader) uint32 {
	start := in.Pos()
	n := in.Index()
	r.checkType(in, start, uint64(n))
	return n
}

func (r *rewriter) checkType(in *module.Reader, start int, n uint64) {
	if n >= uint64(r.types) {
		in.FailAt(start, "type %d: the module has %d", n, r.types)
	}
}

// blockType reads the type of a block: none, one type, or the index of one. It
// reports whether the block takes parameters.
func (r *rewriter) blockType(in *module.Reader) (takes bool) {
	const empty = -64
	start := in.Pos()
	t := in.Signed33()
	switch {
	case t >= 0:
		r.checkType(in, start, uint64(t))
	case t < empty || t != empty && !isValueType(byte(t)&0x7f):
		in.FailAt(start, "block of type %d is not of WebAssembly 2.0", t)
	}
	return t >= 0 && in.Err() == nil && r.takes[t]
}

func isReferenceType(t byte) bool { return t == 0x70 || t == 0x6f }

func isValueType(t byte) bool { return t >= 0x7b && t <= 0x7f || isReferenceType(t) }

// valueTypes reads a list of types, each of which is a byte.
func valueTypes(in *module.Reader, noun string) []byte {
	list := in.Bytes(uint64(in.Count(noun, module.NoLimit)))
	for i, t := range list {
		if !isValueType(t) {
			in.FailAt(in.Pos()-len(list)+i, "type %#x is not of WebAssembly 2.0", t)
		}
	}
	return list
}

func valueType(in *module.Reader) {
	if t := in.Byte(); !isValueType(t) {
		in.Fail("type %#x is not of WebAssembly 2.0", t)
	}
}

func referenceType(in *module.Reader) byte {
	t := in.Byte()
	if !isReferenceType(t) {
		in.Fail("type %#x of references is not of WebAssembly 2.0", t)
	}
	return t
}

func globalType(in *module.Reader) {
	valueType(in)
	if mutable := in.Byte(); mutable > 1 {
		in.Fail("a global of mutability %d", mutable)
	}
}

// limits reads those of a table or a memory that is imported.
func limits(in *module.Reader) {
	flags := in.Byte()
	if flags > 1 {
		in.Fail("limits of form %d are not of WebAssembly 2.0", flags)
	}
	in.Index()
	if flags == 1 {
		in.Index()
	}
}
