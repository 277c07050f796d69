package pgstore

import (
	"encoding/binary"

	"github.com/jackc/pgx/v5/pgtype"
)

// array is a one-dimensional array in Postgres's binary form, without NULLs:
//
//	int32  1: dimensions
//	int32  0: no NULLs
//	int32  type of the elements
//	int32  number of elements
//	int32  1: the first index
//	each element: int32 length, bytes
//
// Built directly it costs one copy of the elements, which are most of an append.
type array struct {
	b []byte
	n uint32
}

const (
	arrayHeader = 20
	arrayCount  = 12 // where the number of elements stands
)

func (a *array) reset(element uint32) {
	a.n = 0
	a.b = append(a.b[:0], make([]byte, arrayHeader)...)
	binary.BigEndian.PutUint32(a.b, 1)
	binary.BigEndian.PutUint32(a.b[8:], element)
	binary.BigEndian.PutUint32(a.b[16:], 1)
}

// bytes returns the array's binary form.
func (a *array) bytes() []byte {
	binary.BigEndian.PutUint32(a.b[arrayCount:], a.n)
	return a.b
}

func (a *array) text(s string) {
	a.n++
	a.b = binary.BigEndian.AppendUint32(a.b, uint32(len(s)))
	a.b = append(a.b, s...)
}

func (a *array) int64(v uint64) {
	a.n++
	a.b = binary.BigEndian.AppendUint32(a.b, 8)
	a.b = binary.BigEndian.AppendUint64(a.b, v)
}

func (a *array) int16(v uint16) {
	a.n++
	a.b = binary.BigEndian.AppendUint32(a.b, 2)
	a.b = binary.BigEndian.AppendUint16(a.b, v)
}

// open begins an element that the caller appends to a.b; close ends it and
// returns its length.
func (a *array) open() (start int) {
	a.b = append(a.b, 0, 0, 0, 0)
	return len(a.b)
}

func (a *array) close(start int) int {
	a.n++
	size := len(a.b) - start
	binary.BigEndian.PutUint32(a.b[start-4:], uint32(size))
	return size
}

// drop takes an element back that was not closed.
func (a *array) drop(start int) { a.b = a.b[:start-4] }

// columns are the arrays that an append sends.
type columns struct {
	types, ids, befores, firsts, lasts, slices, records array
}

func (c *columns) reset() {
	for a, element := range map[*array]uint32{&c.types: pgtype.TextOID, &c.ids: pgtype.TextOID, &c.befores: pgtype.Int8OID, &c.firsts: pgtype.Int8OID, &c.lasts: pgtype.Int8OID, &c.slices: pgtype.Int2OID, &c.records: pgtype.ByteaOID} {
		a.reset(element)
	}
}

func int64Param(v int64) []byte { return binary.BigEndian.AppendUint64(nil, uint64(v)) }
