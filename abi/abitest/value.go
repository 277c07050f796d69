package abitest

import (
	"encoding/binary"
	"math"
	"slices"

	"github.com/eshost/eshost/abi"
)

// kind is the type of a msgpack value.
type kind uint8

const (
	kindNil kind = iota
	kindBool
	kindInt
	kindFloat
	kindString
	kindBytes
	kindArray
	kindMap
)

// value is a msgpack value without its form.
type value struct {
	kind     kind
	truth    bool
	bits     uint64 // of an integer
	negative bool   // the integer is int64(bits)
	float    float64
	text     []byte  // of a string or bytes
	keys     []value // of a map, strings
	items    []value // of an array or a map
}

func number(n int64) value       { return value{kind: kindInt, bits: uint64(n), negative: n < 0} }
func unsigned(n uint64) value    { return value{kind: kindInt, bits: n} }
func floating(f float64) value   { return value{kind: kindFloat, float: f} }
func boolean(b bool) value       { return value{kind: kindBool, truth: b} }
func text(s string) value        { return value{kind: kindString, text: []byte(s)} }
func binaryOf(b []byte) value    { return value{kind: kindBytes, text: b} }
func list(items ...value) value  { return value{kind: kindArray, items: items} }
func mapOf(pairs ...value) value { return value{kind: kindMap}.and(pairs...) }

// and returns a map with more keys and values after those of v.
func (v value) and(pairs ...value) value {
	v.keys, v.items = slices.Clone(v.keys), slices.Clone(v.items)
	for i := 0; i+1 < len(pairs); i += 2 {
		v.keys, v.items = append(v.keys, pairs[i]), append(v.items, pairs[i+1])
	}
	return v
}

// with returns v with another i-th item.
func (v value) with(i int, item value) value {
	v.items = slices.Clone(v.items)
	v.items[i] = item
	return v
}

// without returns the map v without its i-th key.
func (v value) without(i int) value {
	v.keys, v.items = slices.Delete(slices.Clone(v.keys), i, i+1), slices.Delete(slices.Clone(v.items), i, i+1)
	return v
}

// key finds a key of a map; -1: it is not there.
func (v value) key(name string) int {
	return slices.IndexFunc(v.keys, func(k value) bool { return string(k.text) == name })
}

// parse reads a payload, which is known to be well-formed; nil reads like the
// empty map.
func parse(payload []byte) value {
	if payload == nil {
		payload = emptyMap
	}
	v, _ := parseAt(payload, 0)
	return v
}

func parseAt(b []byte, pos int) (value, int) {
	c := b[pos]
	switch {
	case c <= 0x7f:
		return unsigned(uint64(c)), pos + 1
	case c >= 0xe0:
		return number(int64(int8(c))), pos + 1
	case c <= 0x8f:
		return parseItems(b, pos+1, int(c&0xf), true)
	case c <= 0x9f:
		return parseItems(b, pos+1, int(c&0xf), false)
	case c <= 0xbf:
		n := int(c & 0x1f)
		return value{kind: kindString, text: b[pos+1 : pos+1+n]}, pos + 1 + n
	}
	switch c {
	case 0xc0:
		return value{}, pos + 1
	case 0xc2, 0xc3:
		return boolean(c == 0xc3), pos + 1
	case 0xca:
		return floating(float64(math.Float32frombits(uint32(bigEndian(b, pos+1, 4))))), pos + 5
	case 0xcb:
		return floating(math.Float64frombits(bigEndian(b, pos+1, 8))), pos + 9
	case 0xcc, 0xcd, 0xce, 0xcf:
		width := 1 << (c - 0xcc)
		return unsigned(bigEndian(b, pos+1, width)), pos + 1 + width
	case 0xd0, 0xd1, 0xd2, 0xd3:
		width := 1 << (c - 0xd0)
		shift := 64 - 8*width
		return number(int64(bigEndian(b, pos+1, width)<<shift) >> shift), pos + 1 + width
	}
	width := headWidth(c)
	n := int(bigEndian(b, pos+1, width))
	pos += 1 + width
	switch {
	case c >= 0xde:
		return parseItems(b, pos, n, true)
	case c >= 0xdc:
		return parseItems(b, pos, n, false)
	case c >= 0xd9:
		return value{kind: kindString, text: b[pos : pos+n]}, pos + n
	}
	return value{kind: kindBytes, text: b[pos : pos+n]}, pos + n
}

