package api

import (
	"bytes"
	"encoding/json"
	"fmt"
	"unicode/utf8"

	"github.com/eshost/eshost/abi"
	"github.com/eshost/eshost/cmd/eshost/internal/wire"
	"github.com/eshost/eshost/stores"
)

// maxRefBytes bounds the mark by which a client knows an answer.
const maxRefBytes = 1024

// line is one command of a bulk stream. It is used again, with its buffers.
type line struct {
	ref       []byte // as JSON; empty: none
	entity    stores.EntityID
	command   string
	commandID string
	payload   []byte
	expects   bool
	expected  uint64
	size      int64 // what it counts for while it is in flight

	scratch []byte
}

// parse reads a line. It is stricter than encoding/json: names are exact, none is
// unknown or comes twice, and text that is not UTF-8 is not mended, since an id must
// not turn into another's. When it fails, ref is set if the line had a good one.
func (l *line) parse(text []byte, names map[string]string) *wire.Problem {
	*l = line{ref: l.ref[:0], payload: l.payload[:0], scratch: l.scratch[:0]}
	var members [memberCount][]byte
	if at, what := scanObject(text, &members); what != "" {
		l.setRef(members[memberRef])
		return wire.Invalid(fmt.Sprintf("%s (at byte %d)", what, at))
	}
	if !l.setRef(members[memberRef]) {
		return wire.Invalid(fmt.Sprintf("ref: want a JSON value of at most %d bytes", maxRefBytes))
	}
	if p := l.setNames(&members, names); p != nil {
		return p
	}
	if v := members[memberCommandID]; v != nil && !isNull(v) {
		id, ok := l.text(v)
		if !ok {
			return wire.Invalid("command_id: want a string")
		}
		l.commandID = string(id)
		if err := stores.ValidateCommandID(l.commandID); err != nil {
			return wire.Invalid(err.Error())
		}
	}
	if v := members[memberExpectedSeq]; v != nil && !isNull(v) {
		if l.expected, l.expects = wire.ParseSeq(string(v)); !l.expects {
			return wire.Invalid(fmt.Sprintf("expected_seq %.40q: want a sequence number", v))
		}
	}
	var err error
	if l.payload, err = abi.AppendFromJSON(l.payload, members[memberPayload]); err != nil {
		return &wire.Problem{Kind: wire.InvalidPayload, Detail: "payload: " + err.Error()}
	}
	return nil
}

// setNames reads the type, the id and the command.
func (l *line) setNames(members *[memberCount][]byte, names map[string]string) *wire.Problem {
	for _, i := range []int{memberType, memberID, memberCommand} {
		if members[i] == nil {
			return wire.Invalid(memberNames[i] + " is missing")
		}
		v, ok := l.text(members[i])
		if !ok {
			return wire.Invalid(memberNames[i] + ": want a string")
		}
		switch i {
		case memberType:
			l.entity.Type = intern(names, v)
		case memberID:
			l.entity.ID = string(v)
		case memberCommand:
			l.command = intern(names, v)
		}
	}
	return nil
}

// setRef keeps a copy of the ref, if it is fit to be repeated.
func (l *line) setRef(v []byte) bool {
	if v == nil {
		return true
	}
	if len(v) > maxRefBytes || !utf8.Valid(v) || !json.Valid(v) {
		return false
	}
	l.ref = append(l.ref, v...)
	return true
}

// text decodes a JSON string. The result is valid until the next call.
func (l *line) text(v []byte) ([]byte, bool) {
	if v[0] != '"' {
		return nil, false
	}
	inside := v[1 : len(v)-1]
	if wire.Plain(inside) {
		return inside, utf8.Valid(inside)
	}
	b, err := abi.AppendFromJSON(l.scratch[:0], v)
	if err != nil {
		return nil, false
	}
	l.scratch = b
	head := 1
	switch b[0] {
	case 0xd9:
		head = 2
	case 0xda:
		head = 3
	case 0xdb:
		head = 5
	}
	return b[head:], true
}

