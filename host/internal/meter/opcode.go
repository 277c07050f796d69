package meter

// operand says what follows an instruction.
type operand uint8

const (
	invalid     operand = iota // it is not of WebAssembly 2.0
	none                       // nothing
	control                    // what depends on the flow of control
	index                      // an index of 32 bits that stays as it is
	int32Const                 // a constant of 32 bits
	int64Const                 // a constant of 64 bits
	bytes4                     // 4 bytes
	bytes8                     // 8 bytes
	bytes16                    // 16 bytes
	address                    // the alignment and the offset of an access to memory
	addressLane                // the same, and the number of a lane
	lane                       // the number of a lane
	memory                     // the index of the memory
	global                     // the index of a global
	function                   // the index of a function
	indirect                   // the indices of a type and of a table
	oneType                    // a list of one type
	refType                    // a type of references
	prefixFC                   // a second number, and what follows that
	prefixFD                   // a second byte, and what follows that
)

// The instructions that are treated one by one.
const (
	opUnreachable = 0x00
	opBlock       = 0x02
	opLoop        = 0x03
	opIf          = 0x04
	opElse        = 0x05
	opEnd         = 0x0b
	opBr          = 0x0c
	opBrIf        = 0x0d
	opBrTable     = 0x0e
	opReturn      = 0x0f
	opCall        = 0x10
	opCallTable   = 0x11
	opSelect      = 0x1b
	opLocalGet    = 0x20
	opLocalSet    = 0x21
	opLocalTee    = 0x22
	opGlobalGet   = 0x23
	opGlobalSet   = 0x24
	opMemorySize  = 0x3f
	opMemoryGrow  = 0x40
	opI32Const    = 0x41
	opI64Const    = 0x42
	opF32Const    = 0x43
	opF64Const    = 0x44
	opRefNull     = 0xd0
	opRefFunc     = 0xd2
	opFC          = 0xfc
	opFD          = 0xfd
)

// After opFC.
const (
	fcMemoryInit = 8
	fcDataDrop   = 9
	fcMemoryCopy = 10
	fcMemoryFill = 11
	fcTableInit  = 12
	fcElemDrop   = 13
	fcTableCopy  = 14
	fcTableGrow  = 15
	fcTableSize  = 16
	fcTableFill  = 17
)

// What instructions cost, if not 1 or nothing.
const (
	costVector   = 2
	costCall     = 4
	costDivision = 8   // and square roots
	costIndirect = 8   // calls through a table
	costHost     = 128 // what leaves the compiled code for the host
)

// instruction is what there is to know of a code.
type instruction struct {
	operand operand
	cost    uint8
}

// instructions are those of one byte, and the prefixes.
var instructions = func() (t [256]instruction) {
	set := func(o operand, cost uint8, from, to int) {
		for op := from; op <= to; op++ {
			t[op] = instruction{o, cost}
		}
	}
	set(control, 1, opUnreachable, opUnreachable)
	set(none, 0, 0x01, 0x01) // nop
	set(control, 0, opBlock, opLoop)
	set(control, 1, opIf, opIf)
	set(control, 0, opElse, opElse)
	set(control, 0, opEnd, opEnd)
	set(control, 1, opBr, opReturn)
	set(function, costCall, opCall, opCall)
	set(indirect, costIndirect, opCallTable, opCallTable)
	set(none, 0, 0x1a, 0x1a) // drop
	set(none, 1, opSelect, opSelect)
	set(oneType, 1, 0x1c, 0x1c) // select with a type
	set(index, 1, opLocalGet, opLocalTee)
	set(global, 1, opGlobalGet, opGlobalSet)
	set(index, 1, 0x25, 0x26)   // table.get, table.set
	set(address, 1, 0x28, 0x3e) // loads and stores
	set(memory, 1, opMemorySize, opMemorySize)
	set(memory, costHost, opMemoryGrow, opMemoryGrow)
	set(int32Const, 1, opI32Const, opI32Const)
	set(int64Const, 1, opI64Const, opI64Const)
	set(bytes4, 1, 0x43, 0x43)
	set(bytes8, 1, 0x44, 0x44)
	set(none, 1, 0x45, 0xc4) // comparisons, arithmetic, conversions, sign extensions
	for _, op := range []int{0x6d, 0x7f} {
		set(none, costDivision, op, op+3) // div and rem of i32, i64
	}
	for _, op := range []int{0x91, 0x95, 0x9f, 0xa3} {
		set(none, costDivision, op, op) // sqrt and div of f32, f64
	}
	set(refType, 1, opRefNull, opRefNull)
	set(none, 1, 0xd1, 0xd1) // ref.is_null
	set(function, costHost, opRefFunc, opRefFunc)
	set(prefixFC, 0, opFC, opFC)
	set(prefixFD, 0, opFD, opFD)
	return t
}()

// vectors are the instructions after opFD.
var vectors = func() (t [256]instruction) {
	set := func(o operand, cost uint8, from, to int) {
		for op := from; op <= to; op++ {
			t[op] = instruction{o, cost}
		}
	}
	set(address, costVector, 0x00, 0x0b)     // loads and store
	set(bytes16, 1, 0x0c, 0x0d)              // const, shuffle
	set(none, costVector, 0x0e, 0x14)        // swizzle, splats
	set(lane, costVector, 0x15, 0x22)        // extract and replace
	set(none, costVector, 0x23, 0x53)        // comparisons, bitwise
	set(addressLane, costVector, 0x54, 0x5b) // a lane loaded or stored
	set(address, costVector, 0x5c, 0x5d)     // load and zeros
	set(none, costVector, 0x5e, 0xff)        // arithmetic and conversions
	set(none, 2*costDivision, 0xe3, 0xe3)    // f32x4.sqrt
	set(none, 2*costDivision, 0xe7, 0xe7)    // f32x4.div
	set(none, 2*costDivision, 0xef, 0xef)    // f64x2.sqrt
	set(none, 2*costDivision, 0xf3, 0xf3)    // f64x2.div
	for _, op := range []int{0x9a, 0xa2, 0xa5, 0xa6, 0xaf, 0xb0, 0xb2, 0xb3, 0xb4, 0xbb, 0xc2, 0xc5, 0xc6, 0xcf, 0xd0, 0xd2, 0xd3, 0xd4, 0xe2, 0xee} {
		t[op] = instruction{} // holes
	}
	return t
}()
