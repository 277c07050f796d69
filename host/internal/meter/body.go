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

// body reads one function after the other.
type body struct {
	*rewriter
	*plan
	in     module.Reader
	paths  paths
	edits  []edit
	self   int32    // the function
	rounds []int    // what a round of each of its loops costs; 0 if no way leads there
	heavy  bool     // it calls what is not light before it has passed the header of a loop
	ways   int      // its blocks, their ends and branches so far
	left   int      // what the calls in it leave, if each is made once
	calls  int      // how many leave anything
	exits  int      // how many instructions may leave the function
	checks editKind // those that are made of putAfter and putBefore
	asks   []byte   // their code
}

// read makes the edits of a function. The first one is the charge at its entry.
func (f *body) read(self int32, in module.Reader) error {
	f.in, f.self, f.rounds, f.heavy = in, self, f.rounds[:0], false
	f.ways, f.left, f.calls, f.exits = 0, 0, 0, 0
	f.paths.reset()
	f.paths.here().pass(f.locals() / localsCost)
	f.edits = append(f.edits[:0], edit{at: f.in.Pos()})
	for len(f.paths.frames) > 0 && f.in.Err() == nil {
		f.instruction()
	}
	f.in.End()
	return f.in.Err()
}

// entry is what the function costs outside of its loops and in their first rounds.
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
		f.control(op, at)
		return
	case global:
		f.global(&f.in)
	case function:
		cost += f.named(op, at)
	case indirect:
		t := f.typeIndex(&f.in)
		f.in.Index()
		if f.in.Err() == nil {
			cost += f.callOf(f.throughTables(f.sortOf[t]))
		}
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
func (f *body) control(op byte, at int) {
	here := f.paths.here()
	here.pass(int(instructions[op].cost))
	if f.ways++; f.ways > maxWays {
		f.in.Fail("more than %d blocks and branches in a function", maxWays)
		return
	}
	switch op {
	case opBlock, opIf, opLoop:
		takes := f.blockType(&f.in)
		if op == opLoop {
			f.openLoop(takes)
			return
		}
		f.paths.open(op)
	case opElse:
		if !f.paths.otherwise() {
			f.in.Fail("an else without an if")
		}
	case opReturn:
		f.exit(at)
	case opEnd:
		if len(f.paths.frames) == 1 && here.cost != dead {
			f.exit(at)
		}
		if loop, ok := f.paths.close(); ok && loop.reached {
			f.rounds[loop.number] = max(1, loop.most)
		}
	case opBr, opBrIf:
		f.branch(op, at)
	case opBrTable:
		for n := f.in.Count("labels", maxWays); n >= 0 && f.in.Err() == nil; n-- {
			f.ways++
			f.branch(op, at)
		}
	}
	if op == opUnreachable || op == opBr || op == opBrTable || op == opReturn {
		here.cost = dead
	}
}

// openLoop begins a loop; takes says whether it has parameters.
func (f *body) openLoop(takes bool) {
	n := len(f.rounds)
	if n >= maxLoops {
		f.in.Fail("more than %d loops in a function", maxLoops)
		return
	}
	f.rounds = append(f.rounds, 0)
	header := f.atHeader(f.self, n, takes, f.paths.here().number)
	f.paths.openLoop(n, header)
	if header {
		f.edits = append(f.edits, edit{at: f.in.Pos(), kind: putHeader, value: n})
	}
}

func (f *body) branch(op byte, at int) {
	label := f.in.Index()
	if uint64(label) >= uint64(len(f.paths.frames)) {
		f.in.Fail("a branch out of %d blocks, there are %d", label, len(f.paths.frames))
		return
	}
	if int(label)+1 == len(f.paths.frames) {
		f.exit(at)
	}
	loop := f.paths.branch(label)
	if loop == nil {
		return
	}
	f.goesBack(f.self, loop.number, op)
	if loop.header {
		return
	}
	kind := putBack
	if op == opBrIf {
		kind = putBackIf
	}
	f.edit(at, kind, loop.number)
	f.edits[len(f.edits)-1].label = label
}

// exit notes an instruction that may leave the function.
func (f *body) exit(at int) {
	if last := f.edits[len(f.edits)-1]; last.kind == putBefore && last.at == at {
		return // a table of branches, several of which do
	}
	f.exits++
	f.edits = append(f.edits, edit{at: at, kind: putBefore})
}

// named reads the operand of an instruction that names a function. It returns
// what a call of that function costs beyond the call.
func (f *body) named(op byte, at int) int {
	if op == opRefFunc {
		at = f.in.Pos()
		to := f.reference(&f.in)
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
	return f.callOf(int32(to) - int32(f.importedFunctions) - 1)
}

// callOf notes a call of a node, which has been read, and returns what it costs beyond the call.
func (f *body) callOf(to int32) int {
	if f.surveying {
		f.made = append(f.made, call{to: to, loop: f.paths.here().number})
		return 0
	}
	k := &f.known[to]
	f.heavy = f.heavy || !k.light && !f.paths.here().late
	if k.leaves > 0 {
		f.left += k.leaves
		f.calls++
		f.edits = append(f.edits, edit{at: f.in.Pos(), kind: putAfter})
	}
	return k.cost
}

// memory reads the index of the memory.
func (f *body) memory() {
	if n := f.in.Byte(); n != 0 {
		f.in.Fail("memory %d: there is one at most", n)
	}
}
