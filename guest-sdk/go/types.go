package eshost

import (
	"reflect"

	"github.com/eshost/eshost/guest-sdk/go/internal/codec"
)

// None stands for "nothing at all": as a command's or event's type it has no payload, as a reply's there is none.
type None = codec.None

// OneOf makes a struct that embeds it a sum type. All other fields are pointers, one for each variant, and exactly
// one of them is set; a variant that carries nothing is a *None.
//
//	type Payment struct {
//		eshost.OneOf
//		Cash *eshost.None
//		Card *Card
//	}
//
// Its payload is a map of one entry, {"card": {...}}, or for a None just the name, "cash".
type OneOf = codec.OneOf

// Enum is implemented, on a value receiver, by string and integer types that have a fixed set of values.
// A string type lists the values that are allowed. An integer type lists the names of 0, 1, 2 and so on, and its
// payload is the name. Any other value or name is refused.
type Enum = codec.Enum

// Optional is a struct field that may be absent. Unlike a pointer it shares no memory when it is copied. The zero
// Optional is absent.
type Optional[T any] struct {
	_       codec.OptionalMarker
	value   T
	present bool
}

// Some is a present Optional.
func Some[T any](value T) Optional[T] { return Optional[T]{value: value, present: true} }

// Get gives the value and true, or the zero value and false if it is absent.
func (o Optional[T]) Get() (value T, present bool) { return o.value, o.present }

// Or gives the value, or fallback if it is absent.
func (o Optional[T]) Or(fallback T) T {
	if o.present {
		return o.value
	}
	return fallback
}

// planOf makes the plan of T for the given use, such as `command "increase"`. It panics if there is none.
func planOf[T any](use string) *codec.Plan {
	plan, err := codec.PlanFor(reflect.TypeFor[T]())
	if err != nil {
		panic("eshost: " + use + ": " + err.Error())
	}
	return plan
}
