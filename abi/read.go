package abi

import (
	"encoding/binary"
	"fmt"
	"math"
)

// reader takes one value after the other from a message. After the first
// failure it stands at the end, gives zero values, and err says what was wrong.
type reader struct {
	b   []byte
	pos int
	err *FormatError
}

func (r *reader) fail(at int, format string, args ...any) {
	if r.err == nil {
		r.stop(&FormatError{Offset: at, What: fmt.Sprintf(format, args...)})
	}
}

func (r *reader) stop(err *FormatError) { r.err, r.pos = err, len(r.b) }

// done returns the first failure, or one if bytes are left.
func (r *reader) done(message string) error {
	if r.err == nil && r.pos != len(r.b) {
		r.fail(r.pos, "%s: bytes after its end", message)
	}
	if r.err != nil {
		return r.err
	}
	return nil
}

// wrong fails because the value at the reader's place is not of the kind that
// is wanted.
func (r *reader) wrong(noun, want string) {
	if r.pos >= len(r.b) {
		r.fail(r.pos, "%s: the message ends where it should be", noun)
		return
	}
	r.fail(r.pos, "%s: want %s, found %s", noun, want, typeOf(r.b[r.pos]))
}

func typeOf(c byte) string {
	switch {
	case c <= 0x7f || c >= 0xe0 || c >= 0xcc && c <= 0xd3:
		return "an integer"
	case c <= 0x8f || c == 0xde || c == 0xdf:
		return "a map"
	case c <= 0x9f || c == 0xdc || c == 0xdd:
		return "an array"
	case c <= 0xbf || c >= 0xd9 && c <= 0xdb:
		return "a string"
	case c == 0xc0:
		return "nil"
	case c == 0xc1:
		return "byte c1, which begins no value"
	case c == 0xc2 || c == 0xc3:
		return "a boolean"
	case c >= 0xc4 && c <= 0xc6:
		return "bytes"
	case c == 0xca || c == 0xcb:
		return "a float"
	}
	return "an extension type"
}

// number reads width bytes after the head without moving.
func (r *reader) number(width int) (n uint64, ok bool) {
	b := r.b[r.pos+1:]
	if len(b) < width {
		return 0, false
	}
	switch width {
	case 1:
		return uint64(b[0]), true
	case 2:
		return uint64(binary.BigEndian.Uint16(b)), true
	case 4:
		return uint64(binary.BigEndian.Uint32(b)), true
	}
	return binary.BigEndian.Uint64(b), true
}

// head reads the head of a value with a length, from a first byte small..small+mask
// or code.. (of widths 1, 2, 4 or, for collections, 2, 4), and moves past it.
// The elements that a length counts take a byte each, so one that is larger
// than what is left is refused here, before anybody makes room for it.
func (r *reader) head(noun, want string, small, mask, code byte, widths ...int) int {
	if r.err != nil {
		return 0
	}
	if r.pos >= len(r.b) {
		r.wrong(noun, want)
		return 0
	}
	c := r.b[r.pos]
	n, size := uint64(0), 1
	switch {
	case mask != 0 && c&^mask == small:
		n = uint64(c & mask)
	case c >= code && int(c-code) < len(widths):
		width := widths[c-code]
		var ok bool
		if n, ok = r.number(width); !ok {
			r.fail(r.pos, "%s: %s", noun, whatTruncated)
			return 0
		}
		size += width
	default:
		r.wrong(noun, want)
		return 0
	}
	if n > uint64(len(r.b)-r.pos-size) {
		r.fail(r.pos, "%s: claims %d elements or bytes where fewer are left", noun, n)
		return 0
	}
	r.pos += size
	return int(n)
}

func (r *reader) array(noun string) int {
	return r.head(noun, "an array", 0x90, 0x0f, 0xdc, 2, 4)
}

func (r *reader) mapping(noun string) int {
	return r.head(noun, "a map", 0x80, 0x0f, 0xde, 2, 4)
}

// places reads the head of an array that must have exactly want places.
func (r *reader) places(noun string, want int) {
	if r.pos < len(r.b) && r.b[r.pos] == 0x90|byte(want) && len(r.b)-r.pos > want {
		r.pos++
		return
	}
	at := r.pos
	if n := r.array(noun); r.err == nil && n != want {
		r.fail(at, "%s: has %d places, want %d", noun, n, want)
	}
}

