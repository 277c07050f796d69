package eshost

import (
	"math/rand/v2"

	"github.com/eshost/eshost/guest-sdk/go/internal/codec"
)

// Context is what a decide may know besides the state and the command. It is valid until the decide returns.
type Context struct {
	typeName string
	request  *codec.Head
	id       string // if it is known
	idKnown  bool
	command  string
	payload  int // where the command's begins; it ends where the request stands
}

// Type is the type of the entity.
func (c *Context) Type() string { return c.typeName }

// ID is the id of the entity.
func (c *Context) ID() string {
	if !c.idKnown {
		c.id, c.idKnown = string(c.idBytes()), true
	}
	return c.id
}

func (c *Context) idBytes() []byte { return c.request.Src[c.request.ID:c.request.IDEnd] }

// Seq is the number of the last event that is folded into the state; 0 if there is none yet.
func (c *Context) Seq() uint64 { return c.request.Seq }

// NowMillis is the time of the commit in milliseconds since 1970, which is also the form for a time in a payload. It is
// the same for all commands of a batch and never goes back between the commits of an entity. time.UnixMilli makes a
// time.Time of it; this package does not, because package time makes a plugin a quarter of a megabyte larger.
func (c *Context) NowMillis() int64 { return c.request.Now }

// Rand gives a source of random numbers that is a function of the entity's type and id, of Seq, and of the command's
// name and payload. Every call gives the same source, from its start. A decision that is taken again, on another machine
// or in another batch, so draws the same numbers. Whoever knows those inputs can compute them: they are no secrets. The same
// command sent twice draws the same numbers, too, unless the first one emitted an event.
func (c *Context) Rand() *rand.Rand {
	a, b := uint64(0x9e3779b97f4a7c15), uint64(0xd1b54a32d192ed03)
	mix := func(v uint64) {
		a = scramble(a ^ v)
		b = scramble(b + v)
	}
	text := func(n int, at func(int) byte) {
		mix(uint64(n))
		for i := range n {
			mix(uint64(at(i)))
		}
	}
	text(len(c.typeName), func(i int) byte { return c.typeName[i] })
	id, payload := c.idBytes(), c.request.Src[c.payload:c.request.Pos]
	text(len(id), func(i int) byte { return id[i] })
	mix(c.request.Seq)
	text(len(c.command), func(i int) byte { return c.command[i] })
	text(len(payload), func(i int) byte { return payload[i] })
	return rand.New(rand.NewPCG(a, b))
}

// scramble is the finalizer of SplitMix64: every bit of v influences every bit of the result.
func scramble(v uint64) uint64 {
	v = (v ^ v>>30) * 0xbf58476d1ce4e5b9
	v = (v ^ v>>27) * 0x94d049bb133111eb
	return v ^ v>>31
}
