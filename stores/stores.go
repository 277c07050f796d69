// Package stores is the storage contract of eshost: what an event log, a
// snapshot store, a checkpoint store and a blob store promise to the host, and
// the types they exchange.
//
// The unit of storage is the [Commit]: the events that one batch of commands
// made of one entity, together with the record of those commands. A commit is
// stored as one entry of the engine, so it is there as a whole or not at all.
//
// Every implementation is proven by the suite in package storetest.
package stores

import (
	"cmp"
	"context"
	"encoding/hex"
	"iter"
	"strings"
	"time"
)

// EntityID names one entity: its type and its id within the type. Both are
// valid names in the sense of [EntityID.Validate] wherever a store sees them.
type EntityID struct {
	Type string // [a-z][a-z0-9_.-]{0,63}; types beginning with "_" belong to eshost
	ID   string // 1-512 bytes of UTF-8 without control characters
}

// String returns "type/id", for messages.
func (e EntityID) String() string { return e.Type + "/" + e.ID }

// Digest is the SHA-256 of a plugin's bytes.
type Digest [32]byte

// String returns the digest in hexadecimal.
func (d Digest) String() string { return hex.EncodeToString(d[:]) }

// CommitID recognises a commit whose outcome was unknown when it is appended
// again. It is drawn at random once per commit.
type CommitID [16]byte

// LogID is the random identity a log is given when it is created. A snapshot
// or a position of another log is worthless, and says so by this.
type LogID [16]byte

// HeadToken is the engine's own idea of an entity's last record, carried from
// [Head] and [Record] to the next [Commit]. It is opaque, and empty where the
// engine has no use for it.
type HeadToken string

// Event is one persisted event. Its sequence number follows from its place in
// the commit: Commit.Expected + 1 + index.
type Event struct {
	Name    string
	Version uint32
	Payload []byte // one msgpack value; nil when the event has none
}

// CommandRecord is what the log keeps of one accepted command.
type CommandRecord struct {
	ID      string            // the caller's command id; empty: none was given
	Print   uint64            // hash of name and payload: tells a reuse of the id from a retry
	Name    string            // command name
	Payload []byte            // nil when the command had none, or recording is off for the type
	Meta    map[string]string // what the edge put there: principal, correlation, traceparent; may be nil
	Events  uint32            // how many of the commit's events are this command's own, in order
	Seq     uint64            // the entity's sequence number after it
	Reply   []byte            // one msgpack value; nil when the command had no reply
}

// Flags of a commit. None is defined yet; the byte is stored and returned.
type Flags uint8

// Commit is the 1..N events of ONE entity that one batch of commands made.
type Commit struct {
	Entity   EntityID
	Expected uint64    // the entity's sequence number before; 0: it must not exist
	Head     HeadToken // of the entity's last record, as the log gave it
	ID       CommitID
	Time     time.Time // whole milliseconds, UTC: exactly the "now" the guest saw
	Plugin   Digest    // the plugin that decided
	Events   []Event   // at least one
	Commands []CommandRecord
	Flags    Flags
}

// Seq is the entity's sequence number after the commit.
func (c *Commit) Seq() uint64 { return c.Expected + uint64(len(c.Events)) }

// Record is a commit as the log holds it.
type Record struct {
	Commit          // Head is the token of THIS record, for the next commit
	Place  Position // of the commit's last event
}

// Position returns the place of the commit's i-th event (from 0) in the log.
func (r *Record) Position(i int) Position { return Position{r.Place.commit, uint32(i)} }

// Fence is the right to write to a range of slices in an epoch. The zero Fence
// fences nothing: the concurrency check alone decides.
type Fence struct {
	Slices SliceRange
	Epoch  uint64 // 0: no fence
}

// Outcome says what became of one appended commit.
type Outcome uint8

const (
	// Unknown: it may or may not be in the log, now or later. Append the same
	// commit again (same ID, same bytes) until the log answers otherwise.
	Unknown Outcome = iota
	// Applied: durable, and readable by everyone.
	Applied
	// Duplicate: the very same commit (by ID) was already there.
	Duplicate
	// Conflict: the entity's sequence number is not Expected. Nothing was
	// written, and this append will never be.
	Conflict
	// Fenced: the fence's epoch is over. Nothing was written.
	Fenced
	// TooLarge: the engine cannot store a commit of this size. Nothing was written.
	TooLarge
	// Refused: nothing was written, for the reason in Result.Err: the store is
	// down, closed, read-only or out of its reserve. Trying later may succeed.
	// Refused speaks of this attempt only: an earlier one of the same commit that
	// was Unknown stays so, until the log answers otherwise.
	Refused
)

