package api

import (
	"errors"
	"fmt"
	"net/http"

	"github.com/eshost/eshost/abi"
	"github.com/eshost/eshost/cmd/eshost/internal/wire"
	"github.com/eshost/eshost/host"
	"github.com/eshost/eshost/stores"
)

// list serves an object of one key with all of some things.
func list[T any](w http.ResponseWriter, r *request, key string, all []T, item func(*wire.Encoder, *T)) *wire.Problem {
	msgpack, p := format(r)
	if p != nil {
		return p
	}
	e := wire.NewEncoder(msgpack)
	defer e.Free()
	e.Object(1)
	e.Key(key)
	e.Array(len(all))
	for i := range all {
		e.Item()
		item(e, &all[i])
	}
	e.EndArray()
	e.EndObject()
	send(w, e)
	return nil
}

// types serves what can be sent to the host.
func (s *Server) types(w http.ResponseWriter, r *request) *wire.Problem {
	return list(w, r, "types", s.host.Types(), appendType)
}

func appendType(e *wire.Encoder, t *host.TypeInfo) {
	rolls := t.Former != (stores.Digest{})
	e.Object(7 + count(rolls))
	e.Key("type")
	e.Str(t.Name)
	e.Key("plugin")
	e.Str(t.Plugin.String())
	if rolls {
		e.Key("former")
		e.Str(t.Former.String())
	}
	e.Key("deployment")
	e.Uint(t.Deployment)
	e.Key("state_schema")
	e.Str(t.StateSchema)
	e.Key("resident")
	e.Uint(uint64(t.Resident))
	e.Key("commands")
	e.Array(len(t.Commands))
	for i := range t.Commands {
		e.Item()
		appendCommandSpec(e, &t.Commands[i])
	}
	e.EndArray()
	e.Key("events")
	e.Array(len(t.Events))
	for i := range t.Events {
		ev := &t.Events[i]
		e.Item()
		e.Object(3)
		e.Key("name")
		e.Str(ev.Name)
		e.Key("version")
		e.Uint(uint64(ev.Version))
		e.Key("schema")
		e.Document(ev.Schema)
		e.EndObject()
	}
	e.EndArray()
	e.EndObject()
}

func appendCommandSpec(e *wire.Encoder, c *abi.CommandSpec) {
	e.Object(5)
	e.Key("name")
	e.Str(c.Name)
	e.Key("schema")
	e.Document(c.Schema)
	e.Key("reply")
	e.Document(c.Reply)
	e.Key("rejections")
	e.Array(len(c.Rejections))
	for _, code := range c.Rejections {
		e.Item()
		e.Str(code)
	}
	e.EndArray()
	e.Key("examples")
	e.Array(len(c.Examples))
	for _, payload := range c.Examples {
		e.Item()
		e.Payload(payload)
	}
	e.EndArray()
	e.EndObject()
}

// plugins serves the plugins in service.
func (s *Server) plugins(w http.ResponseWriter, r *request) *wire.Problem {
	return list(w, r, "plugins", s.host.Deployments(), appendDeployment)
}

func appendDeployment(e *wire.Encoder, d *host.Deployment) {
	e.Object(9)
	e.Key("seq")
	e.Uint(d.Seq)
	e.Key("plugin")
	e.Str(d.Plugin.String())
	e.Key("types")
	strs(e, d.Types)
	e.Key("abi")
	e.Str(fmt.Sprintf("%d.%d", d.Manifest.Major, d.Manifest.Minor))
	e.Key("sdk")
	e.Str(d.Manifest.SDK)
	e.Key("bytes")
	e.Uint(uint64(d.Size))
	e.Key("time")
	e.Time(d.Time)
	e.Key("by")
	e.Str(d.By)
	e.Key("from")
	e.Str(d.From)
	e.EndObject()
}

// quarantine serves the entities that are quarantined.
func (s *Server) quarantine(w http.ResponseWriter, r *request) *wire.Problem {
	return list(w, r, "entities", s.host.Quarantined(), appendQuarantine)
}

func appendQuarantine(e *wire.Encoder, entity **host.QuarantineError) {
	q := *entity
	var f *host.Fault
	blamed := errors.As(q.Err, &f)
	located := blamed && f.Seq != 0
	e.Object(3 + count(blamed) + count(located))
	e.Key("type")
	e.Str(q.Entity.Type)
	e.Key("id")
	e.Str(q.Entity.ID)
	e.Key("reason")
	e.Str(q.Err.Error())
	if blamed {
		e.Key("plugin")
		e.Str(f.Plugin.String())
	}
	if located {
		e.Key("seq")
		e.Uint(f.Seq)
	}
	e.EndObject()
}
