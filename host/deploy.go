package host

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"slices"
	"unicode/utf8"

	"github.com/eshost/eshost/abi"
	"github.com/eshost/eshost/host/internal/deployment"
)

// DeployOptions say how a plugin is deployed. Nil, or a zero field, means the default.
type DeployOptions struct {
	By, From  string         // who deploys it, and from where, for the history; at most 256 bytes of UTF-8
	States    States         // what becomes of states; empty: they are folded again, and where the plugin serves already stay what they are
	Force     bool           // deploy it although it cannot fold all that is in the log
	PlanToken string         // of the plan that must hold still; empty: none
	Progress  func(Progress) // is told each step before it is taken; nil: nobody is
}

// Progress is a step of a deployment.
type Progress struct {
	Step string // load, plan, planned, store, record or activate
	Plan *Plan  // from planned on; not to be changed
}

// The steps of a deployment. Until what is recorded is durable, what served before serves on, here and after any crash; from
// then on the new one does.
const (
	StepLoad     = "load"     // check, compile, start, and ask for the manifest
	StepPlan     = "plan"     // compare with what serves, and with the log
	StepPlanned  = "planned"  // look whether the plan may be carried out
	StepStore    = "store"    // keep the plugin
	StepRecord   = "record"   // in the log
	StepActivate = "activate" // here; other hosts follow
)

// mostSaid bounds By and From.
const mostSaid = 256

func (o *DeployOptions) check() error {
	for _, text := range []string{o.By, o.From} {
		if len(text) > mostSaid || !utf8.ValidString(text) {
			return fmt.Errorf("%w: who deploys, and from where: %.80q: want at most %d bytes of UTF-8", ErrInvalidID, text, mostSaid)
		}
	}
	if o.States != "" && o.States != KeepStates && o.States != RefoldStates {
		return fmt.Errorf("%w: states %.80q: want %s or %s", ErrIncompatible, o.States, KeepStates, RefoldStates)
	}
	return nil
}

func (o *DeployOptions) at(step string, p *Plan) {
	if o.Progress != nil {
		o.Progress(Progress{step, p})
	}
}

// Check loads a plugin as Deploy would, and returns its manifest, which says
// what Deploy would bind. Nothing changes. A plugin that cannot be loaded is a *LoadError.
func (h *Host) Check(ctx context.Context, wasm []byte) (*abi.Manifest, error) {
	l, err := h.load(ctx, wasm, sha256.Sum256(wasm))
	if err != nil {
		return nil, err
	}
	defer h.loaded.release(l)
	return l.manifest, nil
}

// Plan says what DeployWith would change. Nothing changes. It has the errors
// of DeployWith but ErrUncovered and ErrDeploymentRace: the plan says what is not covered.
func (h *Host) Plan(ctx context.Context, wasm []byte, o *DeployOptions) (*Plan, error) {
	if o == nil {
		o = &DeployOptions{}
	}
	l, p, err := h.prepare(ctx, wasm, o)
	if err != nil {
		return nil, err
	}
	h.loaded.release(l)
	return &p.Plan, nil
}

// prepare loads a plugin and plans its deployment. The caller releases the plugin.
func (h *Host) prepare(ctx context.Context, wasm []byte, o *DeployOptions) (*loaded, *planned, error) {
	if err := o.check(); err != nil {
		return nil, nil, err
	}
	before, err := h.deployments.now(ctx)
	if err != nil {
		return nil, nil, err
	}
	o.at(StepLoad, nil)
	l, err := h.load(ctx, wasm, sha256.Sum256(wasm))
	if err != nil {
		return nil, nil, err
	}
	o.at(StepPlan, nil)
	p, err := h.planNow(ctx, before, l, o)
	if err != nil {
		h.loaded.release(l)
		return nil, nil, err
	}
	return l, p, nil
}

// planNow plans on the registry as it is. Who asked for a deployment when it was another one has lost a race.
func (h *Host) planNow(ctx context.Context, before *deployment.Registry, l *loaded, o *DeployOptions) (*planned, error) {
	state, err := h.deployments.now(ctx)
	if err != nil {
		return nil, err
	}
	p, err := h.plan(ctx, state, l, o)
	if err != nil {
		return nil, err
	}
	if err := p.holds(o.PlanToken); err != nil {
		return nil, err
	}
	if before.Seq != state.Seq && !p.Unchanged {
		return nil, lostRace(before, state)
	}
	return p, nil
}

