package stores

import (
	"fmt"
	"unicode/utf8"
)

// Limits of names and ids.
const (
	MaxNameBytes      = 64  // of type, command and event names
	MaxIDBytes        = 512 // of an entity's id
	MaxCommandIDBytes = 128 // of a command's id
)

// Validate reports whether the type is a name and the id is 1-512 bytes of
// UTF-8 without control characters. The error wraps ErrInvalidID.
func (e EntityID) Validate() error {
	if !validType(e.Type) {
		return fmt.Errorf("entity type %.80q: %w: a type is [a-z][a-z0-9_.-]{0,63}", e.Type, ErrInvalidID)
	}
	if len(e.ID) == 0 || len(e.ID) > MaxIDBytes {
		return fmt.Errorf("entity id %.80q of %d bytes: %w: an id has 1 to %d bytes", e.ID, len(e.ID), ErrInvalidID, MaxIDBytes)
	}
	if !printable(e.ID) {
		return fmt.Errorf("entity id %.80q: %w: an id is UTF-8 without control characters", e.ID, ErrInvalidID)
	}
	return nil
}

// ValidateCommandID is like Validate for a command's id: 1-128 bytes.
func ValidateCommandID(id string) error {
	if len(id) == 0 || len(id) > MaxCommandIDBytes || !printable(id) {
		return fmt.Errorf("command id %.80q: %w: a command id is 1 to %d bytes of UTF-8 without control characters", id, ErrInvalidID, MaxCommandIDBytes)
	}
	return nil
}

// validType accepts eshost's own types too: a name behind one "_".
func validType(s string) bool {
	if len(s) > 1 && s[0] == '_' {
		s = s[1:]
	}
	if len(s) == 0 || len(s) > MaxNameBytes || s[0] < 'a' || s[0] > 'z' {
		return false
	}
	for i := 1; i < len(s); i++ {
		switch c := s[i]; {
		case c >= 'a' && c <= 'z', c >= '0' && c <= '9', c == '_', c == '.', c == '-':
		default:
			return false
		}
	}
	return true
}

// printable reports whether s is UTF-8 without control characters (C0, DEL, C1).
func printable(s string) bool {
	for i := 0; i < len(s); {
		if c := s[i]; c >= 0x20 && c < 0x7f { // nearly always
			i++
			continue
		}
		r, n := utf8.DecodeRuneInString(s[i:])
		if r == utf8.RuneError && n == 1 || r < 0x20 || r >= 0x7f && r < 0xa0 {
			return false
		}
		i += n
	}
	return true
}
