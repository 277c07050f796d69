package pebblestore

import (
	"encoding/binary"
	"errors"
	"hash/crc32"

	"github.com/eshost/eshost/stores"
)

// A group lists the records of one durable write: for each the entity and the
// number of its first event, behind each other; then a CRC-32C of all that and of the first commit's number.

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

func appendMember(dst []byte, id stores.EntityID, first uint64) []byte {
	dst = append(dst, byte(len(id.Type)))
	dst = append(dst, id.Type...)
	dst = binary.AppendUvarint(dst, uint64(len(id.ID)))
	dst = append(dst, id.ID...)
	return binary.AppendUvarint(dst, first)
}

func groupSum(members []byte, commit uint64) uint32 {
	var number [8]byte
	binary.BigEndian.PutUint64(number[:], commit)
	return crc32.Update(crc32.Checksum(number[:], castagnoli), castagnoli, members)
}

func closeGroup(members []byte, commit uint64) []byte {
	return binary.BigEndian.AppendUint32(members, groupSum(members, commit))
}

var errGroup = errors.New("the list of a durable write is damaged")

// openGroup checks a group and returns its members, to be read by nextMember.
func openGroup(b []byte, commit uint64) ([]byte, error) {
	if len(b) < 4 || binary.BigEndian.Uint32(b[len(b)-4:]) != groupSum(b[:len(b)-4], commit) {
		return nil, errGroup
	}
	return b[:len(b)-4], nil
}

// nextMember takes the first member off b. typ and id are views into b.
func nextMember(b []byte) (typ, id []byte, first uint64, rest []byte, err error) {
	if len(b) < 1 || len(b) < 1+int(b[0]) {
		return nil, nil, 0, nil, errGroup
	}
	typ, b = b[1:1+int(b[0])], b[1+int(b[0]):]
	n, w := binary.Uvarint(b)
	if w <= 0 || uint64(len(b)-w) < n {
		return nil, nil, 0, nil, errGroup
	}
	id, b = b[w:w+int(n)], b[w+int(n):]
	first, w = binary.Uvarint(b)
	if w <= 0 {
		return nil, nil, 0, nil, errGroup
	}
	return typ, id, first, b[w:], nil
}
