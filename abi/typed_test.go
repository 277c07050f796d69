package abi_test

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"math"
	"strings"
	"testing"

	"github.com/eshost/eshost/abi"
)

// The vectors of payloads are for the SDKs, which know an author's types. Here
// a codec that is slow and plain, and reads with a msgpack library that is not
// ours, holds the vectors themselves to the specification.

func TestPayloadVectorsKeepTheSpecification(t *testing.T) {
	each(t, readVectors(t).Payloads, func(c *typedVector) string { return c.Name }, func(t *testing.T, c *typedVector) {
		typ := parseType(t, c.Type)
		got := typ.encode(nil, parseValue(t, c.Value))
		if !bytes.Equal(got, c.Bytes) {
			t.Errorf("encoded as %x, want %x", got, c.Bytes)
		}
		for _, b := range append([]hexBytes{c.Bytes}, c.Also...) {
			v, err := decodeTyped(typ, b)
			if err != nil {
				t.Fatalf("decoding %x: %v", b, err)
			}
			if again := typ.encode(nil, v); !bytes.Equal(again, c.Bytes) {
				t.Errorf("%x decodes to what is encoded as %x, want %x", b, again, c.Bytes)
			}
		}
	})
}

func TestStrictVectorsKeepTheSpecification(t *testing.T) {
	each(t, readVectors(t).StrictDecoding, func(c *typedVector) string { return c.Name }, func(t *testing.T, c *typedVector) {
		typ := parseType(t, c.Type)
		v, err := decodeTyped(typ, c.Bytes)
		checkStrict(t, c, typ, v, err)
	})
}

func TestNoPayloadVectorsKeepTheSpecification(t *testing.T) {
	each(t, readVectors(t).NoPayload, func(c *typedVector) string { return c.Name }, func(t *testing.T, c *typedVector) {
		typ := parseType(t, c.Type)
		v, err := decodeTyped(typ, []byte{0x80})
		checkStrict(t, c, typ, v, err)
	})
}

func checkStrict(t *testing.T, c *typedVector, typ *typ, v any, err error) {
	t.Helper()
	if (c.Kind != 0) == (c.Value != nil) || c.Kind != 0 && c.Kind != abi.KindPayload {
		t.Fatal("the case must have either a value or kind 2")
	}
	if c.Kind != 0 {
		if err == nil {
			t.Errorf("%x decodes to %v, want kind 2", c.Bytes, v)
		}
		return
	}
	if err != nil {
		t.Fatal(err)
	}
	got, want := typ.encode(nil, v), typ.encode(nil, parseValue(t, c.Value))
	if !bytes.Equal(got, want) {
		t.Errorf("decodes to what is encoded as %x, want %x", got, want)
	}
}

// typ is a type of the notation in testdata/README.md.
type typ struct {
	kind   string // u8 ... bytes, list, map, struct, enum
	of     *typ   // of a list's elements and a map's values
	fields []field
}

type field struct {
	name     string
	typ      *typ // nil: a variant without content
	optional bool
}

func parseType(t *testing.T, text json.RawMessage) *typ {
	t.Helper()
	var name string
	if json.Unmarshal(text, &name) == nil {
		return &typ{kind: name}
	}
	var composite map[string]json.RawMessage
	if err := json.Unmarshal(text, &composite); err != nil || len(composite) != 1 {
		t.Fatalf("%s is no type", text)
	}
	for kind, content := range composite {
		if kind == "list" || kind == "map" {
			return &typ{kind: kind, of: parseType(t, content)}
		}
		var fields [][2]json.RawMessage
		if err := json.Unmarshal(content, &fields); err != nil {
			t.Fatalf("%s: %v", text, err)
		}
		result := &typ{kind: kind}
		for _, pair := range fields {
			result.fields = append(result.fields, parseField(t, pair))
		}
		return result
	}
	return nil
}

func parseField(t *testing.T, pair [2]json.RawMessage) (f field) {
	t.Helper()
	if err := json.Unmarshal(pair[0], &f.name); err != nil {
		t.Fatal(err)
	}
	var short string
	var long struct{ Optional json.RawMessage }
	switch {
	case string(pair[1]) == "null":
		return f
	case json.Unmarshal(pair[1], &short) == nil && strings.HasSuffix(short, "?"):
		f.optional, f.typ = true, &typ{kind: strings.TrimSuffix(short, "?")}
	case json.Unmarshal(pair[1], &long) == nil && long.Optional != nil:
		f.optional, f.typ = true, parseType(t, long.Optional)
	default:
		f.typ = parseType(t, pair[1])
	}
	return f
}

// parseValue gives json.Number, string, bool, float64, []byte, []any or map[string]any.
func parseValue(t *testing.T, text json.RawMessage) any {
	t.Helper()
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.UseNumber()
	var v any
	if err := decoder.Decode(&v); err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return plainValue(t, v)
}

func plainValue(t *testing.T, v any) any {
	switch v := v.(type) {
	case []any:
		for i := range v {
			v[i] = plainValue(t, v[i])
		}
	case map[string]any:
		if len(v) == 1 {
			if digits, ok := v["$int"].(string); ok {
				return json.Number(digits)
			}
			if word, ok := v["$float"].(string); ok {
				return map[string]float64{"nan": math.NaN(), "inf": math.Inf(1), "-inf": math.Inf(-1)}[word]
			}
			if text, ok := v["$bin"].(string); ok {
				b, err := base64.StdEncoding.DecodeString(text)
				if err != nil {
					t.Fatal(err)
				}
				return b
			}
		}
		for key := range v {
			v[key] = plainValue(t, v[key])
		}
	}
	return v
}
