package codec

import (
	"math"
	"unicode/utf8"
	"unsafe"
)

// A Reader reads msgpack values one after the other, in any valid form. Its methods report false when the input is
// not what they are asked for, and then the position is undefined. Bytes that it returns are part of the input.
type Reader struct {
	Src []byte
	Pos int
}

// Rest is how many bytes are left.
func (r *Reader) Rest() int { return len(r.Src) - r.Pos }

// Skip goes past a token if the input continues with exactly that.
func (r *Reader) Skip(t *Token) bool {
	pos := r.Pos
	end := pos + t.size
	if end > len(r.Src) {
		return false
	}
	if cap(r.Src)-pos >= Slack {
		if t.at(unsafe.Add(unsafe.Pointer(unsafe.SliceData(r.Src)), pos)) {
			r.Pos = end
			return true
		}
		return false
	}
	if !matches(r.Src, pos, t.text) {
		return false
	}
	r.Pos = end
	return true
}

// Nil goes past a nil if the input continues with one.
func (r *Reader) Nil() bool {
	if r.Pos < len(r.Src) && r.Src[r.Pos] == 0xc0 {
		r.Pos++
		return true
	}
	return false
}

// number reads n bytes as a big endian number.
func (r *Reader) number(n int) (uint64, bool) {
	if r.Rest() < n {
		return 0, false
	}
	var v uint64
	for _, b := range r.Src[r.Pos : r.Pos+n] {
		v = v<<8 | uint64(b)
	}
	r.Pos += n
	return v, true
}

// bytes reads n bytes.
func (r *Reader) bytes(n uint64) ([]byte, bool) {
	if uint64(r.Rest()) < n {
		return nil, false
	}
	start := r.Pos
	r.Pos += int(n)
	return r.Src[start:r.Pos:r.Pos], true
}

// sized reads a length of width bytes and then so many bytes.
func (r *Reader) sized(width int) ([]byte, bool) {
	n, ok := r.number(width)
	if !ok {
		return nil, false
	}
	return r.bytes(n)
}

// Integer reads an integer. Of a negative one, negative is true and v is its two's complement.
func (r *Reader) Integer() (v uint64, negative, ok bool) {
	if r.Pos >= len(r.Src) {
		return 0, false, false
	}
	b := r.Src[r.Pos]
	r.Pos++
	switch {
	case b < 0x80:
		return uint64(b), false, true
	case b >= 0xe0:
		return uint64(int64(int8(b))), true, true
	case b >= 0xcc && b <= 0xcf:
		v, ok = r.number(1 << (b - 0xcc))
		return v, false, ok
	case b >= 0xd0 && b <= 0xd3:
		width := 1 << (b - 0xd0)
		v, ok = r.number(width)
		shift := 64 - 8*width
		v = uint64(int64(v<<shift) >> shift)
		return v, int64(v) < 0, ok
	}
	return 0, false, false
}

// Uint reads an integer that is not negative.
func (r *Reader) Uint() (uint64, bool) {
	v, negative, ok := r.Integer()
	return v, ok && !negative
}

// Float reads a float, or an integer as one.
func (r *Reader) Float() (float64, bool) {
	if r.Pos >= len(r.Src) {
		return 0, false
	}
	switch r.Src[r.Pos] {
	case 0xca:
		r.Pos++
		v, ok := r.number(4)
		return float64(math.Float32frombits(uint32(v))), ok
	case 0xcb:
		r.Pos++
		v, ok := r.number(8)
		return math.Float64frombits(v), ok
	}
	v, negative, ok := r.Integer()
	if negative {
		return float64(int64(v)), ok
	}
	return float64(v), ok
}

// String reads a str.
func (r *Reader) String() ([]byte, bool) {
	if r.Pos >= len(r.Src) {
		return nil, false
	}
	b := r.Src[r.Pos]
	r.Pos++
	switch {
	case b&0xe0 == 0xa0:
		return r.bytes(uint64(b & 0x1f))
	case b >= 0xd9 && b <= 0xdb:
		return r.sized(1 << (b - 0xd9))
	}
	return nil, false
}

// Bin reads a bin.
func (r *Reader) Bin() ([]byte, bool) {
	if r.Pos >= len(r.Src) {
		return nil, false
	}
	b := r.Src[r.Pos]
	r.Pos++
	if b >= 0xc4 && b <= 0xc6 {
		return r.sized(1 << (b - 0xc4))
	}
	return nil, false
}

// Payload reads a bin or nil. Of nil it gives nil, of a bin never. What lies behind it belongs to its capacity.
func (r *Reader) Payload() ([]byte, bool) {
	if r.Pos+1 < len(r.Src) && r.Src[r.Pos] == 0xc4 {
		start := r.Pos + 2
		end := start + int(r.Src[r.Pos+1])
		if end > len(r.Src) {
			return nil, false
		}
		r.Pos = end
		return r.Src[start:end], true
	}
	if r.Nil() {
		return nil, true
	}
	return r.Bin()
}

// Array reads the header of an array. It reports false, too, for more values than there are bytes left.
func (r *Reader) Array() (n int, ok bool) { return r.header(0x90, 0xdc, 1) }

// Map reads the header of a map. It reports false, too, for more entries than the bytes left can hold.
func (r *Reader) Map() (n int, ok bool) { return r.header(0x80, 0xde, 2) }

func (r *Reader) header(fix, wide byte, least uint64) (int, bool) {
	if r.Pos >= len(r.Src) {
		return 0, false
	}
	b := r.Src[r.Pos]
	r.Pos++
	n, ok := uint64(b&0x0f), b&0xf0 == fix
	if b == wide || b == wide+1 {
		n, ok = r.number(2 << (b - wide))
	}
	return int(n), ok && n*least <= uint64(r.Rest())
}

// Value goes past one whole value whose arrays and maps nest at most depth levels. It reports false for ext types,
// for map keys that are not strings and for strings that are not UTF-8, which no payload may hold.
func (r *Reader) Value(depth int) bool {
	if r.Pos >= len(r.Src) {
		return false
	}
	b := r.Src[r.Pos]
	switch {
	case b < 0x80 || b >= 0xe0 || b == 0xc0 || b == 0xc2 || b == 0xc3:
		r.Pos++
		return true
	case isString(b):
		s, ok := r.String()
		return ok && utf8.Valid(s)
	case b >= 0xc4 && b <= 0xc6:
		_, ok := r.Bin()
		return ok
	case b >= 0xca && b <= 0xd3:
		_, ok := r.Float()
		return ok
	case b&0xf0 == 0x80 || b >= 0xde && b <= 0xdf:
		n, ok := r.Map()
		for ; ok && depth > 0 && n > 0; n-- {
			ok = r.Pos < len(r.Src) && isString(r.Src[r.Pos]) && r.Value(depth-1) && r.Value(depth-1)
		}
		return ok && depth > 0
	}
	n, ok := r.Array()
	for ; ok && depth > 0 && n > 0; n-- {
		ok = r.Value(depth - 1)
	}
	return ok && depth > 0
}

func isString(b byte) bool { return b&0xe0 == 0xa0 || b >= 0xd9 && b <= 0xdb }
