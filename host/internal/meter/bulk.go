package meter

// bulk reads an instruction after opFC, and puts the charge for its size before
// or in its place. It returns what else it costs.
func (f *body) bulk(at int) int {
	cost := 1
	switch op := f.in.Index(); op {
	case 0, 1, 2, 3, 4, 5, 6, 7: // saturating conversions
	case fcMemoryInit:
		f.before(at, chargeBytes)
		f.in.Index()
		f.memory()
	case fcMemoryCopy:
		f.memory()
		f.memory()
		f.edit(at, putCall, f.use(copyMemory))
	case fcMemoryFill:
		f.memory()
		f.edit(at, putCall, f.use(fillMemory))
	case fcDataDrop, fcElemDrop, fcTableSize:
		f.in.Index()
	case fcTableInit, fcTableCopy:
		f.before(at, chargeEntries)
		f.in.Index()
		f.in.Index()
	case fcTableFill:
		f.before(at, chargeEntries)
		f.in.Index()
	case fcTableGrow:
		f.before(at, chargeEntries)
		f.in.Index()
		cost = costHost
	default:
		f.in.FailAt(at, "instruction 0xfc %d is not of WebAssembly 2.0", op)
	}
	return cost
}

// before puts a call before an instruction.
func (f *body) before(at int, h helper) {
	f.edits = append(f.edits, edit{at: at, kind: putCall, value: f.use(h)})
}

// vector reads an instruction after opFD and returns its cost. The engine takes
// the number after the prefix for a byte, and what follows the byte for the next
// instruction: the second byte of the numbers from 128 on, 1, is a nop to it. So
// nothing else may stand there.
func (f *body) vector(at int) int {
	op := f.in.Byte()
	if op >= 0x80 && f.in.Byte() != 1 {
		f.in.FailAt(at, "a vector instruction whose number is not in its shortest form, or not of WebAssembly 2.0")
	}
	i := vectors[op]
	if i.operand == invalid {
		f.in.FailAt(at, "vector instruction %d is not of WebAssembly 2.0", op)
	}
	f.pass(i.operand)
	return int(i.cost)
}
