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
	if p.Quick(src, v) {
		return nil
	}
	return d.decode(p, src, v)
}

func (d *Decoder) decode(p *Plan, src []byte, v unsafe.Pointer) error {
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
	if p.integral() && isInteger(d.Src[pos]) {
		at := Reader{Src: d.Src, Pos: pos}
		n, negative, ok := at.Integer()
		if !ok {
			return d.fail("the input ends in the middle of an integer")
		}
		what = strconv.FormatUint(n, 10)
		if negative {
			what = strconv.FormatInt(int64(n), 10)
		}
	}
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
	return d.fail(noneOf(string(s), p.names))
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
			return d.fail(noneOf(string(name), p.names))
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
