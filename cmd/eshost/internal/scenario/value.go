package scenario

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/eshost/eshost/abi"
)

// value is a JSON value whose keys keep their order and whose numbers keep their text. It stands for a payload.
type value struct {
	kind    valueKind
	text    string   // of a scalar: its JSON
	keys    []string // of a map: those of the items
	items   []*value
	partial bool // a map that may have further keys
}

type valueKind uint8

const (
	scalar valueKind = iota
	array
	object
)

// appendJSON appends the value in one line.
func (v *value) appendJSON(dst []byte) []byte {
	if v.kind == scalar {
		return append(dst, v.text...)
	}
	open, end := byte('['), byte(']')
	if v.kind == object {
		open, end = '{', '}'
	}
	dst = append(dst, open)
	for i, item := range v.items {
		if i > 0 {
			dst = append(dst, ',')
		}
		if v.kind == object {
			dst = append(append(dst, quote(v.keys[i])...), ':')
		}
		dst = item.appendJSON(dst)
	}
	return append(dst, end)
}

// String gives the JSON in one line.
func (v *value) String() string { return string(v.appendJSON(nil)) }

// encode gives the payload that the value stands for. It was checked when it was read.
func (v *value) encode() []byte {
	if v == nil {
		return nil
	}
	payload, err := abi.AppendFromJSON(nil, v.appendJSON(nil))
	if err != nil {
		panic(fmt.Sprintf("a value that was checked is no payload: %v: %s", err, v))
	}
	return payload
}

// decode gives the value of a well-formed payload; nil of none.
func decode(payload []byte) *value {
	if payload == nil {
		return nil
	}
	text, err := abi.AppendJSON(nil, payload)
	if err != nil {
		return &value{text: quote(fmt.Sprintf("not a payload: %v", err))}
	}
	d := json.NewDecoder(strings.NewReader(string(text)))
	d.UseNumber()
	return read(d)
}

// read reads the JSON that abi.AppendJSON wrote.
func read(d *json.Decoder) *value {
	token, err := d.Token()
	if err != nil {
		panic(fmt.Sprintf("JSON of a payload cannot be read: %v", err))
	}
	switch token := token.(type) {
	case json.Delim:
		v := &value{kind: array}
		if token == '{' {
			v.kind = object
		}
		for d.More() {
			if v.kind == object {
				v.keys = append(v.keys, read(d).key())
			}
			v.items = append(v.items, read(d))
		}
		_, _ = d.Token() // the bracket at the end
		return v
	case json.Number:
		return &value{text: token.String()}
	case string:
		return &value{text: quote(token)}
	case bool:
		return &value{text: fmt.Sprint(token)}
	}
	return &value{text: "null"}
}

// key is the text of a scalar that is a string.
func (v *value) key() string {
	var key string
	_ = json.Unmarshal([]byte(v.text), &key)
	return key
}

// normal gives the value as it is printed when it comes back from a payload, so that it can be compared with others.
func (v *value) normal() *value {
	if v == nil {
		return nil
	}
	n := decode(v.encode())
	n.mark(v)
	return n
}

// mark marks what is partial in v, which has the same shape.
func (v *value) mark(as *value) {
	v.partial = as.partial
	for i := range v.items {
		v.items[i].mark(as.items[i])
	}
}

// item gives what a map has at the key, or nil.
func (v *value) item(key string) *value {
	if i := slices.Index(v.keys, key); i >= 0 {
		return v.items[i]
	}
	return nil
}

// equal reports whether got is what v asks for.
func (v *value) equal(got *value) bool {
	if v == nil || got == nil {
		return v == got
	}
	if v.kind != got.kind || v.text != got.text {
		return false
	}
	if v.kind != object {
		return slices.EqualFunc(v.items, got.items, (*value).equal)
	}
	for i, key := range v.keys {
		if g := got.item(key); g == nil || !v.items[i].equal(g) {
			return false
		}
	}
	return v.partial || len(v.keys) == len(got.keys)
}

// quote gives a text as JSON.
func quote(s string) string {
	var b strings.Builder
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	_ = e.Encode(s) // into memory
	return strings.TrimSuffix(b.String(), "\n")
}

// cut keeps a line readable whatever it quotes.
func cut(s string, limit int) string {
	if len(s) <= limit {
		return s
	}
	return strings.ToValidUTF8(s[:limit], "") + "..."
}
