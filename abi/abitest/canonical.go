package abitest

import (
	"bytes"
	"fmt"
	"math"
)

// keyOrders remembers in which order the keys of maps came at each place of a
// type's payloads, where no schema says whether it is a struct or a map:
// neither may have the same two keys in both orders.
type keyOrders map[string]map[[2]string]bool

// mostKeys is how many keys of one map are compared with each other.
const mostKeys = 24

// canonical says what of a payload is not in the canonical form; "": nothing.
// s may be nil.
func (o keyOrders) canonical(payload []byte, s *shape, place string) string {
	if s == nil {
		s = unknown
	}
	w := walk{b: payload, orders: o}
	w.value(s, place, "")
	return w.wrong
}

// walk walks over a payload, which is well-formed, and looks for what section
// 6 of ABI.md does not want.
type walk struct {
	b      []byte
	pos    int
	orders keyOrders
	wrong  string
}

func (w *walk) complain(path, format string, a ...any) {
	if w.wrong == "" {
		if path == "" {
			path = "the value"
		}
		w.wrong = path + ": " + fmt.Sprintf(format, a...)
	}
}

func (w *walk) value(s *shape, place, path string) {
	s, _ = s.real()
	start := w.pos
	c := w.b[start]
	var v value
	switch {
	case c <= 0x8f && c >= 0x80, c == 0xde, c == 0xdf, c >= 0x90 && c <= 0x9f, c == 0xdc, c == 0xdd:
		w.collection(c, s, place, path)
		return
	case c == 0xc0:
		w.pos++
		w.complain(path, "nil: an optional field that is absent is left out, and nothing else may be nil")
		return
	}
	v, w.pos = parseAt(w.b, start)
	got := w.b[start:w.pos]
	want := canonicalForm.encode(v)
	switch {
	case bytes.Equal(got, want):
	case c == 0xca:
		w.complain(path, "a float of 32 bits (%x), want always 64 (%x)", got, want)
	case v.kind == kindFloat && math.IsNaN(v.float):
		w.complain(path, "a NaN as %x, want %x", got, want)
	case v.kind == kindInt:
		w.complain(path, "an integer as %x, want the shortest form, of the unsigned family if it is not negative: %x", got, want)
	default:
		w.complain(path, "a head of %x, want the shortest: %x", got[0], want[0])
	}
}

// collection walks over an array or a map.
func (w *walk) collection(c byte, s *shape, place, path string) {
	keyed := c <= 0x8f || c >= 0xde
	n, head := int(c&0xf), 1
	if c >= 0xdc {
		width := headWidth(c)
		n, head = int(bigEndian(w.b, w.pos+1, width)), 1+width
	}
	if shortest := shortestHead(n); head != shortest {
		w.complain(path, "a head of %d bytes for %d elements, want %d", head, n, shortest)
	}
	w.pos += head
	var keys []string
	for i := range n {
		elem, at := s.elem, fmt.Sprintf("%s[%d]", path, i)
		inner := place + "[]"
		if keyed {
			from := w.pos
			var key value
			key, w.pos = parseAt(w.b, w.pos)
			if got := w.b[from:w.pos]; !bytes.Equal(got, canonicalForm.encode(key)) {
				w.complain(path, "key %q with a head that is longer than needed", key.text)
			}
			name := string(key.text)
			keys = append(keys, name)
			at = fmt.Sprintf("%s.%s", path, name)
			if f := s.field(name); f != nil {
				elem = f.shape
			}
			for _, variant := range s.variants {
				if variant.name == name {
					elem = variant.shape
				}
			}
			if s.kind != shapeMap {
				inner = place + "." + name
			}
		}
		if elem == nil {
			elem = unknown
		}
		w.value(elem, inner, at)
	}
	if keyed {
		w.order(keys, s, place, path)
	}
}

func shortestHead(n int) int {
	switch {
	case n < 16:
		return 1
	case n <= math.MaxUint16:
		return 3
	}
	return 5
}

// order checks the keys of a map.
func (w *walk) order(keys []string, s *shape, place, path string) {
	seen := make(map[string]bool)
	for _, key := range keys {
		if seen[key] {
			w.complain(path, "key %q comes twice", key)
		}
		seen[key] = true
	}
	switch s.kind {
	case shapeMap:
		for i := 1; i < len(keys); i++ {
			if keys[i] < keys[i-1] {
				w.complain(path, "the keys of a map are not sorted: %q comes after %q", keys[i], keys[i-1])
			}
		}
	case shapeStruct:
		next := 0
		for _, key := range keys {
			for i := range s.fields {
				if s.fields[i].name != key {
					continue
				}
				if i < next {
					w.complain(path, "the fields of a struct are not in declared order: %q comes too late", key)
				}
				next = i
			}
		}
	default:
		w.pairs(keys, place, path)
	}
}

// pairs checks that no two keys come in both orders.
func (w *walk) pairs(keys []string, place, path string) {
	if len(keys) > mostKeys {
		return
	}
	orders := w.orders[place]
	if orders == nil {
		orders = make(map[[2]string]bool)
		w.orders[place] = orders
	}
	for i, first := range keys {
		for _, second := range keys[i+1:] {
			if orders[[2]string{second, first}] {
				w.complain(path, "%q comes before %q here, and after it elsewhere: the fields of a struct have one order, and the keys of a map are sorted", first, second)
				return
			}
			orders[[2]string{first, second}] = true
		}
	}
}
