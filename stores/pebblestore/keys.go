package pebblestore

import (
	"bytes"
	"encoding/binary"

	"github.com/cockroachdb/pebble/v2"

	"github.com/eshost/eshost/stores"
)

// The key spaces, by their first byte. Types and ids hold no byte below 0x20,
// so a zero byte ends them, and keys of one entity are neighbours.
//
//	r type 0 id 0 seq(8)        a record, by the number of its first event: commit number, stored form
//	g commit(8)                 the records of one durable write, by the number of its first commit
//	s type 0 id                 a snapshot
//	k type 0 name 0 version(4)  an event kind that the type has had
//	p number(4)                 the digest of a plugin
//	c name                      a checkpoint
//	b digest(32)                a blob
//	m name                      about the store itself
const (
	spaceRecord     = 'r'
	spaceGroup      = 'g'
	spaceSnapshot   = 's'
	spaceKind       = 'k'
	spacePlugin     = 'p'
	spaceCheckpoint = 'c'
	spaceBlob       = 'b'
	spaceMeta       = 'm'
)

const seqBytes = 8

// comparer orders keys by their bytes. Split takes the sequence number off a
// record's key, so that a bloom filter can tell that an entity has no record.
var comparer = func() *pebble.Comparer {
	c := *pebble.DefaultComparer
	c.Name = "eshost.records.v1"
	c.Split = split
	c.Separator = func(dst, a, _ []byte) []byte { return append(dst, a...) }
	c.Successor = func(dst, a []byte) []byte { return append(dst, a...) }
	return &c
}()

// split returns the length of a key without the sequence number: for a record's
// key, up to the second zero byte.
func split(key []byte) int {
	if len(key) == 0 || key[0] != spaceRecord {
		return len(key)
	}
	first := bytes.IndexByte(key, 0)
	second := bytes.IndexByte(key[first+1:], 0)
	if first < 0 || second < 0 {
		return len(key)
	}
	return first + 1 + second + 1
}

// appendRecordPrefix appends what all keys of an entity's records begin with.
func appendRecordPrefix(dst []byte, id stores.EntityID) []byte {
	dst = append(dst, spaceRecord)
	dst = append(dst, id.Type...)
	dst = append(dst, 0)
	dst = append(dst, id.ID...)
	return append(dst, 0)
}

func appendRecordKey(dst []byte, id stores.EntityID, first uint64) []byte {
	return binary.BigEndian.AppendUint64(appendRecordPrefix(dst, id), first)
}

// splitRecordKey is the inverse of appendRecordKey; the id's parts are views into key.
func splitRecordKey(key []byte) (typ, id []byte, first uint64, ok bool) {
	if len(key) < 2+seqBytes || key[0] != spaceRecord || key[len(key)-seqBytes-1] != 0 {
		return nil, nil, 0, false
	}
	body := key[1 : len(key)-seqBytes-1]
	zero := bytes.IndexByte(body, 0)
	if zero < 0 {
		return nil, nil, 0, false
	}
	return body[:zero], body[zero+1:], binary.BigEndian.Uint64(key[len(key)-seqBytes:]), true
}

func groupKey(commit uint64) []byte {
	return binary.BigEndian.AppendUint64([]byte{spaceGroup}, commit)
}

func snapshotKey(id stores.EntityID) []byte {
	key := append([]byte{spaceSnapshot}, id.Type...)
	return append(append(key, 0), id.ID...)
}

func kindPrefix(typ string) []byte {
	return append(append([]byte{spaceKind}, typ...), 0)
}

func kindKey(typ string, k stores.Kind) []byte {
	key := append(append(kindPrefix(typ), k.Name...), 0)
	return binary.BigEndian.AppendUint32(key, k.Version)
}

func pluginKey(number uint32) []byte {
	return binary.BigEndian.AppendUint32([]byte{spacePlugin}, number)
}

// behind returns the smallest key behind all that begin with the prefix.
func behind(prefix []byte) []byte {
	end := bytes.Clone(prefix)
	end[len(end)-1]++
	return end
}

// splitKindKey is the inverse of kindKey.
func splitKindKey(key []byte) (typ string, k stores.Kind, ok bool) {
	if len(key) < 1+1+1+4 {
		return "", k, false
	}
	body, version := key[1:len(key)-4], key[len(key)-4:]
	zero := bytes.IndexByte(body, 0)
	if zero < 0 || body[len(body)-1] != 0 || zero == len(body)-1 {
		return "", k, false
	}
	return string(body[:zero]), stores.Kind{Name: string(body[zero+1 : len(body)-1]), Version: binary.BigEndian.Uint32(version)}, true
}
