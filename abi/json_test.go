package abi_test

import (
	"bytes"
	"strconv"
	"testing"

	"github.com/eshost/eshost/abi"
)

func TestJSONVectors(t *testing.T) {
	each(t, readVectors(t).JSON, func(c *jsonVector) string { return c.JSON }, func(t *testing.T, c *jsonVector) {
		text, back := c.text()
		got, err := abi.AppendFromJSON([]byte("before"), []byte(text))
		if err != nil {
			t.Fatal(err)
		}
		wantEncoding(t, c.Bytes, got)
		printed, err := abi.AppendJSON([]byte("before"), c.Bytes)
		if err != nil || string(printed) != "before"+back {
			t.Errorf("printed as %s (error %v), want %s after what was there", printed, err, back)
		}
	})
}

func TestPayloadsPrintedAsJSON(t *testing.T) {
	each(t, readVectors(t).PayloadToJSON, func(c *jsonVector) string { return c.Name }, func(t *testing.T, c *jsonVector) {
		printed, err := abi.AppendJSON(nil, c.Bytes)
		if err != nil || string(printed) != c.JSON {
			t.Errorf("printed as %s (error %v), want %s", printed, err, c.JSON)
		}
	})
}

func TestJSONThatIsRefused(t *testing.T) {
	each(t, readVectors(t).JSONErrors, func(c *jsonVector) string { return c.Name }, func(t *testing.T, c *jsonVector) {
		text, _ := c.text()
		got, err := abi.AppendFromJSON([]byte("before"), []byte(text))
		wantAt(t, err, c.At)
		if string(got) != "before" {
			t.Errorf("gives %q with the error, want what was there", got)
		}
	})
}

func TestMalformedPayloadsAreNotPrinted(t *testing.T) {
	each(t, readVectors(t).MalformedPayloads, func(c *malformed) string { return c.Name }, func(t *testing.T, c *malformed) {
		got, err := abi.AppendJSON([]byte("before"), c.Bytes)
		wantAt(t, err, c.At)
		if string(got) != "before" {
			t.Errorf("gives %q with the error, want what was there", got)
		}
	})
}

func TestCanonicalPayloadsSurviveJSON(t *testing.T) {
	for _, c := range readVectors(t).Payloads {
		text, err := abi.AppendJSON(nil, c.Bytes)
		if err != nil {
			t.Fatal(err)
		}
		back, err := abi.AppendFromJSON(nil, text)
		if err != nil || !bytes.Equal(back, c.Bytes) {
			t.Errorf("%s: %s comes back as %x (error %v), want %x", c.Name, text, back, err, c.Bytes)
		}
	}
}

func TestLargeCollectionsSurviveJSON(t *testing.T) {
	for _, n := range []int{15, 16, 65535, 65536} {
		list := abi.AppendArray(nil, n)
		keyed := abi.AppendMap(nil, n)
		for i := range n {
			list = abi.AppendUint(list, uint64(i))
			keyed = abi.AppendUint(abi.AppendString(keyed, strconv.Itoa(i)), uint64(i))
		}
		for _, payload := range [][]byte{list, keyed, abi.AppendString(nil, string(bytes.Repeat([]byte("x"), n))), abi.AppendBin(nil, make([]byte, n))} {
			text, err := abi.AppendJSON(nil, payload)
			if err != nil {
				t.Fatal(err)
			}
			back, err := abi.AppendFromJSON(nil, text)
			if err != nil || !bytes.Equal(back, payload) {
				t.Errorf("%d elements after %x: comes back as %d bytes (error %v), want the %d there were", n, payload[:1], len(back), err, len(payload))
			}
		}
	}
}
