package eshosttest

import (
	"bytes"
	"strconv"
	"strings"

	"github.com/eshost/eshost/guest-sdk/go/internal/codec"
)

// maxLineBytes is how long two values may be to be shown in the line that names them.
const maxLineBytes = 100

// unlike shows, behind a word, two payloads that differ, and where they do if that is not to be seen at once.
func unlike(got, want []byte) string {
	a, b := jsonOf(got), jsonOf(want)
	if len(a)+len(b) <= maxLineBytes {
		return " " + a + ", want " + b
	}
	text := "\n\t" + a + "\nwant\n\t" + b
	if path := firstDifference(got, want); path != "" {
		text += "\nthey differ at " + path
	}
	return text
}

// firstDifference gives the path to what differs first in two payloads, such as lines[2].price; it is empty if that is
// the whole.
func firstDifference(got, want []byte) string {
	return strings.TrimPrefix(differenceOf(got, want), ".")
}

func differenceOf(got, want []byte) string {
	if got == nil || want == nil {
		return ""
	}
	steps, there := parts(got)
	wanted, expected := parts(want)
	for _, step := range wanted {
		if value, ok := there[step]; !ok {
			return step
		} else if !bytes.Equal(value, expected[step]) {
			return step + differenceOf(value, expected[step])
		}
	}
	for _, step := range steps {
		if _, ok := expected[step]; !ok {
			return step
		}
	}
	return ""
}

// parts gives the steps into a map or an array, such as .price or [2], in order, and what they lead to. Anything else has
// no parts.
func parts(payload []byte) (steps []string, values map[string][]byte) {
	r := codec.Reader{Src: payload}
	values = map[string][]byte{}
	switch b := payload[0]; {
	case isMap(b):
		n, _ := r.Map()
		for range n {
			key, _ := r.String()
			steps = append(steps, "."+string(key))
			values["."+string(key)] = next(&r)
		}
	case isArray(b):
		n, _ := r.Array()
		for i := range n {
			step := "[" + strconv.Itoa(i) + "]"
			steps = append(steps, step)
			values[step] = next(&r)
		}
	}
	return steps, values
}

// next reads a value whole.
func next(r *codec.Reader) []byte {
	start := r.Pos
	r.Value(codec.MaxDepth)
	return r.Src[start:r.Pos]
}
