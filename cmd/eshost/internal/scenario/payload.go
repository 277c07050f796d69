package scenario

import (
	"errors"
	"regexp"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/eshost/eshost/abi"
)

// maxValues bounds what aliases of aliases may unfold to.
const maxValues = 1 << 16

// payload reads a payload; null is none, which is nil. Where it is compared, maps may be tagged !partial.
func (p *parser) payload(n *yaml.Node, compared bool) *value {
	r := payloadReader{p: p, compared: compared, line: n.Line}
	v := r.value(n, 0, false)
	if v == nil || v.text == "null" {
		return nil
	}
	if !r.failed && compared {
		return v.normal()
	}
	return v
}

type payloadReader struct {
	p        *parser
	compared bool
	line     int // of what is being read; of the alias, where it is read through one
	values   int
	failed   bool
}

// fail refuses the value at hand. What is given in its place keeps the shape of what is around it.
func (r *payloadReader) fail(format string, a ...any) *value {
	r.failed = true
	r.p.fail(r.line, format, a...)
	return &value{text: "false"}
}

// value reads what is inside depth lists and maps.
func (r *payloadReader) value(n *yaml.Node, depth int, partial bool) *value {
	if r.values++; r.failed {
		return &value{text: "false"}
	}
	if n.Kind == yaml.AliasNode {
		n = follow(n)
	} else {
		r.line = n.Line
	}
	tag := n.ShortTag()
	switch {
	case r.values > maxValues:
		return r.fail("a value of more than %d parts", maxValues)
	case depth > abi.MaxDepth:
		return r.fail("more than %d lists and maps inside each other", abi.MaxDepth)
	case tag == "!partial" && n.Kind == yaml.MappingNode && r.compared:
		partial = true
	case tag == "!partial":
		return r.fail("!partial is for a map that is compared")
	case !standard[tag]:
		return r.fail("unknown tag %s", tag)
	}
	switch n.Kind {
	case yaml.SequenceNode:
		v := &value{kind: array}
		for _, item := range n.Content {
			v.items = append(v.items, r.value(item, depth+1, partial))
		}
		return r.sized(v, depth)
	case yaml.MappingNode:
		v := &value{kind: object, partial: partial}
		r.mapping(v, n, depth)
		return r.sized(v, depth)
	}
	return r.scalar(n, tag)
}

var standard = map[string]bool{"!!map": true, "!!seq": true, "!!str": true, "!!int": true, "!!float": true, "!!bool": true, "!!null": true, "!!timestamp": true}

func (r *payloadReader) mapping(v *value, n *yaml.Node, depth int) {
	for i := 0; i < len(n.Content) && !r.failed; i += 2 {
		key := n.Content[i]
		if key.Kind == yaml.AliasNode {
			key = follow(key)
		} else {
			r.line = key.Line
		}
		switch {
		case key.Kind != yaml.ScalarNode || key.ShortTag() == "!!null":
			r.fail("a key is a text, not %s", describe(key))
		case key.ShortTag() == "!!merge":
			r.fail("the key << merges maps, which is not for payloads; write \"<<\" for the text")
		case v.item(key.Value) != nil:
			r.fail("key %q comes twice", key.Value)
		default:
			v.keys = append(v.keys, key.Value)
			v.items = append(v.items, r.value(n.Content[i+1], depth+1, v.partial))
		}
	}
}

// sized checks a list or a map that is complete: how deep it is, and whether it stands for a scalar and is right as one.
func (r *payloadReader) sized(v *value, depth int) *value {
	if r.failed {
		return v
	}
	if v.kind == object && len(v.keys) == 1 && (v.keys[0] == "$bin" || v.keys[0] == "$float") {
		v.partial = false
		return r.check(v)
	}
	if depth == abi.MaxDepth {
		return r.fail("more than %d lists and maps inside each other", abi.MaxDepth)
	}
	return v
}

// check refuses what is no payload by the rules of JSON.
func (r *payloadReader) check(v *value) *value {
	_, err := abi.AppendFromJSON(nil, v.appendJSON(nil))
	if format := (*abi.FormatError)(nil); errors.As(err, &format) {
		return r.fail("%s", format.What)
	}
	return v
}

// number is a number of JSON.
var number = regexp.MustCompile(`^-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][-+]?[0-9]+)?$`)

func (r *payloadReader) scalar(n *yaml.Node, tag string) *value {
	if tag == "!!str" && n.Style == 0 && number.MatchString(n.Value) {
		tag = "!!float" // one that is too large to be one
	}
	switch tag {
	case "!!null":
		return &value{text: "null"}
	case "!!bool":
		return &value{text: strings.ToLower(n.Value)}
	case "!!int", "!!float":
		if special, ok := floats[strings.TrimPrefix(strings.ToLower(n.Value), "+")]; ok {
			return &value{kind: object, keys: []string{"$float"}, items: []*value{{text: quote(special)}}}
		}
		text := n.Value
		if !number.MatchString(text) {
			return r.fail("number %s is not written as in JSON; if it is a text, put it in quotes", cut(text, maxCommandBytes))
		}
		if tag == "!!float" && n.Style&yaml.TaggedStyle != 0 && !strings.ContainsAny(text, ".eE") {
			text += ".0"
		}
		return r.check(&value{text: text})
	}
	return &value{text: quote(n.Value)}
}

var floats = map[string]string{".nan": "nan", ".inf": "inf", "-.inf": "-inf"}
