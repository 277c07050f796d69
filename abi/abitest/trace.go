package abitest

import (
	"fmt"

	"github.com/eshost/eshost/abi"
)

// traces checks that the commands of a batch that are rejected or faulted
// change nothing for the others: the same batch without them gives the same.
func (k *kit) traces() {
	k.eachBatch(lawTrace, func(s *subject, at *place, commands []abi.Command) {
		commands = k.withFaults(s, at, commands)
		one := k.alone(s, at, commands)
		if one == nil {
			return
		}
		accepted := one.accepted(commands)
		if len(accepted) == len(commands) || len(accepted) == 0 {
			return
		}
		pure := k.batch(s, at, accepted, false)
		if pure == nil {
			return // the law of batches
		}
		k.trace(s, at, commands, one, pure)
	})
}

// trace compares a batch with what its commands give one by one and with the
// batch of those that are accepted.
func (k *kit) trace(s *subject, at *place, commands []abi.Command, one *oneByOne, pure *decision) {
	d := k.decide(k.main, s.request(at, at.later(), commands...))
	if d.err != nil || d.failed != nil && !d.failed.Trapped {
		return // a law of its own
	}
	wrong := ""
	switch {
	case d.failed != nil:
		wrong = "the batch traps, its commands one by one do not"
	case d.answer.Refused != 0:
		wrong = "nothing of the batch is decided, its commands one by one are"
	}
	culprit, n := "", 0
	for i := 0; i < len(commands) && wrong == ""; i++ {
		o := one.decisions[i].outcome()
		against, j := &one.decisions[i].answer, 0
		if o.Status == abi.Accepted {
			against, j = &pure.answer, n
			n++
		} else {
			culprit = fmt.Sprintf("%s %s, which is %s", commands[i].Name, show(commands[i].Payload), o.Status)
		}
		if what := same(&d.answer, i, against, j); what != "" {
			wrong = fmt.Sprintf("outcome %d (%s %s) changes: %s", i, commands[i].Name, show(commands[i].Payload), what)
		}
	}
	if wrong == "" && !samePayload(d.answer.State, pure.answer.State) {
		wrong = "the state after the batch is another one than without the commands that are rejected or faulted"
	}
	if wrong == "" {
		k.held(lawTrace)
		return
	}
	if culprit != "" {
		wrong += "; the last such command before it: " + culprit
	}
	f := d.finding("%s", wrong)
	f.Want = "as without them: state " + show(pure.answer.State)
	f.Do = "leave the state alone until the command is accepted, or restore it: decode the request's state again and fold what was accepted"
	k.fail(lawTrace, f)
}

// withFaults puts payloads that do not decode between the commands, as far as
// they are faults alone.
func (k *kit) withFaults(s *subject, at *place, commands []abi.Command) []abi.Command {
	var faults []abi.Command
	for _, c := range s.commands {
		for _, w := range c.wrongPayloads() {
			call := abi.Command{Name: c.spec.Name, Payload: w.payload}
			if k.decide(k.main, s.request(at, at.later(), call)).faulted(abi.KindPayload) {
				faults = append(faults, call)
				break
			}
		}
	}
	if len(faults) == 0 {
		return commands
	}
	var all []abi.Command
	for i, c := range commands {
		all = append(all, c)
		if i%2 == 0 {
			all = append(all, faults[i/2%len(faults)])
		}
	}
	return all
}
