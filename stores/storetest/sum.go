package storetest

import (
	"crypto/sha256"
	"encoding/binary"

	"github.com/eshost/eshost/stores"
)

// sum stands for all of a record: its stored form, plugin, token and place.
type sum [sha256.Size]byte

func sumOf(r *stores.Record) sum {
	b := append(r.Plugin[:], r.Head...)
	b = append(b, 0)
	b = append(b, r.Place.String()...)
	b = append(b, 0)
	b = binary.LittleEndian.AppendUint64(b, r.Expected)
	return sha256.Sum256(stores.AppendRecord(b, &r.Commit, 0))
}
