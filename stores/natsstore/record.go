package natsstore

import (
	"context"
	"encoding/binary"
	"fmt"
	"strconv"
	"strings"

	"github.com/eshost/eshost/stores"
)

// A record's message holds the entity's number before it, as a uvarint, and the
// stored form of the record. Its subject says whose it is.

func appendPayload(dst []byte, c *stores.Commit, plugin uint32) []byte {
	return stores.AppendRecord(binary.AppendUvarint(dst, c.Expected), c, plugin)
}

// head names a record: the log, the record's stream sequence, which the server
// compares with that of the subject's last message, and the entity's number
// after it.
func (s *Store) head(stream, entity uint64) stores.HeadToken {
	b := append(make([]byte, 0, 50), s.places...)
	return stores.HeadToken(strconv.AppendUint(append(strconv.AppendUint(b, stream, 10), '.'), entity, 10))
}

// parseHead is the inverse of head. A token of another log is none of this one.
func (s *Store) parseHead(t stores.HeadToken) (stream, entity uint64, ok bool) {
	rest, ok := strings.CutPrefix(string(t), s.places)
	a, b, both := strings.Cut(rest, ".")
	stream, err := strconv.ParseUint(a, 10, 64)
	entity, also := strconv.ParseUint(b, 10, 64)
	return stream, entity, ok && both && stream != 0 && err == nil && also == nil
}

// place is the position of an event of the record at the stream sequence.
func (s *Store) place(seq uint64, event uint32) stores.Position {
	return stores.NewPosition(s.places+strconv.FormatUint(seq, 10), event)
}

// parsePlace is the inverse of place: 0 for the zero Position.
func (s *Store) parsePlace(p stores.Position) (seq uint64, err error) {
	if p.IsZero() {
		return 0, nil
	}
	if digits, ok := strings.CutPrefix(p.Commit(), s.places); ok {
		if seq, err := strconv.ParseUint(digits, 10, 64); err == nil && seq > 0 && digits[0] != '0' {
			return seq, nil
		}
	}
	return 0, fmt.Errorf("position %s: %w", p, stores.ErrPosition)
}

// decoder decodes one record after the other into the same memory.
type decoder struct {
	s   *Store
	d   stores.Decoder
	rec stores.Record
}

// record decodes a record's message.
func (d *decoder) record(ctx context.Context, id stores.EntityID, seq uint64, data []byte) (*stores.Record, error) {
	expected, n := binary.Uvarint(data)
	if n <= 0 {
		return nil, &stores.EntityError{Op: "decode record of", Entity: id, Err: fmt.Errorf("%w: message %d of stream %s has no number", stores.ErrCorrupt, seq, d.s.o.Stream)}
	}
	plugin, err := d.d.Record(data[n:], id, expected, &d.rec)
	if err != nil {
		return nil, fmt.Errorf("message %d of stream %s: %w", seq, d.s.o.Stream, err)
	}
	if d.rec.Plugin, err = d.s.plugins.digest(ctx, d.s, plugin); err != nil {
		return nil, &stores.EntityError{Op: "decode record of", Entity: id, Seq: expected + 1, Err: err}
	}
	d.rec.Head = d.s.head(seq, d.rec.Seq())
	d.rec.Place = d.s.place(seq, uint32(len(d.rec.Events)-1))
	return &d.rec, nil
}
