package codec

import (
	"math"
	"reflect"
	"strconv"
	"unicode/utf8"
	"unsafe"
)

// DecodeError says why a payload does not fit its type.
type DecodeError struct {
	Path   string // to the part at fault, such as "lines[2].price"; empty for the whole
	Reason string
}

func (e *DecodeError) Error() string {
	if e.Path == "" {
		return e.Reason
	}
	return e.Path + ": " + e.Reason
}

// A Decoder decodes values by their plans. The zero Decoder is ready; it is not safe for concurrent use.
type Decoder struct {
	Reader
	err *DecodeError
}

// Decode decodes src, which must hold exactly one value, into the zero value at v, which must be of the plan's type.
// What it stores shares no memory with src. Nil src stands for nothing at all: it reads like an empty map. [None] takes
// that, and every map.
//
// It takes every valid msgpack form, not only the canonical one. It returns a *DecodeError, and leaves the value in
// an unspecified state, when a required field is missing, a type is not the expected one, a number does not fit, a
// key comes twice or src is not well-formed.
func (d *Decoder) Decode(p *Plan, src []byte, v unsafe.Pointer) error {
	if src == nil {
		if p.kind != kindStruct && p.kind != kindMap && p.kind != kindNone {
			return &DecodeError{Reason: "nothing, where " + p.wants() + " is wanted"}
		}
		src = emptyMap
	}
	d.Src, d.Pos, d.err = src, 0, nil
	var ok bool
	switch {
	case p.kind == kindStruct:
		ok = d.structure(p, v, MaxDepth-1)
	case p.kind == kindNone:
		ok = d.none()
	default:
		ok = d.value(p, v, MaxDepth)
	}
	if ok && d.Pos != len(src) {
		ok = d.fail("bytes after the end of the value")
	}
	d.Src = nil
	if ok {
		return nil
	}
	return d.err
}

var emptyMap = []byte{0x80}

// fail notes the first reason and gives false, so that callers can return it.
func (d *Decoder) fail(reason string) bool {
	if d.err == nil {
		d.err = &DecodeError{Reason: reason}
	}
	return false
}

// under puts the step that led to a failure in front of its path.
func (d *Decoder) under(step string) bool {
	if path := d.err.Path; path != "" && path[0] != '[' {
		step += "."
	}
	d.err.Path = step + d.err.Path
	return false
}

// mismatch fails at the value that begins at pos.
func (d *Decoder) mismatch(p *Plan, pos int) bool {
	if pos >= len(d.Src) {
		return d.fail("the input ends where " + p.wants() + " is wanted")
	}
	what := found(d.Src[pos:])
	if what == p.wants() {
		return d.fail("the input ends in the middle of " + what)
	}
	return d.fail(what + ", where " + p.wants() + " is wanted")
}

func (d *Decoder) none() bool {
	if len(d.Src) == 0 || d.Src[0]&0xf0 != 0x80 && d.Src[0]&0xfe != 0xde || !d.Value(MaxDepth) {
		return d.fail("something, where nothing is wanted")
	}
	return true
}

