package wire

import (
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/eshost/eshost/host"
	"github.com/eshost/eshost/stores"
)

// Wanted is a read of a state as its caller sent it.
type Wanted struct {
	Entity  stores.EntityID
	Timeout time.Duration

	msgpack  bool
	match    string // of If-Match
	hasMatch bool
	noneOf   string // of If-None-Match
}

// ReadWanted reads the headers of a read of a state.
func ReadWanted(id stores.EntityID, h http.Header) (*Wanted, *Problem) {
	w := &Wanted{Entity: id, noneOf: strings.Join(h.Values("If-None-Match"), ",")}
	chosen, p := Acceptable(h, NamesOfJSON, NamesOfMsgpack)
	if p != nil {
		return nil, p
	}
	w.msgpack = chosen == 1
	if w.match, w.hasMatch, p = One(h, "If-Match"); p != nil {
		return nil, p
	}
	if w.Timeout, p = Timeout(h); p != nil {
		return nil, p
	}
	return w, nil
}

// Answer returns what answers the read; nil when the caller has this state already.
func (w *Wanted) Answer(state *host.State) (*Encoder, *Problem) {
	tag := ETag(state.Seq)
	if w.hasMatch && !listed(w.match, tag, false) {
		return nil, &Problem{Kind: ExpectedSeq, Detail: fmt.Sprintf("%s is at %d", w.Entity, state.Seq), Seq: &state.Seq}
	}
	if listed(w.noneOf, tag, true) {
		return nil, nil
	}
	e := NewEncoder(w.msgpack)
	e.Object(7)
	e.Key("type")
	e.Str(w.Entity.Type)
	e.Key("id")
	e.Str(w.Entity.ID)
	e.Key("seq")
	e.Uint(state.Seq)
	e.Key("state")
	e.Payload(state.Payload)
	e.Key("plugin")
	e.Str(state.Plugin.String())
	e.Key("state_schema")
	e.Str(state.StateSchema)
	e.Key("time")
	e.Time(state.Time)
	e.EndObject()
	return e, nil
}

// listed reports whether a header's list of entity tags covers the tag.
func listed(header, tag string, weak bool) bool {
	for element := range strings.SplitSeq(header, ",") {
		element = strings.TrimSpace(element)
		if weak {
			element = strings.TrimPrefix(element, "W/")
		}
		if element == tag || element == "*" {
			return true
		}
	}
	return false
}
