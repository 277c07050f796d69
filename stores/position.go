package stores

import (
	"fmt"
	"strconv"
	"strings"
)

// Position is a place in the whole log: a commit and the index of an event in
// it. It is opaque, comparable with ==, and resumable: a Scan after it goes on
// with the very next event. The zero Position is before the first event. It
// has nothing to do with an entity's sequence number.
type Position struct {
	commit string // the engine's own name of the commit's place: [A-Za-z0-9_.]+
	event  uint32
}

// NewPosition is for stores: the place of a commit as the engine names it, and
// an event's index in the commit.
func NewPosition(commit string, event uint32) Position { return Position{commit, event} }

// Commit returns the engine's name of the commit's place; empty at the start.
func (p Position) Commit() string { return p.commit }

// Event returns the index of the event in its commit.
func (p Position) Event() uint32 { return p.event }

// IsZero reports whether p is before the first event.
func (p Position) IsZero() bool { return p.commit == "" }

// String returns the position as text that [ParsePosition] takes; empty for zero.
func (p Position) String() string {
	if p.IsZero() {
		return ""
	}
	return p.commit + "-" + strconv.FormatUint(uint64(p.event), 10)
}

// ParsePosition is the inverse of String. It wraps ErrPosition when s is not a
// position; whether it is one of a certain log, that log says.
func ParsePosition(s string) (Position, error) {
	if s == "" {
		return Position{}, nil
	}
	commit, event, ok := strings.Cut(s, "-")
	n, err := strconv.ParseUint(event, 10, 32)
	if !ok || err != nil || commit == "" || strings.Trim(commit, "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_.") != "" {
		return Position{}, fmt.Errorf("parse position %.80q: %w", s, ErrPosition)
	}
	return Position{commit, uint32(n)}, nil
}

// MarshalText implements encoding.TextMarshaler.
func (p Position) MarshalText() ([]byte, error) { return []byte(p.String()), nil }

// UnmarshalText implements encoding.TextUnmarshaler.
func (p *Position) UnmarshalText(b []byte) error {
	q, err := ParsePosition(string(b))
	if err == nil {
		*p = q
	}
	return err
}
