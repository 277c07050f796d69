package abitest

import (
	"fmt"

	"github.com/eshost/eshost/abi"
)

// keptPayloads is how many payloads of an event are kept to play with.
const keptPayloads = 8

// observe judges what a command gave by all laws that speak of content.
func (k *kit) observe(s *subject, c *command, d *decision) {
	o := d.outcome()
	finding := func(law, what, want, do string) {
		f := d.finding("%s", what)
		f.Command, f.Want, f.Do = c.spec.Name, want, do
		k.fail(law, f)
	}
	content := func(noun, place string, payload []byte, of *schema, law string) {
		if payload == nil {
			return
		}
		if wrong := k.keys.canonical(payload, of.of(), s.spec.Name+" "+place); wrong != "" {
			finding(lawCanonical, noun+" is not canonical: "+wrong, "", "section 6 of ABI.md says how each value is written")
		} else {
			k.held(lawCanonical)
		}
		k.fits(of, payload, law, func(wrong string) { finding(law, noun+" does not fit its JSON Schema: "+wrong, "", schemaAdvice(law)) })
	}
	switch o.Status {
	case abi.Accepted:
		content("the reply", "reply "+c.spec.Name, o.Reply, c.reply, lawSchemas)
	case abi.Rejected:
		code := string(o.Code)
		content("the rejection's payload", "rejection "+code, o.Payload, nil, lawSchemas)
		if len(c.spec.Rejections) == 0 {
			break
		}
		listed := false
		for _, known := range c.spec.Rejections {
			listed = listed || known == code
		}
		if listed {
			k.held(lawCodes)
		} else {
			finding(lawCodes, fmt.Sprintf("the code %q is not listed", code), fmt.Sprintf("one of %q", c.spec.Rejections), "list it under the command's rejections in the manifest")
		}
	}
	for _, emitted := range d.answer.EventsOf(0) {
		name := string(emitted.Name)
		e := s.events[eventKey{name, emitted.Version}]
		if e == nil {
			finding(lawEvents, fmt.Sprintf("event %q version %d is not listed", name, emitted.Version), "an event of the manifest", "list it, or emit one that is listed: a host refuses it")
			content(fmt.Sprintf("event %q", name), "event "+name, emitted.Payload, nil, lawSchemas)
			continue
		}
		k.held(lawEvents)
		e.emitted++
		e.folded = true
		if len(e.payloads) < keptPayloads && !containsPayload(e.payloads, emitted.Payload) {
			e.payloads = append(e.payloads, emitted.Payload)
		}
		content(fmt.Sprintf("event %q version %d", name, emitted.Version), fmt.Sprintf("event %s %d", name, emitted.Version), emitted.Payload, e.schema, lawSchemas)
	}
	content("the state", "state", d.answer.State, s.state, lawState)
}

func schemaAdvice(law string) string {
	if law == lawState {
		return "change state_schema together with the layout: a snapshot of another layout would be taken for one of this"
	}
	return "mend the schema in the manifest, or what is encoded"
}

func containsPayload(all [][]byte, payload []byte) bool {
	for _, p := range all {
		if string(p) == string(payload) {
			return true
		}
	}
	return false
}

// fits checks a payload against a schema.
func (k *kit) fits(s *schema, payload []byte, law string, fail func(wrong string)) {
	if !s.usable() {
		return
	}
	if err := s.check(payload); err != nil {
		fail(err.Error())
	} else {
		k.held(law)
	}
}

// checkSchemas checks the schemas of a type themselves, and its examples
// against them.
func (k *kit) checkSchemas(s *subject) {
	usable := func(law string, of *schema, f Finding, what string) {
		if of != nil && of.err != nil {
			f.Type, f.What = s.spec.Name, what+" is not a JSON Schema: "+of.err.Error()
			k.fail(law, f)
		}
	}
	usable(lawState, s.state, Finding{}, "state_schema")
	for _, e := range s.events {
		usable(lawSchemas, e.schema, Finding{Event: e.spec.Name}, "schema")
	}
	for _, c := range s.commands {
		usable(lawSchemas, c.schema, Finding{Command: c.spec.Name}, "schema")
		usable(lawSchemas, c.reply, Finding{Command: c.spec.Name}, "reply")
		for i := range c.examples {
			e := &c.examples[i]
			k.fits(c.schema, e.payload, lawSchemas, func(wrong string) {
				k.fail(lawSchemas, Finding{Type: s.spec.Name, Command: c.spec.Name, What: fmt.Sprintf("example %d does not fit the command's schema: %s", i, wrong),
					Request: Message{Text: show(e.payload), Hex: shortHex(e.payload)}, Do: "mend the example or the schema in the manifest"})
			})
		}
	}
}
