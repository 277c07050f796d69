package api

import (
	"errors"
	"fmt"
	"net/http"

	"github.com/eshost/eshost/abi"
	"github.com/eshost/eshost/host"
	"github.com/eshost/eshost/stores"
)

// list serves an object of one key with all of some things.
func list[T any](w http.ResponseWriter, r *request, key string, all []T, item func(*encoder, *T)) *problem {
	msgpack, p := format(r)
	if p != nil {
		return p
	}
	e := newEncoder(msgpack)
	defer e.free()
	e.object(1)
	e.key(key)
	e.array(len(all))
	for i := range all {
		e.item()
		item(e, &all[i])
	}
	e.endArray()
	e.endObject()
	e.send(w)
	return nil
}

// types serves what can be sent to the host.
func (s *Server) types(w http.ResponseWriter, r *request) *problem {
	return list(w, r, "types", s.host.Types(), appendType)
}

func appendType(e *encoder, t *host.TypeInfo) {
	rolls := t.Former != (stores.Digest{})
	e.object(7 + count(rolls))
	e.key("type")
	e.str(t.Name)
	e.key("plugin")
	e.str(t.Plugin.String())
	if rolls {
		e.key("former")
		e.str(t.Former.String())
	}
	e.key("deployment")
	e.uint(t.Deployment)
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
	return list(w, r, "plugins", s.host.Deployments(), appendDeployment)
}

func appendDeployment(e *encoder, d *host.Deployment) {
	e.object(9)
	e.key("seq")
	e.uint(d.Seq)
	e.key("plugin")
	e.str(d.Plugin.String())
	e.key("types")
	e.strs(d.Types)
	e.key("abi")
	e.str(fmt.Sprintf("%d.%d", d.Manifest.Major, d.Manifest.Minor))
	e.key("sdk")
	e.str(d.Manifest.SDK)
	e.key("bytes")
	e.uint(uint64(d.Size))
	e.key("time")
	e.time(d.Time)
	e.key("by")
	e.str(d.By)
	e.key("from")
	e.str(d.From)
	e.endObject()
}

// quarantine serves the entities that are quarantined.
func (s *Server) quarantine(w http.ResponseWriter, r *request) *problem {
	return list(w, r, "entities", s.host.Quarantined(), appendQuarantine)
}

func appendQuarantine(e *encoder, entity **host.QuarantineError) {
	q := *entity
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
