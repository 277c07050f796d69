package api

import (
	"net/http"

	"github.com/eshost/eshost/abi"
	"github.com/eshost/eshost/cmd/eshost/internal/wire"
	"github.com/eshost/eshost/host"
	"github.com/eshost/eshost/stores"
)

// history serves a page of the deployments there have been.
func (s *Server) history(w http.ResponseWriter, r *request) *wire.Problem {
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
	e := wire.NewEncoder(msgpack)
	defer e.Free()
	e.Object(1 + count(more))
	e.Key("deployments")
	appendEntries(e, all)
	if more {
		e.Key("next")
		e.Uint(all[limit-1].Seq)
	}
	e.EndObject()
	send(w, e)
	return nil
}

func appendEntries(e *wire.Encoder, all []host.DeploymentEntry) {
	e.Array(len(all))
	for i := range all {
		e.Item()
		appendEntry(e, &all[i])
	}
	e.EndArray()
}

func appendEntry(e *wire.Encoder, entry *host.DeploymentEntry) {
	e.Object(7 + count(entry.Rollback) + count(entry.Forced))
	e.Key("seq")
	e.Uint(entry.Seq)
	e.Key("time")
	e.Time(entry.Time)
	if entry.Rollback {
		e.Key("rollback")
		e.Bool(true)
	}
	e.Key("plugin")
	e.Str(entry.Plugin.String())
	e.Key("bytes")
	e.Uint(uint64(entry.Bytes))
	e.Key("types")
	e.Array(len(entry.Types))
	for _, t := range entry.Types {
		e.Item()
		e.Object(2)
		e.Key("type")
		e.Str(t.Name)
		e.Key("states")
		e.Str(string(t.States))
		e.EndObject()
	}
	e.EndArray()
	e.Key("by")
	e.Str(entry.By)
	e.Key("from")
	e.Str(entry.From)
	if entry.Forced {
		e.Key("forced")
		e.Bool(true)
	}
	e.EndObject()
}

// showPlugin serves what is known of a plugin that was deployed.
func (s *Server) showPlugin(w http.ResponseWriter, r *request) *wire.Problem {
	msgpack, p := format(r)
	if p != nil {
		return p
	}
	info, err := s.host.Plugin(r.Context(), r.plugin)
	if err != nil {
		return wire.ProblemOf(err)
	}
	e := wire.NewEncoder(msgpack)
	defer e.Free()
	e.Object(6)
	e.Key("plugin")
	e.Str(info.Plugin.String())
	e.Key("bytes")
	e.Uint(uint64(info.Bytes))
	e.Key("serves")
	strs(e, info.Serves)
	e.Key("former_of")
	strs(e, info.FormerOf)
	e.Key("deployments")
	appendEntries(e, info.Entries)
	e.Key("manifest")
	e.Payload(abi.AppendManifest(nil, info.Manifest))
	e.EndObject()
	send(w, e)
	return nil
}

func strs(e *wire.Encoder, all []string) {
	e.Array(len(all))
	for _, s := range all {
		e.Item()
		e.Str(s)
	}
	e.EndArray()
}

func appendDeployed(e *wire.Encoder, d *host.Deployment) {
	e.Object(6)
	e.Key("seq")
	e.Uint(d.Seq)
	e.Key("plugin")
	e.Str(d.Plugin.String())
	e.Key("types")
	strs(e, d.Types)
	e.Key("time")
	e.Time(d.Time)
	e.Key("by")
	e.Str(d.By)
	e.Key("from")
	e.Str(d.From)
	e.EndObject()
}

func appendPlan(e *wire.Encoder, p *host.Plan) {
	e.Object(7)
	e.Key("token")
	e.Str(p.Token)
	e.Key("seq")
	e.Uint(p.Seq)
	e.Key("plugin")
	e.Str(p.Plugin.String())
	e.Key("bytes")
	e.Uint(uint64(p.Bytes))
	e.Key("unchanged")
	e.Bool(p.Unchanged)
	e.Key("types")
	e.Array(len(p.Types))
	for i := range p.Types {
		e.Item()
		appendTypePlan(e, &p.Types[i])
	}
	e.EndArray()
	e.Key("left")
	strs(e, p.Left)
	e.EndObject()
}

func appendTypePlan(e *wire.Encoder, t *host.TypePlan) {
	e.Object(4 + count(t.Serving != nil) + count(t.SnapshotsIgnored != "") + count(t.Unsafe != ""))
	e.Key("type")
	e.Str(t.Type)
	if t.Serving != nil {
		e.Key("serving")
		e.Str(t.Serving.String())
	}
	e.Key("changes")
	e.Array(len(t.Changes))
	for i := range t.Changes {
		e.Item()
		appendChange(e, &t.Changes[i])
	}
	e.EndArray()
	e.Key("states")
	e.Str(string(t.States))
	e.Key("unlisted")
	e.Array(len(t.Unlisted))
	for _, k := range t.Unlisted {
		e.Item()
		appendKind(e, k)
	}
	e.EndArray()
	if t.SnapshotsIgnored != "" {
		e.Key("snapshots_ignored")
		e.Str(t.SnapshotsIgnored)
	}
	if t.Unsafe != "" {
		e.Key("rollback_unsafe")
		e.Str(t.Unsafe)
	}
	e.EndObject()
}

func appendKind(e *wire.Encoder, k stores.Kind) {
	e.Object(2)
	e.Key("name")
	e.Str(k.Name)
	e.Key("version")
	e.Uint(uint64(k.Version))
	e.EndObject()
}

func appendChange(e *wire.Encoder, c *host.Change) {
	e.Object(2 + count(c.Name != "") + count(c.Detail != ""))
	e.Key("op")
	e.Str(c.Op)
	e.Key("what")
	e.Str(c.What)
	if c.Name != "" {
		e.Key("name")
		e.Str(c.Name)
	}
	if c.Detail != "" {
		e.Key("detail")
		e.Str(c.Detail)
	}
	e.EndObject()
}
