package abitest

import "github.com/eshost/eshost/abi"

// subject is an entity type that is checked, and what is known of it.
type subject struct {
	spec     *abi.EntityType
	state    *schema // of the state, if state_schema is a JSON Schema
	commands []*command
	events   map[eventKey]*event

	initial []byte // state; nil: it is not known

	places []*place // different states that were reached, that of no events first
	byText map[string]*place
	runs   int // entities made so far
}

// command is a command of a type.
type command struct {
	spec          *abi.CommandSpec
	schema, reply *schema
	examples      []example
	made          bool // the examples are made from the schema
	accepted      int
	rejected      int
	faulted       int
	codes         map[string]bool // rejections that were seen
	shown         map[string]*shown
}

// example is a command that can be given.
type example struct {
	command *command
	payload []byte
	index   int
	trapped bool // somewhere: it cannot be part of a batch
	refused bool // it does not decode
}

func (e *example) call() abi.Command {
	return abi.Command{Name: e.command.spec.Name, Payload: e.payload}
}

// eventKey names an event.
type eventKey struct {
	name    string
	version uint32
}

// event is an event of a type.
type event struct {
	spec     *abi.EventSpec
	schema   *schema
	emitted  int
	folded   bool
	payloads [][]byte // a few that were emitted, or made from the schema
}

// place is where an entity is after some events. The zero place is where it
// begins.
type place struct {
	id     string
	state  []byte // nil: no events
	seq    uint64
	now    int64
	events []abi.Event // all of them, from the first one
}

func newSubject(spec *abi.EntityType) *subject {
	s := &subject{spec: spec, state: newStateSchema(spec.StateSchema), events: make(map[eventKey]*event), byText: make(map[string]*place)}
	for i := range spec.Commands {
		c := &command{spec: &spec.Commands[i], codes: make(map[string]bool), shown: make(map[string]*shown)}
		c.schema, c.reply = newSchema(c.spec.Schema), newSchema(c.spec.Reply)
		payloads := c.spec.Examples
		if len(payloads) == 0 {
			payloads, c.made = c.schema.payloads(), true
		}
		for j, payload := range payloads {
			c.examples = append(c.examples, example{command: c, payload: payload, index: j})
		}
		s.commands = append(s.commands, c)
	}
	for i := range spec.Events {
		e := &event{spec: &spec.Events[i]}
		e.schema = newSchema(e.spec.Schema)
		s.events[eventKey{e.spec.Name, e.spec.Version}] = e
	}
	return s
}

// command finds a command by its name, or gives nil.
func (s *subject) command(name string) *command {
	for _, c := range s.commands {
		if c.spec.Name == name {
			return c
		}
	}
	return nil
}

// examples are those of all commands, in declared order.
func (s *subject) examples() (all []*example) {
	for _, c := range s.commands {
		for i := range c.examples {
			all = append(all, &c.examples[i])
		}
	}
	return all
}

// request asks for commands at a place.
func (s *subject) request(at *place, now int64, commands ...abi.Command) abi.CommandRequest {
	return abi.CommandRequest{Type: s.spec.Name, ID: at.id, Seq: at.seq, State: at.state, Now: now, Commands: commands}
}

// folding asks for the state after events at a place.
func (s *subject) folding(at *place, events ...abi.Event) abi.EventRequest {
	return abi.EventRequest{Type: s.spec.Name, ID: at.id, Seq: at.seq, State: at.state, Events: events}
}

// after gives the place that an accepted command leads to; from itself if it
// caused no events.
func (s *subject) after(from *place, d *decision) *place {
	if d.answer.State == nil {
		return from
	}
	next := &place{id: from.id, state: d.answer.State, seq: from.seq + uint64(len(d.answer.Events)), now: d.request.Now,
		events: from.events[:len(from.events):len(from.events)]}
	for _, e := range d.answer.Events {
		next.events = append(next.events, abi.Event{Name: string(e.Name), Version: e.Version, Payload: e.Payload})
	}
	return next
}

// later is a moment after all that the entity has seen.
func (p *place) later() int64 { return max(firstMoment+1_000_000_000, p.now+1000) }

// reach keeps a place, if its state is another one than those that are known.
func (s *subject) reach(at *place) {
	if s.byText[string(at.state)] == nil && len(s.places) < mostPlaces {
		s.byText[string(at.state)] = at
		s.places = append(s.places, at)
	}
}

// andInitial gives some places, and one whose state is the initial one in
// bytes, as it is where events have led back to it.
func (s *subject) andInitial(n int) []*place {
	some := s.some(n)
	if s.initial != nil {
		some = append(some[:len(some):len(some)], &place{id: "kit-0", state: s.initial, seq: 1, now: firstMoment})
	}
	return some
}

// some gives at most n places, spread over all that were reached, always with
// the first and the last one.
func (s *subject) some(n int) (some []*place) {
	if len(s.places) <= n {
		return s.places
	}
	for i := range n {
		some = append(some, s.places[i*(len(s.places)-1)/(n-1)])
	}
	return some
}
