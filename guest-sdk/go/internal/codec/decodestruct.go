package codec

import (
	"reflect"
	"strconv"
	"unicode/utf8"
	"unsafe"
)

func (d *Decoder) oneOf(p *Plan, v unsafe.Pointer, depth int) bool {
	start := d.Pos
	entries, isMap := d.Map()
	if !isMap {
		d.Pos = start
	} else if entries != 1 {
		return d.fail("a map of " + strconv.Itoa(entries) + " entries, where one names the variant")
	}
	name, ok := d.String()
	if !ok {
		return d.mismatch(p, start)
	}
	for i := range p.fields {
		f := &p.fields[i]
		if f.name != string(name) {
			continue
		}
		if unit := f.kind == kindNone; unit == isMap {
			return d.fail("a variant with content is a map of one entry, one without is a string") || d.under(f.name)
		}
		target := reflect.New(f.plan.typ).UnsafePointer()
		*(*unsafe.Pointer)(unsafe.Add(v, f.offset)) = target
		return !isMap || d.value(f.plan, target, depth) || d.under(f.name)
	}
	names := make([]string, len(p.fields))
	for i := range p.fields {
		names[i] = p.fields[i].name
	}
	return d.fail(noneOf(string(name), names))
}

// fieldSet marks the fields of a struct that were seen.
type fieldSet [maxFields / 64]uint64

func (s *fieldSet) add(i int)      { s[i/64] |= 1 << (i % 64) }
func (s *fieldSet) has(i int) bool { return s[i/64]&(1<<(i%64)) != 0 }

// structure decodes a struct. Its fields come in the declared order nearly always, so each is compared with the one
// that is expected next; whatever comes otherwise is left to disorder.
func (d *Decoder) structure(p *Plan, v unsafe.Pointer, depth int) bool {
	start := d.Pos
	n, ok := d.Map()
	if !ok {
		return d.mismatch(p, start)
	}
	next := 0
	for ; n > 0 && next < len(p.fields); n-- {
		f := &p.fields[next]
		if !d.Skip(&f.token) {
			break
		}
		next++
		if f.presence != required {
			if !d.field(f, v, depth) {
				return d.under(f.name)
			}
			continue
		}
		at := unsafe.Add(v, f.offset)
		if f.kind == kindUint64 && d.Pos < len(d.Src) && d.Src[d.Pos] < 0x80 {
			*(*uint64)(at) = uint64(d.Src[d.Pos])
			d.Pos++
		} else if !d.value(f.plan, at, depth) {
			return d.under(f.name)
		}
	}
	return n == 0 && next == len(p.fields) || d.disorder(p, v, depth, n, next)
}

// disorder decodes n more entries of a struct, of which the first next fields are there already.
func (d *Decoder) disorder(p *Plan, v unsafe.Pointer, depth, n, next int) bool {
	var seen fieldSet
	for i := range next {
		seen.add(i)
	}
	for range n {
		i, ok := d.find(p, next)
		if !ok {
			return false
		}
		if i < 0 {
			if !d.Value(depth) {
				return d.fail("an unknown field whose value is not well-formed")
			}
			continue
		}
		next = i + 1
		f := &p.fields[i]
		if seen.has(i) {
			return d.fail("the field " + strconv.Quote(f.name) + " comes twice")
		}
		seen.add(i)
		if !d.field(f, v, depth) {
			return d.under(f.name)
		}
	}
	for i := range p.fields {
		if f := &p.fields[i]; f.presence == required && !seen.has(i) {
			return d.fail("missing") || d.under(f.name)
		}
	}
	return true
}

// find reads a key and gives the place of its field, or -1 if there is none, looking from place next on first.
func (d *Decoder) find(p *Plan, next int) (int, bool) {
	name, ok := d.String()
	if !ok || !utf8.Valid(name) {
		return 0, d.fail("a key that is not a string")
	}
	for range p.fields {
		if next >= len(p.fields) {
			next = 0
		}
		if p.fields[next].name == string(name) {
			return next, true
		}
		next++
	}
	return -1, true
}

func (d *Decoder) field(f *field, v unsafe.Pointer, depth int) bool {
	at := unsafe.Add(v, f.offset)
	switch f.presence {
	case pointer:
		if d.Nil() {
			return true
		}
		target := reflect.New(f.plan.typ).UnsafePointer()
		*(*unsafe.Pointer)(at) = target
		at = target
	case optional:
		if d.Nil() {
			return true
		}
		*(*bool)(unsafe.Add(v, f.set)) = true
	case omitZero:
		if d.Nil() {
			return true
		}
	}
	return d.value(f.plan, at, depth)
}
