package plugin

import (
	"fmt"
	"unicode/utf8"
)

// moduleError is a place in a module that is not as it should be.
type moduleError struct {
	offset int
	what   string
}

func (e *moduleError) Error() string { return fmt.Sprintf("%s (at byte %d)", e.what, e.offset) }

// truncated is what is wrong with a module that ends too early.
const truncated = "ends too early: the file is cut off or broken"

// moduleReader reads a module up to its first error.
type moduleReader struct {
	b   []byte
	pos int
	err error
}

func (r *moduleReader) fail(format string, args ...any) {
	if r.err == nil {
		r.err = &moduleError{offset: r.pos, what: fmt.Sprintf(format, args...)}
		r.pos = len(r.b)
	}
}

func (r *moduleReader) byte() byte {
	if r.pos >= len(r.b) {
		r.fail(truncated)
		return 0
	}
	c := r.b[r.pos]
	r.pos++
	return c
}

// leb passes over an integer of any width and gives it as an unsigned one.
func (r *moduleReader) leb() uint64 {
	var v uint64
	for shift := 0; shift < 70; shift += 7 {
		c := r.byte()
		v |= uint64(c&0x7f) << shift
		if c < 0x80 {
			return v
		}
	}
	r.fail("an integer of more than 64 bits")
	return 0
}

func (r *moduleReader) bytes(n uint64) []byte {
	if n > uint64(len(r.b)-r.pos) {
		r.fail(truncated)
		return nil
	}
	b := r.b[r.pos : r.pos+int(n)]
	r.pos += int(n)
	return b
}

// count reads how many elements follow, each of which takes at least one byte.
func (r *moduleReader) count(noun string, limit uint64) int {
	n := r.leb()
	switch {
	case n > limit:
		r.fail("%d %s, the limit is %d", n, noun, limit)
		return 0
	case n > uint64(len(r.b)-r.pos):
		r.fail("%d %s are announced and only %d bytes are left", n, noun, len(r.b)-r.pos)
		return 0
	}
	return int(n)
}

const noLimit = 1<<32 - 1

func (r *moduleReader) name() string {
	b := r.bytes(r.leb())
	if !utf8.Valid(b) {
		r.fail("a name is not UTF-8")
	}
	return string(b)
}

// limits passes over the limits of a table or memory.
func (r *moduleReader) limits() (least, most uint64, bounded bool) {
	flags := r.byte()
	least = r.leb()
	if flags&1 != 0 {
		return least, r.leb(), true
	}
	return least, 0, false
}

// constant passes over a constant expression.
func (r *moduleReader) constant() {
	for r.err == nil {
		switch op := r.byte(); op {
		case 0x0b: // end
			return
		case 0x23, 0x41, 0x42, 0xd0, 0xd2: // global.get, i32.const, i64.const, ref.null, ref.func
			r.leb()
		case 0x43: // f32.const
			r.bytes(4)
		case 0x44: // f64.const
			r.bytes(8)
		case 0xfd: // v128.const
			r.leb()
			r.bytes(16)
		default:
			r.fail("instruction %#x in a constant expression is not of WebAssembly 2.0", op)
		}
	}
}
