package abitest

import (
	"fmt"

	"github.com/eshost/eshost/abi"
)

// keptPayloads is how many payloads of an event are kept to play with.
const keptPayloads = 8

// content is a payload that a guest wrote.
type content struct {
	noun, place string // for people, and for the order of keys
	payload     []byte // nil: there is none
	schema      *schema
	law         string // that says that it fits
	finding     func() Finding
}

// content judges a payload by the laws that speak of what is in it.
func (k *kit) content(s *subject, c content) {
	if c.payload == nil {
		return
	}
	fail := func(law, what, do string) {
		f := c.finding()
		f.What, f.Do = what, do
		k.fail(law, f)
	}
	if wrong := k.keys.canonical(c.payload, c.schema.of(), s.spec.Name+" "+c.place); wrong != "" {
		fail(lawCanonical, c.noun+" is not canonical: "+wrong, "section 6 of ABI.md says how each value is written")
	} else {
		k.held(lawCanonical)
	}
	k.fits(c.schema, c.payload, c.law, func(wrong string) { fail(c.law, c.noun+" does not fit its JSON Schema: "+wrong, schemaAdvice(c.law)) })
}

// observe judges what a command gave by all laws that speak of content.
func (k *kit) observe(s *subject, c *command, d *decision) {
	o := d.outcome()
	about := func() Finding {
		f := d.finding("")
		f.Command = c.spec.Name
		return f
	}
	finding := func(law, what, want, do string) {
		f := about()
		f.What, f.Want, f.Do = what, want, do
		k.fail(law, f)
	}
	judge := func(noun, place string, payload []byte, of *schema, law string) {
		k.content(s, content{noun: noun, place: place, payload: payload, schema: of, law: law, finding: about})
	}
	switch o.Status {
	case abi.Accepted:
		judge("the reply", "reply "+c.spec.Name, o.Reply, c.reply, lawSchemas)
	case abi.Rejected:
		code := string(o.Code)
		judge("the rejection's payload", "rejection "+code, o.Payload, nil, lawSchemas)
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
			judge(fmt.Sprintf("event %q", name), "event "+name, emitted.Payload, nil, lawSchemas)
			continue
		}
		k.held(lawEvents)
		e.emitted++
		e.folded = true
		if len(e.payloads) < keptPayloads && !containsPayload(e.payloads, emitted.Payload) {
			e.payloads = append(e.payloads, emitted.Payload)
		}
		judge(fmt.Sprintf("event %q version %d", name, emitted.Version), fmt.Sprintf("event %s %d", name, emitted.Version), emitted.Payload, e.schema, lawSchemas)
	}
	judge("the state", "state", d.answer.State, s.state, lawState)
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
