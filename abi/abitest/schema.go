package abitest

import (
	"bytes"
	"fmt"
	"strings"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/eshost/eshost/abi"
)

// schema is a JSON Schema of the JSON form of payloads.
type schema struct {
	shape    *shape
	compiled *jsonschema.Schema
	err      error // why the text is no JSON Schema
}

// newSchema reads a schema; nil: there is none.
func newSchema(text string) *schema {
	if text == "" {
		return nil
	}
	s := &schema{shape: unknown}
	tree, err := parseJSON(text)
	if err != nil {
		s.err = fmt.Errorf("it is not JSON: %w", err)
		return s
	}
	doc, err := jsonschema.UnmarshalJSON(strings.NewReader(text))
	if err != nil {
		s.err = fmt.Errorf("it is not JSON: %w", err)
		return s
	}
	const name = "schema.json"
	c := jsonschema.NewCompiler()
	c.UseLoader(noLoader{})
	if err := c.AddResource(name, doc); err == nil {
		s.compiled, s.err = c.Compile(name)
	} else {
		s.err = err
	}
	if s.err == nil {
		s.shape = shapeOf(tree)
	}
	return s
}

// noLoader keeps schemas from naming files and addresses.
type noLoader struct{}

func (noLoader) Load(url string) (any, error) {
	return nil, fmt.Errorf("%s is not in the schema itself", url)
}

// newStateSchema reads a state_schema, which need not be a JSON Schema: nil
// then, and also if it says nothing of the state.
func newStateSchema(text string) *schema {
	tree, err := parseJSON(text)
	if err != nil {
		return nil
	}
	if o, ok := tree.(*jsonObject); !ok || len(o.keys) == 0 {
		return nil
	}
	return newSchema(text)
}

// of gives the shape of the values; nil: there is no schema, or a broken one.
func (s *schema) of() *shape {
	if !s.usable() {
		return nil
	}
	return s.shape
}

// usable reports whether values can be checked against it.
func (s *schema) usable() bool { return s != nil && s.err == nil }

// check returns what is wrong with a payload; nil: nothing.
func (s *schema) check(payload []byte) error {
	if payload == nil {
		payload = emptyMap
	}
	text, err := abi.AppendJSON(nil, payload)
	if err != nil {
		return err
	}
	v, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	if err != nil {
		return err
	}
	if err := s.compiled.Validate(v); err != nil {
		return fmt.Errorf("%s", shortValidation(err))
	}
	return nil
}

// emptyMap is the payload that no payload reads like.
var emptyMap = []byte{0x80}

// shortValidation gives the validator's text without its first line, which
// names the schema's place, in one line.
func shortValidation(err error) string {
	lines := strings.Split(err.Error(), "\n")
	if len(lines) > 1 {
		lines = lines[1:]
	}
	for i := range lines {
		lines[i] = strings.TrimPrefix(strings.TrimSpace(lines[i]), "- ")
	}
	return strings.Join(lines, "; ")
}
