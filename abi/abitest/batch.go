package abitest

import (
	"bytes"
	"fmt"

	"github.com/eshost/eshost/abi"
)

// Batches that are tried at each place.
var batchSizes = []int{2, 5, 16, 64}

// placesForBatches is at how many places of a type.
const placesForBatches = 8

// oneByOne is what commands give when each has a request of its own.
type oneByOne struct {
	decisions []*decision // one a command
	after     *place
}

// alone gives the commands one by one from a place, all at the same moment;
// nil, if one is not answered with an outcome.
func (k *kit) alone(s *subject, at *place, commands []abi.Command) *oneByOne {
	one := &oneByOne{after: at}
	now := at.later()
	for _, c := range commands {
		d := k.decide(k.main, s.request(one.after, now, c))
		if d.outcome() == nil {
			return nil
		}
		one.decisions = append(one.decisions, d)
		one.after = s.after(one.after, d)
	}
	return one
}

// accepted are those of the commands that were.
func (o *oneByOne) accepted(commands []abi.Command) (some []abi.Command) {
	for i, d := range o.decisions {
		if d.outcome().Status == abi.Accepted {
			some = append(some, commands[i])
		}
	}
	return some
}

// same says in what an outcome of an answer differs from another one; "": in
// nothing.
func same(a *abi.CommandAnswer, i int, b *abi.CommandAnswer, j int) string {
	x, y := &a.Outcomes[i], &b.Outcomes[j]
	switch {
	case x.Status != y.Status:
		return fmt.Sprintf("it is %s, and not %s", x.Status, y.Status)
	case x.Kind != y.Kind:
		return fmt.Sprintf("its kind is %d, and not %d", x.Kind, y.Kind)
	case !bytes.Equal(x.Code, y.Code):
		return fmt.Sprintf("its code is %q, and not %q", x.Code, y.Code)
	case !samePayload(x.Payload, y.Payload):
		return fmt.Sprintf("its payload is %s, and not %s", show(x.Payload), show(y.Payload))
	case !samePayload(x.Reply, y.Reply):
		return fmt.Sprintf("its reply is %s, and not %s", show(x.Reply), show(y.Reply))
	case !bytes.Equal(x.Message, y.Message):
		return fmt.Sprintf("its message is %q, and not %q", x.Message, y.Message)
	}
	events, others := a.EventsOf(i), b.EventsOf(j)
	if len(events) != len(others) {
		return fmt.Sprintf("it has %d events, and not %d", len(events), len(others))
	}
	for n, e := range events {
		o := others[n]
		if string(e.Name) != string(o.Name) || e.Version != o.Version || !samePayload(e.Payload, o.Payload) {
			return fmt.Sprintf("its event %d is %s, and not %s", n, showEvent(string(e.Name), e.Version, e.Payload), showEvent(string(o.Name), o.Version, o.Payload))
		}
	}
	return ""
}

// samePayload compares payloads; that there is none is unlike any.
func samePayload(a, b []byte) bool { return (a == nil) == (b == nil) && bytes.Equal(a, b) }

// batches checks that a batch gives what its commands give one by one. Only
// accepted commands are in it; traces has the others.
func (k *kit) batches() {
	k.eachBatch(lawBatch, func(s *subject, at *place, commands []abi.Command) {
		one := k.alone(s, at, commands)
		if one == nil {
			return
		}
		commands = one.accepted(commands)
		if len(commands) < 2 {
			return
		}
		k.batch(s, at, commands, true)
	})
}

// batch gives accepted commands in one request and compares. It returns the
// decision, or nil if there is nothing to compare with.
func (k *kit) batch(s *subject, at *place, commands []abi.Command, judge bool) *decision {
	one := k.alone(s, at, commands)
	if one == nil || len(one.accepted(commands)) != len(commands) {
		return nil
	}
	d := k.decide(k.main, s.request(at, at.later(), commands...))
	wrong := ""
	switch {
	case d.err != nil || d.failed != nil && !d.failed.Trapped:
		return nil // a law of its own
	case d.failed != nil:
		wrong = "the batch traps, its commands one by one do not"
	case d.answer.Refused != 0:
		wrong = "nothing of the batch is decided, its commands one by one are"
	}
	for i := 0; i < len(commands) && wrong == ""; i++ {
		if what := same(&d.answer, i, &one.decisions[i].answer, 0); what != "" {
			wrong = fmt.Sprintf("outcome %d (%s) differs from that of the command alone: %s", i, commands[i].Name, what)
		}
	}
	if want := one.after.state; wrong == "" && one.after != at && !samePayload(d.answer.State, want) {
		wrong = fmt.Sprintf("the state after the batch is not that after its commands one by one, %s", show(want))
	}
	if wrong == "" {
		if judge {
			k.held(lawBatch)
		}
		return d
	}
	if judge {
		f := d.finding("%s", wrong)
		f.Do = "decide each command against the state that those before it left, at the seq that they left"
		k.fail(lawBatch, f)
	}
	return nil
}

// eachBatch gives lists of commands, of several sizes and orders, at several
// places of each type.
func (k *kit) eachBatch(law string, try func(s *subject, at *place, commands []abi.Command)) {
	done, total := 0, 0
	for _, s := range k.subjects {
		total += len(s.some(placesForBatches)) * len(batchSizes)
	}
	for _, s := range k.subjects {
		var examples []*example
		for _, e := range s.examples() {
			if !e.trapped {
				examples = append(examples, e)
			}
		}
		for _, at := range s.some(placesForBatches) {
			for i, size := range batchSizes {
				done++
				k.opts.Progress(law, done, total)
				if len(examples) == 0 {
					continue
				}
				commands := make([]abi.Command, size)
				for j := range commands {
					e := examples[j%len(examples)]
					if i%2 == 1 {
						e = examples[k.rand.IntN(len(examples))]
					}
					commands[j] = e.call()
				}
				try(s, at, commands)
			}
		}
	}
}
