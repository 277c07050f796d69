package codec_test

import (
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/eshost/eshost/guest-sdk/go/internal/codec"
)

type optional[T any] struct {
	_       codec.OptionalMarker
	value   T
	present bool
}

type color string

func (color) EnumNames() []string { return []string{"red", "green"} }

type size uint8

func (size) EnumNames() []string { return []string{"small", "large"} }

type (
	pointerEnum  string
	emptyEnum    string
	twiceEnum    string
	floatEnum    float64
	wideByteEnum int8
)

func (*pointerEnum) EnumNames() []string { return []string{"a"} }
func (emptyEnum) EnumNames() []string    { return nil }
func (twiceEnum) EnumNames() []string    { return []string{"a", "a"} }
func (floatEnum) EnumNames() []string    { return []string{"a"} }
func (wideByteEnum) EnumNames() []string {
	return strings.Split(strings.Repeat("a,", 64)+uniqueNames, ",")
}

const uniqueNames = "x"

type tree struct {
	Name     string
	Children []tree
	Left     *tree
}

type payment struct {
	codec.OneOf
	Cash *codec.None
	Card *struct{ Number string }
}

func TestATypeWithoutAPayloadFormIsRefusedWithAReason(t *testing.T) {
	type embedded struct{ tree }
	many := make([]reflect.StructField, 257)
	for i := range many {
		many[i] = reflect.StructField{Name: "F" + strings.Repeat("x", i), Type: reflect.TypeFor[bool]()}
	}
	for _, c := range []struct {
		name string
		typ  reflect.Type
		want string
	}{
		{"interface", reflect.TypeFor[struct{ V any }](), ".V: an interface does not say what to decode into; use a struct that embeds eshost.OneOf"},
		{"channel", reflect.TypeFor[[]chan int](), "[]chan int[]: a chan has no payload form"},
		{"function", reflect.TypeFor[func()](), "a func has no payload form"},
		{"complex number", reflect.TypeFor[complex128](), "a complex128 has no payload form"},
		{"uintptr", reflect.TypeFor[uintptr](), "a uintptr has no payload form"},
		{"time.Time", reflect.TypeFor[struct{ At time.Time }](), ".At: time.Time has no payload form; use an int64 of milliseconds"},
		{"unexported field", reflect.TypeFor[struct{ a int }](), ".a: an unexported field would be lost between two calls"},
		{"field that is left out", reflect.TypeFor[struct {
			A int `msg:"-"`
		}](), ".A: a field cannot be left out"},
		{"embedded struct", reflect.TypeFor[embedded](), "give the embedded field a name"},
		{"unknown tag option", reflect.TypeFor[struct {
			A int `msg:"a,omit"`
		}](), `unknown option "omit" in the msg tag`},
		{"two fields of one name", reflect.TypeFor[struct {
			A int
			B int `msg:"a"`
		}](), `.B: another field is named "a" too`},
		{"omitempty on a struct", reflect.TypeFor[struct {
			A struct{} `msg:",omitempty"`
		}](), "omitempty is not for structs and arrays"},
		{"pointer by itself", reflect.TypeFor[*tree](), "register the type it points to"},
		{"pointer to a pointer in a list", reflect.TypeFor[[]**int](), "a pointer to a pointer"},
		{"pointer to a pointer in a field", reflect.TypeFor[struct{ A **int }](), "one pointer or one Optional is enough"},
		{"Optional of a pointer", reflect.TypeFor[struct{ A optional[*int] }](), "one pointer or one Optional is enough"},
		{"Optional outside of a struct", reflect.TypeFor[[]optional[int]](), "Optional is for fields of structs only"},
		{"Optional behind a pointer", reflect.TypeFor[struct{ A *optional[int] }](), "Optional is for fields of structs only"},
		{"map with integers as keys", reflect.TypeFor[map[int]bool](), "map keys must be strings"},
		{"None in a field", reflect.TypeFor[struct{ A codec.None }](), "None stands for a whole payload"},
		{"None in a list", reflect.TypeFor[[]codec.None](), "None stands for a whole payload"},
		{"OneOf with a variant that is no pointer", reflect.TypeFor[struct {
			codec.OneOf
			A int
		}](), ".A: the fields of a OneOf are pointers"},
		{"OneOf without variants", reflect.TypeFor[struct{ codec.OneOf }](), "a OneOf needs at least one pointer field"},
		{"enum with a pointer receiver", reflect.TypeFor[pointerEnum](), "EnumNames must have a value receiver"},
		{"enum without names", reflect.TypeFor[emptyEnum](), "EnumNames lists no name"},
		{"enum with a name twice", reflect.TypeFor[twiceEnum](), `"a" is not`},
		{"enum of floats", reflect.TypeFor[floatEnum](), "EnumNames is for string and integer types"},
		{"enum with empty names", reflect.TypeFor[wideByteEnum](), `"a" is not`},
		{"too many fields", reflect.StructOf(many), "more than 256 fields"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := codec.PlanFor(c.typ)
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want an error with %q", err, c.want)
			}
		})
	}
}

