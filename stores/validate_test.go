package stores_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/eshost/eshost/stores"
)

func TestWhatIsAnEntityID(t *testing.T) {
	for _, test := range []struct {
		typ, id string
		valid   bool
	}{
		{"counter", "a", true},
		{"c", " ", true},
		{"order-line.x_9", "a/b *>.. 💥\u00a0", true},
		{"_deployments", "a", true},
		{strings.Repeat("t", 64), strings.Repeat("x", 512), true},
		{"_" + strings.Repeat("t", 64), "a", true},
		{"", "a", false},
		{"_", "a", false},
		{"__x", "a", false},
		{"_9", "a", false},
		{"9x", "a", false},
		{"Counter", "a", false},
		{"counTer", "a", false},
		{"count er", "a", false},
		{"zähler", "a", false},
		{".x", "a", false},
		{strings.Repeat("t", 65), "a", false},
		{"counter", "", false},
		{"counter", strings.Repeat("x", 513), false},
		{"counter", strings.Repeat("é", 257), false},
		{"counter", "a\x00b", false},
		{"counter", "a\nb", false},
		{"counter", "\x7f", false},
		{"counter", "\u0085", false},
		{"counter", "a\xff", false},
		{"counter", "\xc3", false},
		{"counter", "\ufffd", true}, // the replacement character itself is a character
	} {
		err := stores.EntityID{Type: test.typ, ID: test.id}.Validate()
		if (err == nil) != test.valid || err != nil && !errors.Is(err, stores.ErrInvalidID) {
			t.Errorf("{%.30q, %.30q}: %v, want valid %v", test.typ, test.id, err, test.valid)
		}
		if err != nil && len(err.Error()) > 500 {
			t.Errorf("{%.30q, %.30q}: the error has %d bytes", test.typ, test.id, len(err.Error()))
		}
	}
}

func TestWhatIsACommandID(t *testing.T) {
	for id, valid := range map[string]bool{
		"a": true, "a b/💥": true, strings.Repeat("x", 128): true,
		"": false, strings.Repeat("x", 129): false, "a\tb": false, "\xff": false,
	} {
		if err := stores.ValidateCommandID(id); (err == nil) != valid || err != nil && !errors.Is(err, stores.ErrInvalidID) {
			t.Errorf("%.30q: %v, want valid %v", id, err, valid)
		}
	}
}
