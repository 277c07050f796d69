package codec

import (
	"cmp"
	"reflect"
	"slices"
	"strconv"
	"unsafe"
)

// walk is what is needed to go through the maps of one plan.
type walk struct {
	plan    *Plan
	iter    reflect.MapIter
	key     reflect.Value // a string of the map's key type, settable
	value   reflect.Value
	name    *string
	content unsafe.Pointer
	entries []entry
}

// entry is one entry of a map and where it lies, encoded, in the output.
type entry struct {
	prefix     uint64 // the first eight bytes of the key, which settle most comparisons
	key        string
	start, end int
}

func prefixOf(key string) (prefix uint64) {
	for i := range min(len(key), 8) {
		prefix |= uint64(key[i]) << (56 - 8*i)
	}
	return prefix
}

func compareEntries(a, b entry) int {
	if a.prefix != b.prefix {
		return cmp.Compare(a.prefix, b.prefix)
	}
	return cmp.Compare(a.key, b.key)
}

func (e *Encoder) takeWalk(p *Plan) *walk {
	for i, w := range e.walks {
		if w.plan == p {
			last := len(e.walks) - 1
			e.walks[i] = e.walks[last]
			e.walks = e.walks[:last]
			return w
		}
	}
	key, value := reflect.New(p.typ.Key()), reflect.New(p.typ.Elem())
	return &walk{
		plan: p, key: key.Elem(), value: value.Elem(),
		name: (*string)(key.UnsafePointer()), content: value.UnsafePointer(),
	}
}

// appendMap encodes the entries in whatever order the map gives them, then puts them in the order of their keys'
// bytes.
func (e *Encoder) appendMap(dst []byte, p *Plan, v unsafe.Pointer, depth int) []byte {
	m := reflect.NewAt(p.typ, v).Elem()
	dst = AppendMapHeader(dst, m.Len())
	if m.Len() == 0 {
		return dst
	}
	w := e.takeWalk(p)
	w.entries = w.entries[:0]
	first := len(dst)
	for w.iter.Reset(m); w.iter.Next(); {
		w.key.SetIterKey(&w.iter)
		w.value.SetIterValue(&w.iter)
		if p.names != nil && indexOf(p.names, *w.name) < 0 {
			p.refuse(strconv.Quote(*w.name) + " is not one of the names of its keys")
		}
		at := entry{prefix: prefixOf(*w.name), key: *w.name, start: len(dst)}
		dst = p.appendText(dst, at.key)
		dst = e.append(dst, p.elem, w.content, depth)
		at.end = len(dst)
		w.entries = append(w.entries, at)
	}
	w.iter.Reset(reflect.Value{})
	w.key.SetZero()
	w.value.SetZero()
	dst = arrange(dst, first, w.entries)
	clear(w.entries)
	e.walks = append(e.walks, w)
	return dst
}

// arrange puts the encoded entries of a map, which reach from first to the end of dst, in the order of their keys.
func arrange(dst []byte, first int, entries []entry) []byte {
	if slices.IsSortedFunc(entries, compareEntries) {
		return dst
	}
	slices.SortFunc(entries, compareEntries)
	end := len(dst)
	for _, at := range entries {
		dst = append(dst, dst[at.start:at.end]...)
	}
	copy(dst[first:], dst[end:])
	return dst[:end]
}