func isNull(v []byte) bool { return string(v) == "null" }

// maxNames is how many names a stream remembers.
const maxNames = 1024

func intern(names map[string]string, b []byte) string {
	if s, ok := names[string(b)]; ok {
		return s
	}
	s := string(b)
	if len(names) < maxNames {
		names[s] = s
	}
	return s
}

// The members of a line.
const (
	memberRef = iota
	memberType
	memberID
	memberCommand
	memberPayload
	memberCommandID
	memberExpectedSeq
	memberCount
)

var memberNames = [memberCount]string{"ref", "type", "id", "command", "payload", "command_id", "expected_seq"}

// scanObject finds the members of the object that is the whole text. Their values
// are found by their brackets and quotes alone: who uses one checks that it is JSON.
func scanObject(text []byte, members *[memberCount][]byte) (at int, what string) {
	i := skipSpace(text, 0)
	if i == len(text) || text[i] != '{' {
		return i, "want an object"
	}
	i = skipSpace(text, i+1)
	if i < len(text) && text[i] == '}' {
		return endOfLine(text, i+1)
	}
	for {
		start := i
		if i == len(text) || text[i] != '"' {
			return i, "want the name of a member"
		}
		if i = skipValue(text, i); i < 0 {
			return start, "a name that does not end"
		}
		n := memberOf(text[start:i])
		if n < 0 {
			return start, fmt.Sprintf("unknown member %.80s", text[start:i])
		}
		if members[n] != nil {
			return start, fmt.Sprintf("%s comes twice", memberNames[n])
		}
		if i = skipSpace(text, i); i == len(text) || text[i] != ':' {
			return i, "want a colon"
		}
		start = skipSpace(text, i+1)
		if i = skipValue(text, start); i < 0 {
			return start, "want a value"
		}
		members[n] = text[start:i]
		i = skipSpace(text, i)
		switch {
		case i < len(text) && text[i] == ',':
			i = skipSpace(text, i+1)
		case i < len(text) && text[i] == '}':
			return endOfLine(text, i+1)
		default:
			return i, "want a comma or the end of the object"
		}
	}
}

func endOfLine(text []byte, i int) (at int, what string) {
	if i = skipSpace(text, i); i < len(text) {
		return i, "something behind the object: want one a line"
	}
	return 0, ""
}

// memberOf returns which member a name in quotes is, or -1.
func memberOf(quoted []byte) int {
	for n, name := range memberNames {
		if string(quoted[1:len(quoted)-1]) == name {
			return n
		}
	}
	return -1
}

func skipSpace(text []byte, i int) int {
	for i < len(text) && bytes.IndexByte([]byte(" \t\r\n"), text[i]) >= 0 {
		i++
	}
	return i
}

// skipValue returns where the value at i ends; -1 when there is none or it
// does not end.
func skipValue(text []byte, i int) int {
	start, depth := i, 0
	for ; i < len(text); i++ {
		switch text[i] {
		case '"':
			if i = endOfString(text, i); i < 0 {
				return -1
			}
			if depth == 0 {
				return i + 1
			}
		case '{', '[':
			depth++
		case '}', ']':
			if depth == 0 {
				return nonEmpty(start, i)
			}
			if depth--; depth == 0 {
				return i + 1
			}
		case ',', ' ', '\t', '\r', '\n', ':':
			if depth == 0 {
				return nonEmpty(start, i)
			}
		}
	}
	return -1
}

func nonEmpty(start, end int) int {
	if start == end {
		return -1
	}
	return end
}

// endOfString returns where the closing quote of the string at i is; -1 when
// there is none.
func endOfString(text []byte, i int) int {
	for i++; i < len(text); i++ {
		switch text[i] {
		case '"':
			return i
		case '\\':
			i++
		}
	}
	return -1
}