// String returns the outcome in lower case.
func (o Outcome) String() string {
	switch o {
	case Applied:
		return "applied"
	case Duplicate:
		return "duplicate"
	case Conflict:
		return "conflict"
	case Fenced:
		return "fenced"
	case TooLarge:
		return "too large"
	case Refused:
		return "refused"
	default:
		return "unknown"
	}
}

// Result is the log's answer to one commit.
type Result struct {
	Outcome Outcome
	Head    HeadToken // Applied, Duplicate: of the new record
	Place   Position  // Applied, Duplicate: of the commit's last event
	Err     error     // Unknown, Refused, Fenced, TooLarge: why; wraps ErrUnavailable or ErrTooLarge where that is so
}

// Head is the true end of an entity's stream.
type Head struct {
	Seq   uint64    // 0: the entity has no events
	Token HeadToken // of its last record
}

// Query selects records of a [Log.Scan].
type Query struct {
	Type   string     // empty: all types but eshost's own ("_..."), unless System
	Slices SliceRange // the zero range: all slices
	System bool       // with an empty Type: include eshost's own types
	After  Position   // the zero Position: from the start
}

// Log is an append-only log of commits with optimistic concurrency per entity.
// All methods may be called by many goroutines at once.
type Log interface {
	// Append stores commits durably and returns one result for each, in order.
	// One commit's conflict never fails the others. A call holds at most one
	// commit of an entity, and an entity has at most one append in flight.
	// Applied means: durable to the level Info declares, and visible to every
	// Heads, Read and Scan that begins after. Expected above the head is a
	// Conflict too. The log does not keep or change the commits' bytes after it
	// returns. When ctx ends first, what is not certain is Unknown. A Duplicate is
	// told before any other outcome: those but Applied say that nothing is there.
	Append(ctx context.Context, fence Fence, commits []Commit) []Result

	// Heads returns the entities' true heads (never a lagging replica's), in order.
	Heads(ctx context.Context, ids []EntityID) ([]Head, error)

	// Read yields the entity's records that hold events after the sequence
	// number, in order, without gaps, up to its durable head. A record's byte
	// slices, Events and Commands are valid until the next step only; Clone
	// keeps it. A missing or damaged record is an error wrapping ErrCorrupt that
	// names the place, and ends the sequence.
	Read(ctx context.Context, id EntityID, after uint64) iter.Seq2[*Record, error]

	// Scan yields the records that the query selects and that hold events
	// after Query.After, each once, in order per entity, up to the durable head
	// at some moment after the call. Record ownership and errors as in Read. A
	// Position of another log is ErrPosition.
	Scan(ctx context.Context, q Query) iter.Seq2[*Record, error]

	// Wait returns nil when there may be records after the position, ctx's error
	// when it ends first, ErrPosition, ErrClosed, or ErrUnavailable when the store
	// cannot tell. It looks at the whole log: a
	// query that selects few records is better served by [Follow], the one loop of
	// Scan and Wait for catch-up and live.
	Wait(ctx context.Context, after Position) error

	// Head returns the position of the last durable event; the zero Position in
	// an empty log.
	Head(ctx context.Context) (Position, error)

	// Entities yields the ids of a type in byte order, after the given id.
	Entities(ctx context.Context, typ, after string) iter.Seq2[EntityID, error]

	// Kinds returns the (event name, version) pairs ever written for the type,
	// sorted by [Kind.Compare]. A pair is recorded before or with the first commit that carries it.
	Kinds(ctx context.Context, typ string) ([]Kind, error)

	// Info describes the log; it does not block.
	Info() Info

	// Close releases the log. It is idempotent and waits for appends in flight.
	Close() error
}

// Kind is an event name and version as the log has seen it.
type Kind struct {
	Name    string
	Version uint32
}

