package meter

import "github.com/eshost/eshost/host/internal/module"

// code writes the content of the code section to out. It reads each function
// three times: to see whom it calls, what it costs, and to write it.
func (r *rewriter) code() error {
	bodies, err := r.bodies()
	if err != nil {
		return err
	}
	f := &body{rewriter: r, plan: newPlan(len(bodies))}
	if err := f.survey(bodies); err != nil {
		return err
	}
	if err := f.judge(bodies); err != nil {
		return err
	}
	size := 0
	for i := range bodies {
		size += bodies[i].Len()
	}
	content := make([]byte, 0, size+size/4+1024)
	var one []byte
	for i := range bodies {
		if err := f.read(int32(i), bodies[i]); err != nil {
			return err
		}
		f.settle()
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
