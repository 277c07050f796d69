package natsstore

import (
	"bytes"
	"encoding/binary"
	"strconv"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/eshost/eshost/stores"
)

// A server that is asked for the messages of a subject looks at each message between them, which for an entity
// whose few records lie far apart costs more than all else. Each message says on which
// one it was conditional: those few are read back from the last one, one by one.

// backRecords is how many records are read so at most. More are read forward, many at once.
const backRecords = 32

// far is one record's message.
type far struct {
	seq      uint64
	data     []byte
	expected uint64 // the entity's number before it
}

// back returns the messages of the entity's last records, the last first, until one of them begins at or before
// the number that is read after, or they are enough, or one is not where the next one says.
func (r *reading) back(head *stores.Record, m *message) []far {
	all := []far{{m.Seq, m.Data, head.Expected}}
	subject := r.s.subjects.record(r.id)
	before, ok := conditionOf(m.Header)
	for ok && before > 0 && all[len(all)-1].expected > r.after && len(all) < backRecords {
		part, err := r.s.fetch(r.ctx, r.s.o.Stream, get{Seq: before, Batch: 1})
		if err != nil || len(part.messages) != 1 {
			break
		}
		m := part.messages[0]
		expected, n := binary.Uvarint(m.Data)
		if n <= 0 || sequence(m) != before || m.Header.Get(jetstream.SubjectHeader) != subject {
			break
		}
		all = append(all, far{before, m.Data, expected})
		before, ok = condition(m)
	}
	return all
}

// condition is the stream sequence that the message's subject had to have before it.
func condition(m *nats.Msg) (seq uint64, ok bool) {
	seq, err := strconv.ParseUint(m.Header.Get(jetstream.ExpectedLastSubjSeqHeader), 10, 64)
	return seq, err == nil
}

// conditionOf is condition of a header as it is stored.
func conditionOf(header []byte) (seq uint64, ok bool) {
	_, rest, ok := bytes.Cut(header, []byte("\r\n"+jetstream.ExpectedLastSubjSeqHeader+":"))
	value, _, ended := bytes.Cut(rest, []byte("\r\n"))
	if !ok || !ended {
		return 0, false
	}
	seq, err := strconv.ParseUint(string(bytes.TrimSpace(value)), 10, 64)
	return seq, err == nil
}
