package api

import (
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/eshost/eshost/abi"
)

// encoder appends a document, as JSON or as msgpack, to a buffer that is used
// again. The caller keeps to the order: a key before every member's value,
// item before every element of an array.
type encoder struct {
	b       []byte
	msgpack bool
	scratch []byte
}

var encoders = sync.Pool{New: func() any { return new(encoder) }}

// keepBuffer is the largest buffer that is kept for another use.
const keepBuffer = 1 << 20

func newEncoder(msgpack bool) *encoder {
	e := encoders.Get().(*encoder)
	e.b, e.msgpack = e.b[:0], msgpack
	return e
}

func (e *encoder) free() {
	if cap(e.b) <= keepBuffer && cap(e.scratch) <= keepBuffer {
		encoders.Put(e)
	}
}

// object opens an object. Its number of members counts in msgpack only.
func (e *encoder) object(n int) {
	if e.msgpack {
		e.b = abi.AppendMap(e.b, n)
		return
	}
	e.b = append(e.b, '{')
}

func (e *encoder) endObject() {
	if !e.msgpack {
		e.b = append(e.b, '}')
	}
}

// array opens an array of n elements.
func (e *encoder) array(n int) {
	if e.msgpack {
		e.b = abi.AppendArray(e.b, n)
		return
	}
	e.b = append(e.b, '[')
}

func (e *encoder) endArray() {
	if !e.msgpack {
		e.b = append(e.b, ']')
	}
}

// key appends the name of a member, which needs no escapes.
func (e *encoder) key(k string) {
	if e.msgpack {
		e.b = abi.AppendString(e.b, k)
		return
	}
	if e.b[len(e.b)-1] != '{' {
		e.b = append(e.b, ',')
	}
	e.b = append(e.b, '"')
	e.b = append(e.b, k...)
	e.b = append(e.b, '"', ':')
}

// item comes before every element of an array.
func (e *encoder) item() {
	if !e.msgpack && e.b[len(e.b)-1] != '[' {
		e.b = append(e.b, ',')
	}
}

func (e *encoder) uint(v uint64) {
	if e.msgpack {
		e.b = abi.AppendUint(e.b, v)
		return
	}
	e.b = strconv.AppendUint(e.b, v, 10)
}

func (e *encoder) bool(v bool) {
	if e.msgpack {
		e.b = abi.AppendBool(e.b, v)
		return
	}
	e.b = strconv.AppendBool(e.b, v)
}

func (e *encoder) str(s string) {
	s = strings.ToValidUTF8(s, "\uFFFD")
	if e.msgpack {
		e.b = abi.AppendString(e.b, s)
		return
	}
	if plain(s) {
		e.b = append(e.b, '"')
		e.b = append(e.b, s...)
		e.b = append(e.b, '"')
		return
	}
	e.scratch = abi.AppendString(e.scratch[:0], s)
	e.payload(e.scratch)
}

// plain reports whether s stands for itself between quotes.
func plain[T string | []byte](s T) bool {
	for i := 0; i < len(s); i++ {
		if c := s[i]; c < 0x20 || c == '"' || c == '\\' {
			return false
		}
	}
	return true
}

// payload appends one msgpack value; null when it is nil.
func (e *encoder) payload(v []byte) {
	switch {
	case e.msgpack && v == nil:
		e.b = abi.AppendNil(e.b)
	case e.msgpack:
		e.b = append(e.b, v...)
	case v == nil:
		e.b = append(e.b, "null"...)
	default:
		b, err := abi.AppendJSON(e.b, v)
		if err != nil {
			// The host passes on what it has checked; a log that holds something
			// else is shown as it is.
			e.scratch = abi.AppendBin(e.scratch[:0], v)
			b, _ = abi.AppendJSON(e.b, e.scratch)
		}
		e.b = b
	}
}

// time appends a moment as RFC 3339 with milliseconds, in UTC.
func (e *encoder) time(t time.Time) {
	var buf [32]byte
	text := t.UTC().AppendFormat(buf[:0], "2006-01-02T15:04:05.000Z07:00")
	if e.msgpack {
		e.b = abi.AppendString(e.b, text)
		return
	}
	e.b = append(e.b, '"')
	e.b = append(e.b, text...)
	e.b = append(e.b, '"')
}

// document appends a text that should be JSON as the value it stands for, or
// else as a string; null when it is empty.
func (e *encoder) document(text string) {
	if text == "" {
		e.payload(nil)
		return
	}
	b, err := abi.AppendFromJSON(nil, []byte(text))
	if err != nil {
		e.str(text)
		return
	}
	e.payload(b)
}

// respond sends what was appended as the whole answer.
func (e *encoder) respond(w http.ResponseWriter, status int, contentType string) {
	h := w.Header()
	h.Set("Content-Type", contentType)
	h.Set("Content-Length", strconv.Itoa(len(e.b)))
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_, _ = w.Write(e.b) // a client that is gone needs no answer
}

// send is respond in the encoder's own format.
func (e *encoder) send(w http.ResponseWriter) {
	w.Header().Set("Vary", "Accept")
	if e.msgpack {
		e.respond(w, http.StatusOK, mediaMsgpack)
		return
	}
	e.respond(w, http.StatusOK, mediaJSON)
}
