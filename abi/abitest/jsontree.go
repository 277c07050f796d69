package abitest

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"
)

// jsonObject is a JSON object that knows the order of its keys, which for the
// properties of a schema is the declared order of the fields.
type jsonObject struct {
	keys   []string
	values map[string]any // *jsonObject, []any, string, json.Number, bool or nil
}

func (o *jsonObject) object(key string) *jsonObject {
	inner, _ := o.values[key].(*jsonObject)
	return inner
}

func (o *jsonObject) list(key string) []any {
	inner, _ := o.values[key].([]any)
	return inner
}

func (o *jsonObject) string(key string) string {
	s, _ := o.values[key].(string)
	return s
}

func (o *jsonObject) number(key string) string {
	n, _ := o.values[key].(json.Number)
	return n.String()
}

func (o *jsonObject) has(key string) bool {
	_, ok := o.values[key]
	return ok
}

// parseJSON reads a JSON text into a tree.
func parseJSON(text string) (any, error) {
	d := json.NewDecoder(strings.NewReader(text))
	d.UseNumber()
	v, err := jsonValue(d)
	if err != nil {
		return nil, err
	}
	if _, err := d.Token(); err != io.EOF {
		return nil, fmt.Errorf("something comes after the value")
	}
	return v, nil
}

func jsonValue(d *json.Decoder) (any, error) {
	token, err := d.Token()
	if err != nil {
		return nil, err
	}
	switch token {
	case json.Delim('{'):
		o := &jsonObject{values: make(map[string]any)}
		for d.More() {
			key, err := d.Token()
			if err != nil {
				return nil, err
			}
			v, err := jsonValue(d)
			if err != nil {
				return nil, err
			}
			o.keys = append(o.keys, key.(string))
			o.values[key.(string)] = v
		}
		_, err := d.Token()
		return o, err
	case json.Delim('['):
		items := []any{}
		for d.More() {
			v, err := jsonValue(d)
			if err != nil {
				return nil, err
			}
			items = append(items, v)
		}
		_, err := d.Token()
		return items, err
	}
	return token, nil
}