// value decodes one value; depth is how many more levels of arrays and maps are allowed.
func (d *Decoder) value(p *Plan, v unsafe.Pointer, depth int) bool {
	start := d.Pos
	switch p.kind {
	case kindUint64:
		n, ok := d.Uint()
		*(*uint64)(v) = n
		return ok || d.mismatch(p, start)
	case kindInt64:
		n, negative, ok := d.Integer()
		*(*int64)(v) = int64(n)
		return ok && (negative || n <= math.MaxInt64) || d.mismatch(p, start)
	case kindString:
		s, ok := d.String()
		if !ok {
			return d.mismatch(p, start)
		}
		if !utf8.Valid(s) {
			return d.fail("a string that is not UTF-8")
		}
		*(*string)(v) = string(s)
		return true
	case kindBool:
		return d.bool((*bool)(v)) || d.mismatch(p, start)
	case kindInt8, kindInt16, kindInt32:
		return d.signed(p, v) || d.mismatch(p, start)
	case kindUint8, kindUint16, kindUint32:
		return d.unsigned(p, v) || d.mismatch(p, start)
	case kindFloat64:
		f, ok := d.Float()
		*(*float64)(v) = f
		return ok || d.mismatch(p, start)
	case kindFloat32:
		f, ok := d.Float()
		*(*float32)(v) = float32(f)
		if ok && math.IsInf(float64(float32(f)), 0) && !math.IsInf(f, 0) {
			return d.fail("a float beyond 32 bits")
		}
		return ok || d.mismatch(p, start)
	case kindEnumString, kindEnumInt:
		return d.enum(p, v)
	case kindBytes, kindByteArray:
		return d.bin(p, v)
	case kindPointer:
		target := reflect.New(p.elem.typ).UnsafePointer()
		*(*unsafe.Pointer)(v) = target
		return d.value(p.elem, target, depth)
	}
	if depth == 0 {
		return d.fail("more than " + strconv.Itoa(MaxDepth) + " levels")
	}
	switch p.kind {
	case kindStruct:
		return d.structure(p, v, depth-1)
	case kindSlice, kindArray:
		return d.list(p, v, depth-1)
	case kindMap:
		return d.mapping(p, v, depth-1)
	}
	return d.oneOf(p, v, depth-1)
}

func (d *Decoder) bool(v *bool) bool {
	if d.Pos >= len(d.Src) || d.Src[d.Pos]&0xfe != 0xc2 {
		return false
	}
	*v = d.Src[d.Pos] == 0xc3
	d.Pos++
	return true
}

func (d *Decoder) signed(p *Plan, v unsafe.Pointer) bool {
	u, negative, ok := d.Integer()
	n := int64(u)
	if !ok || !negative && u > math.MaxInt64 {
		return false
	}
	switch p.kind {
	case kindInt8:
		*(*int8)(v) = int8(n)
		return n == int64(int8(n))
	case kindInt16:
		*(*int16)(v) = int16(n)
		return n == int64(int16(n))
	}
	*(*int32)(v) = int32(n)
	return n == int64(int32(n))
}

func (d *Decoder) unsigned(p *Plan, v unsafe.Pointer) bool {
	n, ok := d.Uint()
	if !ok {
		return false
	}
	switch p.kind {
	case kindUint8:
		*(*uint8)(v) = uint8(n)
		return n <= math.MaxUint8
	case kindUint16:
		*(*uint16)(v) = uint16(n)
		return n <= math.MaxUint16
	}
	*(*uint32)(v) = uint32(n)
	return n <= math.MaxUint32
}

func (d *Decoder) enum(p *Plan, v unsafe.Pointer) bool {
	start := d.Pos
	s, ok := d.String()
	if !ok {
		return d.mismatch(p, start)
	}
	for i, name := range p.names {
		if string(s) != name {
			continue
		}
		if p.kind == kindEnumString {
			*(*string)(v) = name
		} else if n := reflect.NewAt(p.typ, v).Elem(); n.CanInt() {
			n.SetInt(int64(i))
		} else {
			n.SetUint(uint64(i))
		}
		return true
	}
	return d.fail(strconv.Quote(string(s)) + " is not one of the names allowed here")
}

func (d *Decoder) bin(p *Plan, v unsafe.Pointer) bool {
	start := d.Pos
	b, ok := d.Bin()
	switch {
	case !ok:
		return d.mismatch(p, start)
	case p.kind == kindBytes:
		*(*[]byte)(v) = append([]byte(nil), b...)
	case len(b) != p.length:
		return d.fail(strconv.Itoa(len(b)) + " bytes, where " + p.wants() + " is wanted")
	default:
		copy(unsafe.Slice((*byte)(v), p.length), b)
	}
	return true
}

