package client

import (
	"context"
	"encoding/json"
	"iter"
	"net/http"
	"net/url"
	"strconv"
	"time"
)

// State is an entity's state, after every command that was accepted before.
type State struct {
	Type        string          `json:"type"`
	ID          string          `json:"id"`
	Seq         uint64          `json:"seq"`
	Payload     json.RawMessage `json:"state"`
	Plugin      string          `json:"plugin"`       // the digest of the plugin that folded it
	StateSchema string          `json:"state_schema"` // that plugin's name for the layout
	Time        time.Time       `json:"time"`         // of the last event
}

// State reads an entity's state. An entity without events is a *Problem of
// TypeNoEvents.
func (c *Client) State(ctx context.Context, typ, id string) (State, error) {
	var s State
	err := c.get(ctx, path("entities", typ, id), &s)
	return s, err
}

// Event is a persisted event of an entity.
type Event struct {
	Seq      uint64          `json:"seq"`
	Name     string          `json:"name"`
	Version  uint32          `json:"version"`
	Payload  json.RawMessage `json:"payload"` // null: none
	Time     time.Time       `json:"time"`
	Plugin   string          `json:"plugin"`   // the digest of the plugin that decided it
	Position string          `json:"position"` // in the whole log; opaque
}

// Events yields an entity's events after the sequence number, up to the present.
// An error is the last thing it yields.
func (c *Client) Events(ctx context.Context, typ, id string, after uint64) iter.Seq2[Event, error] {
	return func(yield func(Event, error) bool) {
		for {
			var page struct {
				Events []Event `json:"events"`
				Next   *uint64 `json:"next"`
			}
			query := "?limit=1000&after=" + strconv.FormatUint(after, 10)
			if err := c.get(ctx, path("entities", typ, id, "events")+query, &page); err != nil {
				yield(Event{}, err)
				return
			}
			for _, e := range page.Events {
				if !yield(e, nil) {
					return
				}
			}
			if page.Next == nil {
				return
			}
			after = *page.Next
		}
	}
}

// Entities yields the ids of a type's entities that have events, in byte
// order, after the given one ("" for all). An error is the last thing it yields.
func (c *Client) Entities(ctx context.Context, typ, after string) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		for {
			var page struct {
				Entities []string `json:"entities"`
				Next     *string  `json:"next"`
			}
			query := "?limit=1000"
			if after != "" {
				query += "&after=" + url.QueryEscape(after)
			}
			if err := c.get(ctx, path("entities", typ)+query, &page); err != nil {
				yield("", err)
				return
			}
			for _, id := range page.Entities {
				if !yield(id, nil) {
					return
				}
			}
			if page.Next == nil {
				return
			}
			after = *page.Next
		}
	}
}

// Type is an entity type that the host serves.
type Type struct {
	Type        string        `json:"type"`
	Plugin      string        `json:"plugin"`           // the digest of the plugin that serves it
	Former      string        `json:"former,omitempty"` // the plugin that it would go back to; empty: none
	Deployment  uint64        `json:"deployment"`       // by which the plugin serves it
	StateSchema string        `json:"state_schema"`
	Resident    int           `json:"resident"` // entities in memory
	Commands    []CommandSpec `json:"commands"`
	Events      []EventSpec   `json:"events"`
}

// CommandSpec is a command that a type takes. Schemas are JSON Schema; null where the
// plugin gives none.
type CommandSpec struct {
	Name       string            `json:"name"`
	Schema     json.RawMessage   `json:"schema"` // of the payload
	Reply      json.RawMessage   `json:"reply"`  // of the reply
	Rejections []string          `json:"rejections"`
	Examples   []json.RawMessage `json:"examples"` // payloads
}

// EventSpec is an event that a type can fold.
type EventSpec struct {
	Name    string          `json:"name"`
	Version uint32          `json:"version"`
	Schema  json.RawMessage `json:"schema"` // JSON Schema; null: none
}

// Types returns what the host serves, sorted by name.
func (c *Client) Types(ctx context.Context) ([]Type, error) {
	var answer struct {
		Types []Type `json:"types"`
	}
	err := c.get(ctx, path("types"), &answer)
	return answer.Types, err
}

// Plugin is a plugin in service.
type Plugin struct {
	Seq    uint64    `json:"seq"`    // of the deployment by which it serves
	Plugin string    `json:"plugin"` // its digest
	Types  []string  `json:"types"`  // that it serves by it
	ABI    string    `json:"abi"`
	SDK    string    `json:"sdk"`
	Bytes  int       `json:"bytes"`
	Time   time.Time `json:"time"` // since when
	By     string    `json:"by"`   // who deployed it, as he said
	From   string    `json:"from"` // and from where
}

// Plugins returns the plugins in service, the oldest first.
func (c *Client) Plugins(ctx context.Context) ([]Plugin, error) {
	var answer struct {
		Plugins []Plugin `json:"plugins"`
	}
	err := c.get(ctx, path("plugins"), &answer)
	return answer.Plugins, err
}

// Quarantined is an entity whose events cannot be folded.
type Quarantined struct {
	Type   string `json:"type"`
	ID     string `json:"id"`
	Reason string `json:"reason"`
	Plugin string `json:"plugin"` // at fault; empty: none
	Seq    uint64 `json:"seq"`    // the event at fault; 0: none in particular
}

// Quarantine returns the entities that are quarantined.
func (c *Client) Quarantine(ctx context.Context) ([]Quarantined, error) {
	var answer struct {
		Entities []Quarantined `json:"entities"`
	}
	err := c.get(ctx, path("quarantine"), &answer)
	return answer.Entities, err
}

// Ready returns the host's version if it takes commands, or why it does not.
func (c *Client) Ready(ctx context.Context) (version string, err error) {
	resp, err := c.do(ctx, http.MethodGet, "/readyz", nil)
	if err != nil {
		return "", err
	}
	defer resp.Body.Close()
	var answer struct {
		Version string `json:"version"`
	}
	err = c.decode(resp.Body, &answer)
	return answer.Version, err
}

// Audit says whether a plugin gave the same answers when it was asked twice.
type Audit struct {
	Plugin      string       `json:"plugin"`
	Audited     uint64       `json:"audited"`     // calls that were made twice
	Differences uint64       `json:"differences"` // of these, how many were answered differently
	Examples    []Difference `json:"examples"`    // the first ones
}

// Difference is a call that two instances of a plugin answered differently. Requests and answers are
// those of the ABI, in their JSON form.
type Difference struct {
	Time    time.Time       `json:"time"`
	Func    string          `json:"func"` // handle_command or handle_event
	Type    string          `json:"type"`
	ID      string          `json:"id"`
	Seq     uint64          `json:"seq"`   // of the last event in the state that was given
	Fresh   bool            `json:"fresh"` // the second instance had never been called
	Request json.RawMessage `json:"request"`
	First   json.RawMessage `json:"first"` // what counted
	Second  json.RawMessage `json:"second"`
	Error   string          `json:"error,omitempty"` // why there is no second answer
}

// Audits returns what was found when guest calls were made twice, for each plugin in service.
func (c *Client) Audits(ctx context.Context) ([]Audit, error) {
	var answer struct {
		Audits []Audit `json:"audits"`
	}
	err := c.get(ctx, path("audits"), &answer)
	return answer.Audits, err
}
