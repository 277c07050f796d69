package replay

import (
	"context"
	"errors"
	"fmt"

	"github.com/eshost/eshost/host/internal/entity"
	"github.com/eshost/eshost/stores"
)

// Verified is what came of deciding an entity's commands again by the plugins that decided them.
type Verified struct {
	Seq       uint64 // up to which that was done
	Decided          // of all plugins; commits of those that could not be asked are Unknown
	Plugins   []VerifiedPlugin
	Decisions []*Redecision // the first that came out differently
}

// VerifiedPlugin is the part of one plugin, in the order in which they decided first.
type VerifiedPlugin struct {
	Plugin stores.Digest
	Decided
	Err error // why it could not be asked, or not about all of its commits; nil: it was
}

// Open returns a plugin by its digest, and what to call when it is not needed any more.
type Open func(context.Context, stores.Digest) (*Plugin, func(), error)

// Verify has the entity's recorded commands decided again, each by the plugin that decided it, up to the durable head.
// A plugin that cannot be opened is told, and keeps nobody from asking the others. The error is of the log or of ctx, or an entity.ErrNoEvents.
func (e *Engine) Verify(ctx context.Context, id stores.EntityID, open Open, examples int) (*Verified, error) {
	v := &Verified{}
	last := make(map[stores.Digest]uint64) // the number after the plugin's last commit
	commits := make(map[stores.Digest]int64)
	rd := reader{log: e.Log, id: id}
	err := rd.records(ctx, func(rec *stores.Record) error {
		if _, known := last[rec.Plugin]; !known {
			v.Plugins = append(v.Plugins, VerifiedPlugin{Plugin: rec.Plugin})
		}
		last[rec.Plugin] = rec.Seq()
		commits[rec.Plugin]++
		return nil
	})
	if err != nil {
		return nil, err
	}
	if v.Seq = rd.read; v.Seq == 0 {
		return nil, fmt.Errorf("verify %s: %w", id, entity.ErrNoEvents)
	}
	for i := range v.Plugins {
		p := &v.Plugins[i]
		p.Decided, p.Err, err = e.verify(ctx, id, p.Plugin, last[p.Plugin], open, func(d *Redecision) { v.Decisions = first(v.Decisions, []*Redecision{d}, examples) })
		if err != nil {
			return nil, err
		}
		p.Unknown += commits[p.Plugin] - p.Commits
		p.Commits = commits[p.Plugin]
		v.Decided.add(p.Decided)
	}
	return v, nil
}

// verify does the part of one plugin. What keeps it from being asked is told apart from what keeps all from it.
func (e *Engine) verify(ctx context.Context, id stores.EntityID, digest stores.Digest, to uint64, open Open, found func(*Redecision)) (count Decided, told, err error) {
	plugin, release, err := open(ctx, digest)
	if err != nil {
		return count, err, ctx.Err()
	}
	defer release()
	d := decider{e: e, plugin: plugin, found: found, wants: func(rec *stores.Record) bool { return rec.Plugin == digest }}
	err = d.run(ctx, id, to)
	var fault *entity.Fault
	if errors.As(err, &fault) {
		return d.count, err, nil
	}
	return d.count, nil, err
}
