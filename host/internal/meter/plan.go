package meter

import (
	"slices"

	"github.com/eshost/eshost/host/internal/module"
)

const (
	// lightCost is what the entry of a light function costs at most. All calls
	// through tables pay for the costliest one of their type.
	lightCost = 100
	// mostLeft is what a function may leave that does not settle.
	mostLeft = 20_000
	// mostSpread is the same, times the number of its callers: what many call
	// settles early, or all of them would have to.
	mostSpread = 50_000
	// mostBetween is what calls may leave to a function that settles at its end.
	mostBetween = 200_000
	// mostBack is how many branches lead back to the beginning of a loop that is
	// charged there. With more it is charged at its header, which makes less code.
	mostBack = 2
	// mostInline is how many checks behind calls or before the ends of a function
	// are made in line: they are blocks, of which the engine's compiler bears
	// only so many.
	mostInline = 1000
	// mostSorts is how many types are told apart in calls through tables.
	mostSorts = 1000
)

// known is what is known of a node of the graph.
type known struct {
	light   bool // its callers pay for its entry
	checks  bool // it checks at its entry
	settles bool // it leaves nothing
	cost    int  // what callers pay; 0 if it is not light
	leaves  int  // what is drawn by a call of it at most, and not checked
	sites   int  // how many calls of it there are
}

// plan is what has to be known of all functions before one can be written.
type plan struct {
	all     graph // every call
	early   graph // those that may be made before the function has passed the header of a loop that is charged there
	known   []known
	headers []bool  // of all loops: whether they are charged at their headers
	loops   []int32 // of each function: its first loop there

	surveying bool
	made      []call // by the function that is surveyed
	around    []int  // of each of its loops: the one around it, or -1
	back      []int  // of each of its loops: how many branches lead to its beginning
}

// call is what a function calls, and the innermost loop around that, or -1.
type call struct {
	to   int32
	loop int
}

func newPlan(functions int) *plan {
	n := functions + mostSorts + 1
	return &plan{known: make([]known, n), all: graph{last: make([]int32, n)}, early: graph{last: make([]int32, n)}}
}

// throughTables is the node that stands for all functions of a sort of types
// that tables may hold.
func (p *plan) throughTables(sort int32) int32 { return int32(len(p.known)-mostSorts-1) + sort }

// atHeader reports whether a loop of a function is charged at its header.
// During the survey, takes tells whether it has parameters, which a branch to
// its beginning would have to carry, and around which loop is around it.
func (p *plan) atHeader(of int32, loop int, takes bool, around int) bool {
	if p.surveying {
		p.headers = append(p.headers, takes)
		p.around = append(p.around, around)
		p.back = append(p.back, 0)
	}
	return p.headers[int(p.loops[of])+loop]
}

// goesBack notes during the survey a branch to the beginning of a loop.
func (p *plan) goesBack(of int32, loop int, op byte) {
	if p.surveying {
		p.back[loop]++
		if op == opBrTable || p.back[loop] > mostBack {
			p.headers[int(p.loops[of])+loop] = true
		}
	}
}

// survey finds out who calls whom, and where loops are charged.
func (f *body) survey(bodies []module.Reader) error {
	f.surveying = true
	for i := range bodies {
		f.loops = append(f.loops, int32(len(f.headers)))
		f.made, f.around, f.back = f.made[:0], f.around[:0], f.back[:0]
		if err := f.read(int32(i), bodies[i]); err != nil {
			return err
		}
		f.addCalls()
	}
	f.surveying = false
	var held []int32
	for i, ok := range f.tabled {
		if ok {
			held = append(held, int32(i))
		}
	}
	sort := func(i int32) int32 { return f.sortOf[f.defined[i]] }
	slices.SortStableFunc(held, func(a, b int32) int { return int(sort(a) - sort(b)) })
	for s := range int32(mostSorts + 1) {
		f.all.node()
		f.early.node()
		for len(held) > 0 && sort(held[0]) == s {
			f.all.edge(held[0])
			f.early.edge(held[0])
			held = held[1:]
		}
	}
	f.all.node()
	f.early.node()
	return nil
}

// addCalls adds to the graphs what the function that was read calls.
func (p *plan) addCalls() {
	headers := p.headers[len(p.headers)-len(p.around):]
	late := make([]bool, len(headers)) // in the loop or in one around it, a header has been passed
	for i, around := range p.around {
		late[i] = headers[i] || around >= 0 && late[around]
	}
	p.all.node()
	p.early.node()
	for _, c := range p.made {
		p.known[c.to].sites++
		p.all.edge(c.to)
		if c.loop < 0 || !late[c.loop] {
			p.early.edge(c.to)
		}
	}
}

// judge finds out what functions cost and leave, those first that are called.
func (f *body) judge(bodies []module.Reader) error {
	order, cyclic := f.all.components()
	early, soon := f.early.components()
	place := make([]int32, len(order)) // of a node in the order of the early ones
	for i, node := range early {
		place[node] = int32(i)
	}
	for len(order) > 0 {
		n := 1 // nodes of one cycle
		for n < len(order) && f.all.low[order[n]] == f.all.low[order[0]] {
			n++
		}
		slices.SortFunc(order[:n], func(a, b int32) int { return int(place[a] - place[b]) })
		for _, node := range order[:n] {
			f.known[node].checks, f.known[node].settles = soon[node], cyclic[node]
			if err := f.judgeOne(node, bodies); err != nil {
				return err
			}
		}
		order = order[n:]
	}
	return nil
}

func (f *body) judgeOne(node int32, bodies []module.Reader) error {
	k := &f.known[node]
	if int(node) >= len(bodies) {
		for _, to := range f.all.of(node) {
			k.cost = max(k.cost, f.known[to].cost)
			k.leaves = max(k.leaves, f.known[to].leaves)
		}
		return nil
	}
	if k.checks {
		return nil
	}
	if err := f.read(node, bodies[node]); err != nil {
		return err
	}
	cost := f.entry()
	switch {
	case !f.heavy && cost <= lightCost && (k.settles || f.left == 0):
		k.light, k.cost = true, cost
	case !k.settles && f.left+cost <= min(mostLeft, mostSpread/max(1, k.sites)):
		k.leaves = f.left + cost
	default:
		k.checks, k.settles = true, true
	}
	return nil
}
