package codec

import (
	"reflect"
	"strconv"
	"unicode/utf8"
	"unsafe"
)

// An Encoder encodes values by their plans. It keeps what maps need to be walked, so that encoding does not allocate
// once it is warm. The zero Encoder is ready; it is not safe for concurrent use.
type Encoder struct {
	walks []*walk // idle ones
}

// EncodeError is what Append panics with.
type EncodeError struct {
	Type   reflect.Type
	Reason string
}

func (e *EncodeError) Error() string { return e.Type.String() + " cannot be encoded: " + e.Reason }

func (p *Plan) refuse(reason string) { panic(&EncodeError{Type: p.typ, Reason: reason}) }

// Append appends the canonical encoding of the value at v, which must point to a value of the plan's type. Of a
// [None] it appends nothing.
//
// It panics with an *EncodeError if the value has no canonical form: a nil pointer in a slice or map, a OneOf with
// none or several variants set, an enum value without a name, text that is not UTF-8, nesting beyond [MaxDepth].
func (e *Encoder) Append(dst []byte, p *Plan, v unsafe.Pointer) []byte {
	if p.kind == kindNone {
		return dst
	}
	return e.append(dst, p, v, MaxDepth)
}

// AppendBin appends a bin that holds the encoding of the value at v, or nil for a [None].
func (e *Encoder) AppendBin(dst []byte, p *Plan, v unsafe.Pointer) []byte {
	if cap(dst)-len(dst) >= p.quick.room {
		if end := p.quick.bin(unsafe.Pointer(unsafe.SliceData(dst)), len(dst), v); end > 0 {
			return dst[:end]
		}
	}
	return e.appendBin(dst, p, v)
}

func (e *Encoder) appendBin(dst []byte, p *Plan, v unsafe.Pointer) []byte {
	if p.kind == kindNone {
		return append(dst, 0xc0)
	}
	start := len(dst) + 2
	dst = append(dst, 0xc4, 0)
	if p.kind == kindStruct {
		dst = e.appendStruct(dst, p, v, MaxDepth-1)
	} else {
		dst = e.append(dst, p, v, MaxDepth)
	}
	n := len(dst) - start
	if n <= 0xff {
		dst[start-1] = byte(n)
		return dst
	}
	return widen(dst, start, n)
}

// widen makes room for the longer header of a bin whose n bytes begin at start, behind two bytes of header.
func widen(dst []byte, start, n int) []byte {
	var room [5]byte
	header := AppendBinHeader(room[:0], n)
	more := len(header) - 2
	dst = append(dst, header[:more]...)
	copy(dst[start+more:], dst[start:start+n])
	copy(dst[start-2:], header)
	return dst
}

// append does the work; depth is how many more levels of arrays and maps are allowed.
func (e *Encoder) append(dst []byte, p *Plan, v unsafe.Pointer, depth int) []byte {
	switch p.kind {
	case kindUint64:
		return AppendUint(dst, *(*uint64)(v))
	case kindInt64:
		return AppendInt(dst, *(*int64)(v))
	case kindString:
		return p.appendText(dst, *(*string)(v))
	case kindBool:
		return AppendBool(dst, *(*bool)(v))
	case kindInt8:
		return AppendInt(dst, int64(*(*int8)(v)))
	case kindInt16:
		return AppendInt(dst, int64(*(*int16)(v)))
	case kindInt32:
		return AppendInt(dst, int64(*(*int32)(v)))
	case kindUint8:
		return AppendUint(dst, uint64(*(*uint8)(v)))
	case kindUint16:
		return AppendUint(dst, uint64(*(*uint16)(v)))
	case kindUint32:
		return AppendUint(dst, uint64(*(*uint32)(v)))
	case kindFloat32:
		return AppendFloat(dst, float64(*(*float32)(v)))
	case kindFloat64:
		return AppendFloat(dst, *(*float64)(v))
	case kindEnumString:
		name := *(*string)(v)
		if indexOf(p.names, name) < 0 {
			p.refuse(strconv.Quote(name) + " is not one of its names")
		}
		return AppendString(dst, name)
	case kindEnumInt:
		return AppendString(dst, p.enumName(v))
	case kindBytes:
		return AppendBin(dst, *(*[]byte)(v))
	case kindByteArray:
		return AppendBin(dst, unsafe.Slice((*byte)(v), p.length))
	case kindPointer:
		target := *(*unsafe.Pointer)(v)
		if target == nil {
			p.refuse("a nil pointer; leave the element out")
		}
		return e.append(dst, p.elem, target, depth)
	}
	if depth == 0 {
		p.refuse("it nests more than " + strconv.Itoa(MaxDepth) + " levels")
	}
	switch p.kind {
	case kindStruct:
		return e.appendStruct(dst, p, v, depth-1)
	case kindSlice:
		s := (*slice)(v)
		return e.appendList(AppendArrayHeader(dst, s.len), p.elem, s.data, s.len, depth-1)
	case kindArray:
		return e.appendList(AppendArrayHeader(dst, p.length), p.elem, v, p.length, depth-1)
	case kindMap:
		return e.appendMap(dst, p, v, depth-1)
	}
	return e.appendOneOf(dst, p, v, depth-1)
}

