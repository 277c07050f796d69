package codec

import (
	"math"
	"unsafe"
)

// Head is what a request begins with, behind the type. The bytes are given by where they begin and end in the request.
type Head struct {
	ID, IDEnd       int
	Seq             uint64
	State, StateEnd int // State is 0 if there is none
	Now             int64
	Count           int // of commands or events
}

// Head reads what a request begins with if it has the form that nearly always comes: timed says whether there is a time
// in it. Otherwise it gives false and leaves r where it is.
func (r *Reader) Head(h *Head, timed bool) bool {
	size, pos := len(r.Src), r.Pos
	if pos+2 > size || cap(r.Src)-size < Slack {
		return false
	}
	base := unsafe.Pointer(unsafe.SliceData(r.Src))
	// The first byte of an id of up to 31 bytes has its length, that of a longer one says that it comes next.
	b := *(*byte)(unsafe.Add(base, pos))
	n := int(b & 0x1f)
	if b&0xe0 != 0xa0 {
		if b != 0xd9 {
			return false
		}
		pos++
		n = int(*(*byte)(unsafe.Add(base, pos)))
	}
	h.ID, h.IDEnd = pos+1, pos+1+n
	h.Seq, pos = unsigned(base, h.IDEnd, size)
	if pos >= size {
		return false
	}
	h.State, h.StateEnd = pos+2, pos+2+int(*(*byte)(unsafe.Add(base, pos+1)))
	if b := *(*byte)(unsafe.Add(base, pos)); b != 0xc4 {
		if b != 0xc0 {
			return false
		}
		h.State, h.StateEnd = 0, pos+1
	}
	pos = h.StateEnd
	if timed {
		var now uint64
		if now, pos = unsigned(base, pos, size); now > math.MaxInt64 {
			return false
		}
		h.Now = int64(now)
	}
	if pos >= size {
		return false
	}
	b = *(*byte)(unsafe.Add(base, pos))
	h.Count = int(b & 0x0f)
	if pos++; b&0xf0 != 0x90 {
		if b != 0xdc {
			return false
		}
		h.Count = int(*(*byte)(unsafe.Add(base, pos)))<<8 | int(*(*byte)(unsafe.Add(base, pos+1)))
		pos += 2
	}
	if pos > size || h.Count > size-pos {
		return false
	}
	r.Pos = pos
	return true
}

// unsigned reads an integer that is not negative. If there is none at pos, the position it gives is beyond size, which
// is where the input ends; there are [Slack] bytes behind that.
//
//go:noinline
func unsigned(base unsafe.Pointer, pos, size int) (n uint64, after int) {
	if pos >= size {
		return 0, size + 1
	}
	n = uint64(*(*byte)(unsafe.Add(base, pos)))
	if n < 0x80 {
		return n, pos + 1
	}
	width := n - 0xcc
	if width > 3 {
		return 0, size + 1
	}
	return bigEndian(unsafe.Add(base, pos+1)) >> (64 - 8<<width), pos + 1 + 1<<width
}
