package stores_test

import (
	"hash/fnv"
	"strings"
	"testing"

	"github.com/eshost/eshost/stores"
)

// sliceVectors pin the frozen function: other programs place entities by it.
var sliceVectors = []struct {
	id    stores.EntityID
	slice uint16
}{
	{stores.EntityID{Type: "counter", ID: "a"}, 1000},
	{stores.EntityID{Type: "counter", ID: "b"}, 161},
	{stores.EntityID{Type: "counter", ID: "counter-00042"}, 600},
	{stores.EntityID{Type: "order", ID: "a"}, 188},
	{stores.EntityID{Type: "order", ID: "-line"}, 498},
	{stores.EntityID{Type: "order-line", ID: "a"}, 311},
	{stores.EntityID{Type: "order.x", ID: "a.b"}, 902},
	{stores.EntityID{Type: "_deployments", ID: "default"}, 427},
	{stores.EntityID{Type: "o", ID: ".."}, 150},
	{stores.EntityID{Type: "o", ID: "💥"}, 994},
	{stores.EntityID{Type: "o", ID: "日本語"}, 810},
	{stores.EntityID{Type: strings.Repeat("t", 64), ID: strings.Repeat("x", 512)}, 799},
}

func TestSlicesAreFrozen(t *testing.T) {
	for _, v := range sliceVectors {
		h := fnv.New32a()
		h.Write([]byte(v.id.Type + "\x00" + v.id.ID))
		if want := uint16(h.Sum32() % 1024); want != v.slice || v.id.Slice() != v.slice {
			t.Errorf("{%.20q, %.20q}: slice %d, by hash/fnv %d, pinned %d", v.id.Type, v.id.ID, v.id.Slice(), want, v.slice)
		}
	}
}

func TestARangeContainsItsSlices(t *testing.T) {
	for _, test := range []struct {
		r    stores.SliceRange
		in   []uint16
		out  []uint16
		zero bool
	}{
		{stores.SliceRange{}, []uint16{0, 1, 1023}, nil, true},
		{stores.SliceRange{From: 0, To: 1024}, []uint16{0, 1, 1023}, nil, false},
		{stores.SliceRange{From: 0, To: 1}, []uint16{0}, []uint16{1, 1023}, false},
		{stores.SliceRange{From: 5, To: 7}, []uint16{5, 6}, []uint16{0, 4, 7, 1023}, false},
		{stores.SliceRange{From: 5, To: 5}, nil, []uint16{0, 4, 5, 6}, false},
	} {
		if test.r.IsZero() != test.zero {
			t.Errorf("%v is zero: %v", test.r, test.r.IsZero())
		}
		for _, s := range test.in {
			if !test.r.Contains(s) {
				t.Errorf("%v lacks %d", test.r, s)
			}
		}
		for _, s := range test.out {
			if test.r.Contains(s) {
				t.Errorf("%v contains %d", test.r, s)
			}
		}
	}
}
