package codec

import "strconv"

// Schema gives the JSON Schema (Draft 2020-12) of the type in the JSON form that eshost has for payloads. That of [None]
// is the one of the empty struct, since no payload reads like the empty map.
func (p *Plan) Schema() string {
	s := schema{out: []byte(`{"$schema":"https://json-schema.org/draft/2020-12/schema",`)}
	p.cycles(map[*Plan]bool{}, &s.named)
	s.out = append(s.out, p.schemaRef(&s)...)
	for i := range s.named {
		if i == 0 {
			s.out = append(s.out, `,"$defs":{`...)
		} else {
			s.out = append(s.out, ',')
		}
		s.out = append(AppendJSON(s.out, strconv.Itoa(i+1)), ":{"...)
		s.body(s.named[i])
		s.out = append(s.out, '}')
	}
	if len(s.named) > 0 {
		s.out = append(s.out, '}')
	}
	return string(append(s.out, '}'))
}

// schema collects the text. Types that contain themselves are named and written once, at the end.
type schema struct {
	out   []byte
	named []*Plan
}

// schemaRef gives the reference to a named type, or writes the type where it stands and gives nothing.
func (p *Plan) schemaRef(s *schema) string {
	for i := range s.named {
		if s.named[i] == p {
			return `"$ref":"#/$defs/` + strconv.Itoa(i+1) + `"`
		}
	}
	s.body(p)
	return ""
}

func (s *schema) text(parts ...string) {
	for _, part := range parts {
		s.out = append(s.out, part...)
	}
}

// value writes the schema of a type inside another.
func (s *schema) value(p *Plan) {
	s.text("{")
	s.text(p.schemaRef(s))
	s.text("}")
}

// body writes the members of the object that describes p.
func (s *schema) body(p *Plan) {
	switch p.kind {
	case kindBool:
		s.text(`"type":"boolean"`)
	case kindInt8, kindInt16, kindInt32, kindInt64:
		limit := p.mostSigned()
		s.text(`"type":"integer","minimum":`, strconv.FormatInt(-limit-1, 10), `,"maximum":`, strconv.FormatInt(limit, 10))
	case kindUint8, kindUint16, kindUint32, kindUint64:
		s.text(`"type":"integer","minimum":0,"maximum":`, strconv.FormatUint(p.mostUnsigned(), 10))
	case kindFloat32, kindFloat64:
		s.text(`"anyOf":[{"type":"number"},{"type":"object","properties":{"$float":{"type":"string"}},"required":["$float"]}]`)
	case kindString:
		s.text(`"type":"string"`)
	case kindEnumString, kindEnumInt:
		s.text(`"type":"string","enum":`)
		s.names(p.names)
	case kindBytes, kindByteArray:
		s.text(`"type":"object","properties":{"$bin":{"type":"string","contentEncoding":"base64"}},"required":["$bin"]`)
	case kindSlice:
		s.text(`"type":"array","items":`)
		s.value(p.elem)
	case kindArray:
		n := strconv.Itoa(p.length)
		s.text(`"type":"array","minItems":`, n, `,"maxItems":`, n, `,"items":`)
		s.value(p.elem)
	case kindMap:
		s.text(`"type":"object","additionalProperties":`)
		s.value(p.elem)
		if p.names != nil {
			s.text(`,"propertyNames":{"enum":`)
			s.names(p.names)
			s.text("}")
		}
	case kindPointer:
		s.text(p.elem.schemaRef(s))
	case kindStruct, kindNone:
		s.structure(p)
	case kindOneOf:
		s.oneOf(p)
	}
}

func (s *schema) names(names []string) {
	for i, name := range names {
		s.out = AppendJSON(append(s.out, "[,"[min(i, 1)]), name)
	}
	s.text("]")
}

func (s *schema) structure(p *Plan) {
	s.text(`"type":"object","properties":{`)
	var needed []string
	for i := range p.fields {
		f := &p.fields[i]
		if i > 0 {
			s.text(",")
		}
		s.out = append(AppendJSON(s.out, f.name), ':')
		s.value(f.plan)
		if f.presence == required {
			needed = append(needed, f.name)
		}
	}
	s.text("}")
	if len(needed) > 0 {
		s.text(`,"required":`)
		s.names(needed)
	}
}

func (s *schema) oneOf(p *Plan) {
	s.text(`"oneOf":[`)
	for i := range p.fields {
		f := &p.fields[i]
		if i > 0 {
			s.text(",")
		}
		if f.kind == kindNone {
			s.text(`{"const":`)
			s.out = append(AppendJSON(s.out, f.name), '}')
			continue
		}
		s.text(`{"type":"object","properties":{`)
		s.out = append(AppendJSON(s.out, f.name), ':')
		s.value(f.plan)
		s.text(`},"required":`)
		s.names([]string{f.name})
		s.text(`,"additionalProperties":false}`)
	}
	s.text("]")
}

// cycles collects the plans that contain themselves: of each cycle the first that is met. It reports whether p is
// being visited already.
func (p *Plan) cycles(open map[*Plan]bool, found *[]*Plan) {
	if open[p] {
		for _, known := range *found {
			if known == p {
				return
			}
		}
		*found = append(*found, p)
		return
	}
	open[p] = true
	if p.elem != nil {
		p.elem.cycles(open, found)
	}
	for i := range p.fields {
		p.fields[i].plan.cycles(open, found)
	}
	delete(open, p)
}

// AppendJSON appends s, which is UTF-8, as a JSON string.
func AppendJSON(dst []byte, s string) []byte {
	const hex = "0123456789abcdef"
	dst = append(dst, '"')
	for i := range len(s) {
		switch c := s[i]; {
		case c == '"' || c == '\\':
			dst = append(dst, '\\', c)
		case c == '\n':
			dst = append(dst, '\\', 'n')
		case c == '\r':
			dst = append(dst, '\\', 'r')
		case c == '\t':
			dst = append(dst, '\\', 't')
		case c < 0x20:
			dst = append(dst, `\u00`...)
			dst = append(dst, hex[c>>4], hex[c&15])
		default:
			dst = append(dst, c)
		}
	}
	return append(dst, '"')
}

// Layout gives a short text that differs for types whose values are encoded differently: a hash of the fields' names
// and types, in order. salt goes into it.
func (p *Plan) Layout(salt string) string {
	text := p.layout([]byte(salt), map[*Plan]int{})
	hash := uint64(14695981039346656037)
	for _, c := range text {
		hash = (hash ^ uint64(c)) * 1099511628211
	}
	digits := strconv.FormatUint(hash, 16)
	return "0000000000000000"[len(digits):] + digits
}

// layout appends the layout; open holds the plans around this one by their depth.
func (p *Plan) layout(dst []byte, open map[*Plan]int) []byte {
	if n, ok := open[p]; ok {
		return strconv.AppendInt(append(dst, '^'), int64(n), 10)
	}
	open[p] = len(open)
	defer delete(open, p)
	dst = strconv.AppendInt(append(dst, '('), int64(p.kind), 10)
	if p.length > 0 {
		dst = strconv.AppendInt(append(dst, 'x'), int64(p.length), 10)
	}
	for _, name := range p.names {
		dst = strconv.AppendQuote(dst, name)
	}
	for i := range p.fields {
		f := &p.fields[i]
		dst = strconv.AppendQuote(dst, f.name)
		if f.presence != required {
			dst = append(dst, '?')
		}
		dst = f.plan.layout(dst, open)
	}
	if p.elem != nil {
		dst = p.elem.layout(dst, open)
	}
	return append(dst, ')')
}