func (d *Decoder) list(p *Plan, v unsafe.Pointer, depth int) bool {
	start := d.Pos
	n, ok := d.Array()
	if !ok {
		return d.mismatch(p, start)
	}
	if p.kind == kindArray {
		if n != p.length {
			return d.fail("an array of " + strconv.Itoa(n) + ", where " + p.wants() + " is wanted")
		}
	} else if n > 0 {
		s := reflect.NewAt(p.typ, v).Elem()
		s.Grow(n)
		s.SetLen(n)
		v = (*slice)(v).data
	}
	size := p.elem.typ.Size()
	for i := range n {
		if !d.value(p.elem, unsafe.Add(v, uintptr(i)*size), depth) {
			return d.under("[" + strconv.Itoa(i) + "]")
		}
	}
	return true
}

func (d *Decoder) mapping(p *Plan, v unsafe.Pointer, depth int) bool {
	start := d.Pos
	n, ok := d.Map()
	if !ok {
		return d.mismatch(p, start)
	}
	m := reflect.NewAt(p.typ, v).Elem()
	m.Set(reflect.MakeMapWithSize(p.typ, n))
	if n == 0 {
		return true
	}
	key, value := reflect.New(p.typ.Key()), reflect.New(p.typ.Elem())
	for i := range n {
		name, ok := d.String()
		switch {
		case !ok || !utf8.Valid(name):
			return d.fail("a key that is not a string")
		case p.names != nil && indexOf(p.names, string(name)) < 0:
			return d.fail(strconv.Quote(string(name)) + " is not one of the keys allowed here")
		}
		key.Elem().SetString(string(name))
		value.Elem().SetZero()
		if !d.value(p.elem, value.UnsafePointer(), depth) {
			return d.under(string(name))
		}
		m.SetMapIndex(key.Elem(), value.Elem())
		if m.Len() != i+1 {
			return d.fail("the key " + strconv.Quote(string(name)) + " comes twice")
		}
	}
	return true
}

func (d *Decoder) oneOf(p *Plan, v unsafe.Pointer, depth int) bool {
	start := d.Pos
	entries, isMap := d.Map()
	if !isMap {
		d.Pos = start
	} else if entries != 1 {
		return d.fail("a map of " + strconv.Itoa(entries) + " entries, where one names the variant")
	}
	name, ok := d.String()
	if !ok {
		return d.mismatch(p, start)
	}
	for i := range p.fields {
		f := &p.fields[i]
		if f.name != string(name) {
			continue
		}
		if unit := f.kind == kindNone; unit == isMap {
			return d.fail("a variant with content is a map of one entry, one without is a string") || d.under(f.name)
		}
		target := reflect.New(f.plan.typ).UnsafePointer()
		*(*unsafe.Pointer)(unsafe.Add(v, f.offset)) = target
		return !isMap || d.value(f.plan, target, depth) || d.under(f.name)
	}
	return d.fail(strconv.Quote(string(name)) + " is not one of the variants")
}

// fieldSet marks the fields of a struct that were seen.
type fieldSet [maxFields / 64]uint64

func (s *fieldSet) add(i int)      { s[i/64] |= 1 << (i % 64) }
func (s *fieldSet) has(i int) bool { return s[i/64]&(1<<(i%64)) != 0 }

// structure decodes a struct. Its fields come in the declared order nearly always, so each is compared with the one
// that is expected next; whatever comes otherwise is left to disorder.
func (d *Decoder) structure(p *Plan, v unsafe.Pointer, depth int) bool {
	start := d.Pos
	n, ok := d.Map()
	if !ok {
		return d.mismatch(p, start)
	}
	next := 0
	for ; n > 0 && next < len(p.fields); n-- {
		f := &p.fields[next]
		if !d.Skip(f.key) {
			break
		}
		next++
		if f.presence != required {
			if !d.field(f, v, depth) {
				return d.under(f.name)
			}
			continue
		}
		at := unsafe.Add(v, f.offset)
		if f.kind == kindUint64 && d.Pos < len(d.Src) && d.Src[d.Pos] < 0x80 {
			*(*uint64)(at) = uint64(d.Src[d.Pos])
			d.Pos++
		} else if !d.value(f.plan, at, depth) {
			return d.under(f.name)
		}
	}
	return n == 0 && next == len(p.fields) || d.disorder(p, v, depth, n, next)
}