// Deploy is DeployWith without options.
func (h *Host) Deploy(ctx context.Context, wasm []byte) (Deployment, error) {
	return h.DeployWith(ctx, wasm, nil)
}

// DeployWith checks and compiles a plugin and binds it to the entity types it
// declares. A type that another plugin served is swapped: each of its
// entities goes over between two batches, its events are folded again by the
// new plugin unless its states are kept, and no command fails. The former plugin is kept, for [Host.Rollback].
// Where it serves all its types already, nothing is done.
//
// Where the host has Blobs, the deployment is durable when DeployWith returns, and
// the other hosts on the log follow. When it returns an error, what served before serves on.
//
// # Errors
//
//   - *LoadError: the plugin cannot be loaded
//   - *CoverageError, an ErrUncovered: it does not list events that are in the log, and DeployOptions.Force is not set
//   - *PlanError, an ErrPlanOutdated: DeployOptions.PlanToken does not name the plan as it is now
//   - *RaceError, an ErrDeploymentRace: another deployment was recorded after this one began
//   - ErrIncompatible: states cannot be kept
//   - ErrUnavailable: a store cannot be reached; nothing happened
//   - ErrOutcomeUnknown: ctx ended while the deployment was being recorded; DeploymentHistory tells in time
func (h *Host) DeployWith(ctx context.Context, wasm []byte, o *DeployOptions) (Deployment, error) {
	if o == nil {
		o = &DeployOptions{}
	}
	l, p, err := h.prepare(ctx, wasm, o)
	if err != nil {
		return Deployment{}, err
	}
	defer h.loaded.release(l)
	o.at(StepPlanned, &p.Plan)
	if p.Unchanged {
		return h.deploymentOf(p.Types[0].Type), nil
	}
	uncovered := p.Uncovered()
	if uncovered != nil && !o.Force {
		return Deployment{}, uncovered
	}
	e := deployment.Entry{Plugin: l.digest, Bytes: l.size, Types: p.types, By: o.By, From: o.From, Forced: uncovered != nil}
	o.at(StepStore, &p.Plan)
	if err := h.keep(ctx, wasm, &e, l); err != nil {
		return Deployment{}, err
	}
	o.at(StepRecord, &p.Plan)
	return h.activate(ctx, p.state, &e, l, func() { o.at(StepActivate, &p.Plan) })
}

// keep keeps a plugin and its manifest as blobs.
func (h *Host) keep(ctx context.Context, wasm []byte, e *deployment.Entry, l *loaded) error {
	if h.o.Blobs == nil {
		return nil
	}
	stored, err := h.o.Blobs.PutBlob(ctx, wasm)
	if err == nil && stored != l.digest {
		err = errors.New("the store gave another digest")
	}
	if err == nil {
		e.Manifest, err = h.o.Blobs.PutBlob(ctx, abi.AppendManifest(nil, l.manifest))
	}
	if err != nil {
		return fmt.Errorf("keep plugin %.12s: %w: %w", l.digest, ErrUnavailable, err)
	}
	return nil
}

// activate records an entry, and binds what it says. recorded is called in between.
func (h *Host) activate(ctx context.Context, state *deployment.Registry, e *deployment.Entry, l *loaded, recorded func()) (Deployment, error) {
	err := h.deployments.commit(ctx, state, e)
	if err != nil {
		return Deployment{}, err
	}
	recorded()
	if err := h.deployments.catchUp(h.deployments.ctx); err != nil { // whoever asked may be gone, and it is recorded
		return Deployment{}, fmt.Errorf("the deployment is recorded, but this host cannot read it yet: %w: %w", ErrOutcomeUnknown, err)
	}
	d := Deployment{Plugin: l.digest, Manifest: l.manifest, Size: l.size, Seq: state.Seq + 1, Time: e.Time, By: e.By, From: e.From}
	for _, t := range e.Types {
		d.Types = append(d.Types, t.Name)
	}
	slices.Sort(d.Types)
	return d, nil
}

// deploymentOf is the one that serves the type.
func (h *Host) deploymentOf(typ string) Deployment {
	for _, d := range h.Deployments() {
		if slices.Contains(d.Types, typ) {
			return d
		}
	}
	return Deployment{}
}
