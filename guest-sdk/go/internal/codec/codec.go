// Package codec turns an author's Go types into the canonical msgpack payloads of the eshost ABI and back.
//
// [PlanFor] looks at a type once, by reflection, and refuses what has no canonical form. The [Plan] it gives then
// encodes and decodes values of that type through their address, without reflection except for maps and for growing
// slices, and without memory of its own for everything else.
package codec

import (
	"reflect"
	"unsafe"
)

// MaxDepth is how deeply arrays and maps may nest in one payload.
const MaxDepth = 64

// None stands for "nothing at all": a command without a payload, an event without a payload, no reply.
// The envelope carries nil for it.
type None struct{}

// OneOf, embedded in a struct, makes that struct a sum type: all its other fields are pointers, of which exactly one
// is set.
type OneOf struct{}

// OptionalMarker is the first field of the SDK's Optional type: it is how a plan knows one when it sees it. The
// value is the second field, and whether it is set is the third, a bool.
type OptionalMarker struct{}

// Enum is implemented by string and integer types that have a fixed set of values. A string type lists the values
// that are allowed; an integer type lists the names of 0, 1, 2 and so on, and is written by its name.
type Enum interface{ EnumNames() []string }

var (
	noneType   = reflect.TypeFor[None]()
	oneOfType  = reflect.TypeFor[OneOf]()
	markerType = reflect.TypeFor[OptionalMarker]()
	enumType   = reflect.TypeFor[Enum]()
)

type kind uint8

// The numbers go into layouts (Plan.Layout), so they stay as they are; new kinds come at the end.
const (
	kindBool kind = iota
	kindInt8
	kindInt16
	kindInt32
	kindInt64
	kindUint8
	kindUint16
	kindUint32
	kindUint64
	kindFloat32
	kindFloat64
	kindString
	kindEnumString
	kindEnumInt
	kindBytes
	kindByteArray
	kindSlice
	kindArray
	kindMap
	kindStruct
	kindOneOf
	kindPointer
	kindNone
)

// presence says when a struct field is left out.
type presence uint8

const (
	required presence = iota
	pointer           // left out when nil
	optional          // an Optional: left out when not set
	omitZero          // tagged omitempty: left out when zero
	variant           // a field of a OneOf
)

// maxFields is how many fields a struct may have: the decoder marks them in a set of this size.
const maxFields = 256

// A Plan encodes and decodes the values of one Go type. It is immutable and safe for concurrent use.
type Plan struct {
	kind   kind
	typ    reflect.Type
	elem   *Plan    // slice, array, map value, pointer
	length int      // array, byte array
	fields []field  // struct, one-of
	names  []string // enums; for a map, of its keys
	lean   int      // struct: fields that may be left out
	shared bool
	strict bool
	quick  quick
}

// field is one field of a struct or one variant of a one-of.
type field struct {
	key      string // the encoded key: header and name
	token    Token  // the same
	name     string
	offset   uintptr // of the value; for an Optional, of the value inside it
	set      uintptr // Optional: of the bool
	presence presence
	kind     kind // of plan, kept here because the loops look at it for every field
	plan     *Plan
}

// Type is the Go type the plan was made for.
func (p *Plan) Type() reflect.Type { return p.typ }

// None reports whether the plan is for [None].
func (p *Plan) None() bool { return p.kind == kindNone }

// Shared reports whether a copy of a value shares memory with the original: whether the type holds a slice, a map or
// a pointer. Strings do not count, since nobody can write to them.
func (p *Plan) Shared() bool { return p.shared }

// Strict reports whether there are values of the type that cannot be encoded, such as text that is not UTF-8.
func (p *Plan) Strict() bool { return p.strict }

// slice is the memory layout of a Go slice.
type slice struct {
	data unsafe.Pointer
	len  int
	cap  int
}
