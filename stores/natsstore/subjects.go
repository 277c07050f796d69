package natsstore

import (
	"encoding/hex"
	"fmt"
	"strconv"
	"strings"

	"github.com/eshost/eshost/stores"
)

// The subjects of a stream. Names and ids are one token each, see
// stores.AppendToken; LOG is the log's id, see logToken.
//
//	STREAM.store                          what the log says about itself
//	STREAM.LOG.slice.type.id              the records of one entity; slice has four digits
//	STREAM.LOG.plugin.number              the digest of a plugin
//	STREAM.LOG.kind.type.name.version     an event kind that the type may have
//
// They differ in their number of tokens, so that a record is known by it. Two
// logs have no subject in common but the first: a host whose stream was deleted and
// made again cannot write into the log that took its log's place.
const recordTokens = 5

// logToken is what tells a log's subjects, positions and head tokens from
// another's.
func logToken(id stores.LogID) string { return hex.EncodeToString(id[:4]) }

const logTokenSize = 8

// subjects makes and parses the subjects of one log in one stream.
type subjects struct{ stream, log string }

// all is what the stream listens to.
func (s subjects) all() string { return s.stream + ".>" }

// records is every entity's subject.
func (s subjects) records() string { return s.stream + "." + s.log + ".*.*.*" }

func (s subjects) store() string { return s.stream + ".store" }

func (s subjects) plugin(number uint32) string {
	return s.stream + "." + s.log + ".plugin." + strconv.FormatUint(uint64(number), 10)
}

// begin appends what all subjects of the log but the first begin with.
func (s subjects) begin(dst []byte) []byte {
	return append(append(append(append(dst, s.stream...), '.'), s.log...), '.')
}

func (s subjects) kind(typ string, k stores.Kind) string {
	b := append(s.begin(nil), "kind."...)
	b = append(stores.AppendToken(b, typ), '.')
	b = append(stores.AppendToken(b, k.Name), '.')
	return string(strconv.AppendUint(b, uint64(k.Version), 10))
}

// kinds is the subjects of a type's kinds.
func (s subjects) kinds(typ string) string {
	return string(append(stores.AppendToken(append(s.begin(nil), "kind."...), typ), ".>"...))
}

// appendRecord appends the entity's subject.
func (s subjects) appendRecord(dst []byte, id stores.EntityID) []byte {
	dst = s.begin(dst)
	slice := id.Slice()
	dst = append(dst, '0'+byte(slice/1000), '0'+byte(slice/100%10), '0'+byte(slice/10%10), '0'+byte(slice%10), '.')
	dst = append(stores.AppendToken(dst, id.Type), '.')
	return stores.AppendToken(dst, id.ID)
}

func (s subjects) record(id stores.EntityID) string { return string(s.appendRecord(nil, id)) }

// ofType is the subjects of a type's entities.
func (s subjects) ofType(typ string) string {
	return string(append(stores.AppendToken(append(s.begin(nil), "*."...), typ), ".*"...))
}

// isRecord reports whether the subject is an entity's.
func (s subjects) isRecord(subject string) bool {
	return strings.Count(subject, ".") == recordTokens-1 && strings.HasPrefix(subject, string(s.begin(nil)))
}

// isOwn reports whether the subject is one of the log's that no entity has.
func (s subjects) isOwn(subject string) bool {
	rest, ok := strings.CutPrefix(subject, string(s.begin(nil)))
	return subject == s.store() || ok && (strings.HasPrefix(rest, "plugin.") || strings.HasPrefix(rest, "kind."))
}

// isOthers reports whether the subject is one of another log, of which a host has
// not yet seen that this one took its place.
func (s subjects) isOthers(subject string) bool {
	token, _, more := strings.Cut(strings.TrimPrefix(subject, s.stream+"."), ".")
	return more && len(token) == logTokenSize && token != s.log && strings.Trim(token, "0123456789abcdef") == ""
}

// entity is the inverse of record.
func (s subjects) entity(subject string) (stores.EntityID, error) {
	tokens := strings.Split(subject, ".")
	if len(tokens) == recordTokens {
		typ, ok := stores.ParseToken(tokens[3])
		name, also := stores.ParseToken(tokens[4])
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
	if len(tokens) == 6 {
		name, ok := stores.ParseToken(tokens[4])
		version, err := strconv.ParseUint(tokens[5], 10, 32)
		if ok && err == nil {
			return stores.Kind{Name: name, Version: uint32(version)}, nil
		}
	}
	return stores.Kind{}, fmt.Errorf("%w: the subject %.200q is not a kind's", stores.ErrCorrupt, subject)
}
