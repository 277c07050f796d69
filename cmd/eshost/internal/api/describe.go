package api

import (
	"errors"
	"fmt"
	"net/http"

	"github.com/eshost/eshost/abi"
	"github.com/eshost/eshost/host"
)

// types serves what can be sent to the host.
func (s *Server) types(w http.ResponseWriter, r *request) *problem {
	msgpack, p := format(r)
	if p != nil {
		return p
	}
	e := newEncoder(msgpack)
	defer e.free()
	types := s.host.Types()
	e.object(1)
	e.key("types")
	e.array(len(types))
	for i := range types {
		e.item()
		appendType(e, &types[i])
	}
	e.endArray()
	e.endObject()
	e.send(w)
	return nil
}

func appendType(e *encoder, t *host.TypeInfo) {
	e.object(6)
	e.key("type")
	e.str(t.Name)
	e.key("plugin")
	e.str(t.Plugin.String())
	e.key("state_schema")
	e.str(t.StateSchema)
	e.key("resident")
	e.uint(uint64(t.Resident))
	e.key("commands")
	e.array(len(t.Commands))
	for i := range t.Commands {
		e.item()
		appendCommandSpec(e, &t.Commands[i])
	}
	e.endArray()
	e.key("events")
	e.array(len(t.Events))
	for i := range t.Events {
		ev := &t.Events[i]
		e.item()
		e.object(3)
		e.key("name")
		e.str(ev.Name)
		e.key("version")
		e.uint(uint64(ev.Version))
		e.key("schema")
		e.document(ev.Schema)
		e.endObject()
	}
	e.endArray()
	e.endObject()
}

func appendCommandSpec(e *encoder, c *abi.CommandSpec) {
	e.object(5)
	e.key("name")
	e.str(c.Name)
	e.key("schema")
	e.document(c.Schema)
	e.key("reply")
	e.document(c.Reply)
	e.key("rejections")
	e.array(len(c.Rejections))
	for _, code := range c.Rejections {
		e.item()
		e.str(code)
	}
	e.endArray()
	e.key("examples")
	e.array(len(c.Examples))
	for _, payload := range c.Examples {
		e.item()
		e.payload(payload)
	}
	e.endArray()
	e.endObject()
}

// plugins serves the plugins in service.
func (s *Server) plugins(w http.ResponseWriter, r *request) *problem {
	msgpack, p := format(r)
	if p != nil {
		return p
	}
	e := newEncoder(msgpack)
	defer e.free()
	all := s.host.Deployments()
	e.object(1)
	e.key("plugins")
	e.array(len(all))
	for i := range all {
		d := &all[i]
		e.item()
		e.object(6)
		e.key("plugin")
		e.str(d.Plugin.String())
		e.key("types")
		e.array(len(d.Manifest.Types))
		for _, t := range d.Manifest.Types {
			e.item()
			e.str(t.Name)
		}
		e.endArray()
		e.key("abi")
		e.str(fmt.Sprintf("%d.%d", d.Manifest.Major, d.Manifest.Minor))
		e.key("sdk")
		e.str(d.Manifest.SDK)
		e.key("bytes")
		e.uint(uint64(d.Size))
		e.key("time")
		e.time(d.Time)
		e.endObject()
	}
	e.endArray()
	e.endObject()
	e.send(w)
	return nil
}

// quarantine serves the entities that are quarantined.
func (s *Server) quarantine(w http.ResponseWriter, r *request) *problem {
	msgpack, p := format(r)
	if p != nil {
		return p
	}
	e := newEncoder(msgpack)
	defer e.free()
	all := s.host.Quarantined()
	e.object(1)
	e.key("entities")
	e.array(len(all))
	for _, q := range all {
		e.item()
		appendQuarantine(e, q)
	}
	e.endArray()
	e.endObject()
	e.send(w)
	return nil
}

func appendQuarantine(e *encoder, q *host.QuarantineError) {
	var f *host.Fault
	blamed := errors.As(q.Err, &f)
	located := blamed && f.Seq != 0
	e.object(3 + count(blamed) + count(located))
	e.key("type")
	e.str(q.Entity.Type)
	e.key("id")
	e.str(q.Entity.ID)
	e.key("reason")
	e.str(q.Err.Error())
	if blamed {
		e.key("plugin")
		e.str(f.Plugin.String())
	}
	if located {
		e.key("seq")
		e.uint(f.Seq)
	}
	e.endObject()
}
