package codec_test

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"math"
	"os"
	"reflect"
	"strconv"
	"strings"
	"testing"

	"github.com/eshost/eshost/guest-sdk/go/internal/codec"
)

// vectors are the sections of the golden vectors that concern an SDK's codec. See abi/testdata/README.md.
type vectors struct {
	Payloads       []vector
	StrictDecoding []vector `json:"strict_decoding"`
	NoPayload      []vector `json:"no_payload"`
}

type vector struct {
	Name  string
	Type  any
	Value any
	Bytes string
	Also  []string
	Kind  json.Number
}

func readVectors(t *testing.T) (v vectors) {
	t.Helper()
	text, err := os.ReadFile("../../../../abi/testdata/vectors.json")
	if err != nil {
		t.Fatal(err)
	}
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.UseNumber()
	if err := decoder.Decode(&v); err != nil {
		t.Fatal(err)
	}
	if len(v.Payloads) < 50 || len(v.StrictDecoding) < 50 || len(v.NoPayload) < 5 {
		t.Fatal("the golden vectors lack a section")
	}
	return v
}

func unhex(t testing.TB, text string) []byte {
	t.Helper()
	b, err := hex.DecodeString(text)
	if err != nil {
		t.Fatal(err)
	}
	return append([]byte{}, b...)
}

func TestGoldenPayloadsAreWrittenAndReadByteForByte(t *testing.T) {
	for _, v := range readVectors(t).Payloads {
		t.Run(v.Name, func(t *testing.T) {
			typ, want := goType(t, v.Type), unhex(t, v.Bytes)
			value := reflect.New(typ)
			setValue(t, value.Elem(), v.Type, v.Value)
			if got := encode(t, value); !bytes.Equal(got, want) {
				t.Errorf("the value is written as %x, want %x", got, want)
			}
			for _, form := range append([]string{v.Bytes}, v.Also...) {
				read, err := decode(t, typ, unhex(t, form))
				if err != nil {
					t.Errorf("%s: %v", form, err)
				} else if got := encode(t, read); !bytes.Equal(got, want) {
					t.Errorf("%s is read as what is written as %x, want %x", form, got, want)
				}
			}
		})
	}
}

func TestGoldenStrictDecoding(t *testing.T) {
	for _, v := range readVectors(t).StrictDecoding {
		t.Run(v.Name, func(t *testing.T) { checkDecoding(t, v, unhex(t, v.Bytes)) })
	}
}

func TestGoldenAbsentPayloads(t *testing.T) {
	for _, v := range readVectors(t).NoPayload {
		t.Run(v.Name, func(t *testing.T) { checkDecoding(t, v, nil) })
	}
}

func checkDecoding(t *testing.T, v vector, src []byte) {
	typ := goType(t, v.Type)
	read, err := decode(t, typ, src)
	switch {
	case v.Kind != "" && err == nil:
		t.Errorf("%x was taken as %+v", src, read.Elem())
	case v.Kind == "" && err != nil:
		t.Error(err)
	case v.Kind == "":
		want := reflect.New(typ)
		setValue(t, want.Elem(), v.Type, v.Value)
		if !bytes.Equal(encode(t, read), encode(t, want)) {
			t.Errorf("%x was read as %+v, want %+v", src, read.Elem(), want.Elem())
		}
	}
}

func encode(t *testing.T, v reflect.Value) []byte {
	t.Helper()
	plan, err := codec.PlanFor(v.Type().Elem())
	if err != nil {
		t.Fatal(err)
	}
	var enc codec.Encoder
	return enc.Append(nil, plan, v.UnsafePointer())
}

func decode(t *testing.T, typ reflect.Type, src []byte) (reflect.Value, error) {
	t.Helper()
	plan, err := codec.PlanFor(typ)
	if err != nil {
		t.Fatal(err)
	}
	var dec codec.Decoder
	v := reflect.New(typ)
	return v, dec.Decode(plan, src, v.UnsafePointer())
}

var scalars = map[string]reflect.Type{
	"u8": reflect.TypeFor[uint8](), "u16": reflect.TypeFor[uint16](), "u32": reflect.TypeFor[uint32](),
	"u64": reflect.TypeFor[uint64](), "i8": reflect.TypeFor[int8](), "i16": reflect.TypeFor[int16](),
	"i32": reflect.TypeFor[int32](), "i64": reflect.TypeFor[int64](), "f64": reflect.TypeFor[float64](), "f32": reflect.TypeFor[float32](),
	"bool": reflect.TypeFor[bool](), "str": reflect.TypeFor[string](), "bytes": reflect.TypeFor[[]byte](),
}

