package stores

import (
	"encoding/binary"
	"hash/crc32"
	"slices"
)

// The stored form of a commit, format 1, the same on every engine:
//
//	byte     format: 1
//	byte     codec: 0, the rest is as it stands here; others are reserved
//	byte     flags of the commit
//	16 bytes commit id
//	varint   time in milliseconds since 1970, zigzag
//	uvarint  plugin, as the store numbers it
//	uvarint  number of events, then for each:
//	           name and version   see below
//	           uvarint, bytes     payload; length 0: none
//	uvarint  number of commands, then for each:
//	           byte               what of the following is there, by the bits below
//	           name               see below
//	           uvarint, bytes     id
//	           8 bytes            print, little-endian
//	           uvarint, bytes     payload
//	           uvarint            number of pairs in meta, then key and value, each uvarint, bytes
//	           uvarint, bytes     reply
//	           uvarint            events
//	           uvarint            seq
//	4 bytes  CRC-32C, little-endian, of the context and all that is before
//
// A name is a uvarint h. Even: h/2 bytes of a name not met before follow (for an
// event, then a uvarint version). Odd: the (h-1)/2-th name met in this record,
// counted from 0; the first 16 are counted, events and commands apart.
//
// The entity and Expected are the engine's key and are not in the record. They
// are the context that the checksum covers, so that a record under the wrong
// key is found damaged. The head token and the place are the engine's as well.
const (
	recordFormat = 1
	codecPlain   = 0
	namesCounted = 16
	checksumSize = 4
)

// What a command's record holds.
const (
	hasID byte = 1 << iota
	hasPrint
	hasPayload
	hasMeta
	hasReply
	oneEvent // Events is 1 and not stored
	hasSeq   // Seq is not the number before it plus Events, and is stored
	unknown  // this and higher bits are never set
)

// The contexts of checksums begin with these, so that a record can never pass
// for a snapshot.
const (
	recordContext   = 'r'
	snapshotContext = 's'
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// AppendRecord appends the stored form of the commit to dst and returns the
// extended slice. The plugin goes in by the number the store gave its digest.
// Equal commits give equal bytes. It keeps nothing of the commit. It does not
// allocate when dst has room for the record, the entity's type and id and 16
// bytes more.
func AppendRecord(dst []byte, c *Commit, plugin uint32) []byte {
	start := len(dst)
	dst = append(dst, recordFormat, codecPlain, byte(c.Flags))
	dst = append(dst, c.ID[:]...)
	dst = binary.AppendVarint(dst, c.Time.UnixMilli())
	dst = binary.AppendUvarint(dst, uint64(plugin))
	dst = appendEvents(dst, c.Events)
	dst = appendCommands(dst, c.Commands, c.Expected)
	return appendChecksum(dst, start, recordContext, c.Entity, c.Expected)
}

func appendEvents(dst []byte, events []Event) []byte {
	dst = binary.AppendUvarint(dst, uint64(len(events)))
	var met [namesCounted]*Event
	n := 0
events:
	for i := range events {
		e := &events[i]
		for j, m := range met[:n] {
			if m.Version == e.Version && m.Name == e.Name {
				dst = binary.AppendUvarint(dst, uint64(j)<<1|1)
				dst = appendBytes(dst, e.Payload)
				continue events
			}
		}
		if n < namesCounted {
			met[n] = e
			n++
		}
		dst = appendName(dst, e.Name)
		dst = binary.AppendUvarint(dst, uint64(e.Version))
		dst = appendBytes(dst, e.Payload)
	}
	return dst
}

func appendCommands(dst []byte, commands []CommandRecord, seq uint64) []byte {
	dst = binary.AppendUvarint(dst, uint64(len(commands)))
	var met [namesCounted]string
	n := 0
	for i := range commands {
		c := &commands[i]
		seq += uint64(c.Events)
		has := c.holds(seq)
		seq = c.Seq
		dst = append(dst, has)
		if j := slices.Index(met[:n], c.Name); j >= 0 {
			dst = binary.AppendUvarint(dst, uint64(j)<<1|1)
		} else {
			if n < namesCounted {
				met[n] = c.Name
				n++
			}
			dst = appendName(dst, c.Name)
		}
		if has&hasID != 0 {
			dst = appendString(dst, c.ID)
		}
		if has&hasPrint != 0 {
			dst = binary.LittleEndian.AppendUint64(dst, c.Print)
		}
		if has&hasPayload != 0 {
			dst = appendBytes(dst, c.Payload)
		}
		if has&hasMeta != 0 {
			dst = appendMeta(dst, c.Meta)
		}
		if has&hasReply != 0 {
			dst = appendBytes(dst, c.Reply)
		}
		if has&oneEvent == 0 {
			dst = binary.AppendUvarint(dst, uint64(c.Events))
		}
		if has&hasSeq != 0 {
			dst = binary.AppendUvarint(dst, c.Seq)
		}
	}
	return dst
}

// holds returns the bits of what is stored of the command, whose number would
// be seq if it followed from the events alone.
func (c *CommandRecord) holds(seq uint64) (has byte) {
	if c.ID != "" {
		has |= hasID
	}
	if c.Print != 0 {
		has |= hasPrint
	}
	if len(c.Payload) > 0 {
		has |= hasPayload
	}
	if len(c.Meta) > 0 {
		has |= hasMeta
	}
	if len(c.Reply) > 0 {
		has |= hasReply
	}
	if c.Events == 1 {
		has |= oneEvent
	}
	if c.Seq != seq {
		has |= hasSeq
	}
	return has
}

// appendMeta writes the pairs in the order of their keys: an append that is
// repeated must repeat the same bytes.
func appendMeta(dst []byte, meta map[string]string) []byte {
	dst = binary.AppendUvarint(dst, uint64(len(meta)))
	var few [8]string
	keys := few[:0]
	for k := range meta {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	for _, k := range keys {
		dst = appendString(dst, k)
		dst = appendString(dst, meta[k])
	}
	return dst
}

func appendName(dst []byte, s string) []byte {
	return append(binary.AppendUvarint(dst, uint64(len(s))<<1), s...)
}

func appendString(dst []byte, s string) []byte {
	return append(binary.AppendUvarint(dst, uint64(len(s))), s...)
}

func appendBytes(dst, b []byte) []byte {
	return append(binary.AppendUvarint(dst, uint64(len(b))), b...)
}

// appendContext appends what a checksum covers besides the stored bytes. Types
// and ids hold no zero byte, so different contexts give different bytes.
func appendContext(dst []byte, kind byte, id EntityID, seq uint64) []byte {
	dst = append(dst, kind)
	dst = append(dst, id.Type...)
	dst = append(dst, 0)
	dst = append(dst, id.ID...)
	dst = append(dst, 0)
	return binary.LittleEndian.AppendUint64(dst, seq)
}

// appendChecksum closes what was appended to dst since start. The context is
// written behind it for a moment, which saves a buffer of its own.
func appendChecksum(dst []byte, start int, kind byte, id EntityID, seq uint64) []byte {
	end := len(dst)
	dst = appendContext(dst, kind, id, seq)
	sum := crc32.Checksum(dst[end:], castagnoli)
	sum = crc32.Update(sum, castagnoli, dst[start:end])
	return binary.LittleEndian.AppendUint32(dst[:end], sum)
}
