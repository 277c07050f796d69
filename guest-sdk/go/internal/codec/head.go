package codec

import (
	"math"
	"unsafe"
)

// Head reads what the requests for one type of entity begin with, and then is a [Reader] of what follows. Bytes are
// given by where they begin and end in the request.
type Head struct {
	Reader
	command, event Token // what each begins with
	quick          *quick
	value          unsafe.Pointer

	Loaded          bool // the state is decoded
	ID, IDEnd       int
	Seq             uint64
	State, StateEnd int // State is 0 if there is none
	Now             int64
	Count           int // of commands or events
}

// Init makes h read requests for the type of the given name. It decodes states to the value at v, which is of the plan's
// type, if that is easy.
func (h *Head) Init(name string, p *Plan, v unsafe.Pointer) {
	h.command, h.event = *NewToken(AppendString([]byte{0x96}, name)), *NewToken(AppendString([]byte{0x95}, name))
	h.quick, h.value = &p.quick, v
}

// Command reads a command request up to the first command if it is one for the type, in the form that nearly always
// comes. If not, it gives false, and other methods can tell what comes.
func (h *Head) Command(request []byte) bool { return h.read(request, &h.command, true) }

// Event does so for an event request.
func (h *Head) Event(request []byte) bool { return h.read(request, &h.event, false) }

// Rewind goes back to the place behind the type of a command request that Command has read.
func (h *Head) Rewind() { h.Pos = h.command.size }

func (h *Head) read(request []byte, token *Token, timed bool) bool {
	size, pos := len(request), token.size
	if pos+2 > size || cap(request)-size < Slack {
		return false
	}
	base := unsafe.Pointer(unsafe.SliceData(request))
	if !token.at(base) {
		return false
	}
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
	state, end := pos+2, pos+2+int(*(*byte)(unsafe.Add(base, pos+1)))
	if b := *(*byte)(unsafe.Add(base, pos)); b != 0xc4 {
		if b != 0xc0 {
			return false
		}
		state, end = 0, pos+1
	}
	if pos = end; pos >= size {
		return false
	}
	h.State, h.StateEnd = state, end
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
	h.Src, h.Pos = request, pos
	h.Loaded = state > 0 && h.quick.decode(base, state, end, h.value)
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
