package eshosttest

import (
	"encoding/base64"
	"encoding/hex"
	"math"
	"strconv"
	"strings"

	"github.com/eshost/eshost/guest-sdk/go/internal/codec"
)

// jsonOf gives a payload in the JSON form that eshost has for payloads, as HTTP and scenario files do.
func jsonOf(payload []byte) string {
	if payload == nil {
		return "nothing"
	}
	r := codec.Reader{Src: payload}
	if !r.Value(codec.MaxDepth) || r.Rest() != 0 {
		return "malformed bytes " + hex.EncodeToString(payload)
	}
	return jsonText(&codec.Reader{Src: payload})
}

// jsonText reads a value that is well-formed, so that reading it cannot fail.
func jsonText(r *codec.Reader) string {
	switch b := r.Src[r.Pos]; {
	case b == 0xc0:
		r.Pos++
		return "null"
	case b == 0xc2 || b == 0xc3:
		r.Pos++
		return strconv.FormatBool(b == 0xc3)
	case b >= 0xc4 && b <= 0xc6:
		content, _ := r.Bin()
		return `{"$bin":"` + base64.StdEncoding.EncodeToString(content) + `"}`
	case b == 0xca || b == 0xcb:
		v, _ := r.Float()
		return jsonFloat(v)
	case isMap(b):
		n, _ := r.Map()
		entries := make([]string, n)
		for i := range entries {
			key, _ := r.String()
			entries[i] = jsonString(key) + ":" + jsonText(r)
		}
		return "{" + strings.Join(entries, ",") + "}"
	case isArray(b):
		n, _ := r.Array()
		elements := make([]string, n)
		for i := range elements {
			elements[i] = jsonText(r)
		}
		return "[" + strings.Join(elements, ",") + "]"
	case b >= 0x80 && b < 0xc0 || b >= 0xd9 && b <= 0xdb:
		s, _ := r.String()
		return jsonString(s)
	}
	n, negative, _ := r.Integer()
	if negative {
		return strconv.FormatInt(int64(n), 10)
	}
	return strconv.FormatUint(n, 10)
}

func isMap(b byte) bool   { return b&0xf0 == 0x80 || b == 0xde || b == 0xdf }
func isArray(b byte) bool { return b&0xf0 == 0x90 || b == 0xdc || b == 0xdd }

func jsonString(s []byte) string { return string(codec.AppendJSON(nil, string(s))) }

// jsonFloat gives a float such that it stays one.
func jsonFloat(v float64) string {
	switch {
	case v != v:
		return `{"$float":"nan"}`
	case math.IsInf(v, 1):
		return `{"$float":"inf"}`
	case math.IsInf(v, -1):
		return `{"$float":"-inf"}`
	}
	if size := math.Abs(v); size != 0 && (size < 1e-6 || size >= 1e21) {
		return strconv.FormatFloat(v, 'e', -1, 64)
	}
	text := strconv.FormatFloat(v, 'f', -1, 64)
	if !strings.Contains(text, ".") {
		text += ".0"
	}
	return text
}
