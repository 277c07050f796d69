package meter

// dead is the cost of the way to a place that no way leads to.
const dead = -1

// level is the code that one charge pays for: what stands in no loop of a
// function, or in a loop and in no inner one.
type level struct {
	cost    int  // of the costliest way from its beginning to here, or dead
	most    int  // of all ways so far
	charge  int  // the number of its edit
	reached bool // not dead from the beginning
}

// pass takes an instruction into account.
func (l *level) pass(cost int) {
	if l.cost != dead {
		l.cost += cost
		l.most = max(l.most, l.cost)
	}
}

// frame is a block, a loop, an if or a whole function that has not ended.
type frame struct {
	level  int32 // the one that its end stands in
	kind   byte  // the instruction that began it; opElse in the second branch of an if
	before int   // the costliest way to an if
	end    int   // the costliest way to its end by a branch, or dead
}

// paths follows the ways through a function.
type paths struct {
	levels []level
	frames []frame
}

func (p *paths) reset() {
	p.levels = append(p.levels[:0], level{reached: true})
	p.frames = append(p.frames[:0], frame{kind: opBlock, end: dead})
}

// here is the innermost level. It is valid until a loop begins.
func (p *paths) here() *level { return &p.levels[len(p.levels)-1] }

// outside reports whether this is outside of all loops.
func (p *paths) outside() bool { return len(p.levels) == 1 }

// open begins a block, a loop or an if.
func (p *paths) open(kind byte) {
	here := p.here()
	p.frames = append(p.frames, frame{kind: kind, level: int32(len(p.levels) - 1), before: here.cost, end: dead})
	if kind == opLoop {
		p.levels = append(p.levels, level{cost: min(here.cost, 0), reached: here.cost != dead})
	}
}

// otherwise begins the second branch of an if. It reports whether this is one.
func (p *paths) otherwise() bool {
	f := &p.frames[len(p.frames)-1]
	if f.kind != opIf {
		return false
	}
	here := p.here()
	f.kind, f.end, here.cost = opElse, max(f.end, here.cost), f.before
	return true
}

// close ends the innermost frame. If that is a loop, so does a level.
func (p *paths) close() (loop level, ok bool) {
	f := &p.frames[len(p.frames)-1]
	p.frames = p.frames[:len(p.frames)-1]
	here := p.here()
	switch f.kind {
	case opLoop:
		loop = *here
		p.levels = p.levels[:len(p.levels)-1]
		if loop.cost == dead {
			p.here().cost = dead
		}
		return loop, true
	case opIf:
		here.cost = max(here.cost, f.before)
	}
	here.cost = max(here.cost, f.end)
	return level{}, false
}

// branch notes a way to the end of a frame, or to the header of a loop, where
// another charge stands. It reports whether there are so many frames.
func (p *paths) branch(label uint32) bool {
	if uint64(label) >= uint64(len(p.frames)) {
		return false
	}
	f := &p.frames[len(p.frames)-1-int(label)]
	if f.kind != opLoop && p.here().cost != dead {
		f.end = max(f.end, p.levels[f.level].cost)
	}
	return true
}
