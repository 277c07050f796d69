package client

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"iter"
	"net/http"
	"strconv"
	"time"
)

// StateAt reads the state that an entity had after the event with the sequence number, as the plugin that serves
// its type makes it or, if wasm is not nil, the plugin of these bytes. A number that it has not come to is a *Problem
// of TypeNotReached.
func (c *Client) StateAt(ctx context.Context, typ, id string, seq uint64, wasm []byte) (State, error) {
	var s State
	q := query("at", strconv.FormatUint(seq, 10))
	if wasm == nil {
		err := c.get(ctx, path("entities", typ, id)+q, &s)
		return s, err
	}
	resp, err := c.do(ctx, http.MethodPost, path("entities", typ, id, "state")+q, bytes.NewReader(wasm),
		deadline(ctx, []header{{"Content-Type", "application/wasm"}, {"Accept", "application/json"}})...)
	if err != nil {
		return s, err
	}
	defer resp.Body.Close()
	err = c.decode(resp.Body, &s)
	return s, err
}

// EventBody is an event without its place.
type EventBody struct {
	Seq     uint64          `json:"seq,omitempty"` // of a dry run's
	Name    string          `json:"name"`
	Version uint32          `json:"version"`
	Payload json.RawMessage `json:"payload"` // null: none
}

// DryRun is what a command would have done.
type DryRun struct {
	Seq       uint64          `json:"seq"` // of the durable state that it was decided on
	Plugin    string          `json:"plugin"`
	Time      time.Time       `json:"time"`   // that the plugin was told
	Events    []EventBody     `json:"events"` // that would be persisted
	Reply     json.RawMessage `json:"reply"`  // null: none
	Rejection *Rejection      `json:"rejection,omitempty"`
	State     json.RawMessage `json:"state"` // after it; null: the entity would have no events
}

// Rejection says why a plugin's rules refuse a command.
type Rejection struct {
	Code    string          `json:"code"`
	Payload json.RawMessage `json:"payload"` // null: none
}

// DryRun decides a command on the entity's durable state, and persists nothing. That it is rejected is no error.
// The command's payload is JSON, and it has no id.
func (c *Client) DryRun(ctx context.Context, cmd Command) (DryRun, error) {
	var d DryRun
	headers, body, err := cmd.request()
	if err == nil && cmd.Msgpack != nil {
		err = fmt.Errorf("dry run of %s: give its payload as JSON", cmd.Name)
	}
	if err != nil {
		return d, err
	}
	resp, err := c.do(ctx, http.MethodPost, path("entities", cmd.Type, cmd.ID, "commands", cmd.Name, "dry-run"), bytes.NewReader(body), deadline(ctx, headers)...)
	if err != nil {
		return d, err
	}
	defer resp.Body.Close()
	err = c.decode(resp.Body, &d)
	return d, err
}

// Decided counts commits by what came of deciding their commands again.
type Decided struct {
	Commits   int64 `json:"commits"`
	Equal     int64 `json:"equal"` // the same events and replies, byte for byte
	Different int64 `json:"different"`
	Unknown   int64 `json:"unknown"` // nothing can be said: the plugin, the commands or their payloads are not kept
}

// Redecision is a command that was decided differently, the first one of its commit.
type Redecision struct {
	Type     string          `json:"type"`
	ID       string          `json:"id"`
	After    uint64          `json:"after"` // the entity's number before the commit
	Time     time.Time       `json:"time"`
	Plugin   string          `json:"plugin"` // that decided it
	Command  string          `json:"command"`
	Payload  json.RawMessage `json:"payload"`
	Recorded Did             `json:"recorded"`
	Now      Did             `json:"now"`
}

// Did is what a command did.
type Did struct {
	Events   []EventBody     `json:"events"`
	Reply    json.RawMessage `json:"reply"`
	Rejected string          `json:"rejected,omitempty"` // the code
	Error    string          `json:"error,omitempty"`    // the plugin failed
}

// Verification is what came of deciding an entity's commands again by the plugins that decided them.
type Verification struct {
	Seq uint64 `json:"seq"` // up to which that was done
	Decided
	Plugins   []VerifiedPlugin `json:"plugins"`
	Decisions []Redecision     `json:"decisions"` // the first that came out differently
}

// VerifiedPlugin is the part of one plugin.
type VerifiedPlugin struct {
	Plugin string `json:"plugin"`
	Decided
	Error string `json:"error,omitempty"` // why it could not be asked, or not about all of its commits
}

