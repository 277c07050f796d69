package abi

import (
	"bytes"
	"encoding/base64"
	"math"
	"strconv"
)

// AppendJSON appends a payload to dst as JSON text, by the JSON table of
// ABI.md: integers exact and bare, floats with a '.' or an 'e' in them, bytes
// as {"$bin":"<base64>"}, infinities and NaN as {"$float":"inf"}, "-inf" or
// "nan", keys in the order they have. [AppendFromJSON] makes the same value of
// the text again, unless a map holds a key twice or has "$bin" or "$float" as
// its only key; such maps are printed as they are.
//
// If payload is not one by [CheckPayload] the error is a [*FormatError] and
// dst is returned as it was.
func AppendJSON(dst, payload []byte) ([]byte, error) {
	if err := CheckPayload(payload); err != nil {
		return dst, err
	}
	in := reader{b: payload}
	return in.appendJSON(dst), nil
}

// appendJSON takes one value. It has been checked, so reading it cannot fail.
func (r *reader) appendJSON(dst []byte) []byte {
	switch c := r.b[r.pos]; {
	case c == 0xc0:
		r.pos++
		return append(dst, "null"...)
	case c == 0xc2, c == 0xc3:
		r.pos++
		return strconv.AppendBool(dst, c == 0xc3)
	case c >= 0xc4 && c <= 0xc6:
		v, _ := r.payload("")
		dst = append(dst, `{"$bin":"`...)
		dst = base64.StdEncoding.AppendEncode(dst, v)
		return append(dst, `"}`...)
	case c == 0xca:
		bits, _ := r.number(4)
		r.pos += 5
		return appendJSONFloat(dst, float64(math.Float32frombits(uint32(bits))))
	case c == 0xcb:
		bits, _ := r.number(8)
		r.pos += 9
		return appendJSONFloat(dst, math.Float64frombits(bits))
	case c >= 0xa0 && c <= 0xbf, c >= 0xd9 && c <= 0xdb:
		return appendJSONString(dst, r.str(""))
	case c >= 0x90 && c <= 0x9f, c == 0xdc, c == 0xdd:
		dst = append(dst, '[')
		for i := range r.array("") {
			if i > 0 {
				dst = append(dst, ',')
			}
			dst = r.appendJSON(dst)
		}
		return append(dst, ']')
	case c >= 0x80 && c <= 0x8f, c == 0xde, c == 0xdf:
		dst = append(dst, '{')
		for i := range r.mapping("") {
			if i > 0 {
				dst = append(dst, ',')
			}
			dst = append(appendJSONString(dst, r.str("")), ':')
			dst = r.appendJSON(dst)
		}
		return append(dst, '}')
	}
	v, negative := r.integer("")
	if negative {
		return strconv.AppendInt(dst, int64(v), 10)
	}
	return strconv.AppendUint(dst, v, 10)
}

func appendJSONFloat(dst []byte, v float64) []byte {
	switch {
	case v != v:
		return append(dst, `{"$float":"nan"}`...)
	case math.IsInf(v, 1):
		return append(dst, `{"$float":"inf"}`...)
	case math.IsInf(v, -1):
		return append(dst, `{"$float":"-inf"}`...)
	}
	if size := math.Abs(v); size != 0 && (size < 1e-6 || size >= 1e21) {
		return strconv.AppendFloat(dst, v, 'e', -1, 64)
	}
	start := len(dst)
	dst = strconv.AppendFloat(dst, v, 'f', -1, 64)
	if bytes.IndexByte(dst[start:], '.') < 0 {
		dst = append(dst, ".0"...) // without it, it would come back as an integer
	}
	return dst
}

func appendJSONString(dst, s []byte) []byte {
	const hex = "0123456789abcdef"
	dst = append(dst, '"')
	start := 0
	for i, c := range s {
		if c >= 0x20 && c != '"' && c != '\\' {
			continue
		}
		dst = append(dst, s[start:i]...)
		start = i + 1
		switch c {
		case '"', '\\':
			dst = append(dst, '\\', c)
		case '\n':
			dst = append(dst, '\\', 'n')
		case '\r':
			dst = append(dst, '\\', 'r')
		case '\t':
			dst = append(dst, '\\', 't')
		default:
			dst = append(dst, '\\', 'u', '0', '0', hex[c>>4], hex[c&0xf])
		}
	}
	return append(append(dst, s[start:]...), '"')
}
