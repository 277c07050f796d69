package abi

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// The rules in words, for messages.
const (
	NameRule = "1 to 64 characters: a-z first, then a-z, 0-9, '_', '.' or '-'"
	IDRule   = "1 to 512 bytes of UTF-8 without control characters"
	CodeRule = "1 to 128 bytes of UTF-8 without control characters"
)

const (
	maxNameBytes = 64
	maxIDBytes   = 512
	maxCodeBytes = 128
)

// ValidName reports whether s can name an entity type, a command or an event
// of a plugin. Types that begin with '_' are eshost's own and are not valid
// here.
func ValidName(s string) bool {
	if len(s) == 0 || len(s) > maxNameBytes || s[0] < 'a' || s[0] > 'z' {
		return false
	}
	for i := 1; i < len(s); i++ {
		c := s[i]
		if (c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '_' && c != '.' && c != '-' {
			return false
		}
	}
	return true
}

// ValidID reports whether s can be the id of an entity. Control characters are
// those of Unicode's category Cc.
func ValidID(s string) bool { return plainText(s, maxIDBytes) }

// ValidCode reports whether s can be the code of a rejection.
func ValidCode(s string) bool { return plainText(s, maxCodeBytes) }

func plainText[T string | []byte](s T, limit int) bool {
	if len(s) == 0 || len(s) > limit {
		return false
	}
	ascii := true
	for i := 0; i < len(s); i++ {
		c := s[i]
		if c < 0x20 || c == 0x7f {
			return false
		}
		ascii = ascii && c < utf8.RuneSelf
	}
	if ascii {
		return true
	}
	t := string(s)
	return utf8.ValidString(t) && strings.IndexFunc(t, unicode.IsControl) < 0
}

// CleanText makes a text for people of what a guest gave as one: bytes that
// are not UTF-8 are replaced, and what is beyond [MaxTextBytes] is cut off.
// The result does not share b's memory.
func CleanText(b []byte) string {
	cut := len(b) > MaxTextBytes
	if cut {
		b = b[:MaxTextBytes]
		for i := 1; i < utf8.UTFMax && i <= len(b); i++ {
			if start := len(b) - i; utf8.RuneStart(b[start]) {
				if !utf8.FullRune(b[start:]) {
					b = b[:start]
				}
				break
			}
		}
	}
	return strings.ToValidUTF8(string(b), "\uFFFD")
}
