package api

import (
	"context"
	"iter"

	"github.com/eshost/eshost/host"
	"github.com/eshost/eshost/stores"
)

// backend is what is served: a host, or in tests one that fails as it is told.
type backend interface {
	Handle(context.Context, stores.EntityID, host.Command) (host.Reply, error)
	Explain(id stores.EntityID, command string, err error) error
	State(context.Context, stores.EntityID) (host.State, error)
	Events(context.Context, stores.EntityID, uint64) iter.Seq2[host.Event, error]
	Follow(context.Context, stores.EntityID, uint64) iter.Seq2[host.Event, error]
	Entities(ctx context.Context, typ, after string) iter.Seq2[stores.EntityID, error]
	Types() []host.TypeInfo
	Deployments() []host.Deployment
	Quarantined() []*host.QuarantineError
	Audits() []host.Audit
	Plan(ctx context.Context, wasm []byte, o *host.DeployOptions) (*host.Plan, error)
	DeployWith(ctx context.Context, wasm []byte, o *host.DeployOptions) (host.Deployment, error)
	Rollback(ctx context.Context, typ string, o *host.RollbackOptions) (host.Deployment, error)
	DeploymentHistory() []host.DeploymentEntry
	Plugin(ctx context.Context, digest string) (host.PluginInfo, error)
	StateAt(ctx context.Context, id stores.EntityID, seq uint64, wasm []byte) (host.State, error)
	Replay(ctx context.Context, q host.ReplayQuery, wasm []byte) iter.Seq2[*host.ReplayReport, error]
	DryRun(context.Context, stores.EntityID, host.Command) (*host.DryRun, error)
	VerifyEntity(context.Context, stores.EntityID) (*host.Verification, error)
	Pipe(window int) pipe
}

// pipe is a host.Pipe that is told entities by name.
type pipe interface {
	Send(context.Context, stores.EntityID, host.Command, any) error
	Receive(context.Context) (host.Answer, error)
	CloseSend()
}

// live is a host as a backend.
type live struct{ *host.Host }

func (l live) Handle(ctx context.Context, id stores.EntityID, c host.Command) (host.Reply, error) {
	return l.Entity(id.Type, id.ID).Handle(ctx, c)
}

func (l live) Explain(id stores.EntityID, command string, err error) error {
	return l.Entity(id.Type, id.ID).Explain(command, err)
}

func (l live) State(ctx context.Context, id stores.EntityID) (host.State, error) {
	return l.Entity(id.Type, id.ID).State(ctx)
}

func (l live) Events(ctx context.Context, id stores.EntityID, after uint64) iter.Seq2[host.Event, error] {
	return l.Entity(id.Type, id.ID).Events(ctx, after)
}

func (l live) Follow(ctx context.Context, id stores.EntityID, after uint64) iter.Seq2[host.Event, error] {
	return l.Entity(id.Type, id.ID).Follow(ctx, after)
}

func (l live) Pipe(window int) pipe { return livePipe{l.Host, l.Host.Pipe(window)} }

type livePipe struct {
	h *host.Host
	*host.Pipe
}

func (p livePipe) Send(ctx context.Context, id stores.EntityID, c host.Command, ref any) error {
	return p.Pipe.Send(ctx, p.h.Entity(id.Type, id.ID), c, ref)
}
