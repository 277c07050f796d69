package abitest_test

import (
	"encoding/hex"
	"encoding/json"
	"os"
	"strings"
	"testing"

	"github.com/eshost/eshost/abi"
	"github.com/eshost/eshost/abi/abitest"
)

// fromJSON makes a payload of its JSON form.
func fromJSON(tb testing.TB, text string) []byte {
	tb.Helper()
	b, err := abi.AppendFromJSON(nil, []byte(text))
	if err != nil {
		tb.Fatal(err)
	}
	return b
}

func TestTheCanonicalPayloadsOfTheVectorsAndNoOtherFormsOfThemAreCanonical(t *testing.T) {
	text, err := os.ReadFile("../testdata/vectors.json")
	if err != nil {
		t.Fatal(err)
	}
	var vectors struct {
		Payloads []struct {
			Name  string
			Type  json.RawMessage
			Bytes string
			Also  []string
		}
	}
	if err := json.Unmarshal(text, &vectors); err != nil || len(vectors.Payloads) == 0 {
		t.Fatalf("%d payloads, error %v", len(vectors.Payloads), err)
	}
	unhex := func(text string) []byte {
		b, err := hex.DecodeString(text)
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	noticed := 0
	for _, v := range vectors.Payloads {
		if wrong := abitest.Canonical(unhex(v.Bytes)); wrong != "" {
			t.Errorf("%s: %s: %s", v.Name, v.Bytes, wrong)
		}
		for _, other := range v.Also {
			wrong := abitest.Canonical(unhex(other))
			// Without a schema it is not seen that fields are out of order, or that an integer should be a float.
			if wrong == "" && !strings.Contains(string(v.Type), "struct") && !strings.Contains(string(v.Type), "map") && string(v.Type) != `"f64"` && string(v.Type) != `"f32"` {
				t.Errorf("%s: %s passes for canonical", v.Name, other)
			}
			if wrong != "" {
				noticed++
			}
		}
	}
	if noticed == 0 {
		t.Error("nothing is noticed")
	}
}

func TestTheOrderOfKeysIsCheckedByTheSchema(t *testing.T) {
	const structure = `{"type":"object","properties":{"z":{"type":"integer"},"a":{"$ref":"#/$defs/m"}},"$defs":{"m":{"type":"object","additionalProperties":{"type":"integer"}}}}`
	for _, c := range []struct{ payload, wrong string }{
		{`{"z":1,"a":{"b":1,"c":2}}`, ""},
		{`{"z":1}`, ""},
		{`{"a":{},"z":1}`, `"z" comes too late`},
		{`{"z":1,"a":{"c":1,"b":2}}`, `"b" comes after "c"`},
	} {
		if got := abitest.CanonicalBy(fromJSON(t, c.payload), structure); c.wrong == "" && got != "" || !strings.Contains(got, c.wrong) {
			t.Errorf("%s: %q, want %q", c.payload, got, c.wrong)
		}
	}
}

func TestWhatIsRefusedFollowsTheSchema(t *testing.T) {
	for _, c := range []struct {
		schema, payload string
		refused, taken  []string // in their JSON form
	}{
		{`{"type":"object","properties":{"n":{"type":"integer","minimum":0,"maximum":255},"s":{"type":["string","null"]},"x":true},"required":["n","x"]}`, `{"n":1,"s":"a","x":1}`,
			[]string{`{"n":-1,"s":"a","x":1}`, `{"n":256,"s":"a","x":1}`, `{"n":5.0,"s":"a","x":1}`, `{"n":null,"s":"a","x":1}`, `{"s":"a","x":1}`, `{"n":1,"s":"a"}`, `{"n":1,"s":7,"x":1}`, `[1]`},
			[]string{`{"n":1,"s":null,"x":1}`, `{"n":1,"x":1}`, `{"n":1,"s":"a","x":true}`, `{"n":1,"s":"a","x":null}`, `{}`}},
		{`{"type":"integer","format":"int64"}`, `5`, []string{`9223372036854775808`, `"eshost"`, `true`, `{}`, `5.0`}, []string{`-1`}},
		{`{"type":"number"}`, `1.5`, []string{`"eshost"`, `true`, `{}`}, []string{`7`, `5.0`}},
		{`{"oneOf":[{"const":"idle"},{"type":"object","properties":{"at":{"type":"integer"}},"required":["at"],"additionalProperties":false}]}`, `{"at":3}`,
			[]string{`{"at":5.0}`, `"at"`, `{"idle":1}`, `{}`, `{"at":3,"eshost-kit-no-such-variant":1}`, `"eshost-kit-no-such-variant"`, `7`}, []string{`"idle"`, `{"at":7}`}},
		{`{"type":"array","items":{"type":"object","properties":{"$bin":{"type":"string"}}}}`, `[{"$bin":"AQ=="}]`, []string{`["eshost"]`, `[7]`, `[null]`, `{}`}, []string{`[]`}},
		{`true`, `5`, nil, []string{`"eshost"`, `{}`}},
		{``, `{"by":5}`, []string{`[1]`, `{"by":"eshost"}`, `{"by":5.0}`}, []string{`{"by":-1}`, `{}`, `{"by":null}`}},
	} {
		refused := make(map[string]string)
		for what, payload := range abitest.Wrong(fromJSON(t, c.payload), c.schema) {
			text, err := abi.AppendJSON(nil, payload)
			if err != nil {
				t.Fatal(err)
			}
			refused[string(text)] = what
		}
		for _, want := range c.refused {
			if refused[want] == "" {
				t.Errorf("%s: %s is not refused in place of %s; refused are %v", c.schema, want, c.payload, refused)
			}
		}
		for _, not := range append(c.taken, c.payload) {
			if refused[not] != "" {
				t.Errorf("%s: %s is refused in place of %s: %s", c.schema, not, c.payload, refused[not])
			}
		}
	}
}

func TestPayloadsAreMadeFromASchema(t *testing.T) {
	const node = `{"$ref":"#/$defs/1","$defs":{"1":{"type":"object","properties":{"name":{"type":"string"},"next":{"$ref":"#/$defs/1"},"tags":{"type":"array","items":{"enum":["x","y"]}}},"required":["name"]}}}`
	for schema, want := range map[string][]string{
		`{"type":"object","properties":{"by":{"type":"integer","minimum":0}},"required":["by"]}`: {`{"by":1}`},
		`{"type":"object","properties":{}}`:    {`{}`},
		`{"type":"string","pattern":"^[0-9]"}`: nil, // more than a shape tells
		`{"anyOf":[{"type":"number"},{"type":"object","properties":{"$float":{"type":"string"}},"required":["$float"]}]}`: {`1.5`},
		`{"type":"nonsense"}`: nil,
	} {
		var got []string
		for _, payload := range abitest.Made(schema) {
			text, err := abi.AppendJSON(nil, payload)
			if err != nil {
				t.Fatal(err)
			}
			got = append(got, string(text))
		}
		if strings.Join(got, " ") != strings.Join(want, " ") {
			t.Errorf("%s: made %v, want %v", schema, got, want)
		}
	}
	if made := abitest.Made(node); len(made) != 2 {
		t.Errorf("a type that contains itself: made %x", made)
	}
}

func TestOtherFormsMeanTheSame(t *testing.T) {
	const schema = `{"type":"object","properties":{"by":{"type":"integer"},"note":{"type":"string"}},"required":["by"]}`
	got := abitest.Rewritten(fromJSON(t, `{"by":5}`), schema)
	for what, want := range map[string]string{
		"integers as 64 bits with a sign":             "81a26279d30000000000000005",
		"fields that the struct has not":              "",
		`nil for the optional field "note"`:           "82a2627905a46e6f7465c0",
		"integers as 64 bits, and every length in 32": "df00000001db000000026279cf0000000000000005",
	} {
		if b := got[what]; b == nil || want != "" && hex.EncodeToString(b) != want {
			t.Errorf("%s: %x, want %s", what, b, want)
		}
	}
}

// Whoever writes a schema by hand may write one that is nothing but itself, or that bounds a signed integer.
func TestWhatASchemaSaysIsNotTakenForMore(t *testing.T) {
	for _, schema := range []string{
		`{"anyOf":[{"$ref":"#"},{"type":"null"}]}`,
		`{"$ref":"#/$defs/a","$defs":{"a":{"oneOf":[{"$ref":"#/$defs/b"}]},"b":{"oneOf":[{"$ref":"#/$defs/a"}]}}}`,
	} {
		if made := abitest.Made(schema); len(made) != 0 {
			t.Errorf("%s: made %x", schema, made)
		}
		for what := range abitest.Wrong([]byte{5}, schema) {
			t.Errorf("%s: %s is taken for wrong", schema, what)
		}
	}
	negative := func(schema string) (found bool) {
		for what, payload := range abitest.Wrong([]byte{5}, schema) {
			found = found || len(payload) == 1 && payload[0] >= 0xe0 || strings.Contains(what, "negative")
		}
		return found
	}
	if schema := `{"type":"integer","minimum":0}`; negative(schema) {
		t.Errorf("%s: a negative number is taken for wrong", schema)
	}
	for range 20 {
		if schema := `{"type":"integer","minimum":0,"maximum":4294967295,"format":"int64"}`; !negative(schema) {
			t.Fatalf("%s: a negative number is not taken for wrong", schema)
		}
	}
}
