package api

import (
	"errors"

	"github.com/eshost/eshost/cmd/eshost/internal/wire"
	"github.com/eshost/eshost/host"
	"github.com/eshost/eshost/stores"
)

// appendFinding appends what a replay found of an entity.
func appendFinding(e *wire.Encoder, f *host.ReplayFinding) {
	differ := f.Verdict == host.Different
	e.Object(4 + count(f.Kept > 0) + count(f.Seq > 0) + count(f.Event != nil) + 3*count(differ) + count(f.Err != nil))
	e.Key("type")
	e.Str(f.Entity.Type)
	e.Key("id")
	e.Str(f.Entity.ID)
	e.Key("verdict")
	e.Str(f.Verdict.String())
	e.Key("events")
	e.Uint(f.Events)
	if f.Kept > 0 {
		e.Key("kept")
		e.Uint(f.Kept)
	}
	if f.Seq > 0 {
		e.Key("seq")
		e.Uint(f.Seq)
	}
	if f.Event != nil {
		e.Key("event")
		appendBare(e, f.Event)
	}
	if differ {
		e.Key("old")
		e.Payload(f.Old)
		e.Key("new")
		e.Payload(f.New)
		e.Key("difference")
		patch, err := f.Difference()
		if err != nil {
			e.Str(err.Error())
		} else {
			e.Document(string(patch))
		}
	}
	if f.Err != nil {
		e.Key("error")
		e.Str(f.Err.Error())
	}
	e.EndObject()
}

// appendDecided appends the four counts.
func appendDecided(e *wire.Encoder, d *host.Redecided) {
	for _, n := range []struct {
		key   string
		value int64
	}{{"commits", d.Commits}, {"equal", d.Equal}, {"different", d.Different}, {"unknown", d.Unknown}} {
		e.Key(n.key)
		e.Uint(uint64(n.value))
	}
}

// appendRedecision appends a command that was decided differently.
func appendRedecision(e *wire.Encoder, d *host.Redecision) {
	cmd := &d.Commit.Commands[d.Command]
	e.Object(9)
	e.Key("type")
	e.Str(d.Commit.Entity.Type)
	e.Key("id")
	e.Str(d.Commit.Entity.ID)
	e.Key("after")
	e.Uint(d.Commit.Expected)
	e.Key("time")
	e.Time(d.Commit.Time)
	e.Key("plugin")
	e.Str(d.Commit.Plugin.String())
	e.Key("command")
	e.Str(cmd.Name)
	e.Key("payload")
	e.Payload(cmd.Payload)
	e.Key("recorded")
	appendDid(e, &d.Recorded)
	e.Key("now")
	appendDid(e, &d.Now)
	e.EndObject()
}

func appendDid(e *wire.Encoder, d *host.Did) {
	var rejection *host.Rejection
	rejected := errors.As(d.Err, &rejection)
	e.Object(2 + count(d.Err != nil))
	e.Key("events")
	e.Array(len(d.Events))
	for i := range d.Events {
		e.Item()
		appendBare(e, &d.Events[i])
	}
	e.EndArray()
	e.Key("reply")
	e.Payload(d.Reply)
	switch {
	case rejected:
		e.Key("rejected")
		e.Str(rejection.Code)
	case d.Err != nil:
		e.Key("error")
		e.Str(d.Err.Error())
	}
	e.EndObject()
}

// appendBare appends an event as the log holds it, without its place.
func appendBare(e *wire.Encoder, ev *stores.Event) {
	e.Object(3)
	appendNamed(e, ev.Name, ev.Version, ev.Payload)
	e.EndObject()
}

func appendNamed(e *wire.Encoder, name string, version uint32, payload []byte) {
	e.Key("name")
	e.Str(name)
	e.Key("version")
	e.Uint(uint64(version))
	e.Key("payload")
	e.Payload(payload)
}
