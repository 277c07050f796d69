package codec

import "unsafe"

// Token is text that comes again and again in requests and answers, such as a key: it can be compared and written
// without a loop. Make it with [NewToken].
type Token struct {
	text string
	tokenWords
}

// tokenWords is a text of at most 16 bytes as the two words that its first and its last eight bytes make; they
// overlap. A text of less than eight bytes is twice the same word, of which mask says which part counts.
type tokenWords struct {
	head, tail, mask uint64
	skip             int // from the text's begin to tail's
	size             int // of the text
}

// maxToken is the size of the largest text that two words cover.
const maxToken = 16

// Slack is how much memory there should be behind the end of a request, so that reading it needs to look for the end
// less often. What is there does not matter.
const Slack = 32

// NewToken makes a token of a text, which is not empty.
func NewToken(text []byte) *Token {
	return &Token{text: string(text), tokenWords: wordsOf(string(text))}
}

func wordsOf(text string) tokenWords {
	var room [maxToken]byte
	copy(room[:], text)
	w := tokenWords{skip: max(0, min(len(text), maxToken)-8), size: len(text), mask: ^uint64(0)}
	w.head, w.tail = word(unsafe.Pointer(&room)), word(unsafe.Pointer(&room[w.skip]))
	if len(text) < 8 {
		var ones [8]byte
		for i := range text {
			ones[i] = 0xff
		}
		w.mask = word(unsafe.Pointer(&ones))
	}
	return w
}

// word reads eight bytes, which need not be aligned.
func word(at unsafe.Pointer) uint64 { return *(*uint64)(at) }

// at reports whether a text of at most 16 bytes is what lies at p, where 16 bytes can be read.
func (t *tokenWords) at(p unsafe.Pointer) bool {
	return ((word(p)^t.head)|(word(unsafe.Add(p, t.skip))^t.tail))&t.mask == 0
}

// put writes a text of at most 16 bytes to p, where there is room for 16.
func (t *tokenWords) put(p unsafe.Pointer) {
	*(*uint64)(p) = t.head
	*(*uint64)(unsafe.Add(p, t.skip)) = t.tail
}

// Append appends the token.
func (t *Token) Append(dst []byte) []byte {
	if t.size <= maxToken && cap(dst)-len(dst) >= maxToken {
		t.put(unsafe.Add(unsafe.Pointer(unsafe.SliceData(dst)), len(dst)))
		return dst[:len(dst)+t.size]
	}
	return append(dst, t.text...)
}
