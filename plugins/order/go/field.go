package main

import (
	eshost "github.com/eshost/eshost/guest-sdk/go"
)

const maxTextBytes = 512

// Invalid names the first field of a command that is wrong, as in "shipping.city".
type Invalid struct{ Field string }

var invalid = eshost.NewRejectionWith[Invalid]("invalid")

// checked is a command that says what must be right about its fields, in the order in which they are declared.
type checked interface{ check(f *fields) }

// fields collects what is wrong about the fields of a struct.
type fields struct{ wrong string } // the first of them; empty: none

// hold says that the field must be right.
func (f *fields) hold(name string, right bool) {
	if !right && f.wrong == "" {
		f.wrong = name
	}
}

func isText(s string) bool { return 1 <= len(s) && len(s) <= maxTextBytes }

func (f *fields) text(name, value string) { f.hold(name, isText(value)) }

func (f *fields) optionalText(name string, value eshost.Optional[string]) {
	text, present := value.Get()
	f.hold(name, !present || isText(text))
}

// inner checks the fields of a struct that is a field itself.
func (f *fields) inner(name string, value checked) {
	if f.wrong != "" {
		return
	}
	if value.check(f); f.wrong != "" {
		f.wrong = name + "." + f.wrong
	}
}

// isDigits reports whether s is n decimal digits.
func isDigits(s string, n int) bool {
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return len(s) == n
}

// TooMany says that there is no room for more of something.
type TooMany struct {
	What  string
	Limit uint32
}

var tooMany = eshost.NewRejectionWith[TooMany]("too_many")
