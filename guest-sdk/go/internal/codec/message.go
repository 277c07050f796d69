package codec

import (
	"math"
	"unsafe"
)

// A Message reads the commands or events of one name, of which requests hold many.
type Message struct {
	token Token          // what each begins with
	quick *quick         // of the payload's plan
	value unsafe.Pointer // where it goes
}

// NewMessage makes a message whose payload is decoded to the value at v, which is of the plan's type.
func NewMessage(token *Token, p *Plan, v unsafe.Pointer) *Message {
	return &Message{token: *token, quick: &p.quick, value: v}
}

// NoMessage makes a message that never comes.
func NoMessage() *Message { return &Message{token: Token{size: math.MaxInt32}} }

// Next goes past a message and decodes its payload if that is what comes, and if it is easy; it says where the payload
// begins. Otherwise it gives 0 and leaves r where it is, but not the value; then [Decoder.Decode] can tell what comes.
func (m *Message) Next(r *Reader) int {
	size, pos := len(r.Src), r.Pos
	start := pos + m.token.size + 2
	if start > size || cap(r.Src)-size < Slack {
		return 0
	}
	base := unsafe.Pointer(unsafe.SliceData(r.Src))
	if !m.token.at(unsafe.Add(base, pos)) || *(*byte)(unsafe.Add(base, start-2)) != 0xc4 {
		return 0
	}
	end := start + int(*(*byte)(unsafe.Add(base, start-1)))
	if end > size || !m.quick.decode(base, start, end, m.value) {
		return 0
	}
	r.Pos = end
	return start
}

// AppendPair writes what answers a command with one event behind dst's end: 0x93 0x00, the reply, or nil if its plan is
// that of [None], and an array of one event, its payload behind its token. It gives where it ends, which is 0 if
// that is not easy.
func AppendPair(dst []byte, reply *Plan, answer unsafe.Pointer, token *Token, event *Plan, content unsafe.Pointer) int {
	if cap(dst)-len(dst) < reply.quick.room+event.quick.room+token.size+Slack {
		return 0
	}
	base := unsafe.Add(unsafe.Pointer(unsafe.SliceData(dst)), len(dst))
	*(*byte)(base), *(*byte)(unsafe.Add(base, 1)) = 0x93, 0x00
	pos := 2
	if reply.kind == kindNone {
		*(*byte)(unsafe.Add(base, 2)) = 0xc0
		pos = 3
	} else if pos = reply.quick.bin(base, pos, answer); pos == 0 {
		return 0
	}
	*(*byte)(unsafe.Add(base, pos)) = 0x91
	token.put(unsafe.Add(base, pos+1))
	if pos = event.quick.bin(base, pos+1+token.size, content); pos == 0 {
		return 0
	}
	return len(dst) + pos
}