func TestSharedIsWhatACopyCanWriteThrough(t *testing.T) {
	for _, c := range []struct {
		typ  reflect.Type
		want bool
	}{
		{reflect.TypeFor[uint64](), false},
		{reflect.TypeFor[string](), false},
		{reflect.TypeFor[[4]struct{ A, B string }](), false},
		{reflect.TypeFor[struct{ A optional[float64] }](), false},
		{reflect.TypeFor[color](), false},
		{reflect.TypeFor[codec.None](), false},
		{reflect.TypeFor[[]byte](), true},
		{reflect.TypeFor[[1][]int](), true},
		{reflect.TypeFor[map[string]int](), true},
		{reflect.TypeFor[struct{ A struct{ B *int } }](), true},
		{reflect.TypeFor[struct{ A optional[[]int] }](), true},
		{reflect.TypeFor[tree](), true},
		{reflect.TypeFor[payment](), true},
	} {
		plan, err := codec.PlanFor(c.typ)
		if err != nil {
			t.Fatal(err)
		}
		if plan.Shared() != c.want {
			t.Errorf("%v: Shared is %v", c.typ, !c.want)
		}
	}
}

func TestFieldNamesAreSnakeCaseUnlessATagSaysOtherwise(t *testing.T) {
	type names struct {
		By           bool
		OrderID      bool
		HTTPServer   bool
		ID           bool
		Line2Text    bool
		X            bool
		Under_Scored bool
		Other        bool `msg:"somethingElse"`
	}
	got := string(encode(t, reflect.ValueOf(&names{})))
	for _, name := range []string{"\xa2by", "\xa8order_id", "\xabhttp_server", "\xa2id", "\xaaline2_text", "\xa1x", "\xacunder_scored", "\xadsomethingElse"} {
		if !strings.Contains(got, name+"\xc2") {
			t.Errorf("%q is not in %q", name, got)
		}
	}
}

