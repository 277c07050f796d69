package replay

import (
	"bytes"
	"encoding/json"
	"fmt"

	"github.com/wI2L/jsondiff"

	"github.com/eshost/eshost/abi"
)

// Difference returns a JSON patch (RFC 6902) that makes the new plugin's state of the old one's, both
// in their JSON form. Before each operation that changes or removes a value, one of the kind test says what it was. A
// patch without operations means that the states differ in their encoding alone.
func (f *Finding) Difference() ([]byte, error) { return difference(f.Old, f.New) }

func difference(old, new []byte) ([]byte, error) {
	var texts [2][]byte
	for i, state := range [][]byte{old, new} {
		text, err := abi.AppendJSON(nil, state)
		if err != nil {
			return nil, fmt.Errorf("compare states: %w", err)
		}
		texts[i] = text
	}
	patch, err := jsondiff.CompareJSON(texts[0], texts[1], jsondiff.Invertible(), jsondiff.UnmarshalFunc(exact))
	if err != nil {
		return nil, fmt.Errorf("compare states: %w", err)
	}
	if patch == nil {
		patch = jsondiff.Patch{}
	}
	return json.Marshal(patch)
}

// exact is json.Unmarshal that keeps integers as they are.
func exact(text []byte, v any) error {
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	return d.Decode(v)
}
