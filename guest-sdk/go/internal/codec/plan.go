package codec

import (
	"reflect"
	"strconv"
)

// PlanFor makes the plan of a type.
//
// It returns a *TypeError when the type, or one inside it, has no canonical form; the error says which and what to
// use instead.
func PlanFor(t reflect.Type) (*Plan, error) {
	b := builder{known: map[reflect.Type]*Plan{}}
	p, err := b.build(t, place{path: t.String(), top: true})
	if err != nil {
		return nil, err
	}
	p.mark(map[*Plan]bool{})
	p.makeQuick()
	return p, nil
}

// TypeError says why a type cannot be encoded.
type TypeError struct {
	Path   string // from the type that was registered to the part at fault, such as "Order.lines[].price"
	Reason string
}

func (e *TypeError) Error() string { return e.Path + ": " + e.Reason }

type place struct {
	path  string
	top   bool // the registered type itself
	field bool // directly a struct field: the only place for an optional
	of    bool // a field of a one-of
}

func (w place) fail(reason string) error { return &TypeError{Path: w.path, Reason: reason} }

type builder struct{ known map[reflect.Type]*Plan }

var fixedKinds = map[reflect.Kind]kind{
	reflect.Bool: kindBool, reflect.String: kindString, reflect.Float32: kindFloat32, reflect.Float64: kindFloat64,
	reflect.Int8: kindInt8, reflect.Int16: kindInt16, reflect.Int32: kindInt32, reflect.Int64: kindInt64,
	reflect.Uint8: kindUint8, reflect.Uint16: kindUint16, reflect.Uint32: kindUint32, reflect.Uint64: kindUint64,
}

func (b *builder) build(t reflect.Type, w place) (*Plan, error) {
	if t == noneType {
		if !w.top && !w.of {
			return nil, w.fail("None stands for a whole payload or reply, or for a variant of a OneOf; here use a bool or leave the field out")
		}
		return &Plan{kind: kindNone, typ: t}, nil
	}
	if p := b.known[t]; p != nil && t.Kind() != reflect.Pointer {
		return p, nil
	}
	p := &Plan{typ: t}
	b.known[t] = p
	return p, b.fill(p, t, w)
}

func (b *builder) fill(p *Plan, t reflect.Type, w place) error {
	if t.Implements(enumType) || reflect.PointerTo(t).Implements(enumType) {
		return b.enum(p, t, w)
	}
	if k, ok := fixedKinds[t.Kind()]; ok {
		p.kind = k
		return nil
	}
	var err error
	switch t.Kind() {
	case reflect.Int, reflect.Uint:
		p.kind = kindInt64
		if t.Kind() == reflect.Uint {
			p.kind = kindUint64
		}
		if t.Size() != 8 {
			return w.fail("int and uint need a platform where they have 64 bits; use int64 or uint64")
		}
	case reflect.Slice:
		if t.Elem().Kind() == reflect.Uint8 && !t.Elem().Implements(enumType) {
			p.kind = kindBytes
			return nil
		}
		p.kind = kindSlice
		p.elem, err = b.build(t.Elem(), place{path: w.path + "[]"})
	case reflect.Array:
		p.length = t.Len()
		if t.Elem().Kind() == reflect.Uint8 && !t.Elem().Implements(enumType) {
			p.kind = kindByteArray
			return nil
		}
		p.kind = kindArray
		p.elem, err = b.build(t.Elem(), place{path: w.path + "[]"})
	case reflect.Map:
		return b.mapping(p, t, w)
	case reflect.Pointer:
		return b.pointer(p, t, w)
	case reflect.Struct:
		return b.structure(p, t, w)
	case reflect.Interface:
		return w.fail("an interface does not say what to decode into; use a struct that embeds eshost.OneOf")
	default:
		return w.fail("a " + t.Kind().String() + " has no payload form")
	}
	return err
}

func (b *builder) enum(p *Plan, t reflect.Type, w place) error {
	if !t.Implements(enumType) {
		return w.fail("EnumNames must have a value receiver")
	}
	p.names = reflect.Zero(t).Interface().(Enum).EnumNames()
	switch t.Kind() {
	case reflect.String:
		p.kind = kindEnumString
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64,
		reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		p.kind = kindEnumInt
	default:
		return w.fail("EnumNames is for string and integer types")
	}
	if len(p.names) == 0 {
		return w.fail("EnumNames lists no name")
	}
	for i, name := range p.names {
		if name == "" || indexOf(p.names[:i], name) >= 0 {
			return w.fail("EnumNames must list different names, none of them empty; " + strconv.Quote(name) + " is not")
		}
	}
	if p.kind == kindEnumInt && t.Size() == 1 && len(p.names) > 128 {
		return w.fail("EnumNames lists more names than a type of one byte has values; use a wider one")
	}
	return nil
}

func (b *builder) mapping(p *Plan, t reflect.Type, w place) error {
	p.kind = kindMap
	if t.Key().Kind() != reflect.String {
		return w.fail("map keys must be strings; write numbers out, or use a slice of structs")
	}
	key, err := b.build(t.Key(), place{path: w.path + "{key}"})
	if err != nil {
		return err
	}
	p.names = key.names
	p.elem, err = b.build(t.Elem(), place{path: w.path + "{}"})
	return err
}

func (b *builder) pointer(p *Plan, t reflect.Type, w place) error {
	p.kind = kindPointer
	if w.top {
		return w.fail("a pointer could be nil; register the type it points to, " + t.Elem().String())
	}
	if t.Elem().Kind() == reflect.Pointer {
		return w.fail("a pointer to a pointer has no payload form")
	}
	var err error
	p.elem, err = b.build(t.Elem(), place{path: w.path, of: w.of})
	return err
}

