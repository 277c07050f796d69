package meter

import "github.com/eshost/eshost/host/internal/module"

// code writes the content of the code section to out. It reads each function
// at least twice: what calls cost is only known when all have been read.
func (r *rewriter) code() error {
	bodies, err := r.bodies()
	if err != nil {
		return err
	}
	f := body{rewriter: r, light: make([]uint16, len(bodies)), indirect: costIndirect}
	if err := f.findLight(bodies); err != nil {
		return err
	}
	size := 0
	for i := range bodies {
		size += bodies[i].Len()
	}
	content := make([]byte, 0, size+size/4+1024)
	var one []byte
	for i := range bodies {
		if err := f.read(bodies[i]); err != nil {
			return err
		}
		if f.light[i] > 0 {
			f.edits[0].value = 0
		}
		one = f.write(one[:0], bodies[i])
		content = append(uvarint(content, len(one)), one...)
	}
	for _, h := range r.order {
		c := r.helperCode(h)
		content = append(uvarint(content, len(c)), c...)
	}
	r.out = append(uvarint(make([]byte, 0, len(content)+5), len(bodies)+len(r.order)), content...)
	return nil
}

// bodies finds the functions of the module.
func (r *rewriter) bodies() ([]module.Reader, error) {
	n := r.functions - r.importedFunctions
	in := r.sections[module.CodeSection]
	announced := uint32(0)
	if r.present[module.CodeSection] {
		announced = in.Index()
	}
	if announced != n {
		in.Fail("%d functions have code and %d have a type", announced, n)
	}
	bodies := make([]module.Reader, 0, n)
	for ; n > 0 && in.Err() == nil; n-- {
		bodies = append(bodies, in.Part(uint64(in.Index())))
	}
	in.End()
	return bodies, in.Err()
}

// write appends the function that was read, as it is from now on.
func (f *body) write(out []byte, in module.Reader) []byte {
	from := in.Pos()
	for _, e := range f.edits {
		out = append(out, f.wasm[from:e.at]...)
		from = e.at + e.skip
		switch e.kind {
		case putCharge:
			if e.value > 0 {
				out = append(out, f.charge[0]...)
				out = varint(append(out, opI64Const), int64(e.value))
				out = append(out, f.charge[1]...)
			}
		case putIndex:
			out = uvarint(out, e.value)
		case putCall:
			out = uvarint(append(out, opCall), e.value)
		}
	}
	return append(out, f.wasm[from:in.Pos()+in.Len()]...)
}
