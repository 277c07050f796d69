package api

import (
	"net/http"

	"github.com/eshost/eshost/host"
)

// audits serves what was found when guest calls were made twice.
func (s *Server) audits(w http.ResponseWriter, r *request) *problem {
	return list(w, r, "audits", s.host.Audits(), appendAudit)
}

func appendAudit(e *encoder, a *host.Audit) {
	e.object(4)
	e.key("plugin")
	e.str(a.Plugin.String())
	e.key("audited")
	e.uint(a.Audited)
	e.key("differences")
	e.uint(a.Differences)
	e.key("examples")
	e.array(len(a.Examples))
	for i := range a.Examples {
		e.item()
		appendDifference(e, &a.Examples[i])
	}
	e.endArray()
	e.endObject()
}

func appendDifference(e *encoder, d *host.Difference) {
	e.object(9 + count(d.Err != nil))
	e.key("time")
	e.time(d.Time)
	e.key("func")
	e.str(d.Func)
	e.key("type")
	e.str(d.Entity.Type)
	e.key("id")
	e.str(d.Entity.ID)
	e.key("seq")
	e.uint(d.Seq)
	e.key("fresh")
	e.bool(d.Fresh)
	e.key("request")
	e.payload(d.Request)
	e.key("first")
	e.payload(d.First)
	e.key("second")
	e.payload(d.Second)
	if d.Err != nil {
		e.key("error")
		e.str(d.Err.Error())
	}
	e.endObject()
}
