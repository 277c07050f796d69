package module

import (
	"fmt"
	"unicode/utf8"
)

// Error is a place in a module that is not as it should be.
type Error struct {
	Offset int // in bytes, from the beginning of the module
	What   string
}

func (e *Error) Error() string { return fmt.Sprintf("%s (at byte %d)", e.What, e.Offset) }

// truncated is what is wrong with a module that ends too early.
const truncated = "ends too early: the file is cut off or broken"

// NoLimit is the limit of a count that only the bytes themselves limit.
const NoLimit = 1<<32 - 1

// Reader reads a module up to its first error. After that it is at the end,
// and gives zeros.
type Reader struct {
	b   []byte
	pos int
	err error
}

// NewReader reads b from a position on.
func NewReader(b []byte, pos int) Reader { return Reader{b: b, pos: pos} }

// Pos is where the next byte is read, from the beginning of the module.
func (r *Reader) Pos() int { return r.pos }

// Len is how many bytes are left.
func (r *Reader) Len() int { return len(r.b) - r.pos }

// End fails unless everything was read.
func (r *Reader) End() {
	if r.pos < len(r.b) {
		r.Fail("%d bytes too many", r.Len())
	}
}

// More reports whether there is anything left to read.
func (r *Reader) More() bool { return r.pos < len(r.b) && r.err == nil }

// Err is the first error, an [*Error], or nil.
func (r *Reader) Err() error { return r.err }

// Fail says what is wrong at the current position, unless something was before.
func (r *Reader) Fail(format string, args ...any) { r.FailAt(r.pos, format, args...) }

// FailAt says what is wrong at a position.
func (r *Reader) FailAt(pos int, format string, args ...any) {
	if r.err == nil {
		r.err = &Error{Offset: pos, What: fmt.Sprintf(format, args...)}
		r.pos = len(r.b)
	}
}

// Byte reads one byte.
func (r *Reader) Byte() byte {
	if r.pos >= len(r.b) {
		r.Fail(truncated)
		return 0
	}
	c := r.b[r.pos]
	r.pos++
	return c
}

// Integer passes over an integer of any width and gives it as an unsigned one.
func (r *Reader) Integer() uint64 {
	var v uint64
	for shift := 0; shift < 70; shift += 7 {
		c := r.Byte()
		v |= uint64(c&0x7f) << shift
		if c < 0x80 {
			return v
		}
	}
	r.Fail("an integer of more than 64 bits")
	return 0
}

// Index reads an unsigned integer of 32 bits, which may be padded to five
// bytes and no more.
func (r *Reader) Index() uint32 {
	if r.pos < len(r.b) && r.b[r.pos] < 0x80 {
		r.pos++
		return uint32(r.b[r.pos-1])
	}
	start := r.pos
	v := r.Integer()
	if r.pos > start+5 || v > 1<<32-1 {
		r.FailAt(start, "an integer of more than 32 bits")
		return 0
	}
	return uint32(v)
}

// Skip passes over a signed or unsigned integer of at most so many bytes.
func (r *Reader) Skip(most int) {
	start := r.pos
	for ; r.pos < len(r.b); r.pos++ {
		if r.b[r.pos] < 0x80 {
			r.pos++
			if r.pos > start+most {
				r.FailAt(start, "an integer of more than %d bytes", most)
			}
			return
		}
	}
	r.Fail(truncated)
}

// Bytes reads n bytes, which stay the module's.
func (r *Reader) Bytes(n uint64) []byte {
	if n > uint64(len(r.b)-r.pos) {
		r.Fail(truncated)
		return nil
	}
	b := r.b[r.pos : r.pos+int(n)]
	r.pos += int(n)
	return b
}

// Part reads n bytes and gives a reader of them, with the same positions.
func (r *Reader) Part(n uint64) Reader {
	start := r.pos
	r.Bytes(n)
	return Reader{b: r.b[:r.pos], pos: min(start, r.pos), err: r.err}
}

// Section reads a section and gives its number and a reader of its content.
func (r *Reader) Section() (id byte, content Reader) {
	id = r.Byte()
	size := r.Integer()
	start := r.pos
	content = r.Part(size)
	if r.err == nil && int(id) >= len(sectionNames) {
		r.FailAt(start, "section %d is not of WebAssembly 2.0", id)
	}
	return id, content
}

// Count reads how many elements follow, each of which takes at least one byte.
func (r *Reader) Count(noun string, limit uint64) int {
	n := r.Integer()
	switch {
	case n > limit:
		r.Fail("%d %s, the limit is %d", n, noun, limit)
		return 0
	case n > uint64(len(r.b)-r.pos):
		r.Fail("%d %s are announced and only %d bytes are left", n, noun, len(r.b)-r.pos)
		return 0
	}
	return int(n)
}

// Name reads a name.
func (r *Reader) Name() string {
	b := r.Bytes(r.Integer())
	if !utf8.Valid(b) {
		r.Fail("a name is not UTF-8")
	}
	return string(b)
}

// Limits passes over the limits of a table or memory.
func (r *Reader) Limits() (least, most uint64, bounded bool) {
	flags := r.Byte()
	least = r.Integer()
	if flags&1 != 0 {
		return least, r.Integer(), true
	}
	return least, 0, false
}

// Constant passes over a constant expression.
func (r *Reader) Constant() {
	for r.err == nil {
		switch op := r.Byte(); op {
		case 0x0b: // end
			return
		case 0x23, 0x41, 0x42, 0xd0, 0xd2: // global.get, i32.const, i64.const, ref.null, ref.func
			r.Integer()
		case 0x43: // f32.const
			r.Bytes(4)
		case 0x44: // f64.const
			r.Bytes(8)
		case 0xfd: // v128.const
			r.Integer()
			r.Bytes(16)
		default:
			r.Fail("instruction %#x in a constant expression is not of WebAssembly 2.0", op)
		}
	}
}

// Signed33 reads a signed integer of 33 bits, the form of a block's type,
// which may be padded to five bytes and no more.
func (r *Reader) Signed33() int64 {
	start := r.pos
	var v int64
	for shift := 0; shift < 35; {
		c := r.Byte()
		v |= int64(c&0x7f) << shift
		shift += 7
		if c >= 0x80 {
			continue
		}
		v = v << (64 - shift) >> (64 - shift)
		if v < -1<<32 || v >= 1<<32 {
			break
		}
		return v
	}
	r.FailAt(start, "an integer of more than 33 bits")
	return 0
}
