package abi

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"slices"
	"unicode/utf8"
)

// AppendFromJSON appends to dst the payload that a JSON text stands for, by
// the JSON table of ABI.md. A number without '.' and 'e' is an integer, any
// other a float; {"$bin":"<base64>"} is bytes, {"$float":"nan"}, "inf" and
// "-inf" are floats; empty text is an empty map. Integers, floats and strings
// come out in canonical form, but the keys of an object keep the order of the
// text: whether it stands for a struct or for a map cannot be seen here.
//
// Refused are integers beyond 64 bits, floats beyond the largest, a key that
// comes twice in an object, text that is not UTF-8 and escapes of lone
// surrogates, more than [MaxDepth] arrays and objects inside each other, null
// as the whole text, and whatever is not JSON. The error is a [*FormatError]
// whose offset counts in text, and dst is returned as it was.
func AppendFromJSON(dst, text []byte) ([]byte, error) {
	p := fromJSON{text: text, dst: dst}
	p.space()
	if p.pos == len(text) {
		return append(dst, 0x80), nil
	}
	if err := checkJSON(text); err != nil {
		return dst, err
	}
	if text[p.pos] == 'n' {
		return dst, &FormatError{Offset: p.pos, What: "null is no payload: leave the text empty where there is none"}
	}
	if err := p.value(0); err != nil {
		return dst, err
	}
	return p.dst, nil
}

func checkJSON(text []byte) error {
	if !utf8.Valid(text) {
		at := 0
		for {
			r, n := utf8.DecodeRune(text[at:])
			if r == utf8.RuneError && n == 1 {
				return &FormatError{Offset: at, What: "text that is not UTF-8"}
			}
			at += n
		}
	}
	if json.Valid(text) {
		return nil
	}
	var whole json.RawMessage
	err := json.Unmarshal(text, &whole)
	failure := &FormatError{Offset: len(text), What: "not JSON"}
	if syntax := (*json.SyntaxError)(nil); errors.As(err, &syntax) {
		failure = &FormatError{Offset: int(syntax.Offset), What: "not JSON: " + syntax.Error()}
	}
	return failure
}

// fromJSON walks over text, which is known to be valid JSON, and appends to
// dst what it stands for.
type fromJSON struct {
	text      []byte
	pos       int
	dst       []byte
	keys      []span // of all open objects, in dst
	unescaped []byte // a string without its escapes
}

type span struct{ start, end int }

func (p *fromJSON) space() {
	for p.pos < len(p.text) {
		switch p.text[p.pos] {
		case ' ', '\t', '\r', '\n':
			p.pos++
		default:
			return
		}
	}
}

// value takes one value inside depth arrays and objects.
func (p *fromJSON) value(depth int) error {
	p.space()
	switch p.text[p.pos] {
	case '{':
		return p.object(depth)
	case '[':
		return p.array(depth)
	case '"':
		return p.str()
	case 'n':
		p.pos += len("null")
		p.dst = AppendNil(p.dst)
	case 't':
		p.pos += len("true")
		p.dst = AppendBool(p.dst, true)
	case 'f':
		p.pos += len("false")
		p.dst = AppendBool(p.dst, false)
	default:
		return p.number()
	}
	return nil
}

func (p *fromJSON) array(depth int) error {
	if depth >= MaxDepth {
		return p.tooDeep(p.pos)
	}
	head := p.open()
	n := 0
	for p.more(']', n) {
		if err := p.value(depth + 1); err != nil {
			return err
		}
		n++
	}
	p.close(head, n, 0x90, 0xdc)
	return nil
}

func (p *fromJSON) object(depth int) error {
	start := p.pos
	// An object at the limit may still turn out to stand for a scalar.
	if depth > MaxDepth {
		return p.tooDeep(start)
	}
	head, base := p.open(), len(p.keys)
	n := 0
	for p.more('}', n) {
		key := len(p.dst)
		if err := p.str(); err != nil {
			return err
		}
		p.keys = append(p.keys, span{key, len(p.dst)})
		p.space()
		p.pos++ // the colon
		if err := p.value(depth + 1); err != nil {
			return err
		}
		n++
	}
	keys := p.keys[base:]
	p.keys = p.keys[:base]
	if n == 1 {
		if tagged, err := p.tagged(start, head, keys[0]); tagged {
			return err
		}
	}
	if depth == MaxDepth {
		return p.tooDeep(start)
	}
	if err := p.distinct(start, keys); err != nil {
		return err
	}
	p.close(head, n, 0x80, 0xde)
	return nil
}

func (p *fromJSON) tooDeep(at int) error {
	return &FormatError{Offset: at, What: "more than 64 arrays and objects inside each other"}
}

// open passes the bracket and makes room for the shortest head.
func (p *fromJSON) open() (head int) {
	p.pos++
	p.dst = append(p.dst, 0)
	return len(p.dst) - 1
}

// more passes what stands before an element, or the bracket at the end.
func (p *fromJSON) more(end byte, n int) bool {
	p.space()
	if p.text[p.pos] == end {
		p.pos++
		return false
	}
	if n > 0 {
		p.pos++ // the comma
		p.space()
	}
	return true
}

// close writes the head of n elements, and moves them if it needs more room
// than there is.
func (p *fromJSON) close(head, n int, small, code byte) {
	var wide [5]byte
	size := 1
	switch {
	case n <= 15:
		wide[0] = small | byte(n)
	case n <= math.MaxUint16:
		wide[0], size = code, 3
		binary.BigEndian.PutUint16(wide[1:], uint16(n))
	default:
		wide[0], size = code+1, 5
		binary.BigEndian.PutUint32(wide[1:], uint32(n))
	}
	p.dst = slices.Replace(p.dst, head, head+1, wide[:size]...)
}

// distinct fails if two keys are equal.
func (p *fromJSON) distinct(object int, keys []span) error {
	if len(keys) > 1 {
		compare := func(a, b span) int {
			return bytes.Compare(p.dst[a.start:a.end], p.dst[b.start:b.end])
		}
		slices.SortFunc(keys, compare)
		for i := 1; i < len(keys); i++ {
			if compare(keys[i-1], keys[i]) == 0 {
				in := reader{b: p.dst, pos: keys[i].start}
				return &FormatError{Offset: object, What: fmt.Sprintf("object in which key %q comes twice", shorten(string(in.str("key"))))}
			}
		}
	}
	return nil
}
