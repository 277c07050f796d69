package abitest

import "fmt"

// exercised checks that all of a type was put to work.
func (k *kit) exercised(s *subject) {
	accepted, said := 0, false
	for _, c := range s.commands {
		accepted += c.accepted
		f := Finding{Type: s.spec.Name, Command: c.spec.Name}
		switch {
		case len(c.examples) == 0:
			f.What = "the command has no examples, and no JSON Schema that one can be made from"
			f.Do = "list a few payloads under examples in the manifest, such that the command is accepted now and then"
		case c.accepted > 0:
			k.held(lawExercised)
			continue
		case c.rejected > 0 && len(c.spec.Rejections) > 0:
			// It may wait for what the kit cannot bring about, and says by which codes.
			k.note("%s: command %s was never accepted: it was rejected %d times, also after ten years and after hundreds of commands", s.spec.Name, c.spec.Name, c.rejected)
			k.held(lawExercised)
			continue
		default:
			f.What = fmt.Sprintf("the command was never accepted: rejected %d times, %d faults", c.rejected, c.faulted)
			f.Do = "give it examples that are accepted in a state that the examples of the commands lead to, or list the codes by which it may be rejected"
		}
		said = true
		k.fail(lawExercised, f)
	}
	if len(s.commands) > 0 && accepted == 0 && !said {
		said = true
		k.fail(lawExercised, Finding{Type: s.spec.Name, What: "no command of the type was ever accepted", Do: "give one of the commands an example that is accepted by an entity without events"})
	}
	if len(s.events) == 0 || said {
		return
	}
	for _, e := range s.events {
		if e.folded {
			k.held(lawExercised)
			return
		}
	}
	k.fail(lawExercised, Finding{Type: s.spec.Name, What: "no command of the type emitted an event, and none could be folded as made from its JSON Schema",
		Do: "give commands examples that cause events, or events a schema"})
}