// goType makes the Go type that a vector's type notation means.
func goType(t *testing.T, notation any) reflect.Type {
	t.Helper()
	if name, ok := notation.(string); ok {
		if base, optional := strings.CutSuffix(name, "?"); optional {
			return reflect.PointerTo(scalars[base])
		}
		return scalars[name]
	}
	for form, inner := range notation.(map[string]any) {
		switch form {
		case "list":
			return reflect.SliceOf(goType(t, inner))
		case "map":
			return reflect.MapOf(reflect.TypeFor[string](), goType(t, inner))
		case "optional":
			return reflect.PointerTo(goType(t, inner))
		case "struct":
			return reflect.StructOf(goFields(t, inner, false))
		case "enum":
			marker := reflect.StructField{Name: "OneOf", Type: reflect.TypeFor[codec.OneOf](), Anonymous: true}
			return reflect.StructOf(append([]reflect.StructField{marker}, goFields(t, inner, true)...))
		}
	}
	t.Fatalf("unknown type notation %v", notation)
	return nil
}

func goFields(t *testing.T, list any, variants bool) (fields []reflect.StructField) {
	t.Helper()
	for i, pair := range list.([]any) {
		typ := reflect.TypeFor[codec.None]()
		if inner := pair.([]any)[1]; inner != nil {
			typ = goType(t, inner)
		}
		if variants {
			typ = reflect.PointerTo(typ)
		}
		tag := reflect.StructTag(`msg:"` + pair.([]any)[0].(string) + `"`)
		fields = append(fields, reflect.StructField{Name: "F" + strconv.Itoa(i), Type: typ, Tag: tag})
	}
	return fields
}

// setValue sets v to what a vector's JSON value means.
func setValue(t *testing.T, v reflect.Value, notation, value any) {
	t.Helper()
	if special, ok := value.(map[string]any); ok {
		if digits, ok := special["$int"]; ok {
			value = json.Number(digits.(string))
		}
	}
	switch v.Kind() {
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		if m, ok := notation.(map[string]any); ok && m["optional"] != nil {
			notation = m["optional"]
		}
		if value != nil {
			setValue(t, v.Elem(), notation, value)
		}
	case reflect.Bool:
		v.SetBool(value.(bool))
	case reflect.String:
		v.SetString(value.(string))
	case reflect.Float32, reflect.Float64:
		v.SetFloat(floatValue(t, value))
	case reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		n, err := strconv.ParseInt(value.(json.Number).String(), 10, 64)
		if err != nil {
			t.Fatal(err)
		}
		v.SetInt(n)
	case reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		n, err := strconv.ParseUint(value.(json.Number).String(), 10, 64)
		if err != nil {
			t.Fatal(err)
		}
		v.SetUint(n)
	case reflect.Slice:
		if notation == "bytes" {
			b, err := base64.StdEncoding.DecodeString(value.(map[string]any)["$bin"].(string))
			if err != nil {
				t.Fatal(err)
			}
			v.SetBytes(b)
			return
		}
		for _, element := range value.([]any) {
			v.Grow(1)
			v.SetLen(v.Len() + 1)
			setValue(t, v.Index(v.Len()-1), notation.(map[string]any)["list"], element)
		}
	case reflect.Map:
		v.Set(reflect.MakeMap(v.Type()))
		for key, element := range value.(map[string]any) {
			e := reflect.New(v.Type().Elem()).Elem()
			setValue(t, e, notation.(map[string]any)["map"], element)
			v.SetMapIndex(reflect.ValueOf(key), e)
		}
	case reflect.Struct:
		setStruct(t, v, notation.(map[string]any), value)
	}
}

func setStruct(t *testing.T, v reflect.Value, notation map[string]any, value any) {
	t.Helper()
	fields, first := notation["struct"], 0
	if fields == nil {
		fields, first = notation["enum"], 1
	}
	given, ok := value.(map[string]any)
	if !ok {
		given = map[string]any{value.(string): nil} // a variant without content
	}
	for i, pair := range fields.([]any) {
		if inner, ok := given[pair.([]any)[0].(string)]; ok {
			setValue(t, v.Field(first+i), pair.([]any)[1], inner)
		}
	}
}

func floatValue(t *testing.T, value any) float64 {
	t.Helper()
	if special, ok := value.(map[string]any); ok {
		return map[any]float64{"nan": math.Float64frombits(0xfff8000000000001), "inf": math.Inf(1), "-inf": math.Inf(-1)}[special["$float"]]
	}
	f, err := strconv.ParseFloat(value.(json.Number).String(), 64)
	if err != nil {
		t.Fatal(err)
	}
	return f
}
