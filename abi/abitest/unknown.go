package abitest

import (
	"fmt"
	"math"
	"strings"

	"github.com/eshost/eshost/abi"
)

// strangers are names that look like those that are known and are not among
// them.
func strangers(known func(name string) bool, names []string) (all []string) {
	candidates := []string{"eshost-kit-unknown", strings.Repeat("x", 64), "x"}
	for _, name := range names {
		candidates = append(candidates, name[:len(name)-1], name+"x", strings.ToUpper(name[:1])+name[1:])
	}
	for _, name := range candidates {
		if abi.ValidName(name) && !known(name) {
			all = append(all, name)
		}
	}
	return all
}

// unknownCommands checks that a command that the type has not is a fault of
// its own, and concerns no other.
func (k *kit) unknownCommands() {
	for _, s := range k.subjects {
		var names []string
		for _, c := range s.commands {
			names = append(names, c.spec.Name)
		}
		unknown := strangers(func(name string) bool { return s.command(name) != nil }, names)
		for _, at := range s.some(3) {
			for _, name := range unknown {
				for _, payload := range [][]byte{nil, emptyMap} {
					d := k.decide(k.main, s.request(at, at.later(), abi.Command{Name: name, Payload: payload}))
					k.unknownCommand(d, d.faulted(abi.KindUnknownCommand), "an unknown command alone")
				}
			}
			k.amongKnown(s, at, unknown)
		}
	}
}

func (k *kit) unknownCommand(d *decision, ok bool, what string) {
	switch {
	case ok:
		k.held(lawCommand)
	case d.err == nil:
		f := d.finding("%s does not come out as it should", what)
		f.Want, f.Do = "an outcome that is a fault of kind 1", "answer a name that the type has not with [2, 1, message], and go on with the next command"
		k.fail(lawCommand, f)
	}
}

// amongKnown puts unknown commands between accepted ones.
func (k *kit) amongKnown(s *subject, at *place, unknown []string) {
	var known []abi.Command
	for _, e := range s.examples() {
		if !e.trapped {
			known = append(known, e.call())
		}
	}
	one := k.alone(s, at, known)
	if one == nil {
		return
	}
	known = one.accepted(known)
	pure := k.batch(s, at, known, false)
	if len(known) == 0 || pure == nil {
		return
	}
	var commands []abi.Command
	for i := range known {
		commands = append(commands, abi.Command{Name: unknown[i%len(unknown)]}, known[i])
	}
	commands = append(commands, abi.Command{Name: unknown[0], Payload: emptyMap})
	d := k.decide(k.main, s.request(at, at.later(), commands...))
	if !d.decided() {
		k.unknownCommand(d, false, "a batch with unknown commands between known ones")
		return
	}
	for i := range commands {
		o := &d.answer.Outcomes[i]
		if i%2 == 0 {
			k.unknownCommand(d, o.Status == abi.Faulted && o.Kind == abi.KindUnknownCommand, fmt.Sprintf("outcome %d, of an unknown command between known ones,", i))
		} else if what := same(&d.answer, i, &pure.answer, i/2); what != "" {
			f := d.finding("outcome %d (%s) is changed by unknown commands around it: %s", i, commands[i].Name, what)
			k.fail(lawCommand, f)
		}
	}
}

// unknownEvents checks that an event that the type does not list is refused
// where it stands.
func (k *kit) unknownEvents() {
	for _, s := range k.subjects {
		var names []string
		for _, e := range s.spec.Events {
			names = append(names, e.Name)
		}
		var unknown []abi.Event
		for _, name := range strangers(func(name string) bool { return s.listed(name) }, names) {
			unknown = append(unknown, abi.Event{Name: name, Version: 1}, abi.Event{Name: name, Version: 1, Payload: emptyMap})
		}
		for _, spec := range s.spec.Events {
			e := s.events[eventKey{spec.Name, spec.Version}]
			if len(e.payloads) > 0 && s.events[eventKey{spec.Name, math.MaxUint32}] == nil {
				unknown = append(unknown, abi.Event{Name: spec.Name, Version: math.MaxUint32, Payload: e.payloads[0]})
			}
		}
		for _, at := range s.some(4) {
			for _, event := range unknown {
				k.unknownEvent(s, &place{id: at.id, state: at.state, seq: at.seq}, nil, event)
				k.unknownEvent(s, &place{id: at.id}, at.events, event)
			}
		}
	}
}

// listed reports whether an event of that name is listed in any version.
func (s *subject) listed(name string) bool {
	for key := range s.events {
		if key.name == name {
			return true
		}
	}
	return false
}

// unknownEvent folds an unknown event after known ones.
func (k *kit) unknownEvent(s *subject, at *place, known []abi.Event, event abi.Event) {
	f := k.fold(k.main, s.folding(at, append(known[:len(known):len(known)], event)...))
	switch {
	case f.err != nil || f.failed != nil && !f.failed.Trapped:
	case f.failed == nil && f.answer.Refused == abi.KindFold && int(f.answer.Index) == len(known):
		k.held(lawEvent)
	default:
		found := f.finding("an unknown event (%s version %d) after %d known ones does not come out as it should", event.Name, event.Version, len(known))
		found.Event = event.Name
		found.Want = fmt.Sprintf("refused with kind 5 at index %d", len(known))
		found.Do = "answer [1, 5, index, message], where index is the event's place in the request, counted from 0"
		k.fail(lawEvent, found)
	}
}
