package meter

// helper is a function that is added to the module.
type helper uint8

const (
	refill        helper = iota // () -> (): asks the host for fuel
	askIfNeeded                 // () -> (): asks if more was drawn than there was
	fillMemory                  // memory.fill
	copyMemory                  // memory.copy
	growMemory                  // memory.grow
	chargeBytes                 // (i32) -> i32: pays for so many bytes and gives the number back
	chargeEntries               // (i32) -> i32: the same for entries of a table
	helpers
)

// helperNames are those in stack traces.
var helperNames = [helpers]string{
	"eshost_meter.refill", "eshost_meter.ask_if_needed", "eshost_meter.memory.fill", "eshost_meter.memory.copy", "eshost_meter.memory.grow",
	"eshost_meter.charge_bytes", "eshost_meter.charge_entries",
}

// The types that are added, in their order.
const (
	refillType   = iota // () -> ()
	refuelType          // (i64) -> i64
	threeType           // (i32, i32, i32) -> ()
	oneToOneType        // (i32) -> i32
	addedTypes
)

const (
	i32 = 0x7f
	i64 = 0x7e
)

var addedTypeCode = []byte{
	0x60, 0, 0,
	0x60, 1, i64, 1, i64,
	0x60, 3, i32, i32, i32, 0,
	0x60, 1, i32, 1, i32,
}

var helperTypes = [helpers]int{refillType, refillType, threeType, threeType, oneToOneType, oneToOneType, oneToOneType}

const (
	// pieceBytes is how much memory is filled or copied between two charges.
	pieceBytes = 256 << 10
	// unitShift is the binary logarithm of the bytes that one unit pays for,
	// entryShift of the entries of a table, which have 8 bytes.
	unitShift  = 4
	entryShift = 1
	// maxEntries is how many entries of a table are paid for at most: no table
	// has more.
	maxEntries = 1 << 20
	// pageShift is the binary logarithm of what a page of memory costs.
	pageShift = 16 - unitShift
)

// use returns the index that a helper has in the new module.
func (r *rewriter) use(h helper) int {
	if r.added[h] == 0 {
		r.order = append(r.order, h)
		r.added[h] = len(r.order)
	}
	return int(r.functions) + r.added[h] // after all others, which the import moved by one
}

// code is a function in the making.
type code []byte

func (c code) op(b ...byte) code                { return append(c, b...) }
func (c code) get(local byte) code              { return append(c, opLocalGet, local) }
func (c code) set(local byte) code              { return append(c, opLocalSet, local) }
func (c code) wide(local byte) code             { return append(c, opLocalGet, local, opExtend) }
func (c code) i32Const(n int64) code            { return varint(append(c, opI32Const), n) }
func (c code) i64Const(n int64) code            { return varint(append(c, opI64Const), n) }
func (c code) fuel(op byte, global uint32) code { return uvarint(append(c, op), global) }

// Instructions of the functions that are added.
const (
	opExtend = 0xad // i64.extend_i32_u
	opI64Add = 0x7c
	opI64Sub = 0x7d
	opI64Shl = 0x86
	opI64Shr = 0x88 // unsigned
	opI64Lt  = 0x53 // signed
	opI64Gt  = 0x56 // unsigned
	opI64Ge  = 0x59 // signed
	opI32Add = 0x6a
	opI32Sub = 0x6b
	opI32Ne  = 0x47
	opI32Lt  = 0x49 // unsigned
	opI32Gt  = 0x4b // unsigned
	noResult = 0x40
)

// chargeCode makes the code that draws: what comes before the units, of type
// i64, and after them; and the code that asks the host if more was drawn than
// there was.
func (r *rewriter) chargeCode() {
	r.draw[0] = code{}.fuel(opGlobalGet, r.globals)
	r.draw[1] = code{opI64Sub}.fuel(opGlobalSet, r.globals)
	check := code{}.fuel(opGlobalGet, r.globals).i64Const(0).op(opI64Lt, opIf, noResult, opCall)
	r.check = append(uvarint(check, r.use(refill)), opEnd)
}