// str reads a string; what it gives is a view.
func (r *reader) str(noun string) []byte {
	if r.pos < len(r.b) && r.b[r.pos]&^0x1f == 0xa0 {
		if n := int(r.b[r.pos] & 0x1f); n < len(r.b)-r.pos {
			r.pos++
			return r.take(n)
		}
	}
	return r.take(r.head(noun, "a string", 0xa0, 0x1f, 0xd9, 1, 2, 4))
}

// take gives n bytes that are known to be there, or nil after a failure.
func (r *reader) take(n int) []byte {
	if r.err != nil {
		return nil
	}
	v := r.b[r.pos : r.pos+n : r.pos+n]
	r.pos += n
	return v
}

// payload reads bytes or nil. Nil gives nil, bytes a view that is not nil,
// whatever is in it; at is where they begin.
func (r *reader) payload(noun string) (v []byte, at int) {
	if left := len(r.b) - r.pos; left > 0 {
		if r.b[r.pos] == 0xc0 {
			r.pos++
			return nil, r.pos
		}
		if left > 1 && r.b[r.pos] == 0xc4 && int(r.b[r.pos+1]) <= left-2 {
			n := int(r.b[r.pos+1])
			at = r.pos + 2
			r.pos = at
			return r.take(n), at
		}
	}
	n := r.head(noun, "bytes or nil", 0, 0, 0xc4, 1, 2, 4)
	at = r.pos
	return r.take(n), at
}

// value reads bytes that hold one well-formed value and number at most limit
// (0: any number), or nil.
func (r *reader) value(noun string, limit int) []byte {
	v, at := r.payload(noun)
	if err := checkBin(v, at, noun, limit); err != nil {
		r.stop(err)
	}
	return v
}

// checkBin says what is wrong with the content of a bin that begins at offset
// at; nil bytes mean that there was none.
func checkBin(v []byte, at int, noun string, limit int) *FormatError {
	if v == nil {
		return nil
	}
	if len(v) == 1 && v[0] <= 0x7f {
		return nil // a small number, as many states and replies are
	}
	if limit > 0 && len(v) > limit {
		return &FormatError{Offset: at, What: fmt.Sprintf("%s: %d bytes, the limit is %d", noun, len(v), limit)}
	}
	if where, what := checkPayload(v); what != "" {
		return &FormatError{Offset: at + where, What: noun + ": " + what}
	}
	return nil
}

// uint reads an integer, of whichever family, between 0 and limit.
func (r *reader) uint(noun string, limit uint64) uint64 {
	at := r.pos
	v, negative := r.integer(noun)
	if r.err == nil && (negative || v > limit) {
		r.fail(at, "%s: out of range", noun)
	}
	if r.err != nil {
		return 0
	}
	return v
}

// int reads an integer that fits 64 bits with a sign.
func (r *reader) int(noun string) int64 {
	at := r.pos
	v, negative := r.integer(noun)
	if r.err == nil && !negative && v > math.MaxInt64 {
		r.fail(at, "%s: out of range", noun)
	}
	if r.err != nil {
		return 0
	}
	return int64(v)
}

// integer reads an integer; a negative one as the bits of an int64.
func (r *reader) integer(noun string) (v uint64, negative bool) {
	if r.err != nil {
		return 0, false
	}
	if r.pos >= len(r.b) {
		r.wrong(noun, "an integer")
		return 0, false
	}
	c := r.b[r.pos]
	switch {
	case c <= 0x7f:
		r.pos++
		return uint64(c), false
	case c >= 0xe0:
		r.pos++
		return uint64(int64(int8(c))), true
	case c < 0xcc || c > 0xd3:
		r.wrong(noun, "an integer")
		return 0, false
	}
	width := int(fixedWidth[c&31])
	v, ok := r.number(width)
	if !ok {
		r.fail(r.pos, "%s: %s", noun, whatTruncated)
		return 0, false
	}
	r.pos += 1 + width
	if c >= 0xd0 {
		shift := 64 - 8*width
		v = uint64(int64(v<<shift) >> shift)
		negative = int64(v) < 0
	}
	return v, negative
}

// keep gives b as a string: the one it had, where that is the same, so that a
// value that is filled again and again makes no garbage.
func keep(had string, b []byte) string {
	if had == string(b) {
		return had
	}
	return string(b)
}
