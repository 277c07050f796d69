package abi_test

import (
	"errors"
	"testing"

	"github.com/eshost/eshost/abi"
)

func TestCheckPayload(t *testing.T) {
	v := readVectors(t)
	t.Run("takes", func(t *testing.T) {
		each(t, v.WellformedPayloads, func(c *malformed) string { return c.Name }, func(t *testing.T, c *malformed) {
			if err := abi.CheckPayload(c.Bytes); err != nil {
				t.Errorf("%x: %v", c.Bytes, err)
			}
		})
		for _, c := range v.Payloads {
			for _, b := range append([]hexBytes{c.Bytes}, c.Also...) {
				if err := abi.CheckPayload(b); err != nil {
					t.Errorf("%s: %x: %v", c.Name, b, err)
				}
			}
		}
	})
	t.Run("refuses", func(t *testing.T) {
		each(t, v.MalformedPayloads, func(c *malformed) string { return c.Name }, func(t *testing.T, c *malformed) {
			wantAt(t, abi.CheckPayload(c.Bytes), c.At)
		})
		for _, c := range v.Payloads {
			for n := range c.Bytes {
				if err := abi.CheckPayload(c.Bytes[:n]); !errors.As(err, new(*abi.FormatError)) {
					t.Errorf("%s: %x, which is cut off: got error %v, want a *FormatError", c.Name, c.Bytes[:n], err)
				}
			}
			if err := abi.CheckPayload(append(c.Bytes, 0)); err == nil {
				t.Errorf("%s: is taken with a byte after it", c.Name)
			}
		}
	})
}
