package natsstore

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/eshost/eshost/stores"
)

// The subjects of a stream. Names and ids are one token each, see appendToken.
//
//	STREAM.slice.type.id               the records of one entity; slice has four digits
//	STREAM.store                       what the log says about itself
//	STREAM.plugin.number               the digest of a plugin
//	STREAM.kind.type.name.version      an event kind that the type may have
//
// They differ in their number of tokens, so that a record is known by it.
const recordTokens = 4

const hexDigits = "0123456789ABCDEF"

// appendToken appends the string as one token of a subject that is also a valid
// key of a bucket: letters, digits, "_" and "-" stand for themselves, every
// other byte is "=" and two hexadecimal digits. The empty string is "=".
func appendToken(dst []byte, s string) []byte {
	if s == "" {
		return append(dst, '=')
	}
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c >= 'a' && c <= 'z', c >= '0' && c <= '9', c >= 'A' && c <= 'Z', c == '_', c == '-':
			dst = append(dst, c)
		default:
			dst = append(dst, '=', hexDigits[c>>4], hexDigits[c&15])
		}
	}
	return dst
}

// parseToken is the inverse of appendToken. It takes nothing that appendToken
// does not make.
func parseToken(token string) (string, bool) {
	if token == "=" {
		return "", true
	}
	b := make([]byte, 0, len(token))
	for i := 0; i < len(token); i++ {
		if token[i] != '=' {
			b = append(b, token[i])
			continue
		}
		if i+2 >= len(token) {
			return "", false
		}
		high, low := strings.IndexByte(hexDigits, token[i+1]), strings.IndexByte(hexDigits, token[i+2])
		if high < 0 || low < 0 {
			return "", false
		}
		b = append(b, byte(high<<4|low))
		i += 2
	}
	s := string(b)
	return s, s != "" && string(appendToken(nil, s)) == token
}

// subjects makes and parses the subjects of one stream.
type subjects struct{ stream string }

// all is what the stream listens to.
func (s subjects) all() string { return s.stream + ".>" }

// records is every entity's subject.
func (s subjects) records() string { return s.stream + ".*.*.*" }

func (s subjects) store() string { return s.stream + ".store" }

func (s subjects) plugin(number uint32) string {
	return s.stream + ".plugin." + strconv.FormatUint(uint64(number), 10)
}

func (s subjects) kind(typ string, k stores.Kind) string {
	b := append([]byte(s.stream), ".kind."...)
	b = append(appendToken(b, typ), '.')
	b = append(appendToken(b, k.Name), '.')
	return string(strconv.AppendUint(b, uint64(k.Version), 10))
}

// kinds is the subjects of a type's kinds.
func (s subjects) kinds(typ string) string {
	return string(append(appendToken(append([]byte(s.stream), ".kind."...), typ), ".>"...))
}

// appendRecord appends the entity's subject.
func (s subjects) appendRecord(dst []byte, id stores.EntityID) []byte {
	dst = append(append(dst, s.stream...), '.')
	slice := id.Slice()
	dst = append(dst, '0'+byte(slice/1000), '0'+byte(slice/100%10), '0'+byte(slice/10%10), '0'+byte(slice%10), '.')
	dst = append(appendToken(dst, id.Type), '.')
	return appendToken(dst, id.ID)
}

func (s subjects) record(id stores.EntityID) string { return string(s.appendRecord(nil, id)) }

// ofType is the subjects of a type's entities.
func (s subjects) ofType(typ string) string {
	return string(append(appendToken(append([]byte(s.stream), ".*."...), typ), ".*"...))
}

// isRecord reports whether the subject is an entity's.
func (s subjects) isRecord(subject string) bool {
	return strings.Count(subject, ".") == recordTokens-1
}

// entity is the inverse of record.
func (s subjects) entity(subject string) (stores.EntityID, error) {
	tokens := strings.Split(subject, ".")
	if len(tokens) == recordTokens {
		typ, ok := parseToken(tokens[2])
		name, also := parseToken(tokens[3])
		id := stores.EntityID{Type: typ, ID: name}
		if ok && also && id.Validate() == nil && s.record(id) == subject {
			return id, nil
		}
	}
	return stores.EntityID{}, fmt.Errorf("%w: the subject %.200q is not an entity's", stores.ErrCorrupt, subject)
}

// parseKind is the inverse of kind.
func (s subjects) parseKind(subject string) (stores.Kind, error) {
	tokens := strings.Split(subject, ".")
	if len(tokens) == 5 {
		name, ok := parseToken(tokens[3])
		version, err := strconv.ParseUint(tokens[4], 10, 32)
		if ok && err == nil {
			return stores.Kind{Name: name, Version: uint32(version)}, nil
		}
	}
	return stores.Kind{}, fmt.Errorf("%w: the subject %.200q is not a kind's", stores.ErrCorrupt, subject)
}
