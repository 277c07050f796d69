package stores

import (
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"time"
)

// Decoder decodes records and remembers the names it met, so that reading
// millions of records allocates no more than their command ids and meta
// values. The zero Decoder is ready. It is not for several goroutines at once.
type Decoder struct {
	names   map[string]string
	context []byte
}

// namesKept bounds Decoder.names; past it the decoder forgets them all.
const namesKept = 4096

// DecodeRecord decodes one record that AppendRecord made; see [Decoder.Record].
// For many records use one Decoder.
func DecodeRecord(b []byte, entity EntityID, expected uint64, rec *Record) (plugin uint32, err error) {
	var d Decoder
	return d.Record(b, entity, expected, rec)
}

// Record decodes b, the record of the entity whose events come after expected,
// into rec, and returns the store's number of the plugin. All of rec is
// overwritten; Head, Place and Plugin are left zero for the store to fill in.
// rec's Events, Commands and the maps in them are used again where they are
// large enough, and all byte slices in rec are views into b: both are good until
// b changes or rec is decoded into again. What was empty comes back as nil.
//
// # Errors
//
// ErrCorrupt when b is damaged or is the record of another entity or number,
// ErrFormat when a newer eshost wrote it. rec's content is undefined then.
func (d *Decoder) Record(b []byte, entity EntityID, expected uint64, rec *Record) (plugin uint32, err error) {
	r := reader{b: b}
	r.open(d, recordContext, entity, expected, recordFormat)
	rec.Entity, rec.Expected = entity, expected
	rec.Head, rec.Plugin, rec.Place = "", Digest{}, Position{}
	rec.Flags = Flags(r.byte("flags"))
	copy(rec.ID[:], r.take(len(rec.ID), "commit id"))
	rec.Time = time.UnixMilli(r.varint("time")).UTC()
	number := r.uint32("plugin")
	d.events(&r, rec)
	d.commands(&r, rec)
	r.done()
	if r.err != nil {
		return 0, &EntityError{Op: "decode record of", Entity: entity, Seq: expected + 1, Err: r.err}
	}
	return number, nil
}

func (d *Decoder) events(r *reader, rec *Record) {
	n := r.count("number of events", 2)
	rec.Events = resize(rec.Events, n)
	var met [namesCounted]int
	known := 0
	for i := range rec.Events {
		e := &rec.Events[i]
		switch h := r.uvarint("event name"); {
		case r.err != nil:
			return
		case h&1 == 0:
			e.Name = d.name(r.take64(h>>1, "event name"), e.Name)
			e.Version = r.uint32("event version")
			if known < namesCounted {
				met[known] = i
				known++
			}
		case h>>1 < uint64(known):
			m := &rec.Events[met[h>>1]]
			e.Name, e.Version = m.Name, m.Version
		default:
			r.fail("event name refers to one that was not met")
			return
		}
		e.Payload = r.bytes("event payload")
	}
}

func (d *Decoder) commands(r *reader, rec *Record) {
	n := r.count("number of commands", 2)
	rec.Commands = resize(rec.Commands, n)
	var met [namesCounted]int
	known := 0
	seq := rec.Expected
	for i := range rec.Commands {
		c := &rec.Commands[i]
		has := r.byte("command's bits")
		if has >= unknown {
			r.fail("command's bits")
			return
		}
		switch h := r.uvarint("command name"); {
		case r.err != nil:
			return
		case h&1 == 0:
			c.Name = d.name(r.take64(h>>1, "command name"), c.Name)
			if known < namesCounted {
				met[known] = i
				known++
			}
		case h>>1 < uint64(known):
			c.Name = rec.Commands[met[h>>1]].Name
		default:
			r.fail("command name refers to one that was not met")
			return
		}
		c.ID, c.Print, c.Payload, c.Reply, c.Events = "", 0, nil, nil, 1
		if has&hasID != 0 {
			c.ID = string(r.bytes("command id"))
		}
		if has&hasPrint != 0 {
			if p := r.take(8, "command print"); p != nil {
				c.Print = binary.LittleEndian.Uint64(p)
			}
		}
		if has&hasPayload != 0 {
			c.Payload = r.bytes("command payload")
		}
		c.Meta = d.meta(r, has&hasMeta != 0, c.Meta)
		if has&hasReply != 0 {
			c.Reply = r.bytes("command reply")
		}
		if has&oneEvent == 0 {
			c.Events = r.uint32("command's events")
		}
		if seq += uint64(c.Events); has&hasSeq != 0 {
			seq = r.uvarint("command's number")
		}
		c.Seq = seq
	}
}

