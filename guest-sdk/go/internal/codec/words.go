package codec

import "strconv"

// wants says in words what a plan decodes.
func (p *Plan) wants() string {
	switch p.kind {
	case kindBool:
		return "a boolean"
	case kindInt8, kindInt16, kindInt32, kindInt64:
		return "an integer from " + strconv.FormatInt(-p.mostSigned()-1, 10) + " to " + strconv.FormatInt(p.mostSigned(), 10)
	case kindUint8, kindUint16, kindUint32, kindUint64:
		return "an integer from 0 to " + strconv.FormatUint(p.mostUnsigned(), 10)
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

// mostSigned is the largest value of a type of integers, and one more than it has below 0.
func (p *Plan) mostSigned() int64 { return int64(1)<<(8*p.typ.Size()-1) - 1 }

// mostUnsigned is the largest value of a type of integers from 0 on.
func (p *Plan) mostUnsigned() uint64 { return ^uint64(0) >> (64 - 8*p.typ.Size()) }

// integral reports whether values of the type are integers.
func (p *Plan) integral() bool { return p.kind >= kindInt8 && p.kind <= kindUint64 }

// noneOf says that a name is not one of those that there are.
func noneOf(name string, names []string) string {
	return strconv.Quote(name) + " is not one of " + Listed(names)
}

// Listed gives names as a text has them.
func Listed(names []string) string {
	if len(names) == 0 {
		return "none"
	}
	text := names[0]
	for _, name := range names[1:] {
		text += ", " + name
	}
	return text
}

// isInteger reports whether a value that begins with b is an integer.
func isInteger(b byte) bool { return b < 0x80 || b >= 0xe0 || b >= 0xcc && b <= 0xd3 }

// found says in words what src, which is not empty, begins with.
func found(src []byte) string {
	b := src[0]
	switch {
	case b >= 0xe0 || b >= 0xd0 && b <= 0xd3 && len(src) > 1 && src[1] >= 0x80:
		return "a negative integer"
	case isInteger(b):
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