// headWidth is how many bytes a length takes after a first byte of c4-c6 or d9-df.
func headWidth(c byte) int {
	switch c {
	case 0xc4, 0xd9:
		return 1
	case 0xc5, 0xda, 0xdc, 0xde:
		return 2
	}
	return 4
}

func parseItems(b []byte, pos, n int, keyed bool) (value, int) {
	v := value{kind: kindArray}
	if keyed {
		v.kind = kindMap
	}
	for range n {
		var item value
		if keyed {
			item, pos = parseAt(b, pos)
			v.keys = append(v.keys, item)
		}
		item, pos = parseAt(b, pos)
		v.items = append(v.items, item)
	}
	return v, pos
}

func bigEndian(b []byte, pos, width int) (n uint64) {
	for _, digit := range b[pos : pos+width] {
		n = n<<8 | uint64(digit)
	}
	return n
}

// form says how values are written; its zero value is the canonical form.
type form struct {
	signed bool // integers as d3 where they fit
	wide   bool // integers as cf, lengths in as many bytes as there can be
	single bool // floats of 32 bit, where that loses nothing
	whole  bool // floats without a fraction as integers
}

var canonicalForm form

// encode writes v in that form.
func (f form) encode(v value) []byte { return f.append(nil, v) }

func (f form) append(dst []byte, v value) []byte {
	switch v.kind {
	case kindNil:
		return abi.AppendNil(dst)
	case kindBool:
		return abi.AppendBool(dst, v.truth)
	case kindInt:
		return f.integer(dst, v)
	case kindFloat:
		return f.floating(dst, v.float)
	case kindString:
		if f.wide {
			return append(binary.BigEndian.AppendUint32(append(dst, 0xdb), uint32(len(v.text))), v.text...)
		}
		return abi.AppendString(dst, v.text)
	case kindBytes:
		if f.wide {
			return append(binary.BigEndian.AppendUint32(append(dst, 0xc6), uint32(len(v.text))), v.text...)
		}
		return abi.AppendBin(dst, v.text)
	case kindArray:
		if f.wide {
			dst = binary.BigEndian.AppendUint32(append(dst, 0xdd), uint32(len(v.items)))
		} else {
			dst = abi.AppendArray(dst, len(v.items))
		}
	case kindMap:
		if f.wide {
			dst = binary.BigEndian.AppendUint32(append(dst, 0xdf), uint32(len(v.items)))
		} else {
			dst = abi.AppendMap(dst, len(v.items))
		}
	}
	for i, item := range v.items {
		if v.kind == kindMap {
			dst = f.append(dst, v.keys[i])
		}
		dst = f.append(dst, item)
	}
	return dst
}

func (f form) integer(dst []byte, v value) []byte {
	switch {
	case v.negative && !f.signed && !f.wide:
		return abi.AppendInt(dst, int64(v.bits))
	case v.negative, f.signed && v.bits <= math.MaxInt64:
		return binary.BigEndian.AppendUint64(append(dst, 0xd3), v.bits)
	case f.signed || f.wide:
		return binary.BigEndian.AppendUint64(append(dst, 0xcf), v.bits)
	}
	return abi.AppendUint(dst, v.bits)
}

func (f form) floating(dst []byte, v float64) []byte {
	switch {
	case f.single && float64(float32(v)) == v:
		return binary.BigEndian.AppendUint32(append(dst, 0xca), math.Float32bits(float32(v)))
	case f.whole && v == math.Trunc(v) && math.Abs(v) < 1<<53 && !(v == 0 && math.Signbit(v)):
		return abi.AppendInt(dst, int64(v))
	}
	return abi.AppendFloat(dst, v)
}
