package codec

import (
	"math"
	"math/bits"
	"unsafe"
)

// Most payloads are a few numbers. What is here decodes and encodes those, in the form that nearly always comes, and
// leaves everything else to the code that can do it all.
//
// On WebAssembly a Go function pays for every call it makes, for every return, and for every jump that is not to the
// code right behind it, since Go makes each of them a computed jump. So these functions call nothing, and what
// nearly always happens runs straight through them.

// quick is a plan's list of numbers: the fields of a struct, or the one number that the value is. Plans of other types
// have none.
type quick struct {
	fields []quickField
	room   int // that an encoding takes at most, with the header of a bin and with what is written behind its end
}

// quickField is a number or a bool. A bool is read and written as a number whose first byte is flipped.
type quickField struct {
	Token          // the encoded key; the first has the header of the map, too
	offset uintptr // in the struct
	limit  uint64  // the largest value
	flip   uint64
	short  uint64 // 1: there is only the first byte
	bytes  uintptr
}

// makeQuick makes the list, if the plan may have one.
func (p *Plan) makeQuick() {
	fields := p.fields
	switch {
	case p.kind <= kindUint64:
		fields = []field{{kind: p.kind, plan: p}}
	case p.kind != kindStruct || len(p.fields) > 15:
		return
	}
	q := quick{room: 2 + Slack}
	for i := range fields {
		f := &fields[i]
		key := f.key
		if p.kind == kindStruct && i == 0 {
			key = string(AppendMapHeader(nil, len(fields))) + key
		}
		if f.presence != required || f.kind > kindUint64 {
			return
		}
		n := f.plan.typ.Size()
		number := quickField{Token: tokenOf(key), offset: f.offset, bytes: n, limit: math.MaxUint64 >> (64 - 8*n)}
		switch {
		case f.kind == kindBool:
			number.flip, number.short, number.limit = 0xc2, 1, 1
		case f.kind <= kindInt64:
			number.limit >>= 1
		}
		q.fields = append(q.fields, number)
		q.room += len(key) + 9
	}
	if q.room <= math.MaxUint8 {
		p.quick = q
	}
}

// Quick decodes src to v as [Decoder.Decode] does if that is easy. Where it gives false, src may still be fine, and v
// may have been written to.
func (p *Plan) Quick(src []byte, v unsafe.Pointer) bool {
	return cap(src)-len(src) >= Slack && p.quick.decode(unsafe.Pointer(unsafe.SliceData(src)), 0, len(src), v)
}

// decode decodes what lies from pos to end, behind which there are [Slack] bytes, if that is easy.
func (q *quick) decode(base unsafe.Pointer, pos, end int, v unsafe.Pointer) bool {
	fields := q.fields
	for i := range fields {
		f := &fields[i]
		if pos >= end || !f.at(unsafe.Add(base, pos)) {
			return false
		}
		pos += f.size + 1
		n := uint64(*(*byte)(unsafe.Add(base, pos-1))) ^ f.flip
		if n >= 0x80 {
			n, pos = f.wide(base, pos, n)
		}
		if n > f.limit {
			return false
		}
		if f.bytes != 8 {
			f.store(unsafe.Add(v, f.offset), n)
			continue
		}
		*(*uint64)(unsafe.Add(v, f.offset)) = n
	}
	return pos == end && len(fields) > 0
}

// wide reads the number whose first byte, before pos, is first. If it is none, the position it gives is none either.
//
//go:noinline
func (f *quickField) wide(base unsafe.Pointer, pos int, first uint64) (n uint64, after int) {
	width := first - 0xcc
	if width > 3 || f.flip != 0 {
		return 0, math.MaxInt
	}
	return bigEndian(unsafe.Add(base, pos)) >> (64 - 8<<width), pos + 1<<width
}

//go:noinline
func (f *quickField) store(to unsafe.Pointer, n uint64) {
	switch f.bytes {
	case 4:
		*(*uint32)(to) = uint32(n)
	case 2:
		*(*uint16)(to) = uint16(n)
	default:
		*(*uint8)(to) = uint8(n)
	}
}

//go:noinline
func (f *quickField) load(from unsafe.Pointer) uint64 {
	switch f.bytes {
	case 4:
		return uint64(*(*uint32)(from))
	case 2:
		return uint64(*(*uint16)(from))
	}
	return uint64(*(*uint8)(from))
}

// bin writes a bin to base at pos, where there is room, that holds the encoding of the value at v. It gives the position
// behind it, or 0 if it is not easy.
func (q *quick) bin(base unsafe.Pointer, pos int, v unsafe.Pointer) int {
	start, fields := pos, q.fields
	pos += 2
	for i := range fields {
		f := &fields[i]
		var n uint64
		if f.bytes == 8 {
			n = *(*uint64)(unsafe.Add(v, f.offset))
		} else {
			n = f.load(unsafe.Add(v, f.offset))
		}
		f.put(unsafe.Add(base, pos))
		pos += f.size + 1
		*(*byte)(unsafe.Add(base, pos-1)) = byte(n ^ f.flip)
		if n >= 0x80 {
			if pos = f.putWide(base, pos, n); pos < 0 {
				return 0
			}
		}
	}
	if len(fields) == 0 {
		return 0
	}
	*(*byte)(unsafe.Add(base, start)), *(*byte)(unsafe.Add(base, start+1)) = 0xc4, byte(pos-start-2)
	return pos
}

// putWide writes a number that takes more than the byte before pos. If it is negative, the position it gives is none.
//
//go:noinline
func (f *quickField) putWide(base unsafe.Pointer, pos int, n uint64) (after int) {
	if n > f.limit {
		return math.MinInt
	}
	width := bits.Len64(uint64(bits.Len64(n)-1) >> 3)
	*(*byte)(unsafe.Add(base, pos-1)) = 0xcc + byte(width)
	putBigEndian(unsafe.Add(base, pos), n<<(64-8<<width))
	return pos + 1<<width
}
