package replay_test

import (
	"testing"

	"github.com/eshost/eshost/abi"
	"github.com/eshost/eshost/host/internal/replay"
)

func TestADifferenceIsAPatchThatSaysWhatWasBefore(t *testing.T) {
	for _, test := range []struct{ old, new, want string }{
		{`3`, `4`, `[{"value":3,"op":"test","path":""},{"value":4,"op":"replace","path":""}]`},
		{`{"n":18446744073709551615,"s":"x"}`, `{"n":18446744073709551614,"s":"x"}`,
			`[{"value":18446744073709551615,"op":"test","path":"/n"},{"value":18446744073709551614,"op":"replace","path":"/n"}]`},
		{`{"a":[1,2]}`, `{"a":[1,2,3]}`, `[{"value":3,"op":"add","path":"/a/-"}]`},
		{`{"a/b":1}`, `{}`, `[{"value":1,"op":"test","path":"/a~1b"},{"op":"remove","path":"/a~1b"}]`},
		{`{"a":1}`, `{"a":1}`, `[]`},
		{`{"a":0}`, `{"a":{"$bin":"AQI="}}`, `[{"value":0,"op":"test","path":"/a"},{"value":{"$bin":"AQI="},"op":"replace","path":"/a"}]`},
	} {
		f := &replay.Finding{Old: payload(t, test.old), New: payload(t, test.new)}
		got, err := f.Difference()
		if err != nil || string(got) != test.want {
			t.Errorf("%s to %s: %s, %v", test.old, test.new, got, err)
		}
	}
	if got, err := (&replay.Finding{Old: []byte{0xc1}, New: []byte{1}}).Difference(); err == nil {
		t.Errorf("of no state: %s", got)
	}
}

func payload(t *testing.T, text string) []byte {
	t.Helper()
	b, err := abi.AppendFromJSON(nil, []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return b
}
