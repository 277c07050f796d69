package scenario

import (
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/eshost/eshost/abi"
)

// kinds are the names of the kinds of faults.
var kinds = map[string]abi.Kind{
	"unknown_command": abi.KindUnknownCommand,
	"payload":         abi.KindPayload,
	"state":           abi.KindState,
	"panic":           abi.KindPanic,
	"fold":            abi.KindFold,
}

func kindName(kind abi.Kind) string {
	for name, k := range kinds {
		if k == kind {
			return name
		}
	}
	return kind.String()
}

func (p *parser) then(s *step, n *yaml.Node) {
	t := &s.then
	t.line = n.Line
	p.entries(n, "then", map[string]func(*yaml.Node){
		"events": func(n *yaml.Node) {
			events := p.events(n, "events")
			t.events = &events
		},
		"reply":    func(n *yaml.Node) { t.reply = p.expected(n) },
		"state":    func(n *yaml.Node) { t.state = p.expected(n) },
		"rejected": func(n *yaml.Node) { t.rejected = p.rejected(n) },
		"fault":    func(n *yaml.Node) { t.fault = p.fault(n) },
	})
	switch refused := t.rejected != nil || t.fault != nil; {
	case refused && (t.events != nil || t.reply != nil) || t.rejected != nil && t.fault != nil:
		p.fail(n.Line, "a command is either accepted, with events and a reply, or rejected, or a fault")
	case t.state != nil && t.state.value == nil:
		p.fail(t.state.line, "there is always a state; that of an entity without events is the initial one")
	case follow(n).Kind == yaml.MappingNode && len(follow(n).Content) == 0:
		p.fail(n.Line, "then says nothing; leave it out where a command only has to be accepted")
	}
}

// expected reads a value that is to be compared, or null.
func (p *parser) expected(n *yaml.Node) *expected {
	return &expected{line: n.Line, value: p.payload(n, true)}
}

func (p *parser) rejected(n *yaml.Node) *refusal {
	code, payload, bare := p.entry(n, "a rejection", true)
	if code != "" && !abi.ValidCode(code) {
		p.fail(n.Line, "code %q: a code is %s", code, abi.CodeRule)
	}
	r := &refusal{line: n.Line, name: code}
	if !bare {
		r.payload = &expected{n.Line, payload}
	}
	return r
}

func (p *parser) fault(n *yaml.Node) *refusal {
	r := &refusal{line: n.Line}
	if at := follow(n); at.Kind == yaml.MappingNode && len(at.Content) == 2 {
		r.name = p.text(at.Content[0], "the kind of a fault")
		r.message = p.text(at.Content[1], "a part of the fault's message")
	} else {
		r.name = p.text(n, "the kind of a fault, alone or as a key of a part of its message,")
	}
	if _, ok := kinds[r.name]; !ok && r.name != "" {
		p.fail(n.Line, "there is no kind of fault %q; there are %s", r.name, list(kinds))
	}
	return r
}

// entry reads a name, or a map of one entry from a name to a payload. It is bare if the name is alone. What is compared may
// be tagged !partial.
func (p *parser) entry(n *yaml.Node, what string, compared bool) (name string, payload *value, bare bool) {
	at := follow(n)
	switch {
	case at.Kind == yaml.ScalarNode:
		return p.text(n, what), nil, true
	case at.Kind == yaml.MappingNode && len(at.Content) == 2:
		return p.text(at.Content[0], what+"'s name"), p.payload(at.Content[1], compared), false
	}
	p.fail(n.Line, "%s is a name, or a map of one entry from a name to a payload, not %s", what, describeEntries(at))
	return "", nil, false
}

func describeEntries(n *yaml.Node) string {
	if n.Kind != yaml.MappingNode {
		return describe(n)
	}
	var keys []string
	for i := 0; i < len(n.Content); i += 2 {
		keys = append(keys, n.Content[i].Value)
	}
	if len(keys) == 0 {
		return "an empty map"
	}
	return "a map of " + strings.Join(keys, ", ")
}

// events reads a list of events, which are compared unless they are given.
func (p *parser) events(n *yaml.Node, what string) []event {
	all := []event{}
	p.each(n, what, func(n *yaml.Node) {
		e := event{line: n.Line}
		e.name, e.payload, e.named = p.entry(n, "an event", what != "given")
		if name, version, versioned := strings.Cut(e.name, "@"); versioned {
			v, err := strconv.ParseUint(version, 10, 32)
			if err != nil || v == 0 {
				p.fail(n.Line, "event %q: the version behind the @ is a number from 1 on", e.name)
			}
			e.name, e.version = name, uint32(v)
		}
		if e.name != "" && !abi.ValidName(e.name) {
			p.fail(n.Line, "event %q: a name is %s", e.name, abi.NameRule)
		}
		all = append(all, e)
	})
	return all
}