// Verify has an entity's recorded commands decided again, each by the plugin that decided it.
func (c *Client) Verify(ctx context.Context, typ, id string) (Verification, error) {
	var v Verification
	err := c.get(ctx, path("entities", typ, id, "verification"), &v)
	return v, err
}

// ReplayQuery says which history is replayed, and how.
type ReplayQuery struct {
	Type     string
	ID       string  // of the entity; empty: all of the type
	Sample   float64 // share of them, above 0 and up to 1; 0: all
	At       uint64  // number of each entity's event to end at; 0: its last one
	Keep     bool    // the plugin also goes on from states of the serving one
	Decide   bool    // recorded commands are decided again, too
	Examples int     // of what is found; 0: 10
}

// Replay is how far a replay is, and in the last one what it found.
type Replay struct {
	Done            bool             `json:"done"`
	Until           string           `json:"until"` // the position in the log that it goes up to
	Entities        int64            `json:"entities"`
	Events          int64            `json:"events"`
	TotalEntities   int64            `json:"total_entities,omitempty"` // 0: not known yet
	TotalEvents     int64            `json:"total_events,omitempty"`   // estimated; 0: not known yet
	ElapsedMillis   int64            `json:"elapsed_ms"`
	EventsPerSecond int64            `json:"events_per_second"`
	Ends            time.Time        `json:"ends,omitzero"` // about; zero: not known yet
	Verdicts        map[string]int64 `json:"verdicts"`      // entities: equal, different, faulty, mended, broken, unreadable
	Decided         Decided          `json:"decided"`
	Findings        []Finding        `json:"findings,omitempty"`  // the first entities that are not equal
	Decisions       []Redecision     `json:"decisions,omitempty"` // the first commands that were decided differently
}

// Finding is what replaying gave of an entity.
type Finding struct {
	Type       string          `json:"type"`
	ID         string          `json:"id"`
	Verdict    string          `json:"verdict"`
	Events     uint64          `json:"events"`
	Kept       uint64          `json:"kept,omitempty"` // where the plugin had gone on from the serving one's state; 0: it had not
	Seq        uint64          `json:"seq,omitempty"`  // of the first event after which states differ, or that cannot be folded
	Event      *EventBody      `json:"event,omitempty"`
	Old        json.RawMessage `json:"old,omitempty"` // states after Seq
	New        json.RawMessage `json:"new,omitempty"`
	Difference json.RawMessage `json:"difference,omitempty"` // a JSON patch (RFC 6902) from old to new
	Error      string          `json:"error,omitempty"`
}

// Replay compares what the plugin of these bytes makes of recorded history with what the serving one makes of it. It yields how far
// that is about once a second, and at last one that is Done; an error instead is the last thing it yields.
func (c *Client) Replay(ctx context.Context, q ReplayQuery, wasm []byte) iter.Seq2[*Replay, error] {
	return func(yield func(*Replay, error) bool) {
		number := func(n uint64) string {
			if n == 0 {
				return ""
			}
			return strconv.FormatUint(n, 10)
		}
		sample := ""
		if q.Sample > 0 {
			sample = strconv.FormatFloat(q.Sample, 'g', -1, 64)
		}
		ctx, cancel := context.WithCancel(ctx)
		defer cancel() // ends the replay where its end is not wanted
		resp, err := c.do(ctx, http.MethodPost, path("types", q.Type, "replay")+
			query("id", q.ID, "sample", sample, "at", number(q.At), "keep", flag(q.Keep), "decide", flag(q.Decide), "examples", number(uint64(q.Examples))),
			bytes.NewReader(wasm), header{"Content-Type", "application/wasm"}, header{"Accept", "application/x-ndjson"})
		if err != nil {
			yield(nil, err)
			return
		}
		defer resp.Body.Close()
		for d := json.NewDecoder(resp.Body); ; {
			var line struct {
				Problem *Problem `json:"problem"`
				Replay
			}
			switch err := d.Decode(&line); {
			case err == io.EOF:
				yield(nil, c.unanswered(io.ErrUnexpectedEOF))
				return
			case err != nil:
				yield(nil, c.unanswered(err))
				return
			case line.Problem != nil:
				yield(nil, line.Problem)
				return
			}
			if !yield(&line.Replay, nil) || line.Done {
				return
			}
		}
	}
}
