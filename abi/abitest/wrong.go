package abitest

import (
	"fmt"
	"math"
)

// changed is a value made of another one by one change.
type changed struct {
	what  string // the change, in words
	value value
}

// mostChanges bounds what is made of one value.
const mostChanges = 150

// wrong gives values that must be refused where v, of the shape s, is taken:
// each is v with one change that section 7 of ABI.md refuses. A nil shape is
// that of a value without a schema: its own type is taken for the type that is
// wanted, which leaves out everything that depends on ranges and on what is
// required. Where a schema takes anything, nothing is wrong.
func wrong(v value, s *shape) []changed {
	w := wrongs{guess: s == nil}
	if s == nil {
		s = unknown
	}
	w.change(v, s, "the payload", func(v value) value { return v }, 0, true)
	if len(w.all) > mostChanges {
		w.all = w.all[:mostChanges]
	}
	return w.all
}

type wrongs struct {
	all   []changed
	guess bool
}

// change adds the changes of v, which place puts where it is in the whole.
func (w *wrongs) change(v value, s *shape, path string, place func(value) value, depth int, top bool) {
	s, optional := s.real()
	if depth > maxDepth || v.kind == kindNil || s.kind == shapeUnknown && !w.guess {
		return
	}
	add := func(instead value, format string, a ...any) {
		w.all = append(w.all, changed{path + " " + fmt.Sprintf(format, a...), place(instead)})
	}
	kind := s.kind
	if kind == shapeUnknown {
		kind = guess(v)
	}
	if !top && !optional && !w.guess {
		add(value{}, "nil")
	}
	// What is of another type than all that the wanted one takes.
	for _, other := range []struct {
		value value
		name  string
		taken []shapeKind
	}{
		{number(7), "an integer", []shapeKind{shapeInt, shapeFloat}},
		{boolean(true), "a boolean", []shapeKind{shapeBool}},
		{text("eshost"), "a string", []shapeKind{shapeString, shapeEnum}},
		{binaryOf([]byte("eshost")), "bytes", []shapeKind{shapeBytes}},
		{list(number(1)), "an array", []shapeKind{shapeList}},
		{mapOf(), "a map", []shapeKind{shapeMap, shapeStruct, shapeEnum}},
		{floating(5), "the float 5.0", []shapeKind{shapeFloat}},
	} {
		taken := false
		for _, k := range other.taken {
			taken = taken || k == kind
		}
		if !taken {
			add(other.value, "%s instead of %s", other.name, kind.article())
		}
	}
	switch kind {
	case shapeInt:
		w.integer(s, add)
	case shapeList, shapeMap:
		w.elements(v, s, path, place, depth)
	case shapeStruct:
		w.structure(v, s, path, place, depth)
	case shapeEnum:
		w.enum(v, s, path, place, depth, add)
	}
}

// integer adds what is out of range.
func (w *wrongs) integer(s *shape, add func(value, string, ...any)) {
	if s.unsigned {
		add(number(-1), "-1 instead of an integer that is not negative")
	}
	switch {
	case s.bits == 0:
	case s.unsigned && s.bits < 64:
		add(unsigned(1<<s.bits), "%d instead of an integer of %d bits", uint64(1)<<s.bits, s.bits)
	case s.unsigned:
		add(number(math.MinInt64), "%d instead of an integer that is not negative", math.MinInt64)
	default:
		add(unsigned(1<<(s.bits-1)), "%d instead of an integer of %d bits", uint64(1)<<(s.bits-1), s.bits)
		if s.bits < 64 {
			add(number(-1<<(s.bits-1)-1), "%d instead of an integer of %d bits", int64(-1)<<(s.bits-1)-1, s.bits)
		}
	}
}

// elements changes the first element of a list or a map. A map without a
// schema may be a struct: all that is in it is changed.
func (w *wrongs) elements(v value, s *shape, path string, place func(value) value, depth int) {
	elem := s.elem
	if elem == nil {
		elem = unknown
	}
	for i := range v.items {
		name := path + "'s first element"
		switch {
		case w.guess && v.kind == kindMap:
			name = fmt.Sprintf("field %q", v.keys[i].text)
		case i > 0:
			return
		}
		w.change(v.items[i], elem, name, func(item value) value { return place(v.with(i, item)) }, depth+1, false)
	}
}

// structure takes required fields away and changes all there are.
func (w *wrongs) structure(v value, s *shape, path string, place func(value) value, depth int) {
	for i, key := range v.keys {
		f := s.field(string(key.text))
		if f == nil {
			continue
		}
		name := fmt.Sprintf("field %q", f.name)
		if path != "the payload" {
			name = fmt.Sprintf("%s of %s", name, path)
		}
		if f.required {
			w.all = append(w.all, changed{name + " missing", place(v.without(i))})
		}
		inner := f.shape
		if !f.required {
			inner = &shape{kind: shapeMaybe, elem: f.shape, optional: true}
		}
		w.change(v.items[i], inner, name, func(item value) value { return place(v.with(i, item)) }, depth+1, false)
	}
}

// enum adds variants that there are not, and the wrong content.
func (w *wrongs) enum(v value, s *shape, path string, place func(value) value, depth int, add func(value, string, ...any)) {
	const nobody = "eshost-kit-no-such-variant"
	add(text(nobody), "an unknown variant")
	add(mapOf(text(nobody), number(1)), "an unknown variant with content")
	add(mapOf(), "a map without a variant")
	for _, variant := range s.variants {
		if variant.shape == nil {
			add(mapOf(text(variant.name), number(1)), "variant %q with content, which it has not", variant.name)
			continue
		}
		add(text(variant.name), "variant %q without its content", variant.name)
		if v.kind == kindMap && v.key(variant.name) == 0 && len(v.items) == 1 {
			add(v.and(text(nobody), number(1)), "variant %q and another one beside it", variant.name)
			w.change(v.items[0], variant.shape, fmt.Sprintf("variant %q", variant.name),
				func(item value) value { return place(v.with(0, item)) }, depth+1, false)
		}
	}
}

// guess takes a value's own type for the one that is wanted. What is a map
// may be a struct or a map: both refuse the same where neither is known.
func guess(v value) shapeKind {
	switch v.kind {
	case kindBool:
		return shapeBool
	case kindInt:
		return shapeInt
	case kindFloat:
		return shapeFloat
	case kindString:
		return shapeString
	case kindBytes:
		return shapeBytes
	case kindArray:
		return shapeList
	}
	return shapeMap
}

// article names a kind of shape for people.
func (k shapeKind) article() string {
	switch k {
	case shapeBool:
		return "a boolean"
	case shapeInt:
		return "an integer"
	case shapeFloat:
		return "a float"
	case shapeString:
		return "a string"
	case shapeBytes:
		return "bytes"
	case shapeList:
		return "a list"
	case shapeMap:
		return "a map"
	case shapeStruct:
		return "a struct"
	case shapeEnum:
		return "one of the variants"
	}
	return "a value"
}
