package abi_test

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/eshost/eshost/abi"
)

func TestNamesAndIDs(t *testing.T) {
	v := readVectors(t)
	check := func(what string, valid func(string) bool, w words) {
		t.Helper()
		for _, s := range w.Valid {
			if !valid(s) {
				t.Errorf("%s %q is refused", what, s)
			}
		}
		for _, s := range w.Invalid {
			if valid(s) {
				t.Errorf("%s %q is taken", what, s)
			}
		}
	}
	check("name", abi.ValidName, v.Names)
	check("id", abi.ValidID, v.IDs)
	check("id", abi.ValidID, words{Invalid: []string{"\xff", "a\xc3"}}) // what JSON cannot say
	check("code", abi.ValidCode, words{
		Valid:   []string{"overflow", "Zu viel!", strings.Repeat("x", 128)},
		Invalid: []string{"", "a\tb", strings.Repeat("x", 129), "\xff"},
	})
}

func TestCleanText(t *testing.T) {
	for _, c := range []struct{ name, in, want string }{
		{"nothing", "", ""},
		{"plain", "index out of range\n\tat x", "index out of range\n\tat x"},
		{"bytes that are not UTF-8", "a\xffb", "a\uFFFDb"},
		{"as long as it may be", strings.Repeat("x", 4096), strings.Repeat("x", 4096)},
		{"too long", strings.Repeat("x", 4097), strings.Repeat("x", 4096)},
		{"too long in the middle of a character", strings.Repeat("x", 4094) + "€", strings.Repeat("x", 4094)},
		{"too long after a whole character", strings.Repeat("x", 4093) + "€y", strings.Repeat("x", 4093) + "€"},
		{"too long and not UTF-8 at all", strings.Repeat("\x80", 5000), "\uFFFD"},
	} {
		got := abi.CleanText([]byte(c.in))
		if got != c.want || !utf8.ValidString(got) {
			t.Errorf("%s: got %q, want %q", c.name, got, c.want)
		}
	}
}

func TestWordsOfKindsAndStatuses(t *testing.T) {
	for k, want := range map[interface{ String() string }]string{
		abi.KindUnknownCommand: "unknown command",
		abi.KindPayload:        "payload does not decode",
		abi.KindState:          "state does not decode",
		abi.KindPanic:          "handler panicked",
		abi.KindFold:           "event cannot be folded",
		abi.Kind(9):            "kind 9",
		abi.Accepted:           "accepted",
		abi.Rejected:           "rejected",
		abi.Faulted:            "faulted",
		abi.Status(9):          "status 9",
	} {
		if got := k.String(); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}
