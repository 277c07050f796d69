package abi_test

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/vmihailenco/msgpack/v5"

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

func (y *typ) encode(dst []byte, v any) []byte {
	switch y.kind {
	case "f64":
		if n, ok := v.(json.Number); ok {
			v, _ = n.Float64()
		}
		return abi.AppendFloat(dst, v.(float64))
	case "bool":
		return abi.AppendBool(dst, v.(bool))
	case "str":
		return abi.AppendString(dst, v.(string))
	case "bytes":
		return abi.AppendBin(dst, v.([]byte))
	case "list":
		dst = abi.AppendArray(dst, len(v.([]any)))
		for _, element := range v.([]any) {
			dst = y.of.encode(dst, element)
		}
		return dst
	case "map":
		var keys []string
		for key := range v.(map[string]any) {
			keys = append(keys, key)
		}
		slices.Sort(keys)
		dst = abi.AppendMap(dst, len(keys))
		for _, key := range keys {
			dst = y.of.encode(abi.AppendString(dst, key), v.(map[string]any)[key])
		}
		return dst
	case "struct":
		return y.encodeStruct(dst, v.(map[string]any))
	case "enum":
		if variant, ok := v.(string); ok {
			return abi.AppendString(dst, variant)
		}
		dst = abi.AppendMap(dst, 1)
		for _, f := range y.fields {
			if content, ok := v.(map[string]any)[f.name]; ok {
				dst = f.typ.encode(abi.AppendString(dst, f.name), content)
			}
		}
		return dst
	}
	digits := string(v.(json.Number))
	if n, err := strconv.ParseUint(digits, 10, 64); err == nil {
		return abi.AppendUint(dst, n)
	}
	n, err := strconv.ParseInt(digits, 10, 64)
	if err != nil {
		panic(err)
	}
	return abi.AppendInt(dst, n)
}

func (y *typ) encodeStruct(dst []byte, v map[string]any) []byte {
	n := 0
	var body []byte
	for _, f := range y.fields {
		if content, ok := v[f.name]; ok {
			body = f.typ.encode(abi.AppendString(body, f.name), content)
			n++
		}
	}
	return append(abi.AppendMap(dst, n), body...)
}

var errKind2 = errors.New("payload does not decode")

// decodeTyped reads b with a msgpack library and then judges what it read.
func decodeTyped(y *typ, b []byte) (any, error) {
	if err := abi.CheckPayload(b); err != nil {
		return nil, err
	}
	decoder := msgpack.NewDecoder(bytes.NewReader(b))
	v, err := decoder.DecodeInterface()
	if err != nil {
		return nil, err
	}
	return y.take(v)
}

func (y *typ) take(v any) (any, error) {
	refuse := fmt.Errorf("%w: %T into %s", errKind2, v, y.kind)
	switch v := v.(type) {
	case bool:
		if y.kind == "bool" {
			return v, nil
		}
	case string:
		if y.kind == "str" {
			return v, nil
		}
		for _, f := range y.fields {
			if y.kind == "enum" && f.name == v && f.typ == nil {
				return v, nil
			}
		}
	case []byte:
		if y.kind == "bytes" {
			return v, nil
		}
	case float32:
		return y.take(float64(v))
	case float64:
		if y.kind == "f64" {
			return v, nil
		}
	case []any:
		if y.kind != "list" {
			return nil, refuse
		}
		for i := range v {
			element, err := y.of.take(v[i])
			if err != nil {
				return nil, err
			}
			v[i] = element
		}
		return v, nil
	case map[string]any:
		return y.takeMap(v, refuse)
	default:
		return y.takeInteger(v, refuse)
	}
	return nil, refuse
}

func (y *typ) takeInteger(v any, refuse error) (any, error) {
	digits := fmt.Sprint(v)
	switch {
	case v == nil:
		return nil, refuse
	case y.kind == "f64":
		n, err := strconv.ParseFloat(digits, 64)
		return n, err
	case y.kind[0] == 'u':
		bits, _ := strconv.Atoi(y.kind[1:])
		_, err := strconv.ParseUint(digits, 10, bits)
		return json.Number(digits), err
	case y.kind[0] == 'i':
		bits, _ := strconv.Atoi(y.kind[1:])
		_, err := strconv.ParseInt(digits, 10, bits)
		return json.Number(digits), err
	}
	return nil, refuse
}

func (y *typ) takeMap(v map[string]any, refuse error) (any, error) {
	taken := make(map[string]any)
	switch y.kind {
	case "map":
		for key, value := range v {
			content, err := y.of.take(value)
			if err != nil {
				return nil, err
			}
			taken[key] = content
		}
		return taken, nil
	case "struct", "enum":
		for _, f := range y.fields {
			value, there := v[f.name]
			if y.kind == "enum" && !there || f.optional && value == nil {
				continue
			}
			if !there || f.typ == nil {
				return nil, refuse
			}
			content, err := f.typ.take(value)
			if err != nil {
				return nil, err
			}
			taken[f.name] = content
		}
		if y.kind == "enum" && (len(v) != 1 || len(taken) != 1) {
			return nil, refuse
		}
		return taken, nil
	}
	return nil, refuse
}
