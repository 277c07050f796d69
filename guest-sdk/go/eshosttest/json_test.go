package eshosttest

import (
	"encoding/hex"
	"encoding/json"
	"os"
	"testing"
)

func TestPayloadsAreShownInTheirJSONForm(t *testing.T) {
	text, err := os.ReadFile("../../../abi/testdata/vectors.json")
	if err != nil {
		t.Fatal(err)
	}
	type vector struct {
		JSON, Bytes string
		Back        *string
	}
	var vectors struct {
		JSON          []vector
		PayloadToJSON []vector `json:"payload_to_json"`
	}
	if err := json.Unmarshal(text, &vectors); err != nil {
		t.Fatal(err)
	}
	if len(vectors.JSON) < 20 || len(vectors.PayloadToJSON) < 5 {
		t.Fatal("the golden vectors lack a section")
	}
	for _, v := range append(vectors.JSON, vectors.PayloadToJSON...) {
		payload, err := hex.DecodeString(v.Bytes)
		if err != nil {
			t.Fatal(err)
		}
		want := v.JSON
		if v.Back != nil {
			want = *v.Back
		}
		if got := jsonOf(payload); got != want {
			t.Errorf("%s is shown as %s, want %s", v.Bytes, got, want)
		}
	}
}

func TestWhatIsNoPayloadIsShownAllTheSame(t *testing.T) {
	for payload, want := range map[string]string{"": "malformed bytes ", "\x01\x02": "malformed bytes 0102", "\xa2a": "malformed bytes a261"} {
		if got := jsonOf([]byte(payload)); got != want {
			t.Errorf("%q is shown as %q, want %q", payload, got, want)
		}
	}
	if got := jsonOf(nil); got != "nothing" {
		t.Errorf("no payload is shown as %q", got)
	}
}
