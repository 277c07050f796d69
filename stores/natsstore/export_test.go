package natsstore

import "github.com/eshost/eshost/stores"

// Token and ParseToken give tests what subjects are made of.
func Token(s string) string { return string(appendToken(nil, s)) }

func ParseToken(s string) (string, bool) { return parseToken(s) }

// Payload is what a record's message holds.
func Payload(c *stores.Commit, plugin uint32) []byte { return appendPayload(nil, c, plugin) }

// Subject is where the records of the entity are.
func Subject(stream string, id stores.EntityID) string { return subjects{stream}.record(id) }

// EntityOf is the inverse of Subject.
func EntityOf(stream, subject string) (stores.EntityID, error) {
	return subjects{stream}.entity(subject)
}
