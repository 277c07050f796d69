package meter

import "github.com/eshost/eshost/host/internal/module"

// lightCost is what the entry of a light function costs at most. All calls
// through tables pay for the costliest one.
const lightCost = 100

// callers finds out which functions are light. It begins with those that make
// no calls outside of their loops, and goes on to the ones that call only what
// is light there.
type callers struct {
	waiting []int32   // of each function, how many calls of functions that are not known to be light it makes outside of its loops
	of      [][]int32 // of each function, who waits for it, once for each call
	known   []int32   // light functions whose callers have not been told
}

// findLight reads all functions, those again that turn out to call nothing but light ones.
func (f *body) findLight(bodies []module.Reader) error {
	c := callers{waiting: make([]int32, len(bodies)), of: make([][]int32, len(bodies))}
	for i := range bodies {
		if err := f.read(bodies[i]); err != nil {
			return err
		}
		if f.heavy || f.entry() > lightCost {
			continue
		}
		c.waiting[i] = int32(len(f.callees))
		for _, to := range f.callees {
			c.of[to] = append(c.of[to], int32(i))
		}
		if len(f.callees) == 0 {
			f.setLight(&c, i)
		}
	}
	for len(c.known) > 0 {
		to := c.known[len(c.known)-1]
		c.known = c.known[:len(c.known)-1]
		for _, i := range c.of[to] {
			if c.waiting[i]--; c.waiting[i] > 0 {
				continue
			}
			if err := f.read(bodies[i]); err != nil {
				return err
			}
			if f.entry() <= lightCost {
				f.setLight(&c, int(i))
			}
		}
	}
	return nil
}

func (f *body) setLight(c *callers, i int) {
	f.light[i] = uint16(f.entry())
	f.indirect = max(f.indirect, costIndirect+f.entry())
	c.known = append(c.known, int32(i))
}