func TestSchemas(t *testing.T) {
	const head = `{"$schema":"https://json-schema.org/draft/2020-12/schema",`
	for _, c := range []struct {
		name string
		typ  reflect.Type
		want string
	}{
		{"nothing", reflect.TypeFor[codec.None](), head + `"type":"object","properties":{}}`},
		{"numbers", reflect.TypeFor[[]int8](), head + `"type":"array","items":{"type":"integer","minimum":-128,"maximum":127}}`},
		{"struct", reflect.TypeFor[struct {
			By   uint16
			Note *string
			Tags map[color]bool `msg:",omitempty"`
		}](), head + `"type":"object","properties":{"by":{"type":"integer","minimum":0,"maximum":65535},"note":{"type":"string"},` +
			`"tags":{"type":"object","additionalProperties":{"type":"boolean"},"propertyNames":{"enum":["red","green"]}}},"required":["by"]}`},
		{"bytes and floats", reflect.TypeFor[struct {
			A [2]byte
			B [2]float32
		}](), head + `"type":"object","properties":{"a":{"type":"object","properties":{"$bin":{"type":"string","contentEncoding":"base64"}},"required":["$bin"]},` +
			`"b":{"type":"array","minItems":2,"maxItems":2,"items":{"anyOf":[{"type":"number"},{"type":"object","properties":{"$float":{"type":"string"}},"required":["$float"]}]}}},"required":["a","b"]}`},
		{"enum of integers", reflect.TypeFor[size](), head + `"type":"string","enum":["small","large"]}`},
		{"sum type", reflect.TypeFor[payment](), head + `"oneOf":[{"const":"cash"},{"type":"object","properties":{"card":{"type":"object",` +
			`"properties":{"number":{"type":"string"}},"required":["number"]}},"required":["card"],"additionalProperties":false}]}`},
		{"recursive type", reflect.TypeFor[tree](), head + `"$ref":"#/$defs/1","$defs":{"1":{"type":"object","properties":{"name":{"type":"string"},` +
			`"children":{"type":"array","items":{"$ref":"#/$defs/1"}},"left":{"$ref":"#/$defs/1"}},"required":["name","children"]}}}`},
		{"pointers in a list", reflect.TypeFor[[]*bool](), head + `"type":"array","items":{"type":"boolean"}}`},
		{"name that needs escapes", reflect.TypeFor[struct {
			A bool `msg:"a\"\\\n"`
		}](), head + `"type":"object","properties":{"a\"\\\n":{"type":"boolean"}},"required":["a\"\\\n"]}`},
	} {
		t.Run(c.name, func(t *testing.T) {
			plan, err := codec.PlanFor(c.typ)
			if err != nil {
				t.Fatal(err)
			}
			if got := plan.Schema(); got != c.want {
				t.Errorf("got\n%s\nwant\n%s", got, c.want)
			}
		})
	}
}

func TestLayoutsDifferExactlyWhereEncodingsDo(t *testing.T) {
	type number uint64
	layout := func(typ reflect.Type, salt string) string {
		plan, err := codec.PlanFor(typ)
		if err != nil {
			t.Fatal(err)
		}
		return plan.Layout(salt)
	}
	different := []string{
		layout(reflect.TypeFor[uint64](), ""), layout(reflect.TypeFor[uint64](), "2"), layout(reflect.TypeFor[int64](), ""),
		layout(reflect.TypeFor[struct{ A uint64 }](), ""), layout(reflect.TypeFor[struct{ B uint64 }](), ""),
		layout(reflect.TypeFor[struct{ A, B uint64 }](), ""), layout(reflect.TypeFor[struct{ B, A uint64 }](), ""),
		layout(reflect.TypeFor[struct{ A *uint64 }](), ""), layout(reflect.TypeFor[[]uint64](), ""),
		layout(reflect.TypeFor[[2]uint64](), ""), layout(reflect.TypeFor[[3]uint64](), ""), layout(reflect.TypeFor[map[string]uint64](), ""),
		layout(reflect.TypeFor[color](), ""), layout(reflect.TypeFor[tree](), ""), layout(reflect.TypeFor[[]tree](), ""),
	}
	for i, a := range different {
		if len(a) != 16 {
			t.Errorf("layout %q has not 16 digits", a)
		}
		for j := range i {
			if a == different[j] {
				t.Errorf("layouts %d and %d are equal", i, j)
			}
		}
	}
	if layout(reflect.TypeFor[number](), "") != different[0] {
		t.Error("the name of a type is part of its layout")
	}
	if layout(reflect.TypeFor[struct{ A, B number }](), "") != layout(reflect.TypeFor[struct {
		A uint64
		B number
	}](), "") {
		t.Error("the name of a field's type is part of the layout")
	}
}
