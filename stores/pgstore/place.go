package pgstore

import (
	"cmp"
	"encoding/binary"
	"fmt"
	"strconv"
	"strings"

	"github.com/eshost/eshost/stores"
)

// place is a position taken apart: the event of the member of the group.
// As text it is the group, the group's mark and the member.
type place struct {
	group  uint64 // from 1
	mark   uint64 // of the group, drawn at random: another group of the same number has another one
	member uint32 // from 1, with gaps
	event  uint32
}

// compare orders places as the feed does.
func (p place) compare(q place) int {
	return cmp.Or(cmp.Compare(p.group, q.group), cmp.Compare(p.member, q.member), cmp.Compare(p.event, q.event))
}

// position is the place as the contract knows it; zero for the zero place.
func (p place) position() stores.Position {
	if p.group == 0 {
		return stores.Position{}
	}
	b := strconv.AppendUint(make([]byte, 0, 48), p.group, 10)
	b = strconv.AppendUint(append(b, '.'), p.mark, 36)
	b = strconv.AppendUint(append(b, '.'), uint64(p.member), 10)
	return stores.NewPosition(string(b), p.event)
}

// placeOf is the inverse of position. That the place is in the log it does not say.
func placeOf(p stores.Position) (place, error) {
	if p.IsZero() {
		return place{}, nil
	}
	group, rest, _ := strings.Cut(p.Commit(), ".")
	mark, member, _ := strings.Cut(rest, ".")
	g, bad := strconv.ParseUint(group, 10, 63)
	k, worse := strconv.ParseUint(mark, 36, 64)
	m, worst := strconv.ParseUint(member, 10, 31)
	at := place{g, k, uint32(m), p.Event()}
	if bad != nil || worse != nil || worst != nil || g == 0 || m == 0 || at.position() != p {
		return place{}, errPosition(p)
	}
	return at, nil
}

func errPosition(p stores.Position) error { return fmt.Errorf("%w: %q", stores.ErrPosition, p) }

// Columns of a record in the answers of the server.
const (
	rowFirst = iota
	rowLast
	rowPosition
	rowMark
	rowPlace
	rowRecord
	rowType
	rowID
	rowCommits
)

func uint64Value(b []byte) uint64 {
	if len(b) != 8 {
		return 0
	}
	return binary.BigEndian.Uint64(b)
}

func uint32Value(b []byte) uint32 {
	if len(b) != 4 {
		return 0
	}
	return binary.BigEndian.Uint32(b)
}

// tokenOf is the head token of a record: the number that it comes after. With it
// the next append finds the record by its key.
func tokenOf(expected uint64) stores.HeadToken {
	return stores.HeadToken(strconv.FormatUint(expected, 10))
}

// before is the first number of the record that a token belongs to; 0: the token says nothing.
func before(token stores.HeadToken) uint64 {
	expected, err := strconv.ParseInt(string(token), 10, 64)
	if err != nil || expected < 0 {
		return 0
	}
	return uint64(expected) + 1
}