func (d *Decoder) meta(r *reader, there bool, m map[string]string) map[string]string {
	if !there {
		return nil
	}
	n := r.count("number of meta pairs", 2)
	if m == nil {
		m = make(map[string]string, min(n, 16))
	}
	clear(m)
	for range n {
		k := d.name(r.bytes("meta key"), "")
		m[k] = string(r.bytes("meta value"))
	}
	return m
}

// name returns b as a string: the one given if it is equal, else one met before.
func (d *Decoder) name(b []byte, last string) string {
	if string(b) == last {
		return last
	}
	if s, ok := d.names[string(b)]; ok {
		return s
	}
	if len(b) > MaxNameBytes {
		return string(b)
	}
	if d.names == nil || len(d.names) >= namesKept {
		d.names = make(map[string]string)
	}
	s := string(b)
	d.names[s] = s
	return s
}

// resize returns s with n elements, of which those in its capacity keep what
// they hold, so that their names and maps can be used again.
func resize[T any](s []T, n int) []T {
	if n <= cap(s) {
		return s[:n]
	}
	return append(s[:cap(s)], make([]T, n-cap(s))...)
}

// reader takes fields off b. After the first failure it returns zeros.
type reader struct {
	b   []byte // up to the checksum
	pos int
	err error
}

// open checks the checksum, the format and the codec. Where they stand, and what
// the checksum covers, is the same in all formats; so damage is told from a newer
// format.
func (r *reader) open(d *Decoder, kind byte, id EntityID, seq uint64, format byte) {
	if len(r.b) < 2+checksumSize {
		r.err = fmt.Errorf("%w: %d bytes are too few", ErrCorrupt, len(r.b))
		return
	}
	body, sum := r.b[:len(r.b)-checksumSize], r.b[len(r.b)-checksumSize:]
	d.context = appendContext(d.context[:0], kind, id, seq)
	got := crc32.Update(crc32.Checksum(d.context, castagnoli), castagnoli, body)
	if want := binary.LittleEndian.Uint32(sum); got != want {
		r.err = fmt.Errorf("%w: the checksum of %d bytes is %08x and should be %08x", ErrCorrupt, len(r.b), got, want)
		return
	}
	r.b = body
	switch f := r.byte("format"); {
	case f > format:
		r.err = fmt.Errorf("%w: format %d, this eshost knows up to %d; use the version that wrote it or a later one", ErrFormat, f, format)
		return
	case f == 0:
		r.err = fmt.Errorf("%w: format 0", ErrCorrupt)
		return
	}
	if c := r.byte("codec"); c != codecPlain {
		r.err = fmt.Errorf("%w: codec %d, this eshost knows %d; use the version that wrote it or a later one", ErrFormat, c, codecPlain)
	}
}

func (r *reader) fail(what string) {
	if r.err == nil {
		r.err = fmt.Errorf("%w: %s, at byte %d of %d", ErrCorrupt, what, r.pos, len(r.b))
	}
}

// done fails when bytes are left.
func (r *reader) done() {
	if r.pos != len(r.b) {
		r.fail("bytes are left over")
	}
}

func (r *reader) byte(what string) byte {
	if r.err != nil || r.pos >= len(r.b) {
		r.fail(what)
		return 0
	}
	r.pos++
	return r.b[r.pos-1]
}

func (r *reader) take(n int, what string) []byte { return r.take64(uint64(n), what) }

func (r *reader) take64(n uint64, what string) []byte {
	if r.err != nil || n > uint64(len(r.b)-r.pos) {
		r.fail(what)
		return nil
	}
	b := r.b[r.pos : r.pos+int(n) : r.pos+int(n)]
	r.pos += int(n)
	return b
}

// bytes returns a view of length-prefixed bytes, nil for none.
func (r *reader) bytes(what string) []byte {
	b := r.take64(r.uvarint(what), what)
	if len(b) == 0 {
		return nil
	}
	return b
}

func (r *reader) uvarint(what string) uint64 {
	if r.err != nil {
		return 0
	}
	if r.pos < len(r.b) && r.b[r.pos] < 0x80 { // most are one byte
		r.pos++
		return uint64(r.b[r.pos-1])
	}
	v, n := binary.Uvarint(r.b[r.pos:])
	if n <= 0 {
		r.fail(what)
		return 0
	}
	r.pos += n
	return v
}

func (r *reader) varint(what string) int64 {
	v := r.uvarint(what)
	return int64(v>>1) ^ -int64(v&1)
}

func (r *reader) uint32(what string) uint32 {
	v := r.uvarint(what)
	if v > 1<<32-1 {
		r.fail(what)
		return 0
	}
	return uint32(v)
}

// count reads a number of elements that take at least size bytes each, so that
// no claim makes room for more than is there.
func (r *reader) count(what string, size int) int {
	v := r.uvarint(what)
	if v > uint64((len(r.b)-r.pos)/size) {
		r.fail(what)
		return 0
	}
	return int(v)
}
