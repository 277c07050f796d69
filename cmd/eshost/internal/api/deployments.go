package api

import (
	"net/http"

	"github.com/eshost/eshost/abi"
	"github.com/eshost/eshost/host"
	"github.com/eshost/eshost/stores"
)

// history serves a page of the deployments there have been.
func (s *Server) history(w http.ResponseWriter, r *request) *problem {
	msgpack, p := format(r)
	if p != nil {
		return p
	}
	after, p := r.after()
	if p != nil {
		return p
	}
	limit, p := r.limit()
	if p != nil {
		return p
	}
	all := s.host.DeploymentHistory()
	all = all[min(after, uint64(len(all))):]
	more := len(all) > limit
	all = all[:min(limit, len(all))]
	e := newEncoder(msgpack)
	defer e.free()
	e.object(1 + count(more))
	e.key("deployments")
	appendEntries(e, all)
	if more {
		e.key("next")
		e.uint(all[limit-1].Seq)
	}
	e.endObject()
	e.send(w)
	return nil
}

func appendEntries(e *encoder, all []host.DeploymentEntry) {
	e.array(len(all))
	for i := range all {
		e.item()
		appendEntry(e, &all[i])
	}
	e.endArray()
}

func appendEntry(e *encoder, entry *host.DeploymentEntry) {
	e.object(7 + count(entry.Rollback) + count(entry.Forced))
	e.key("seq")
	e.uint(entry.Seq)
	e.key("time")
	e.time(entry.Time)
	if entry.Rollback {
		e.key("rollback")
		e.bool(true)
	}
	e.key("plugin")
	e.str(entry.Plugin.String())
	e.key("bytes")
	e.uint(uint64(entry.Bytes))
	e.key("types")
	e.array(len(entry.Types))
	for _, t := range entry.Types {
		e.item()
		e.object(2)
		e.key("type")
		e.str(t.Name)
		e.key("states")
		e.str(string(t.States))
		e.endObject()
	}
	e.endArray()
	e.key("by")
	e.str(entry.By)
	e.key("from")
	e.str(entry.From)
	if entry.Forced {
		e.key("forced")
		e.bool(true)
	}
	e.endObject()
}

// showPlugin serves what is known of a plugin that was deployed.
func (s *Server) showPlugin(w http.ResponseWriter, r *request) *problem {
	msgpack, p := format(r)
	if p != nil {
		return p
	}
	info, err := s.host.Plugin(r.Context(), r.plugin)
	if err != nil {
		return problemOf(err)
	}
	e := newEncoder(msgpack)
	defer e.free()
	e.object(6)
	e.key("plugin")
	e.str(info.Plugin.String())
	e.key("bytes")
	e.uint(uint64(info.Bytes))
	e.key("serves")
	e.strs(info.Serves)
	e.key("former_of")
	e.strs(info.FormerOf)
	e.key("deployments")
	appendEntries(e, info.Entries)
	e.key("manifest")
	e.payload(abi.AppendManifest(nil, info.Manifest))
	e.endObject()
	e.send(w)
	return nil
}

func (e *encoder) strs(all []string) {
	e.array(len(all))
	for _, s := range all {
		e.item()
		e.str(s)
	}
	e.endArray()
}

func appendDeployed(e *encoder, d *host.Deployment) {
	e.object(6)
	e.key("seq")
	e.uint(d.Seq)
	e.key("plugin")
	e.str(d.Plugin.String())
	e.key("types")
	e.strs(d.Types)
	e.key("time")
	e.time(d.Time)
	e.key("by")
	e.str(d.By)
	e.key("from")
	e.str(d.From)
	e.endObject()
}

func appendPlan(e *encoder, p *host.Plan) {
	e.object(7)
	e.key("token")
	e.str(p.Token)
	e.key("seq")
	e.uint(p.Seq)
	e.key("plugin")
	e.str(p.Plugin.String())
	e.key("bytes")
	e.uint(uint64(p.Bytes))
	e.key("unchanged")
	e.bool(p.Unchanged)
	e.key("types")
	e.array(len(p.Types))
	for i := range p.Types {
		e.item()
		appendTypePlan(e, &p.Types[i])
	}
	e.endArray()
	e.key("left")
	e.strs(p.Left)
	e.endObject()
}

func appendTypePlan(e *encoder, t *host.TypePlan) {
	e.object(4 + count(t.Serving != nil) + count(t.SnapshotsIgnored != "") + count(t.Unsafe != ""))
	e.key("type")
	e.str(t.Type)
	if t.Serving != nil {
		e.key("serving")
		e.str(t.Serving.String())
	}
	e.key("changes")
	e.array(len(t.Changes))
	for i := range t.Changes {
		e.item()
		appendChange(e, &t.Changes[i])
	}
	e.endArray()
	e.key("states")
	e.str(string(t.States))
	e.key("unlisted")
	e.array(len(t.Unlisted))
	for _, k := range t.Unlisted {
		e.item()
		appendKind(e, k)
	}
	e.endArray()
	if t.SnapshotsIgnored != "" {
		e.key("snapshots_ignored")
		e.str(t.SnapshotsIgnored)
	}
	if t.Unsafe != "" {
		e.key("rollback_unsafe")
		e.str(t.Unsafe)
	}
	e.endObject()
}

func appendKind(e *encoder, k stores.Kind) {
	e.object(2)
	e.key("name")
	e.str(k.Name)
	e.key("version")
	e.uint(uint64(k.Version))
	e.endObject()
}

func appendChange(e *encoder, c *host.Change) {
	e.object(2 + count(c.Name != "") + count(c.Detail != ""))
	e.key("op")
	e.str(c.Op)
	e.key("what")
	e.str(c.What)
	if c.Name != "" {
		e.key("name")
		e.str(c.Name)
	}
	if c.Detail != "" {
		e.key("detail")
		e.str(c.Detail)
	}
	e.endObject()
}
