package abi_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"

	"github.com/vmihailenco/msgpack/v5"

	"github.com/eshost/eshost/abi"
)

func (y *typ) encode(dst []byte, v any) []byte {
	switch y.kind {
	case "f64", "f32":
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
		switch {
		case y.kind == "f64":
			return v, nil
		case y.kind == "f32" && (math.IsInf(v, 0) || !math.IsInf(float64(float32(v)), 0)):
			return float64(float32(v)), nil
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
	case y.kind == "f32":
		n, err := strconv.ParseFloat(digits, 32)
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
