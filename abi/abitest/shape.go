package abitest

import (
	"math"
	"slices"
	"strings"

	"github.com/eshost/eshost/abi"
)

// shapeKind is what an author's type is, as far as its schema tells.
type shapeKind uint8

const (
	shapeUnknown shapeKind = iota // the schema does not say, or takes anything
	shapeBool
	shapeInt
	shapeFloat
	shapeString
	shapeBytes
	shapeList
	shapeMap
	shapeStruct
	shapeEnum
	shapeMaybe // elem; often, but not always, optional
)

// shape is an author's type. The JSON Schemas of payloads say it in the ways
// that ABI.md's section 5 lists; of any other way the shape is unknown.
type shape struct {
	kind     shapeKind
	optional bool // nil stands for an absent one

	unsigned bool   // of an integer
	bits     int    // of an integer; 0: its range is not known
	min      string // of an integer, if the schema says so
	fields   []shapeField
	elem     *shape // of a list or a map
	fewest   int    // elements of a list
	variants []shapeField
}

// shapeField is a field of a struct, or a variant of an enum, whose shape is
// nil if it has no content.
type shapeField struct {
	name     string
	shape    *shape
	required bool
}

// unknown is the shape of which nothing is known.
var unknown = &shape{}

// real gives the shape of what is there, and whether nil may stand for it.
func (s *shape) real() (there *shape, optional bool) {
	for range abi.MaxDepth {
		if s.kind != shapeMaybe {
			return s, optional || s.optional
		}
		optional = optional || s.optional
		s = s.elem
	}
	return unknown, optional // a schema that is nothing but itself
}

func (s *shape) field(name string) *shapeField {
	for i := range s.fields {
		if s.fields[i].name == name {
			return &s.fields[i]
		}
	}
	return nil
}

// shapes makes shapes of the parts of one schema.
type shapes struct {
	root any
	made map[*jsonObject]*shape
}

func shapeOf(root any) *shape {
	s := &shapes{root: root, made: make(map[*jsonObject]*shape)}
	return s.of(root)
}

func (s *shapes) of(schema any) *shape {
	o, ok := schema.(*jsonObject)
	if !ok {
		return unknown // true, or broken
	}
	if made := s.made[o]; made != nil {
		return made
	}
	if ref := o.string("$ref"); ref != "" {
		s.made[o] = unknown // if it comes back to itself
		s.made[o] = s.of(s.resolve(ref))
		return s.made[o]
	}
	made := new(shape)
	s.made[o] = made // before its parts, since a type may contain itself
	s.fill(made, o)
	return made
}

// resolve follows a reference within the schema.
func (s *shapes) resolve(ref string) any {
	path, ok := strings.CutPrefix(ref, "#")
	if !ok {
		return nil
	}
	at := s.root
	for _, name := range strings.Split(strings.TrimPrefix(path, "/"), "/") {
		if path == "" {
			break
		}
		o, ok := at.(*jsonObject)
		if !ok {
			return nil
		}
		at = o.values[strings.NewReplacer("~1", "/", "~0", "~").Replace(name)]
	}
	return at
}

func (s *shapes) fill(made *shape, o *jsonObject) {
	for _, key := range []string{"oneOf", "anyOf"} {
		if all := o.list(key); all != nil {
			s.alternatives(made, all)
			return
		}
	}
	if name, ok := o.values["const"].(string); ok {
		made.kind, made.variants = shapeEnum, []shapeField{{name: name}}
		return
	}
	if names := o.list("enum"); len(names) > 0 {
		for _, name := range names {
			if name, ok := name.(string); ok {
				made.variants = append(made.variants, shapeField{name: name})
			}
		}
		if len(made.variants) == len(names) {
			made.kind = shapeEnum
		}
		return
	}
	s.typed(made, o)
}

