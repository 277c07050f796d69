package host

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/eshost/eshost/abi"
	"github.com/eshost/eshost/host/internal/deployment"
	"github.com/eshost/eshost/stores"
)

// Plan says what a deployment would change.
type Plan struct {
	Token     string // names this plan; it does not hold once anything has changed that it depends on
	Seq       uint64 // the registry's number that it was made on
	Plugin    stores.Digest
	Bytes     int
	Manifest  *abi.Manifest // not to be changed
	Unchanged bool          // the plugin serves all its types already: there is nothing to do
	Types     []TypePlan    // in the manifest's order
	Left      []string      // types that a plugin it takes over from serves on, since it does not declare them
}

// TypePlan says what a deployment would change for one type.
type TypePlan struct {
	Type     string
	Serving  *stores.Digest // the plugin that serves it; nil: none does
	Changes  []Change
	States   States
	Unlisted []stores.Kind // pairs in the log that the new plugin does not list
	// SnapshotsIgnored says why snapshots of other plugins would not be used; empty: they would be, or none is there.
	SnapshotsIgnored string
	// Unsafe says why a rollback would not be safe, now or once the plugin has written events; empty: it would be.
	Unsafe string
}

// Uncovered is nil if the plugin lists every pair that is in the log.
func (p *Plan) Uncovered() error {
	e := &CoverageError{Plugin: p.Plugin}
	for i := range p.Types {
		if t := &p.Types[i]; len(t.Unlisted) > 0 {
			e.Types = append(e.Types, UncoveredType{t.Type, t.Unlisted})
		}
	}
	if len(e.Types) == 0 {
		return nil
	}
	return e
}

// planned is a plan with what it was made of.
type planned struct {
	Plan
	state *deployment.Registry
	types []deployment.Type
}

// plan plans the deployment of a plugin on what the registry says.
func (h *Host) plan(ctx context.Context, state *deployment.Registry, l *loaded, o *DeployOptions) (*planned, error) {
	p := &planned{Plan: Plan{Seq: state.Seq, Plugin: l.digest, Bytes: l.size, Manifest: l.manifest, Unchanged: true}, state: state}
	states := o.States
	if states == "" {
		states = RefoldStates
	}
	left := make(map[string]bool)
	kinds := make(map[string][]stores.Kind)
	for i := range l.manifest.Types {
		now := &l.manifest.Types[i]
		serves := state.Serving[now.Name]
		p.Unchanged = p.Unchanged && serves.Plugin == l.digest && (o.States == "" || o.States == serves.States)
		t, old, err := h.planType(ctx, state, now, states)
		if err != nil {
			return nil, err
		}
		if kinds[now.Name], err = h.o.Log.Kinds(ctx, now.Name); err != nil {
			return nil, fmt.Errorf("plan the deployment of plugin %.12s: %w: %w", l.digest, ErrUnavailable, err)
		}
		t.Unlisted = unlisted(now, kinds[now.Name])
		t.Unsafe = unsafe(old, now, kinds[now.Name], serves.Plugin)
		p.Types = append(p.Types, *t)
		p.types = append(p.types, deployment.Type{Name: now.Name, States: states})
		for typ, s := range state.Serving {
			if s.Plugin == serves.Plugin && l.manifest.Type(typ) == nil && serves.Plugin != l.digest {
				left[typ] = true
			}
		}
	}
	p.Left = slices.Sorted(maps.Keys(left))
	p.Token = p.token(h.o.Log.Info().ID, kinds)
	return p, nil
}

// planType compares a type with what serves it.
func (h *Host) planType(ctx context.Context, state *deployment.Registry, now *abi.EntityType, states States) (t *TypePlan, old *abi.EntityType, err error) {
	t = &TypePlan{Type: now.Name, States: states}
	serves, served := state.Serving[now.Name]
	if served {
		t.Serving = &serves.Plugin
		switch m, err := h.manifest(ctx, state, serves.Plugin); {
		case err == nil:
			old = m.Type(now.Name)
		case !errors.Is(err, stores.ErrNotFound) && !errors.Is(err, stores.ErrCorrupt): // else it is lost, and is to be replaced all the more
			return nil, nil, fmt.Errorf("%w: %w", ErrUnavailable, err)
		}
	}
	t.Changes = typeChanges(old, now)
	if old == nil {
		return t, nil, nil
	}
	same := old.StateSchema == now.StateSchema
	switch {
	case states == KeepStates && !same:
		return nil, nil, fmt.Errorf("%w: keep the states of type %s: plugin %.12s has them in another layout than the one that serves: have them folded again", ErrIncompatible, now.Name, serves.Plugin)
	case states == KeepStates:
	case !same:
		t.SnapshotsIgnored = "the layout of states is another one"
	case t.Serving != nil:
		t.SnapshotsIgnored = "another plugin made them, and its states are not kept"
	}
	return t, old, nil
}

// unlisted returns the pairs of the log that the type does not list.
func unlisted(t *abi.EntityType, kinds []stores.Kind) (all []stores.Kind) {
	for _, k := range kinds {
		if !slices.ContainsFunc(t.Events, func(e abi.EventSpec) bool { return e.Name == k.Name && e.Version == k.Version }) {
			all = append(all, k)
		}
	}
	return all
}

// unsafe says why one could not go back from the new type to the old one.
func unsafe(old, now *abi.EntityType, kinds []stores.Kind, plugin stores.Digest) string {
	switch {
	case old == nil && plugin == stores.Digest{}:
		return "nothing serves the type yet that one could go back to"
	case old == nil:
		return fmt.Sprintf("plugin %.12s, which serves it, is lost", plugin)
	}
	if missing := unlisted(old, kinds); len(missing) > 0 {
		return fmt.Sprintf("plugin %.12s cannot fold %s, which the log has", plugin, kindsText(missing))
	}
	var added []stores.Kind
	for _, e := range now.Events {
		added = append(added, stores.Kind{Name: e.Name, Version: e.Version})
	}
	if added = unlisted(old, added); len(added) > 0 {
		return fmt.Sprintf("plugin %.12s cannot fold %s, once that is written", plugin, kindsText(added))
	}
	return ""
}

// token names the plan by all it depends on. It begins with the registry's number.
func (p *planned) token(log stores.LogID, kinds map[string][]stores.Kind) string {
	sum := sha256.New()
	sum.Write(log[:])
	sum.Write(p.Plugin[:])
	for _, t := range p.types {
		fmt.Fprintf(sum, "%s %s %d\n", t.Name, t.States, len(kinds[t.Name]))
		for _, k := range kinds[t.Name] {
			fmt.Fprintf(sum, "%s %d\n", k.Name, k.Version)
		}
	}
	_ = binary.Write(sum, binary.BigEndian, p.Seq) // a hash takes everything
	return fmt.Sprintf("%d-%x", p.Seq, sum.Sum(nil)[:12])
}

// holds is nil if the token is that of the plan.
func (p *planned) holds(token string) error {
	if token == "" || token == p.Token {
		return nil
	}
	text, _, _ := strings.Cut(token, "-")
	e := &PlanError{Now: p.Seq}
	var err error
	if e.Seq, err = strconv.ParseUint(text, 10, 64); err == nil && e.Seq < p.Seq {
		last := *p.state.Entry(p.Seq)
		e.Since = &last
	}
	return e
}
