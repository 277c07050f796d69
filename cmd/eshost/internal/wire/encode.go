package wire

import (
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/eshost/eshost/abi"
)

// Encoder appends a document, as JSON or as msgpack, to a buffer that is used
// again. The caller keeps to the order: a Key before every member's value,
// Item before every element of an array.
type Encoder struct {
	Bytes   []byte // what was appended
	msgpack bool
	scratch []byte
}

var encoders = sync.Pool{New: func() any { return new(Encoder) }}

// KeepBytes is the largest buffer that is kept for another use.
const KeepBytes = 1 << 20

// NewEncoder returns an encoder whose buffer is empty.
func NewEncoder(msgpack bool) *Encoder {
	e := encoders.Get().(*Encoder)
	e.Bytes, e.msgpack = e.Bytes[:0], msgpack
	return e
}

// MediaType is the media type of what was appended.
func (e *Encoder) MediaType() string {
	if e.msgpack {
		return MediaMsgpack
	}
	return MediaJSON
}

// Free gives the encoder back: nobody uses it, or its bytes, any more.
func (e *Encoder) Free() {
	if cap(e.Bytes) <= KeepBytes && cap(e.scratch) <= KeepBytes {
		encoders.Put(e)
	}
}

// Object opens an object. Its number of members counts in msgpack only.
func (e *Encoder) Object(n int) {
	if e.msgpack {
		e.Bytes = abi.AppendMap(e.Bytes, n)
		return
	}
	e.Bytes = append(e.Bytes, '{')
}

// EndObject closes it.
func (e *Encoder) EndObject() {
	if !e.msgpack {
		e.Bytes = append(e.Bytes, '}')
	}
}

// Array opens an array of n elements.
func (e *Encoder) Array(n int) {
	if e.msgpack {
		e.Bytes = abi.AppendArray(e.Bytes, n)
		return
	}
	e.Bytes = append(e.Bytes, '[')
}

// EndArray closes it.
func (e *Encoder) EndArray() {
	if !e.msgpack {
		e.Bytes = append(e.Bytes, ']')
	}
}

// Key appends the name of a member, which needs no escapes.
func (e *Encoder) Key(k string) {
	if e.msgpack {
		e.Bytes = abi.AppendString(e.Bytes, k)
		return
	}
	if e.Bytes[len(e.Bytes)-1] != '{' {
		e.Bytes = append(e.Bytes, ',')
	}
	e.Bytes = append(e.Bytes, '"')
	e.Bytes = append(e.Bytes, k...)
	e.Bytes = append(e.Bytes, '"', ':')
}

// Item comes before every element of an array.
func (e *Encoder) Item() {
	if !e.msgpack && e.Bytes[len(e.Bytes)-1] != '[' {
		e.Bytes = append(e.Bytes, ',')
	}
}

// Uint appends a number.
func (e *Encoder) Uint(v uint64) {
	if e.msgpack {
		e.Bytes = abi.AppendUint(e.Bytes, v)
		return
	}
	e.Bytes = strconv.AppendUint(e.Bytes, v, 10)
}

// Bool appends true or false.
func (e *Encoder) Bool(v bool) {
	if e.msgpack {
		e.Bytes = abi.AppendBool(e.Bytes, v)
		return
	}
	e.Bytes = strconv.AppendBool(e.Bytes, v)
}

// Str appends a text. What is not UTF-8 in it is replaced.
func (e *Encoder) Str(s string) {
	s = strings.ToValidUTF8(s, "\uFFFD")
	if e.msgpack {
		e.Bytes = abi.AppendString(e.Bytes, s)
		return
	}
	if Plain(s) {
		e.Bytes = append(e.Bytes, '"')
		e.Bytes = append(e.Bytes, s...)
		e.Bytes = append(e.Bytes, '"')
		return
	}
	e.scratch = abi.AppendString(e.scratch[:0], s)
	e.Payload(e.scratch)
}

// Plain reports whether s stands for itself between quotes.
func Plain[T string | []byte](s T) bool {
	for i := 0; i < len(s); i++ {
		if c := s[i]; c < 0x20 || c == '"' || c == '\\' {
			return false
		}
	}
	return true
}

// Payload appends one msgpack value; null when it is nil.
func (e *Encoder) Payload(v []byte) {
	switch {
	case e.msgpack && v == nil:
		e.Bytes = abi.AppendNil(e.Bytes)
	case e.msgpack:
		e.Bytes = append(e.Bytes, v...)
	case v == nil:
		e.Bytes = append(e.Bytes, "null"...)
	default:
		b, err := abi.AppendJSON(e.Bytes, v)
		if err != nil {
			// The host passes on what it has checked; a log that holds something
			// else is shown as it is.
			e.scratch = abi.AppendBin(e.scratch[:0], v)
			b, _ = abi.AppendJSON(e.Bytes, e.scratch)
		}
		e.Bytes = b
	}
}

// Time appends a moment as RFC 3339 with milliseconds, in UTC.
func (e *Encoder) Time(t time.Time) {
	var buf [32]byte
	text := t.UTC().AppendFormat(buf[:0], "2006-01-02T15:04:05.000Z07:00")
	if e.msgpack {
		e.Bytes = abi.AppendString(e.Bytes, text)
		return
	}
	e.Bytes = append(e.Bytes, '"')
	e.Bytes = append(e.Bytes, text...)
	e.Bytes = append(e.Bytes, '"')
}

// Document appends a text that should be JSON as the value it stands for, or
// else as a string; null when it is empty.
func (e *Encoder) Document(text string) {
	if text == "" {
		e.Payload(nil)
		return
	}
	b, err := abi.AppendFromJSON(nil, []byte(text))
	if err != nil {
		e.Str(text)
		return
	}
	e.Payload(b)
}
