package abi

import "unicode/utf8"

// CheckPayload returns nil if b is one payload: exactly one msgpack value that
// is not nil, with maps keyed by strings, strings of UTF-8, no extension types
// and at most [MaxDepth] arrays and maps inside each other. Otherwise it
// returns a [*FormatError]. It does not ask for the canonical form, nor that
// keys differ, and allocates nothing where b is a payload.
func CheckPayload(b []byte) error {
	if at, what := checkPayload(b); what != "" {
		return &FormatError{Offset: at, What: what}
	}
	return nil
}

func checkPayload(b []byte) (at int, what string) {
	if len(b) == 0 {
		return 0, "no bytes where a value is needed"
	}
	if b[0] == 0xc0 {
		return 0, "nil where a value is needed"
	}
	end, what := scanValue(b, 0, 0)
	if what != "" {
		return end, what
	}
	if end != len(b) {
		return end, "bytes after the value"
	}
	return 0, ""
}

// How many bytes follow a first byte of 0xc0 and above, where that does not
// depend on anything else.
var fixedWidth = [32]uint8{
	0xca & 31: 4, 0xcb & 31: 8,
	0xcc & 31: 1, 0xcd & 31: 2, 0xce & 31: 4, 0xcf & 31: 8,
	0xd0 & 31: 1, 0xd1 & 31: 2, 0xd2 & 31: 4, 0xd3 & 31: 8,
}

// How many bytes a length takes after a first byte of 0xc0 and above.
var lengthWidth = [32]uint8{
	0xc4 & 31: 1, 0xc5 & 31: 2, 0xc6 & 31: 4,
	0xd9 & 31: 1, 0xda & 31: 2, 0xdb & 31: 4,
	0xdc & 31: 2, 0xdd & 31: 4, 0xde & 31: 2, 0xdf & 31: 4,
}

const whatTruncated = "ends in the middle of a value"

// scanValue finds the end of the value that begins at pos, inside depth arrays
// and maps. If what is not empty the value is not well-formed, and end is
// where that was noticed. It calls itself for an array or a map in another, so
// at most MaxDepth deep, and makes no use of a length before the bytes are
// there.
func scanValue(b []byte, pos, depth int) (end int, what string) {
	if pos >= len(b) {
		return pos, whatTruncated
	}
	c := b[pos]
	switch {
	case c <= 0x7f || c >= 0xe0 || c == 0xc0 || c == 0xc2 || c == 0xc3:
		return pos + 1, ""
	case c <= 0x8f:
		return scanItems(b, pos, 1, int(c&0x0f), true, depth)
	case c <= 0x9f:
		return scanItems(b, pos, 1, int(c&0x0f), false, depth)
	case c <= 0xbf:
		return scanBytes(b, pos, 1, int(c&0x1f), true)
	case c >= 0xca && c <= 0xd3:
		return scanBytes(b, pos, 1, int(fixedWidth[c&31]), false)
	}
	switch c {
	case 0xc1:
		return pos, "byte c1, which begins no value"
	case 0xc7, 0xc8, 0xc9, 0xd4, 0xd5, 0xd6, 0xd7, 0xd8:
		return pos, "extension type"
	}
	width := int(lengthWidth[c&31])
	if len(b)-pos <= width {
		return pos, whatTruncated
	}
	n := 0
	for _, digit := range b[pos+1 : pos+1+width] {
		n = n<<8 | int(digit)
	}
	if c >= 0xdc {
		return scanItems(b, pos, 1+width, n, c >= 0xde, depth)
	}
	return scanBytes(b, pos, 1+width, n, c >= 0xd9)
}

// scanBytes passes over a value whose head of that size is at pos and has n
// bytes after it.
func scanBytes(b []byte, pos, head, n int, text bool) (end int, what string) {
	start := pos + head
	if uint(n) > uint(len(b)-start) {
		return pos, whatTruncated
	}
	if text && !utf8.Valid(b[start:start+n]) {
		return pos, "string that is not UTF-8"
	}
	return start + n, ""
}

// scanItems passes over a collection whose head of that size is at pos and has
// n elements, or n keys and values, after it.
func scanItems(b []byte, pos, head, n int, keyed bool, depth int) (end int, what string) {
	if depth == MaxDepth {
		return pos, "more than 64 arrays and maps inside each other"
	}
	room := len(b) - pos - head
	if keyed {
		room /= 2
	}
	if uint(n) > uint(room) {
		return pos, whatTruncated
	}
	pos += head
	for range n {
		if keyed {
			if pos < len(b) && !isString(b[pos]) {
				return pos, "map key that is not a string"
			}
			if pos, what = scanValue(b, pos, depth+1); what != "" {
				return pos, what
			}
		}
		if pos, what = scanValue(b, pos, depth+1); what != "" {
			return pos, what
		}
	}
	return pos, ""
}

func isString(c byte) bool { return c >= 0xa0 && c <= 0xbf || c >= 0xd9 && c <= 0xdb }
