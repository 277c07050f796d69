package plugin

import "context"

// Fresh makes an instance that no call was ever made into, whether or not one
// is free. Where there are as many as there may be, a free one makes room. It must be given back with Discard. It has the errors of Acquire.
func (p *Plugin) Fresh(ctx context.Context) (*Instance, error) {
	old, err := p.take(ctx, true)
	if err != nil {
		return nil, err
	}
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
