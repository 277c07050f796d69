package codec

import "unsafe"

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

// PayloadAt says where the payload is of a message that [Message.Next] took at pos.
func (m *Message) PayloadAt(pos int) int { return pos + m.token.size + 2 }

// Next goes past a message and decodes its payload if that is what comes, and if it is easy. Otherwise it gives false
// and leaves r where it is, but not the value; then [Decoder.Decode] can tell what comes.
func (m *Message) Next(r *Reader) bool {
	size := len(r.Src)
	pos := r.Pos + m.token.size + 2
	if m.token.size > maxToken || pos > size || cap(r.Src)-size < Slack {
		return false
	}
	base := unsafe.Pointer(unsafe.SliceData(r.Src))
	if !m.token.at(unsafe.Add(base, r.Pos)) || *(*byte)(unsafe.Add(base, pos-2)) != 0xc4 {
		return false
	}
	end := pos + int(*(*byte)(unsafe.Add(base, pos-1)))
	if end > size || !m.quick.decode(base, pos, end, m.value) {
		return false
	}
	r.Pos = end
	return true
}

// AppendPair writes what answers a command with one event behind dst's end: 0x93 0x00, the reply, or nil if its plan is
// that of [None], and an array of one event, its payload behind its token. It gives where it ends, which is 0 if
// that is not easy.
func AppendPair(dst []byte, reply *Plan, answer unsafe.Pointer, token *Token, event *Plan, content unsafe.Pointer) int {
	if token.size > maxToken || cap(dst)-len(dst) < reply.quick.room+event.quick.room+Slack {
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
