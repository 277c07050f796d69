package plugin

import "context"

// Fresh makes an instance that no call was ever made into, whether or not one
// is free. Where there are as many as there may be, a free one makes room. It must be given back with Discard. It has the errors of Acquire.
func (p *Plugin) Fresh(ctx context.Context) (*Instance, error) {
	old, err := p.take(ctx, true, true)
	if err != nil {
		return nil, err
	}
	return p.instead(ctx, old)
}

// instead makes an instance in the place of an old one, if there is one.
func (p *Plugin) instead(ctx context.Context, old *Instance) (*Instance, error) {
	if old != nil {
		old.free = true
		old.close(false)
	}
	in, err := p.create(ctx)
	if err != nil {
		p.returned(nil)
		return nil, err
	}
	return in, nil
}

// Another makes or borrows an instance for one who has another already, and so
// must not wait for it: nil when all are in use. A fresh one is given back with Discard.
func (p *Plugin) Another(ctx context.Context, fresh bool) (*Instance, error) {
	in, err := p.take(ctx, fresh, false)
	switch {
	case err == ErrFull:
		return nil, nil
	case err != nil || in != nil && !fresh:
		return in, err
	}
	return p.instead(ctx, in)
}

// Discard ends the use of an instance like Release, but never keeps it for
// another one.
func (in *Instance) Discard() {
	if in.free {
		panic("plugin: an instance is discarded that was not acquired")
	}
	in.free = true
	in.close(in.broken)
	in.plugin.returned(nil)
}
