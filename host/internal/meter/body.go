package meter

import "github.com/eshost/eshost/host/internal/module"

// localsCost is how many variables, which are cleared at the entry, are worth
// one instruction.
const localsCost = 8

// What a function may have at most. The time that the engine's compiler takes for a function, in
// which it cannot be stopped, grows with the square of its blocks and branches, and faster yet with its
// loops. The largest functions of real programs have some thousands, and a few dozen loops.
const (
	maxWays  = 40_000 // blocks, their ends, branches and the labels of tables
	maxLoops = 1_000
)

// edit is a place in a function that is written differently.
type edit struct {
	at, skip int // bytes of the original
	kind     editKind
	value    int
}

type editKind uint8

const (
	putCharge editKind = iota // a charge of so much, if it is more than nothing
	putIndex                  // another index
	putCall                   // a call
)

// body reads one function after the other.
type body struct {
	*rewriter
	in    module.Reader
	paths paths
	edits []edit
	ways  int // blocks, their ends and branches so far
	loops int // so far

	// What the function calls outside of its loops: functions that are defined
	// in the module and not known to be light, and whether there is a call
	// through a table.
	callees []int32
	heavy   bool

	light    []uint16 // what its entry costs its callers, of each function defined in the module; 0 if it pays itself
	indirect int      // what a call through a table costs
}

// read makes the edits of a function. The first one is the charge at its entry.
func (f *body) read(in module.Reader) error {
	f.in, f.callees, f.heavy, f.ways, f.loops = in, f.callees[:0], false, 0, 0
	f.paths.reset()
	f.paths.here().pass(f.locals() / localsCost)
	f.edits = append(f.edits[:0], edit{at: f.in.Pos(), kind: putCharge})
	for len(f.paths.frames) > 0 && f.in.Err() == nil {
		f.instruction()
	}
	f.in.End()
	f.edits[0].value = f.entry()
	return f.in.Err()
}

// entry is what the function costs outside of its loops.
func (f *body) entry() int { return max(1, f.paths.levels[0].most) }

// locals passes over the variables of a function and counts them.
func (f *body) locals() (n int) {
	for groups := f.in.Count("groups of locals", module.NoLimit); groups > 0 && f.in.Err() == nil; groups-- {
		n += int(f.in.Index())
		valueType(&f.in)
	}
	return n
}

// instruction reads one instruction.
func (f *body) instruction() {
	at := f.in.Pos()
	op := f.in.Byte()
	i := instructions[op]
	cost := int(i.cost)
	switch i.operand {
	case control:
		f.control(op)
		return
	case global:
		f.global(&f.in)
	case function:
		cost += f.named(op, at)
	case indirect:
		f.typeIndex(&f.in)
		f.in.Index()
		f.heavy = f.heavy || f.paths.outside()
		cost = f.indirect
	case memory:
		f.memory()
		if op == opMemoryGrow {
			f.edit(at, putCall, f.use(growMemory))
		}
	case prefixFC:
		cost = f.bulk(at)
	case prefixFD:
		cost = f.vector(at)
	case invalid:
		f.in.FailAt(at, "instruction %#x is not of WebAssembly 2.0", op)
	default:
		f.pass(i.operand)
	}
	f.paths.here().pass(cost)
}

// pass reads operands that stay as they are.
func (f *body) pass(o operand) {
	switch o {
	case index:
		f.in.Index()
	case int32Const:
		f.in.Skip(5)
	case int64Const:
		f.in.Skip(10)
	case bytes4:
		f.in.Bytes(4)
	case bytes8:
		f.in.Bytes(8)
	case bytes16:
		f.in.Bytes(16)
	case address:
		f.in.Index()
		f.in.Index()
	case addressLane:
		f.in.Index()
		f.in.Index()
		f.in.Byte()
	case lane:
		f.in.Byte()
	case oneType:
		if n := f.in.Byte(); n != 1 {
			f.in.Fail("a select of %d types", n)
		}
		valueType(&f.in)
	case refType:
		referenceType(&f.in)
	}
}

// edit replaces what was read since a position.
func (f *body) edit(at int, kind editKind, value int) {
	f.edits = append(f.edits, edit{at: at, skip: f.in.Pos() - at, kind: kind, value: value})
}

// control reads an instruction that decides what comes next.
func (f *body) control(op byte) {
	here := f.paths.here()
	here.pass(int(instructions[op].cost))
	if f.ways++; f.ways > maxWays {
		f.in.Fail("more than %d blocks and branches in a function", maxWays)
		return
	}
	switch op {
	case opBlock, opLoop, opIf:
		f.blockType(&f.in)
		f.paths.open(op)
		if op == opLoop {
			if f.loops++; f.loops > maxLoops {
				f.in.Fail("more than %d loops in a function", maxLoops)
				return
			}
			f.paths.here().charge = len(f.edits)
			f.edits = append(f.edits, edit{at: f.in.Pos(), kind: putCharge})
		}
	case opElse:
		if !f.paths.otherwise() {
			f.in.Fail("an else without an if")
		}
	case opEnd:
		if loop, ok := f.paths.close(); ok && loop.reached {
			f.edits[loop.charge].value = max(1, loop.most)
		}
	case opBr, opBrIf:
		f.branch()
	case opBrTable:
		for n := f.in.Count("labels", maxWays); n >= 0 && f.in.Err() == nil; n-- {
			f.ways++
			f.branch()
		}
	}
	if op == opUnreachable || op == opBr || op == opBrTable || op == opReturn {
		here.cost = dead
	}
}

func (f *body) branch() {
	if label := f.in.Index(); !f.paths.branch(label) {
		f.in.Fail("a branch out of %d blocks, there are %d", label, len(f.paths.frames))
	}
}

// named reads the operand of an instruction that names a function. It returns
// what a call of that function costs beyond the call.
func (f *body) named(op byte, at int) int {
	if op == opRefFunc {
		at = f.in.Pos()
		to := f.function(&f.in)
		f.edit(at, putIndex, to)
		return 0
	}
	to := f.function(&f.in)
	if f.in.Err() != nil {
		return 0
	}
	f.edit(at, putCall, to)
	if to < int(f.importedFunctions) {
		return costHost
	}
	to -= int(f.importedFunctions) + 1
	if f.light[to] == 0 && f.paths.outside() {
		f.callees = append(f.callees, int32(to))
	}
	return int(f.light[to])
}

// memory reads the index of the memory.
func (f *body) memory() {
	if n := f.in.Byte(); n != 0 {
		f.in.Fail("memory %d: there is one at most", n)
	}
}
