package meter

import "slices"

// dead is the cost of the way to a place that no way leads to.
const dead = -1

// level is what stands in no loop of a function, or in a loop and in no inner
// one. Its costs count from its beginning.
type level struct {
	cost    int  // of the costliest way to here, or dead; of an outer level, to the header of the loop in it
	most    int  // of all ways so far
	before  int  // what the outer levels cost to the headers of their loops, together
	number  int  // of the loop in the function, from 0 on; -1 outside of loops
	header  bool // its rounds are paid at the header, also the first one
	late    bool // there is such a header here or around
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
	level  int32 // the one that its end stands in; of a loop, its own
	kind   byte  // the instruction that began it; opElse in the second branch of an if
	before int   // the costliest way to an if
	end    int   // the costliest way to its end by a branch, or dead
}

// paths follows the ways through a function.
type paths struct {
	levels  []level
	frames  []frame
	headers []int // of the levels: those that are charged at their headers
}

func (p *paths) reset() {
	p.levels = append(p.levels[:0], level{reached: true, number: -1})
	p.frames = append(p.frames[:0], frame{kind: opBlock, end: dead})
	p.headers = p.headers[:0]
}

// here is the innermost level. It is valid until a loop begins.
func (p *paths) here() *level { return &p.levels[len(p.levels)-1] }

// open begins a block or an if.
func (p *paths) open(kind byte) {
	p.frames = append(p.frames, frame{kind: kind, level: int32(len(p.levels) - 1), before: p.here().cost, end: dead})
}

// openLoop begins a loop.
func (p *paths) openLoop(number int, header bool) {
	here, n := *p.here(), len(p.levels)
	p.frames = append(p.frames, frame{kind: opLoop, level: int32(n)})
	p.levels = append(p.levels, level{
		cost: min(here.cost, 0), before: here.before + here.cost, reached: here.cost != dead,
		number: number, header: header, late: here.late || header,
	})
	if header {
		p.headers = append(p.headers, n)
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
	f := p.frames[len(p.frames)-1]
	p.frames = p.frames[:len(p.frames)-1]
	if f.kind == opLoop {
		loop = *p.here()
		p.levels = p.levels[:len(p.levels)-1]
		if loop.header {
			p.headers = p.headers[:len(p.headers)-1]
		}
		p.leave(&loop)
		return loop, true
	}
	here := p.here()
	if f.kind == opIf {
		here.cost = max(here.cost, f.before)
	}
	here.cost = max(here.cost, f.end)
	return level{}, false
}

// leave goes on behind a loop, whose first round is paid like what stands before it.
func (p *paths) leave(loop *level) {
	here := p.here()
	if here.cost != dead && !loop.header {
		here.most = max(here.most, here.cost+loop.most)
	}
	switch {
	case loop.cost == dead:
		here.cost = dead
	case !loop.header:
		here.cost += loop.cost
	}
}

// branch notes a way to the end of a frame. A way to the header of a loop is
// none, since a charge stands in it: then branch gives the loop's level.
func (p *paths) branch(label uint32) (loop *level) {
	f := &p.frames[len(p.frames)-1-int(label)]
	if f.kind == opLoop {
		return &p.levels[f.level]
	}
	if p.here().cost == dead {
		return nil
	}
	// The way goes through all levels in between, up to a header that pays.
	from, to := int(f.level), len(p.levels)-1
	if i, _ := slices.BinarySearch(p.headers, from+1); i < len(p.headers) {
		to = p.headers[i] - 1
	}
	f.end = max(f.end, p.levels[to].before+p.levels[to].cost-p.levels[from].before)
	return nil
}
