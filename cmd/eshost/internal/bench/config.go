package bench

import (
	"errors"
	"fmt"
	"time"

	"github.com/eshost/eshost/abi"
	"github.com/eshost/eshost/cmd/eshost/internal/config"
	"github.com/eshost/eshost/cmd/eshost/internal/storeurl"
)

// Config describes a run. Entities, Events and Plugin are required.
type Config struct {
	Entities int // at least 1
	Events   int // commands per entity, each of which makes one event; at least 1

	// Inflight is how many commands each entity has in flight; 0: 1. One entity
	// with one in flight is the lone command: it is measured without any
	// pipe, call after call.
	Inflight int
	// Concurrency, if not 0, is how many commands are in flight over all, to
	// entities drawn at random, instead of Inflight. The first command of every entity makes the
	// cold part, which is reported apart.
	Concurrency int
	// Rate, if not 0, is how many commands are sent a second whatever the answers
	// do, to entities drawn at random, instead of Inflight. Latency then counts from the
	// moment at which a command should have been sent.
	Rate float64

	Plugin     []byte       // a counter: "increase" and "decrease" with {"by"}, each making one event
	PluginName string       // for the report
	Cache      string       // a folder for compiled plugins, which stays; "": in the run's own
	Store      string       // URL of the store; "": "pebble:", which is a folder of the run's own. In a store in memory nothing is durable, and the ceilings are not measured
	Settings   config.Store // of the stores; its URLs do not matter
	Dir        string       // a folder in which the run makes its own, and removes it at the end; "": the system's for temporary files
	Snapshots  int          // events from one snapshot to the next; 0: none
	CommandIDs bool         // give every command an id of its own
	Setup      *Setup       // sent to every entity first, not measured with the rest; nil: nothing
	Clients    int          // goroutines that send and receive, for the host and for bare Pebble alike; 0: as many as DefaultClients says

	store storeurl.URL
}

// maxWriters is how many entities at most have a client of their own.
const maxWriters = 64

// DefaultClients is how many clients share the load unless told otherwise: one
// for each entity where each has one command in flight, as that many callers would, and there
// are not too many of them; else 1, with completions.
func (c *Config) DefaultClients() int {
	if c.Inflight <= 1 && c.Concurrency == 0 && c.Rate == 0 && c.Entities <= maxWriters {
		return max(c.Entities, 1)
	}
	return 1
}

// Setup is a command that makes one event.
type Setup struct {
	Command string
	Payload []byte // one msgpack value; nil: none
}

// Pad is the setup of a plugin whose command "pad" makes the state so many bytes larger.
func Pad(stateBytes int) *Setup {
	return &Setup{Command: "pad", Payload: abi.AppendUint([]byte{0x81, 0xa5, 'b', 'y', 't', 'e', 's'}, uint64(stateBytes))}
}

// Progress says how far a run is. Total 0: nobody knows.
type Progress struct {
	Phase       string
	Done, Total int64
	Elapsed     time.Duration // since the phase began
}

// check returns a copy with the defaults filled in, or what is wrong.
func (c *Config) check() (*Config, error) {
	if c == nil {
		return nil, errors.New("benchmark: a configuration is required")
	}
	d := *c
	if d.Inflight == 0 {
		d.Inflight = 1
	}
	if d.Store == "" {
		d.Store = storeurl.Pebble + ":"
	}
	var err error
	if d.store, err = storeurl.Parse(d.Store); err != nil {
		return nil, fmt.Errorf("benchmark: %w", err)
	}
	if d.Clients == 0 {
		d.Clients = d.DefaultClients()
	}
	switch {
	case d.Entities < 1:
		return nil, fmt.Errorf("benchmark: %d entities: at least 1 is needed", d.Entities)
	case d.Events < 1:
		return nil, fmt.Errorf("benchmark: %d events per entity: at least 1 is needed", d.Events)
	case d.Inflight < 0 || d.Concurrency < 0 || d.Clients < 0:
		return nil, fmt.Errorf("benchmark: in flight %d, concurrency %d, clients %d: none may be negative", d.Inflight, d.Concurrency, d.Clients)
	case !(d.Rate >= 0 && d.Rate <= maxRate):
		return nil, fmt.Errorf("benchmark: a rate of %g commands/s: give 0 for a closed loop, and at most %g", d.Rate, maxRate)
	case d.Rate > 0 && d.Concurrency > 0:
		return nil, errors.New("benchmark: a rate and a concurrency exclude each other: at a rate, commands are sent whatever is in flight")
	case d.Concurrency > 0 && d.Events < 2 && d.Setup == nil:
		return nil, errors.New("benchmark: with a concurrency the first event of each entity is the cold part: at least 2 events per entity are needed")
	case d.Snapshots < 0:
		return nil, fmt.Errorf("benchmark: snapshots every %d events: give 0 for none", d.Snapshots)
	case len(d.Plugin) == 0:
		return nil, errors.New("benchmark: a plugin is required")
	case d.store.Folder != "":
		return nil, fmt.Errorf("benchmark: store %s: the embedded store gets a folder of its own, which is removed at the end: name the store pebble:, and choose the disk by the folder to measure", d.store)
	}
	return &d, nil
}

// maxRate is one command a nanosecond.
const maxRate = 1e9

// lone reports whether only one command is ever in flight.
func (c *Config) lone() bool {
	return c.Entities == 1 && c.Inflight == 1 && c.Concurrency == 0 && c.Rate == 0
}

// first reports whether the first command of each entity is a part of its own.
func (c *Config) first() bool { return c.Concurrency > 0 || c.Setup != nil }

// perEntity is how many commands each entity gets over all; on the average,
// when they are drawn at random.
func (c *Config) perEntity() uint64 {
	if c.Setup != nil {
		return uint64(c.Events) + 1
	}
	return uint64(c.Events)
}

// mainCommands is how many commands the load has without the first of each
// entity, if that is apart.
func (c *Config) mainCommands() int64 {
	each := int64(c.perEntity())
	if c.first() {
		each--
	}
	return each * int64(c.Entities)
}
