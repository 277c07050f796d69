package deployment

import (
	"bytes"
	"fmt"

	"github.com/vmihailenco/msgpack/v5"

	"github.com/eshost/eshost/stores"
)

// The events of the stream. A version is never changed but by keys that who does not know them may pass over.
const (
	deployed    = "deployed"
	rolledBack  = "rolled_back"
	atVersion   = 1
	digestBytes = len(stores.Digest{})
)

// payload is that of both events.
type payload struct {
	Plugin   []byte        `msgpack:"plugin"`
	Manifest []byte        `msgpack:"manifest,omitempty"`
	Bytes    int           `msgpack:"bytes,omitempty"`
	Types    []typePayload `msgpack:"types"`
	By       string        `msgpack:"by,omitempty"`
	From     string        `msgpack:"from,omitempty"`
	Forced   bool          `msgpack:"forced,omitempty"`
}

type typePayload struct {
	Name   string `msgpack:"type"`
	States States `msgpack:"states"`
}

// Event is the entry as an event of the stream. Equal entries give equal bytes.
func (e *Entry) Event() (stores.Event, error) {
	p := payload{Plugin: e.Plugin[:], Bytes: e.Bytes, By: e.By, From: e.From, Forced: e.Forced}
	if e.Manifest != (stores.Digest{}) {
		p.Manifest = e.Manifest[:]
	}
	for _, t := range e.Types {
		p.Types = append(p.Types, typePayload(t))
	}
	ev := stores.Event{Name: deployed, Version: atVersion}
	if e.Rollback {
		ev.Name = rolledBack
	}
	var b bytes.Buffer
	enc := msgpack.NewEncoder(&b)
	enc.UseCompactInts(true)
	if err := enc.Encode(&p); err != nil {
		return ev, fmt.Errorf("encode a deployment: %w", err)
	}
	ev.Payload = b.Bytes()
	return ev, nil
}

// parse makes an entry of an event, without its number and time. One that this eshost does not know, since a later
// one has written it, is an ErrFormat; one that says nothing that makes sense an ErrCorrupt.
func parse(ev *stores.Event) (Entry, error) {
	if ev.Version != atVersion || ev.Name != deployed && ev.Name != rolledBack {
		return Entry{}, fmt.Errorf("%w: event %.80q of version %d: a later eshost wrote it, run that one", stores.ErrFormat, ev.Name, ev.Version)
	}
	var p payload
	if err := msgpack.Unmarshal(ev.Payload, &p); err != nil {
		return Entry{}, fmt.Errorf("%w: event %s: %w", stores.ErrCorrupt, ev.Name, err)
	}
	e := Entry{Rollback: ev.Name == rolledBack, Bytes: p.Bytes, By: p.By, From: p.From, Forced: p.Forced}
	if copy(e.Plugin[:], p.Plugin) != digestBytes || len(p.Plugin) != digestBytes || len(p.Manifest) != 0 && len(p.Manifest) != digestBytes || len(p.Types) == 0 {
		return Entry{}, fmt.Errorf("%w: event %s names no plugin or no types", stores.ErrCorrupt, ev.Name)
	}
	copy(e.Manifest[:], p.Manifest)
	for _, t := range p.Types {
		if t.States != Keep && t.States != Refold {
			return Entry{}, fmt.Errorf("%w: event %s, type %.80q: states are %.80q", stores.ErrFormat, ev.Name, t.Name, t.States)
		}
		e.Types = append(e.Types, Type(t))
	}
	return e, nil
}