func (b *builder) structure(p *Plan, t reflect.Type, w place) error {
	if t.PkgPath() == "time" && t.Name() == "Time" {
		return w.fail("time.Time has no payload form; use an int64 of milliseconds since 1970 (UnixMilli)")
	}
	if isOptional(t) {
		return w.fail("Optional is for fields of structs only")
	}
	p.kind = kindStruct
	if t.NumField() > 0 && t.Field(0).Anonymous && t.Field(0).Type == oneOfType {
		p.kind = kindOneOf
	}
	for i := range t.NumField() {
		if err := b.field(p, t.Field(i), w); err != nil {
			return err
		}
	}
	if len(p.fields) > maxFields {
		return w.fail("more than " + strconv.Itoa(maxFields) + " fields; group them in structs")
	}
	if p.kind == kindOneOf && len(p.fields) == 0 {
		return w.fail("a OneOf needs at least one pointer field besides eshost.OneOf")
	}
	return nil
}

func (b *builder) field(p *Plan, sf reflect.StructField, w place) error {
	tag, options := cutTag(sf.Tag.Get("msg"))
	if sf.Type == oneOfType && sf.Anonymous && p.kind == kindOneOf {
		return nil
	}
	at := place{path: w.path + "." + sf.Name, field: true, of: p.kind == kindOneOf}
	switch {
	case tag == "-":
		return at.fail("a field cannot be left out, since what it holds would be lost between two calls; remove it from the type")
	case sf.Anonymous:
		return at.fail("give the embedded field a name, so that it has one in the payload too")
	case !sf.IsExported():
		return at.fail("an unexported field would be lost between two calls; export it, or remove it from the type")
	case options != "" && options != "omitempty":
		return at.fail("unknown option " + strconv.Quote(options) + " in the msg tag; there is only omitempty")
	}
	f := field{name: tag, offset: sf.Offset}
	if tag == "" {
		f.name = snake(sf.Name)
	}
	for i := range p.fields {
		if p.fields[i].name == f.name {
			return at.fail("another field is named " + strconv.Quote(f.name) + " too")
		}
	}
	t := sf.Type
	switch {
	case at.of:
		if t.Kind() != reflect.Pointer {
			return at.fail("the fields of a OneOf are pointers, one for each variant")
		}
		f.presence, t = variant, t.Elem()
	case isOptional(t):
		f.presence, f.set = optional, sf.Offset+t.Field(2).Offset
		f.offset, t = sf.Offset+t.Field(1).Offset, t.Field(1).Type
	case t.Kind() == reflect.Pointer:
		f.presence, t = pointer, t.Elem()
	case options == "omitempty":
		f.presence = omitZero
		if t.Kind() == reflect.Struct || t.Kind() == reflect.Array {
			return at.fail("omitempty is not for structs and arrays; use a pointer or an Optional")
		}
	}
	if f.presence != required && f.presence != omitZero && t.Kind() == reflect.Pointer {
		return at.fail("one pointer or one Optional is enough to say that a value may be absent")
	}
	var err error
	if f.plan, err = b.build(t, place{path: at.path, of: at.of}); err != nil {
		return err
	}
	if f.presence == required && f.plan.kind == kindNone {
		return at.fail("None has no payload form here")
	}
	if f.presence != required {
		p.lean++
	}
	f.kind = f.plan.kind
	f.key = string(AppendString(nil, f.name))
	f.token = *NewToken(AppendString(nil, f.name))
	p.fields = append(p.fields, f)
	return nil
}

func isOptional(t reflect.Type) bool {
	return t.Kind() == reflect.Struct && t.NumField() == 3 && t.Field(0).Type == markerType
}

// mark works out what is shared and what is strict. A type can contain itself only through a slice, a map or a pointer, so a plan that is
// met again while it is being marked is below one of those, which has settled the matter.
func (p *Plan) mark(seen map[*Plan]bool) {
	if seen[p] {
		return
	}
	seen[p] = true
	switch p.kind {
	case kindBytes, kindSlice:
		p.shared = true
	case kindMap, kindPointer:
		p.shared, p.strict = true, true
	case kindString, kindEnumString, kindEnumInt, kindOneOf:
		p.strict = true
	}
	if p.elem != nil {
		p.elem.mark(seen)
		p.shared, p.strict = p.shared || p.elem.shared, p.strict || p.elem.strict
	}
	for i := range p.fields {
		f := &p.fields[i]
		f.plan.mark(seen)
		p.shared = p.shared || f.plan.shared || f.presence == pointer || f.presence == variant
		p.strict = p.strict || f.plan.strict
	}
}

func indexOf(names []string, name string) int {
	for i := range names {
		if names[i] == name {
			return i
		}
	}
	return -1
}

// snake gives the payload name of a Go field name: OrderID is order_id, HTTPServer is http_server.
func snake(name string) string {
	var out []byte
	upper := func(c byte) bool { return 'A' <= c && c <= 'Z' }
	for i := range len(name) {
		c := name[i]
		if upper(c) {
			afterLower := i > 0 && !upper(name[i-1]) && name[i-1] != '_'
			beforeLower := i > 0 && upper(name[i-1]) && i+1 < len(name) && !upper(name[i+1]) && name[i+1] >= 'a'
			if afterLower || beforeLower {
				out = append(out, '_')
			}
			c += 'a' - 'A'
		}
		out = append(out, c)
	}
	return string(out)
}

// cutTag gives what is before and after the first comma.
func cutTag(tag string) (name, options string) {
	for i := range len(tag) {
		if tag[i] == ',' {
			return tag[:i], tag[i+1:]
		}
	}
	return tag, ""
}
