package natsapi

import (
	"context"

	"github.com/eshost/eshost/host"
	"github.com/eshost/eshost/stores"
)

// backend is what is served: a host, or in tests one that fails as it is told.
type backend interface {
	Begin(context.Context, stores.EntityID, host.Command) (pending, error)
	State(context.Context, stores.EntityID) (host.State, error)
	LogID() stores.LogID
}

// pending is a command that its entity has.
type pending interface {
	Answer(context.Context) (host.Reply, error)
}

// live is a host as a backend.
type live struct{ *host.Host }

func (l live) Begin(ctx context.Context, id stores.EntityID, c host.Command) (pending, error) {
	p, err := l.Entity(id.Type, id.ID).Begin(ctx, c)
	if err != nil {
		return nil, err
	}
	return &p, nil
}

func (l live) State(ctx context.Context, id stores.EntityID) (host.State, error) {
	return l.Entity(id.Type, id.ID).State(ctx)
}

func (l live) LogID() stores.LogID { return l.Log().Info().ID }
