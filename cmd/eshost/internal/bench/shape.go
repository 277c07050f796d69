package bench

import (
	"bytes"
	"context"
	"encoding/binary"

	"github.com/eshost/eshost/host"
	"github.com/eshost/eshost/stores"
)

// shape is the form of what the host wrote, so that the ceilings write as many bytes.
type shape struct {
	prefix []byte // that the keys of records begin with: the type
	value  []byte // of the mean size by which one command makes its record larger

	recordBytes      int     // mean size of a record's value, which holds one commit
	commandsPerWrite float64 // durable write
	commitsPerWrite  float64
}

// sampleRecords are enough records to know their mean size.
const sampleRecords = 50_000

// sampleStreams is from how many streams they come, at most.
const sampleStreams = 1000

// sample reads streams, evenly spaced over the entities, and measures their
// records as the embedded store keeps them: the commit's number, then the stored form.
func sample(ctx context.Context, log stores.Log, entities []host.Entity, wrote host.Stats) (shape, error) {
	var records, commands, size int
	var record, largest []byte
	number := len(binary.AppendUvarint(nil, wrote.Commits))
	for i := 0; i < len(entities) && records < sampleRecords; i += max(1, len(entities)/sampleStreams) {
		for rec, err := range log.Read(ctx, entities[i].ID(), 0) {
			if err != nil {
				return shape{}, err
			}
			record = stores.AppendRecord(record[:0], &rec.Commit, 0)
			if len(record) > len(largest) {
				largest = bytes.Clone(record)
			}
			records++
			commands += len(rec.Commands)
			size += number + len(record)
		}
	}
	s := shape{
		prefix:           append(append([]byte{'r'}, entities[0].ID().Type...), 0),
		value:            make([]byte, size/commands),
		recordBytes:      size / records,
		commandsPerWrite: float64(wrote.Commands) / float64(wrote.Writes),
		commitsPerWrite:  float64(wrote.Commits) / float64(wrote.Writes),
	}
	for n := 0; n < len(s.value); {
		n += copy(s.value[n:], largest)
	}
	return s, nil
}

// appendKey appends the key of an entity's n-th record: type, id and number, as the store has it.
func (s *shape) appendKey(dst []byte, entity int, n uint64) []byte {
	dst = append(dst, s.prefix...)
	dst = appendEntityID(dst, entity)
	return binary.BigEndian.AppendUint64(append(dst, 0), n+1)
}

// appendMember appends what a record adds to the list of its durable write.
func (s *shape) appendMember(dst []byte, entity int, n uint64) []byte {
	dst = append(dst, s.prefix...)
	dst = appendEntityID(dst, entity)
	return binary.AppendUvarint(dst, n+1)
}

// appendValue appends a record's value, in which the bytes that are random
// in a record, its id, are others each time.
func (s *shape) appendValue(dst []byte, a, b uint64) []byte {
	at := len(dst)
	dst = append(dst, s.value...)
	if v := dst[at:]; len(v) >= 16 {
		binary.LittleEndian.PutUint64(v, a)
		binary.LittleEndian.PutUint64(v[8:], b)
	}
	return dst
}

// What Pebble's write-ahead log adds, in bytes.
const (
	walBatch = 11 + 12 // a batch: the header of its chunk, and its own
	walEntry = 1 + 1 + 2
)

// writeBytes is about how many bytes a durable write of the host appended.
func (s *shape) writeBytes() int {
	key := len(s.appendKey(nil, 0, 0))
	member := len(s.appendMember(nil, 0, 0))
	return walBatch + walEntry + groupKeyBytes + groupSumBytes + int(s.commitsPerWrite*float64(walEntry+key+s.recordBytes+member))
}
