package host

import (
	"context"
	"fmt"

	"github.com/eshost/eshost/host/internal/deployment"
	"github.com/eshost/eshost/stores"
)

// RollbackOptions say how a type goes back to its former plugin. Nil, or a zero field, means the default.
type RollbackOptions struct {
	By, From string // as of DeployOptions
	States   States // what becomes of the states that the plugin made which serves now; empty: they are folded again
	Force    bool   // go back although the former plugin cannot fold all that is in the log
}

// Rollback has the plugin serve a type that served it before the present one, which then is the
// former one: a second Rollback undoes the first. Other types that the plugins declare
// stay where they are. It is durable, and followed by other hosts, as a deployment is.
//
// # Errors
//
//   - ErrUnknownType, ErrNoFormer
//   - *CoverageError, an ErrUncovered: the former plugin does not list events that were written since, and RollbackOptions.Force is not set
//   - otherwise as of DeployWith
func (h *Host) Rollback(ctx context.Context, typ string, o *RollbackOptions) (Deployment, error) {
	if o == nil {
		o = &RollbackOptions{}
	}
	if err := (&DeployOptions{By: o.By, From: o.From, States: o.States}).check(); err != nil {
		return Deployment{}, err
	}
	state, err := h.deployments.now(ctx)
	if err != nil {
		return Deployment{}, err
	}
	s, served := state.Serving[typ]
	switch {
	case !served:
		return Deployment{}, h.unknown(typ)
	case s.Former == (stores.Digest{}):
		return Deployment{}, fmt.Errorf("roll back type %s: %w: plugin %.12s is the first that serves it", typ, ErrNoFormer, s.Plugin)
	}
	l, err := h.obtain(ctx, s.Former)
	if err != nil {
		return Deployment{}, fmt.Errorf("roll back type %s: %w", typ, err)
	}
	defer h.loaded.release(l)
	now := l.manifest.Type(typ)
	if now == nil {
		return Deployment{}, fmt.Errorf("roll back type %s: %w: plugin %.12s does not declare it", typ, stores.ErrCorrupt, s.Former)
	}
	states := o.States
	if states == "" {
		states = RefoldStates
	}
	p, _, err := h.planType(ctx, state, now, states)
	if err != nil {
		return Deployment{}, fmt.Errorf("roll back type %s: %w", typ, err)
	}
	kinds, err := h.o.Log.Kinds(ctx, typ)
	if err != nil {
		return Deployment{}, fmt.Errorf("roll back type %s: %w: %w", typ, ErrUnavailable, err)
	}
	p.Unlisted = unlisted(now, kinds)
	uncovered := (&Plan{Plugin: s.Former, Types: []TypePlan{*p}}).Uncovered()
	if uncovered != nil && !o.Force {
		return Deployment{}, fmt.Errorf("roll back type %s: %w", typ, uncovered)
	}
	e := deployment.Entry{Rollback: true, Plugin: s.Former, Types: []deployment.Type{{Name: typ, States: states}}, By: o.By, From: o.From, Forced: uncovered != nil}
	return h.activate(ctx, state, &e, l, func() {})
}