// helperCode returns the body of a helper, with its variables.
func (r *rewriter) helperCode(h helper) code {
	// charge pays for a number of something in a variable, and 1.
	charge := func(c code, local byte, shift int64) code {
		c = append(c, r.draw[0]...).wide(local).i64Const(shift).op(opI64Shr).i64Const(1).op(opI64Add)
		return append(append(c, r.draw[1]...), r.check...)
	}
	// outside asks whether n bytes at a variable, that is, at an address, are
	// more than there is of memory.
	outside := func(c code, n byte) code {
		return c.op(opExtend).wide(n).op(opI64Add, opMemorySize, 0, opExtend).i64Const(16).op(opI64Shl, opI64Gt)
	}
	// piece sets a variable to the lesser of another one and pieceBytes.
	piece := func(c code, to, n byte) code {
		return c.get(n).i32Const(pieceBytes).get(n).i32Const(pieceBytes).op(opI32Lt, opSelect).set(to)
	}
	const d, s, n, p = 0, 1, 2, 3 // destination, source or value, length, length of a piece
	add := func(c code, local byte) code { return c.get(local).get(p).op(opI32Add).set(local) }
	oneLocal := code{1, 1, i32}
	switch h {
	case refill:
		c := code{0}.fuel(opGlobalGet, r.globals).op(opCall)
		return code(uvarint(c, r.importedFunctions)).fuel(opGlobalSet, r.globals).op(opEnd)
	case askIfNeeded:
		return append(code{0}, r.check...).op(opEnd)
	case fillMemory:
		fill := []byte{opFC, fcMemoryFill, 0}
		c := outside(oneLocal.get(d), n).op(opIf, noResult).get(d).get(s).get(n).op(fill...).op(opUnreachable, opEnd)
		c = charge(piece(c.op(opLoop, noResult), p, n), p, unitShift)
		c = add(c.get(d).get(s).get(p).op(fill...), d)
		return c.get(n).get(p).op(opI32Sub, opLocalTee, n, opBrIf, 0, opEnd, opEnd)
	case copyMemory:
		cp := []byte{opFC, fcMemoryCopy, 0, 0}
		c := outside(oneLocal.get(d).get(s).get(d).get(s).op(opI32Gt, opSelect), n)
		c = c.op(opIf, noResult).get(d).get(s).get(n).op(cp...).op(opUnreachable, opEnd)
		// Upwards if the destination is below, else downwards.
		c = c.get(d).get(s).op(opI32Gt, opIf, noResult)
		c = charge(piece(c.op(opLoop, noResult), p, n), p, unitShift)
		c = c.get(n).get(p).op(opI32Sub).set(n)
		c = c.get(d).get(n).op(opI32Add).get(s).get(n).op(opI32Add).get(p).op(cp...).get(n).op(opBrIf, 0, opEnd, opElse)
		c = charge(piece(c.op(opLoop, noResult), p, n), p, unitShift)
		c = add(add(c.get(d).get(s).get(p).op(cp...), d), s)
		return c.get(n).get(p).op(opI32Sub, opLocalTee, n, opBrIf, 0, opEnd, opEnd, opEnd)
	case growMemory:
		const pages, before = 0, 1
		c := oneLocal.get(pages).op(opMemoryGrow, 0, opLocalTee, before).i32Const(-1).op(opI32Ne, opIf, noResult)
		c = append(c, r.draw[0]...).wide(pages).i64Const(pageShift).op(opI64Shl)
		return append(append(c, r.draw[1]...), r.check...).op(opEnd).get(before).op(opEnd)
	case chargeBytes:
		return charge(code{0}, 0, unitShift).get(0).op(opEnd)
	default: // chargeEntries
		c := append(code{0}, r.draw[0]...).get(0).i32Const(maxEntries).get(0).i32Const(maxEntries).op(opI32Lt, opSelect, opExtend)
		c = append(c.i64Const(entryShift).op(opI64Shr).i64Const(1).op(opI64Add), r.draw[1]...)
		c = append(c, r.check...)
		return c.get(0).op(opEnd)
	}
}
