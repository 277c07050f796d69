package config

import (
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/eshost/eshost/cmd/eshost/internal/storeurl"
)

// slash joins the parts of a key inside this package: names of types may contain dots.
const slash = "/"

// setting is a key that exists.
type setting struct {
	key    string
	kind   reflect.Type
	def    any    // nil: none
	secret string // "true": all of it is; "url": what a URL has of secrets; empty: no
}

// redact returns the value as it may be shown.
func (s *setting) redact(v any) any {
	text, ok := v.(string)
	switch {
	case !ok || text == "" || s.secret == "":
		return v
	case s.secret == "url":
		return storeurl.Redact(text)
	default:
		return redacted
	}
}

// settings lists the keys of a struct. A map of structs is listed under its
// own key with "*" in place of the name.
func settings(v reflect.Value, prefix string) []setting {
	var all []setting
	for i := range v.NumField() {
		f := v.Type().Field(i)
		tag := f.Tag.Get("koanf")
		if tag == "" {
			continue
		}
		key := prefix + tag
		switch {
		case f.Type.Kind() == reflect.Struct:
			all = append(all, settings(v.Field(i), key+slash)...)
		case f.Type.Kind() == reflect.Map:
			for _, s := range settings(reflect.New(f.Type.Elem()).Elem(), key+slash+"*"+slash) {
				s.def = nil
				all = append(all, s)
			}
		default:
			all = append(all, setting{key: key, kind: f.Type, def: v.Field(i).Interface(), secret: f.Tag.Get("secret")})
		}
	}
	return all
}

// known are all the keys there are.
func known() []setting { return settings(reflect.ValueOf(Default()).Elem(), "") }

// find returns the setting of a key.
func find(all []setting, key string) (setting, bool) {
	for _, s := range all {
		if prefix, suffix, many := strings.Cut(s.key, "*"); s.key == key ||
			many && strings.HasPrefix(key, prefix) && strings.HasSuffix(key, suffix) &&
				len(key) > len(prefix)+len(suffix) && !strings.Contains(key[len(prefix):len(key)-len(suffix)], slash) {
			return s, true
		}
	}
	return setting{}, false
}

// closest returns the key that was perhaps meant, or "".
func closest(all []setting, key string) string {
	best, at := "", 4 // further apart is something else
	for _, s := range all {
		if d := distance(key, s.key); d < at {
			best, at = s.key, d
		}
	}
	if _, name, ok := strings.Cut(key, slash); best == "" {
		if !ok {
			name = key
		}
		for _, s := range all { // right key, wrong section
			if strings.HasSuffix(s.key, slash+name) {
				return s.key
			}
		}
	}
	return best
}

// distance is the edit distance of two strings.
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := diagonal
			if a[i] != b[j] {
				cost++
			}
			diagonal = row[j+1]
			row[j+1] = min(cost, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}

// parse makes a value of a text, as the environment and flags give it.
func parse(s setting, text string) (any, error) {
	kind := s.kind
	if kind.Kind() == reflect.Pointer {
		kind = kind.Elem()
	}
	switch {
	case kind == reflect.TypeFor[time.Duration]():
		d, err := time.ParseDuration(text)
		if err != nil {
			return nil, fmt.Errorf("%q is not a duration such as 1m30s", text)
		}
		return d, nil
	case kind.Kind() == reflect.String:
		return text, nil
	case kind.Kind() == reflect.Bool:
		b, err := strconv.ParseBool(text)
		if err != nil {
			return nil, fmt.Errorf("%q is neither true nor false", text)
		}
		return b, nil
	case kind.Kind() == reflect.Float64:
		f, err := strconv.ParseFloat(text, 64)
		if err != nil {
			return nil, fmt.Errorf("%q is not a number", text)
		}
		return f, nil
	case kind.Kind() == reflect.Slice:
		parts := slices.DeleteFunc(strings.Split(text, ","), func(p string) bool { return strings.TrimSpace(p) == "" })
		for i := range parts {
			parts[i] = strings.TrimSpace(parts[i])
		}
		return parts, nil
	default:
		n, err := strconv.ParseInt(text, 10, 64)
		if err != nil {
			return nil, fmt.Errorf("%q is not an integer", text)
		}
		return n, nil
	}
}
