package codec

import "strconv"

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
