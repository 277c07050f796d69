package sandbox

import (
	"context"
	"errors"
	"fmt"

	"github.com/eshost/eshost/host/internal/plugin"
)

// Instance is a plugin with a memory of its own. One goroutine at a time uses
// it; several instances of a plugin may live at once. After a [*CallError] it
// is broken: all further calls fail, and only Close is left.
type Instance struct {
	in     *plugin.Instance
	closed error // nil: it is not
}

// Instance makes a fresh instance, whose memory no call has touched. It must
// be closed.
//
// # Errors
//
//   - [*CallError]: the start of the instance failed
//   - [ErrClosed]: the plugin is closed
//   - ctx's error, if ctx had ended before
func (p *Plugin) Instance(ctx context.Context) (*Instance, error) {
	in, err := p.plugin.Fresh(ctx)
	if errors.Is(err, plugin.ErrRetired) {
		return nil, fmt.Errorf("make an instance of plugin %.6x: the plugin %w", p.Digest(), ErrClosed)
	}
	if err != nil {
		return nil, err
	}
	return &Instance{in: in}, nil
}

// Describe asks for the manifest and returns its bytes, unchecked, which are
// the caller's. Its error is a [*CallError], or [ErrClosed].
func (i *Instance) Describe() ([]byte, error) {
	if i.closed != nil {
		return nil, i.closed
	}
	return i.in.Describe()
}

// HandleCommand passes a command request to the guest and returns its answer,
// neither of which it looks into. req is not kept. The answer is valid until
// the next call. Unless calls are stoppable, nothing is allocated in a steady
// state, and nothing interrupts the call. Its error is a [*CallError], or
// [ErrClosed].
func (i *Instance) HandleCommand(req []byte) ([]byte, error) {
	if i.closed != nil {
		return nil, i.closed
	}
	return i.in.HandleCommand(context.Background(), req)
}

// HandleEvent passes an event request to the guest, in the way of
// HandleCommand.
func (i *Instance) HandleEvent(req []byte) ([]byte, error) {
	if i.closed != nil {
		return nil, i.closed
	}
	return i.in.HandleEvent(context.Background(), req)
}

// Reserve asks the guest for room for a request of size bytes, and then calls
// nothing. Its error is a [*CallError], or [ErrClosed].
func (i *Instance) Reserve(size uint32) error {
	if i.closed != nil {
		return i.closed
	}
	return i.in.Reserve(size)
}

// Logs gives what the guest logged in the last call, and how many lines beyond
// the limits were dropped. It is valid until the next call.
func (i *Instance) Logs() (lines []LogLine, dropped int) { return i.in.Logs() }

// MemoryBytes is the size of the guest's linear memory.
func (i *Instance) MemoryBytes() int64 { return i.in.MemoryBytes() }

// Close frees the instance. It is idempotent.
func (i *Instance) Close() {
	if i.closed == nil {
		i.closed = fmt.Errorf("call a plugin: the instance %w", ErrClosed)
		i.in.Discard()
	}
}
