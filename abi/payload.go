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
	end, what := scanValue(b, 0)
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

const (
	whatTruncated = "ends in the middle of a value"
	whatExt       = "extension type"
)

// scanValue finds the end of the value that begins at pos. If what is not
// empty the value is not well-formed, and end is where that was noticed.
func scanValue(b []byte, pos int) (end int, what string) {
	var (
		outer  [MaxDepth]int // per open container, what remained of the one around it
		maps   uint64        // per open container, whether the one around it is a map
		depth  int
		remain = 1 // values still to come in the innermost open container
		inMap  bool
	)
	for {
		if pos >= len(b) {
			return pos, whatTruncated
		}
		c := b[pos]
		start := pos
		// A map counts its keys and values as one row of values, so an even
		// number to come means that a key is next.
		key := inMap && remain&1 == 0
		if key && (c < 0xa0 || c > 0xbf) && (c < 0xd9 || c > 0xdb) {
			return pos, "map key that is not a string"
		}
		pos++
		remain--
		size, str := 0, false // bytes that follow the head
		items, open, m := 0, false, false
		switch {
		case c <= 0x7f || c >= 0xe0:
		case c <= 0x8f:
			items, open, m = int(c&0x0f), true, true
		case c <= 0x9f:
			items, open = int(c&0x0f), true
		case c <= 0xbf:
			size, str = int(c&0x1f), true
		case c == 0xc0 || c == 0xc2 || c == 0xc3:
		case c >= 0xca && c <= 0xd3:
			size = int(fixedWidth[c&31])
		case c == 0xc1:
			return start, "byte c1, which begins no value"
		case c >= 0xc7 && c <= 0xc9, c >= 0xd4 && c <= 0xd8:
			return start, whatExt
		default: // str, bin, array or map with a length of its own
			width := 0
			switch c {
			case 0xc4, 0xd9:
				width = 1
			case 0xc5, 0xda, 0xdc, 0xde:
				width = 2
			default:
				width = 4
			}
			if len(b)-pos < width {
				return start, whatTruncated
			}
			n := 0
			for range width {
				n = n<<8 | int(b[pos])
				pos++
			}
			if c >= 0xdc {
				items, open, m = n, true, c >= 0xde
			} else {
				size, str = n, c >= 0xd9
			}
		}
		if size > len(b)-pos {
			return start, whatTruncated
		}
		if str && !utf8.Valid(b[pos:pos+size]) {
			return start, "string that is not UTF-8"
		}
		pos += size
		if open {
			if depth == MaxDepth {
				return start, "more than 64 arrays and maps inside each other"
			}
			if m {
				items *= 2
			}
			if items > len(b)-pos {
				return start, whatTruncated
			}
			if items > 0 {
				outer[depth] = remain
				maps <<= 1
				if inMap {
					maps |= 1
				}
				depth++
				remain, inMap = items, m
				continue
			}
		}
		for remain == 0 {
			if depth == 0 {
				return pos, ""
			}
			depth--
			remain = outer[depth]
			inMap = maps&1 != 0
			maps >>= 1
		}
	}
}