// typed fills in the shape of a schema that names a type.
func (s *shapes) typed(made *shape, o *jsonObject) {
	typ := o.string("type")
	if types := o.list("type"); len(types) == 2 && slices.Contains(types, any("null")) {
		made.optional = true
		for _, t := range types {
			if t, ok := t.(string); ok && t != "null" {
				typ = t
			}
		}
	}
	switch {
	case typ == "boolean":
		made.kind = shapeBool
	case typ == "integer":
		made.integer(o)
	case typ == "number":
		made.kind = shapeFloat
	case typ == "string":
		made.kind = shapeString
	case typ == "array":
		made.kind, made.elem = shapeList, s.of(o.values["items"])
		if o.has("prefixItems") {
			*made = shape{optional: made.optional}
		}
		if n := o.number("minItems"); len(n) == 1 {
			made.fewest = int(n[0] - '0')
		} else if n != "" {
			made.fewest = math.MaxInt
		}
	case typ == "object" || typ == "" && o.has("properties"):
		s.object(made, o)
	}
}

// integers are the usual types: the name by which a format calls the signed one, and their ranges.
var integers = []struct {
	bits             int
	format           string
	unsigned, signed string
}{
	{8, "int8", "0..255", "-128..127"},
	{16, "int16", "0..65535", "-32768..32767"},
	{32, "int32", "0..4294967295", "-2147483648..2147483647"},
	{64, "int64", "0..18446744073709551615", "-9223372036854775808..9223372036854775807"},
}

// integer fills in what a schema says of an integer: its range is that of one
// of the usual types, or the name of one is its format. The range counts first.
func (s *shape) integer(o *jsonObject) {
	s.kind, s.min = shapeInt, o.number("minimum")
	limits, format := s.min+".."+o.number("maximum"), o.string("format")
	for _, t := range integers {
		if limits == t.unsigned || limits == t.signed {
			s.bits, s.unsigned = t.bits, limits == t.unsigned
			return
		}
	}
	for _, t := range integers {
		if format == t.format || format == "u"+t.format {
			s.bits, s.unsigned = t.bits, format != t.format
			return
		}
	}
}

func (s *shapes) object(made *shape, o *jsonObject) {
	properties := o.object("properties")
	switch more := o.values["additionalProperties"].(type) {
	case *jsonObject:
		if properties == nil || len(properties.keys) == 0 {
			made.kind, made.elem = shapeMap, s.of(more)
		}
		return
	case bool:
		if more && properties == nil {
			made.kind, made.elem = shapeMap, unknown
			return
		}
	}
	if properties == nil {
		return
	}
	switch {
	case len(properties.keys) == 1 && properties.keys[0] == "$bin":
		made.kind = shapeBytes
		return
	case len(properties.keys) == 1 && properties.keys[0] == "$float":
		made.kind = shapeFloat
		return
	}
	made.kind = shapeStruct
	for _, name := range properties.keys {
		f := shapeField{name: name, shape: s.of(properties.values[name])}
		f.required = slices.Contains(o.list("required"), any(name))
		made.fields = append(made.fields, f)
	}
}

// alternatives fills in a shape that is one of several: an optional one, a
// float with its words for NaN and infinities, or an enum.
func (s *shapes) alternatives(made *shape, all []any) {
	var rest []*shape
	optional := false
	for _, one := range all {
		o, ok := one.(*jsonObject)
		switch {
		case !ok:
			return
		case o.string("type") == "null":
			optional = true
			continue
		}
		alternative := s.of(o)
		if alternative.kind == shapeStruct && len(alternative.fields) == 1 && alternative.fields[0].required {
			alternative = &shape{kind: shapeEnum, variants: []shapeField{{name: alternative.fields[0].name, shape: alternative.fields[0].shape}}}
		}
		rest = append(rest, alternative)
	}
	made.optional = optional
	switch {
	case len(rest) == 1:
		made.kind, made.elem, made.optional = shapeMaybe, rest[0], optional
	case len(rest) > 1 && !slices.ContainsFunc(rest, func(r *shape) bool { return r.kind != shapeFloat }):
		made.kind = shapeFloat
	case len(rest) > 1 && !slices.ContainsFunc(rest, func(r *shape) bool { return r.kind != shapeEnum }):
		made.kind = shapeEnum
		for _, r := range rest {
			made.variants = append(made.variants, r.variants...)
		}
	}
}