func (p *Plan) appendText(dst []byte, s string) []byte {
	if !utf8.ValidString(s) {
		p.refuse("text that is not UTF-8; use []byte")
	}
	return AppendString(dst, s)
}

func (p *Plan) enumName(v unsafe.Pointer) string {
	n := reflect.NewAt(p.typ, v).Elem()
	i := uint64(0)
	if n.CanInt() {
		i = uint64(n.Int())
	} else {
		i = n.Uint()
	}
	if i >= uint64(len(p.names)) {
		p.refuse("it has no name for " + strconv.FormatInt(int64(i), 10))
	}
	return p.names[i]
}

func (e *Encoder) appendList(dst []byte, elem *Plan, v unsafe.Pointer, n, depth int) []byte {
	size := elem.typ.Size()
	for i := range n {
		dst = e.append(dst, elem, unsafe.Add(v, uintptr(i)*size), depth)
	}
	return dst
}

func (e *Encoder) appendStruct(dst []byte, p *Plan, v unsafe.Pointer, depth int) []byte {
	n := len(p.fields)
	if p.lean > 0 {
		for i := range p.fields {
			if p.fields[i].absent(v) {
				n--
			}
		}
	}
	dst = AppendMapHeader(dst, n)
	for i := range p.fields {
		f := &p.fields[i]
		at := unsafe.Add(v, f.offset)
		if f.presence != required {
			if f.absent(v) {
				continue
			}
			if f.presence == pointer {
				at = *(*unsafe.Pointer)(at)
			}
		}
		dst = append(dst, f.key...)
		if f.kind != kindUint64 {
			dst = e.append(dst, f.plan, at, depth)
		} else if n := *(*uint64)(at); n < 0x80 {
			dst = append(dst, byte(n))
		} else {
			dst = AppendUint(dst, n)
		}
	}
	return dst
}

// absent reports whether the field is left out of the struct at v.
func (f *field) absent(v unsafe.Pointer) bool {
	switch f.presence {
	case pointer:
		return *(*unsafe.Pointer)(unsafe.Add(v, f.offset)) == nil
	case optional:
		return !*(*bool)(unsafe.Add(v, f.set))
	case omitZero:
		return f.plan.zero(unsafe.Add(v, f.offset))
	}
	return false
}

func (p *Plan) zero(v unsafe.Pointer) bool {
	switch p.kind {
	case kindUint64, kindInt64:
		return *(*uint64)(v) == 0
	case kindString, kindEnumString:
		return len(*(*string)(v)) == 0
	case kindBytes, kindSlice:
		return (*slice)(v).len == 0
	case kindMap:
		return reflect.NewAt(p.typ, v).Elem().Len() == 0
	}
	return reflect.NewAt(p.typ, v).Elem().IsZero()
}

func (e *Encoder) appendOneOf(dst []byte, p *Plan, v unsafe.Pointer, depth int) []byte {
	var chosen *field
	for i := range p.fields {
		f := &p.fields[i]
		if *(*unsafe.Pointer)(unsafe.Add(v, f.offset)) == nil {
			continue
		}
		if chosen != nil {
			p.refuse("both " + chosen.name + " and " + f.name + " are set, of which there may be one")
		}
		chosen = f
	}
	if chosen == nil {
		p.refuse("none of its variants is set")
	}
	if chosen.kind == kindNone {
		return append(dst, chosen.key...)
	}
	dst = append(append(dst, 0x81), chosen.key...)
	return e.append(dst, chosen.plan, *(*unsafe.Pointer)(unsafe.Add(v, chosen.offset)), depth)
}
