package codec

import "unsafe"

// Token is text that comes again and again in requests and answers, such as a key. It can be compared and written without
// a loop, as the two words that its first and its last eight bytes make; they overlap where it has less than 16. A token
// of less than eight bytes is twice the same word, of which mask says which part counts.
type Token struct {
	head, tail, mask uint64
	skip             int // from the text's begin to tail's
	size             int // of the text
	text             string
}

// maxToken is the size of the largest text that two words cover.
const maxToken = 16

// Slack is how much memory there should be behind the end of a request, so that reading it needs to look for the end
// less often. What is there does not matter.
const Slack = 32

// NewToken makes a token of a text.
func NewToken(text []byte) *Token {
	t := tokenOf(string(text))
	return &t
}

func tokenOf(text string) Token {
	n := len(text)
	t := Token{skip: max(0, n-8), size: n, mask: ^uint64(0), text: text}
	var room [maxToken]byte
	copy(room[:], text[:min(n, 8)])
	copy(room[8:], text[t.skip:])
	t.head, t.tail = word(unsafe.Pointer(&room)), word(unsafe.Pointer(&room[8]))
	if n < 8 {
		var ones [8]byte
		for i := range n {
			ones[i] = 0xff
		}
		t.mask = word(unsafe.Pointer(&ones))
	}
	return t
}

// word reads eight bytes, which need not be aligned.
func word(at unsafe.Pointer) uint64 { return *(*uint64)(at) }

// at reports whether the token is what lies at p, where its size and [Slack] can be read.
func (t *Token) at(p unsafe.Pointer) bool {
	return ((word(p)^t.head)|(word(unsafe.Add(p, t.skip))^t.tail))&t.mask == 0 && (t.size <= maxToken || t.middle(p))
}

//go:noinline
func (t *Token) middle(p unsafe.Pointer) bool { return unsafe.String((*byte)(p), t.size) == t.text }

// put writes the token to p, where there is room for it and [Slack].
func (t *Token) put(p unsafe.Pointer) {
	*(*uint64)(p) = t.head
	*(*uint64)(unsafe.Add(p, t.skip)) = t.tail
	if t.size > maxToken {
		t.putAll(p)
	}
}

//go:noinline
func (t *Token) putAll(p unsafe.Pointer) { copy(unsafe.Slice((*byte)(p), t.size), t.text) }

// Append appends the token.
func (t *Token) Append(dst []byte) []byte { return append(dst, t.text...) }
