package meter

// graph says which functions call which. Its nodes are the functions that are
// defined in the module, and behind them one for each sort of types, which
// stands for the functions of these types that tables may hold.
type graph struct {
	to    []int32 // what is called: that of a node stands together, each once
	first []int32 // where that of each node begins, and the end
	last  []int32 // of each node: how many nodes there were when it was last called
	low   []int32 // of each node: nodes that call each other have the same number; see components
}

// node begins the next node, or ends the last one.
func (g *graph) node() { g.first = append(g.first, int32(len(g.to))) }

// edge adds a call to the last node.
func (g *graph) edge(to int32) {
	if n := int32(len(g.first)); g.last[to] != n {
		g.last[to] = n
		g.to = append(g.to, to)
	}
}

func (g *graph) of(node int32) []int32 { return g.to[g.first[node]:g.first[node+1]] }

// components gives the nodes in an order in which each one stands behind all
// that it calls, unless they call each other, and says which stand in a cycle.
func (g *graph) components() (order []int32, cyclic []bool) {
	// Tarjan's algorithm, without recursion.
	n := len(g.first) - 1
	order, cyclic = make([]int32, 0, n), make([]bool, n)
	number := make([]int32, n) // in the order of discovery, from 1 on; 0: not seen
	low := make([]int32, n)    // the least number that is known to be in the same cycle
	done := make([]bool, n)    // it has been ordered
	next := make([]int32, n)   // the call to look at
	var open, path []int32     // nodes that are not ordered, and the way to the current one
	seen := int32(0)
	for root := range int32(n) {
		if number[root] != 0 {
			continue
		}
		path = append(path, root)
		for len(path) > 0 {
			v := path[len(path)-1]
			if number[v] == 0 {
				seen++
				number[v], low[v], next[v] = seen, seen, g.first[v]
				open = append(open, v)
			}
			if next[v] < g.first[v+1] {
				w := g.to[next[v]]
				switch {
				case number[w] == 0:
					path = append(path, w)
					continue // and look at it again when it is known
				case w == v:
					cyclic[v] = true
				case !done[w]:
					low[v] = min(low[v], low[w])
				}
				next[v]++
				continue
			}
			path = path[:len(path)-1]
			if low[v] != number[v] {
				continue
			}
			many := open[len(open)-1] != v
			for !done[v] {
				w := open[len(open)-1]
				open = open[:len(open)-1]
				order = append(order, w)
				cyclic[w] = cyclic[w] || many
				low[w], done[w] = low[v], true
			}
		}
	}
	g.low = low
	return order, cyclic
}