// Compare orders kinds by name, then by version.
func (k Kind) Compare(o Kind) int {
	return cmp.Or(strings.Compare(k.Name, o.Name), cmp.Compare(k.Version, o.Version))
}

// Durability is the level of loss a log excludes when it says Applied.
type Durability uint8

const (
	// Volatile: lost when the process ends.
	Volatile Durability = iota
	// Process: survives the process, may be lost with the machine.
	Process
	// Synced: on stable storage of one machine.
	Synced
	// Replicated: acknowledged by a majority of machines.
	Replicated
)

// String returns the level in lower case.
func (d Durability) String() string {
	switch d {
	case Replicated:
		return "replicated"
	case Synced:
		return "synced"
	case Process:
		return "process"
	default:
		return "volatile"
	}
}

// Info describes a log: what it promises and what it can hold.
type Info struct {
	Name          string     // the engine, e.g. "pebble"
	ID            LogID      // random, for life
	Durability    Durability // the level
	DurabilityIs  string     // the same in words, for the operator
	Exclusive     bool       // no other process can write: answers may come from memory
	Fencing       bool       // Append honours a non-zero Fence
	MaxCommit     int        // bytes one commit's record may take; larger is TooLarge
	Concurrency   int        // appends in flight that help; at least 1
	AppendCommits int        // commits one Append takes well; the host sends no more at once
	AppendBytes   int        // bytes of payload one Append takes well; the host sends no more at once
}

// Snapshot is an entity's state at a sequence number. It is a cache: it may lag
// or be lost, and the log alone is the truth.
type Snapshot struct {
	Entity      EntityID
	Log         LogID     // of the log it was folded from
	Seq         uint64    // of the last event folded into State; at least 1
	Head        HeadToken // of the record that ends at Seq
	Plugin      Digest    // the plugin that made the state
	StateSchema string    // that plugin's name for the state's layout
	Time        time.Time // of the commit that ends at Seq, whole milliseconds
	Window      []WindowEntry
	State       []byte // one msgpack value
}

// WindowEntry is a recorded command with an id, as the entity remembers it to
// repeat its answer. A snapshot carries the window, oldest first, so that it is
// the same after recovery from a snapshot as from the first event.
type WindowEntry struct {
	ID     string
	Print  uint64
	Events uint32
	Seq    uint64
	Time   time.Time // of its commit
	Reply  []byte
}

// SnapshotStore keeps at most one snapshot an entity: the one with the highest
// sequence number. All methods may be called by many goroutines at once.
type SnapshotStore interface {
	// Save keeps the snapshot unless a newer one of the same log is there. It may be durable later
	// than it returns. It does not keep the snapshot's bytes.
	Save(ctx context.Context, s *Snapshot) error
	// Load returns the snapshots of the entities, in order, nil where there is
	// none. One that cannot be decoded is reported as ErrCorrupt in errs and is nil;
	// the caller folds from the first event. err is for the call as a whole.
	Load(ctx context.Context, ids []EntityID) (snaps []*Snapshot, errs []error, err error)
	// Delete forgets the entity's snapshot; none is no error.
	Delete(ctx context.Context, id EntityID) error
	Close() error
}

// CheckpointStore keeps the positions of projections by name.
type CheckpointStore interface {
	// Checkpoint returns the position saved last, the zero Position when none was.
	Checkpoint(ctx context.Context, name string) (Position, error)
	// SaveCheckpoint is durable when it returns nil. After an error it may be saved or not.
	SaveCheckpoint(ctx context.Context, name string, p Position) error
	// DeleteCheckpoint forgets it; none is no error.
	DeleteCheckpoint(ctx context.Context, name string) error
	Close() error
}

// BlobStore keeps plugins' bytes by their SHA-256.
type BlobStore interface {
	// PutBlob is durable when it returns no error, and returns the digest it
	// computed. After an error the blob may be there or not.
	PutBlob(ctx context.Context, b []byte) (Digest, error)
	// Blob returns the bytes, checked against the digest, or ErrNotFound.
	Blob(ctx context.Context, d Digest) ([]byte, error)
	// Blobs yields the digests that are kept, in byte order.
	Blobs(ctx context.Context) iter.Seq2[Digest, error]
	Close() error
}