// disorder decodes n more entries of a struct, of which the first next fields are there already.
func (d *Decoder) disorder(p *Plan, v unsafe.Pointer, depth, n, next int) bool {
	var seen fieldSet
	for i := range next {
		seen.add(i)
	}
	for range n {
		i, ok := d.find(p, next)
		if !ok {
			return false
		}
		if i < 0 {
			if !d.Value(depth) {
				return d.fail("an unknown field whose value is not well-formed")
			}
			continue
		}
		next = i + 1
		f := &p.fields[i]
		if seen.has(i) {
			return d.fail("the field " + strconv.Quote(f.name) + " comes twice")
		}
		seen.add(i)
		if !d.field(f, v, depth) {
			return d.under(f.name)
		}
	}
	for i := range p.fields {
		if f := &p.fields[i]; f.presence == required && !seen.has(i) {
			return d.fail("missing") || d.under(f.name)
		}
	}
	return true
}

// find reads a key and gives the place of its field, or -1 if there is none, looking from place next on first.
func (d *Decoder) find(p *Plan, next int) (int, bool) {
	name, ok := d.String()
	if !ok || !utf8.Valid(name) {
		return 0, d.fail("a key that is not a string")
	}
	for range p.fields {
		if next >= len(p.fields) {
			next = 0
		}
		if p.fields[next].name == string(name) {
			return next, true
		}
		next++
	}
	return -1, true
}

func (d *Decoder) field(f *field, v unsafe.Pointer, depth int) bool {
	at := unsafe.Add(v, f.offset)
	switch f.presence {
	case pointer:
		if d.Nil() {
			return true
		}
		target := reflect.New(f.plan.typ).UnsafePointer()
		*(*unsafe.Pointer)(at) = target
		at = target
	case optional:
		if d.Nil() {
			return true
		}
		*(*bool)(unsafe.Add(v, f.set)) = true
	case omitZero:
		if d.Nil() {
			return true
		}
	}
	return d.value(f.plan, at, depth)
}

// wants says in words what a plan decodes.
func (p *Plan) wants() string {
	switch p.kind {
	case kindBool:
		return "a boolean"
	case kindInt8, kindInt16, kindInt32, kindInt64:
		return "an integer of " + strconv.Itoa(8*int(p.typ.Size())) + " bits"
	case kindUint8, kindUint16, kindUint32, kindUint64:
		return "an integer from 0 on, of " + strconv.Itoa(8*int(p.typ.Size())) + " bits,"
	case kindFloat32, kindFloat64:
		return "a number"
	case kindString, kindEnumString, kindEnumInt:
		return "a string"
	case kindBytes:
		return "bytes"
	case kindByteArray:
		return strconv.Itoa(p.length) + " bytes"
	case kindSlice:
		return "an array"
	case kindArray:
		return "an array of " + strconv.Itoa(p.length)
	case kindOneOf:
		return "a variant: a string or a map of one entry"
	case kindPointer:
		return p.elem.wants()
	}
	return "a map"
}

// found says in words what src, which is not empty, begins with.
func found(src []byte) string {
	b := src[0]
	switch {
	case b >= 0xe0 || b >= 0xd0 && b <= 0xd3 && len(src) > 1 && src[1] >= 0x80:
		return "a negative integer"
	case b < 0x80 || b >= 0xcc && b <= 0xd3:
		return "an integer"
	case b&0xf0 == 0x80 || b == 0xde || b == 0xdf:
		return "a map"
	case b&0xf0 == 0x90 || b == 0xdc || b == 0xdd:
		return "an array"
	case isString(b):
		return "a string"
	case b == 0xc0:
		return "nil"
	case b == 0xc2 || b == 0xc3:
		return "a boolean"
	case b >= 0xc4 && b <= 0xc6:
		return "bytes"
	case b == 0xca || b == 0xcb:
		return "a float"
	}
	return "an extension type"
}
