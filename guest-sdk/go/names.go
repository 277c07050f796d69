package eshost

import (
	"strconv"
	"unicode"
	"unicode/utf8"
)

func quote(s string) string { return strconv.Quote(s) }

// checkName gives name back, or panics if it cannot name a type, a command or an event.
func checkName(what, name string) string {
	ok := len(name) > 0 && len(name) <= 64 && name[0] >= 'a' && name[0] <= 'z'
	for i := range len(name) {
		c := name[i]
		ok = ok && (c >= 'a' && c <= 'z' || c >= '0' && c <= '9' || c == '_' || c == '.' || c == '-')
	}
	if !ok {
		panic("eshost: " + what + " " + quote(name) + ": a name is 1 to 64 characters: a-z first, then a-z, 0-9, '_', '.' or '-'")
	}
	return name
}

// checkCode gives code back, or panics if it cannot be the code of a rejection.
func checkCode(code string) string {
	ok := len(code) > 0 && len(code) <= 128 && utf8.ValidString(code)
	for _, r := range code {
		ok = ok && !unicode.IsControl(r)
	}
	if !ok {
		panic("eshost: rejection " + quote(code) + ": a code is 1 to 128 bytes of UTF-8 without control characters")
	}
	return code
}
