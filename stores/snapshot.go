package stores

import (
	"encoding/binary"
	"time"
)

// The stored form of a snapshot, format 1, the same on every engine:
//
//	byte     format: 1
//	byte     codec: 0, the rest is as it stands here; others are reserved
//	16 bytes log id
//	uvarint  seq
//	uvarint, bytes  head token
//	32 bytes plugin digest
//	uvarint, bytes  state schema
//	varint   time in milliseconds since 1970, zigzag
//	uvarint  number of window entries, then for each:
//	           uvarint, bytes  command id
//	           8 bytes         print, little-endian
//	           uvarint         events
//	           varint          seq, less that of the entry before (the first: less 0)
//	           varint          time in milliseconds, less that of the entry before (the first: less 0)
//	           uvarint, bytes  reply; length 0: none
//	uvarint, bytes  state
//	4 bytes  CRC-32C, little-endian, of the context and all that is before
//
// The entity is the engine's key and is not in the snapshot; it is the context
// that the checksum covers.
const snapshotFormat = 1

// AppendSnapshot appends the stored form of the snapshot to dst and returns the
// extended slice. It keeps nothing of the snapshot.
func AppendSnapshot(dst []byte, s *Snapshot) []byte {
	start := len(dst)
	dst = append(dst, snapshotFormat, codecPlain)
	dst = append(dst, s.Log[:]...)
	dst = binary.AppendUvarint(dst, s.Seq)
	dst = appendString(dst, string(s.Head))
	dst = append(dst, s.Plugin[:]...)
	dst = appendString(dst, s.StateSchema)
	dst = binary.AppendVarint(dst, s.Time.UnixMilli())
	dst = binary.AppendUvarint(dst, uint64(len(s.Window)))
	var seq uint64
	var ms int64
	for i := range s.Window {
		w := &s.Window[i]
		dst = appendString(dst, w.ID)
		dst = binary.LittleEndian.AppendUint64(dst, w.Print)
		dst = binary.AppendUvarint(dst, uint64(w.Events))
		dst = binary.AppendVarint(dst, int64(w.Seq-seq))
		dst = binary.AppendVarint(dst, w.Time.UnixMilli()-ms)
		dst = appendBytes(dst, w.Reply)
		seq, ms = w.Seq, w.Time.UnixMilli()
	}
	dst = appendBytes(dst, s.State)
	return appendChecksum(dst, start, snapshotContext, s.Entity, 0)
}

// DecodeSnapshot decodes what AppendSnapshot made of a snapshot of the entity.
// The byte slices in it are views into b, which the snapshot owns from then on:
// a store hands over a copy of its own bytes. What was empty comes back as nil.
//
// # Errors
//
// ErrCorrupt when b is damaged or is the snapshot of another entity, ErrFormat
// when a newer eshost wrote it.
func DecodeSnapshot(b []byte, entity EntityID) (*Snapshot, error) {
	r := reader{b: b}
	r.open(new(Decoder), snapshotContext, entity, 0, snapshotFormat)
	s := &Snapshot{Entity: entity}
	copy(s.Log[:], r.take(len(s.Log), "log id"))
	s.Seq = r.uvarint("seq")
	s.Head = HeadToken(r.bytes("head token"))
	copy(s.Plugin[:], r.take(len(s.Plugin), "plugin"))
	s.StateSchema = string(r.bytes("state schema"))
	s.Time = time.UnixMilli(r.varint("time")).UTC()
	var seq uint64
	var ms int64
	if n := r.count("number of window entries", 13); n > 0 {
		s.Window = make([]WindowEntry, n)
	}
	for i := range s.Window {
		w := &s.Window[i]
		w.ID = string(r.bytes("window's command id"))
		if p := r.take(8, "window's print"); p != nil {
			w.Print = binary.LittleEndian.Uint64(p)
		}
		w.Events = r.uint32("window's events")
		seq += uint64(r.varint("window's seq"))
		ms += r.varint("window's time")
		w.Seq, w.Time = seq, time.UnixMilli(ms).UTC()
		w.Reply = r.bytes("window's reply")
	}
	s.State = r.bytes("state")
	r.done()
	if r.err != nil {
		return nil, &EntityError{Op: "decode snapshot of", Entity: entity, Err: r.err}
	}
	return s, nil
}
