package entity

import (
	"context"
	"time"

	"github.com/cespare/xxhash/v2"

	"github.com/eshost/eshost/stores"
)

// Command is what a caller sends to an entity.
type Command struct {
	Name    string
	Payload []byte // one msgpack value; nil: none. Not to be changed until the command is answered
	// ID makes a retry safe: a command whose id was recorded is answered with
	// the recorded answer. 1-128 bytes; empty: none.
	ID string
	// Expected is the sequence number the entity must have; 0: it must not exist;
	// nil: any.
	Expected *uint64
	Meta     map[string]string // recorded with the command; not to be changed
	// Wait makes a full mailbox wait for room until the context ends, instead of
	// ErrMailboxFull at once.
	Wait bool
}

// Reply is the answer to an accepted command.
type Reply struct {
	Seq      uint64 // the entity's sequence number after the command
	Events   int    // how many events the command persisted
	Payload  []byte // one msgpack value, the caller's to keep; nil: none
	Repeated bool   // the command had been accepted before: this is its recorded answer
}

// State is what a read gets.
type State struct {
	Seq         uint64
	Payload     []byte // one msgpack value, the caller's to keep
	Plugin      stores.Digest
	StateSchema string
	Time        time.Time // of the last commit
}

// Times are the moments of a call, taken when it carries a non-nil one.
type Times struct{ Posted, Taken, Decided, Durable time.Time }

// Caller gets the answers to calls. It must not block.
type Caller interface {
	// Answered gives a call back: Reply, State or Err is set, and nobody else
	// touches it any more.
	Answered(*Call)
}

// Answers is a Caller that must have room for all its calls.
type Answers chan *Call

// Answered implements Caller.
func (a Answers) Answered(c *Call) { a <- c }

// Call is one command or read on its way through an entity. Its answer goes to Caller.
//
// The fields stand in the order in which they are touched, as a processor fetches 64
// bytes at a time: what is asked and how it waits first, and then what is answered and to whom.
type Call struct {
	Command
	Read       bool   // a read: no command, State is the answer
	queued     bool   // in the mailbox; guarded by the entity's lock
	order      uint32 // of acceptance, within the entity
	Ctx        context.Context
	prev, next *Call // in the mailbox
	Times      *Times

	Caller Caller
	Ref    any // the caller's own
	Err    error
	State  *State // of a read
	print  uint64
	Reply  Reply
	leader int32 // in a batch: index of the call with the same id, plus one
}

// Answer sends the call back to its caller.
func (c *Call) Answer() { c.Caller.Answered(c) }

// Fail answers the call with an error.
func (c *Call) Fail(err error) {
	c.Err = err
	c.Answer()
}

// Reset makes the call fit for another use; Caller stays.
func (c *Call) Reset() { *c = Call{Caller: c.Caller} }

// bytes is what the call counts for in a batch.
func (c *Call) bytes() int { return len(c.Name) + len(c.Payload) + 16 }

// Fingerprint is the frozen hash of a command's name and payload that the log
// keeps beside its id: XXH64 of the name, a zero byte and the payload.
func Fingerprint(name string, payload []byte) uint64 {
	var d xxhash.Digest
	d.Reset()
	_, _ = d.WriteString(name)
	_, _ = d.Write([]byte{0})
	_, _ = d.Write(payload)
	return d.Sum64()
}

// mailbox is the queue of calls an entity has not taken yet.
type mailbox struct {
	head, tail *Call
	n          int32
	accepted   uint32 // the order of the call accepted last
}

func (m *mailbox) push(c *Call) {
	m.accepted++
	c.prev, c.next, c.queued, c.order = m.tail, nil, true, m.accepted
	if m.tail != nil {
		m.tail.next = c
	} else {
		m.head = c
	}
	m.tail = c
	m.n++
}

// pushFront puts calls that were taken back to where they came from.
func (m *mailbox) pushFront(c *Call) {
	c.prev, c.next, c.queued, c.leader = nil, m.head, true, 0
	if m.head != nil {
		m.head.prev = c
	} else {
		m.tail = c
	}
	m.head = c
	m.n++
}

func (m *mailbox) remove(c *Call) {
	if c.prev != nil {
		c.prev.next = c.next
	} else {
		m.head = c.next
	}
	if c.next != nil {
		c.next.prev = c.prev
	} else {
		m.tail = c.prev
	}
	c.prev, c.next, c.queued = nil, nil, false
	m.n--
}
