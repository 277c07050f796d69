package meter

import "github.com/eshost/eshost/host/internal/module"

// edit is a place in a function that is written differently.
type edit struct {
	at, skip int // bytes of the original
	kind     editKind
	value    int
	label    uint32 // of a branch
}

type editKind uint8

const (
	putNothing editKind = iota
	putDraw             // so much is drawn
	putCharge           // the same, and a check
	putHeader           // a charge for a round of that loop
	putBack             // the same, before a branch to its beginning
	putBackIf           // the same, with a condition
	putAfter            // a check behind a call that leaves something
	putBefore           // a check before what may leave the function
	putIndex            // another index
	putCall             // a call
)

// settle decides how the entry of the function that was read is paid, and which
// of the places for checks are used.
func (f *body) settle() {
	k, entry := f.known[f.self], &f.edits[0]
	entry.value, f.checks = f.entry(), putNothing
	switch {
	case k.light:
	case k.settles:
		entry.kind = putCharge
	default:
		entry.kind = putDraw
	}
	f.asks = f.check
	if !k.settles {
		return
	}
	n := f.exits
	f.checks = putBefore
	if f.left > mostBetween || f.calls <= f.exits {
		n, f.checks = f.calls, putAfter
	}
	if n > mostInline {
		f.asks = uvarint([]byte{opCall}, f.use(askIfNeeded))
	}
}

// used reports whether there is anything to do.
func (f *body) used(e *edit) bool {
	switch e.kind {
	case putNothing:
		return false
	case putAfter, putBefore:
		return e.kind == f.checks
	case putHeader, putBack, putBackIf:
		return f.rounds[e.value] > 0 // else no way leads there
	}
	return true
}

// write appends the function that was read, as it is from now on.
func (f *body) write(out []byte, in module.Reader) []byte {
	from := in.Pos()
	for i := range f.edits {
		e := &f.edits[i]
		if !f.used(e) {
			continue
		}
		out = append(out, f.wasm[from:e.at]...)
		from = e.at + e.skip
		switch e.kind {
		case putDraw:
			out = f.draws(out, e.value)
		case putCharge:
			out = append(f.draws(out, e.value), f.check...)
		case putHeader:
			out = append(f.draws(out, f.rounds[e.value]), f.check...)
		case putBack:
			out = f.again(f.draws(out, f.rounds[e.value]), e.label)
		case putBackIf:
			out = f.draws(append(out, opIf, noResult), f.rounds[e.value])
			out = append(f.again(out, e.label+1), opEnd)
		case putAfter, putBefore:
			out = append(out, f.asks...)
		case putIndex:
			out = uvarint(out, e.value)
		case putCall:
			out = uvarint(append(out, opCall), e.value)
		}
	}
	return append(out, f.wasm[from:in.Pos()+in.Len()]...)
}

// draws appends code that draws so much.
func (r *rewriter) draws(out []byte, units int) []byte {
	out = varint(append(append(out, r.draw[0]...), opI64Const), int64(units))
	return append(out, r.draw[1]...)
}

// again appends a branch with a check, which stands behind the branch that is
// usual: what is not needed in a loop should not lie in its way.
func (r *rewriter) again(out []byte, label uint32) []byte {
	out = code(out).fuel(opGlobalGet, r.globals).i64Const(0).op(opI64Ge, opBrIf)
	out = uvarint(append(uvarint(out, label), opCall), r.use(refill))
	return uvarint(append(out, opBr), label)
}
