package api

import (
	"net/http"

	"github.com/eshost/eshost/cmd/eshost/internal/wire"
)

// What the tests reach into the package for.
type (
	Backend = backend
	Pipe    = pipe
)

var (
	NewOver  = newServer
	Segments = segments
	RawPath  = rawPath
)

const URN = wire.URN

// Kinds lists the names and statuses of all problems.
func Kinds() map[string]int {
	all := make(map[string]int)
	for _, k := range wire.Kinds {
		all[k.Name] = k.Status
	}
	return all
}

// Routes lists the operations as "METHOD path".
func (s *Server) Routes() []string {
	var all []string
	for _, t := range s.routes {
		all = append(all, t.method+" "+t.path)
	}
	return all
}

// ParseLine parses a line of a bulk stream and gives what it stands for, or
// the problem's name.
func ParseLine(text []byte) (entity, command, commandID string, payload, ref []byte, expected *uint64, problem string) {
	var l line
	if p := l.parse(text, make(map[string]string)); p != nil {
		return "", "", "", nil, l.ref, nil, p.Name
	}
	if l.expects {
		expected = &l.expected
	}
	return l.entity.String(), l.command, l.commandID, l.payload, l.ref, expected, ""
}

// CommandID reads the header of a command; the second result is the problem's detail.
func CommandID(h http.Header) (string, string) {
	id, p := wire.CommandID(h)
	if p != nil {
		return "", p.Detail
	}
	return id, ""
}
