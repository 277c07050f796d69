package api

import (
	"net/http"

	"github.com/eshost/eshost/cmd/eshost/internal/wire"
	"github.com/eshost/eshost/host"
)

// audits serves what was found when guest calls were made twice.
func (s *Server) audits(w http.ResponseWriter, r *request) *wire.Problem {
	return list(w, r, "audits", s.host.Audits(), appendAudit)
}

func appendAudit(e *wire.Encoder, a *host.Audit) {
	e.Object(4)
	e.Key("plugin")
	e.Str(a.Plugin.String())
	e.Key("audited")
	e.Uint(a.Audited)
	e.Key("differences")
	e.Uint(a.Differences)
	e.Key("examples")
	e.Array(len(a.Examples))
	for i := range a.Examples {
		e.Item()
		appendDifference(e, &a.Examples[i])
	}
	e.EndArray()
	e.EndObject()
}

func appendDifference(e *wire.Encoder, d *host.Difference) {
	e.Object(9 + count(d.Err != nil))
	e.Key("time")
	e.Time(d.Time)
	e.Key("func")
	e.Str(d.Func)
	e.Key("type")
	e.Str(d.Entity.Type)
	e.Key("id")
	e.Str(d.Entity.ID)
	e.Key("seq")
	e.Uint(d.Seq)
	e.Key("fresh")
	e.Bool(d.Fresh)
	e.Key("request")
	e.Payload(d.Request)
	e.Key("first")
	e.Payload(d.First)
	e.Key("second")
	e.Payload(d.Second)
	if d.Err != nil {
		e.Key("error")
		e.Str(d.Err.Error())
	}
	e.EndObject()
}
