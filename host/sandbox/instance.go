package sandbox

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/eshost/eshost/host/internal/plugin"
)

// Instance is a plugin with a memory of its own. One goroutine at a time uses
// it; several instances of a plugin may live at once. After a [*CallError] it
// is broken: all further calls fail, and only Close is left.
type Instance struct {
	in      *plugin.Instance
	allowed plugin.Allowance
	paused  time.Time // when the call at hand was asked first whether it goes on; zero: it was not yet
	closed  error     // nil: it is not
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
	i := &Instance{in: in, allowed: plugin.Allowance{Fuel: p.fuel}}
	if timeout := p.timeout; timeout > 0 {
		i.allowed.Pause = func(int64, time.Duration) error { return i.patient(timeout) }
	}
	return i, nil
}

// patient says in the middle of a call whether it may go on. It is asked every 2 ms or so.
func (i *Instance) patient(timeout time.Duration) error {
	switch now := time.Now(); {
	case i.paused.IsZero():
		i.paused = now
	case now.Sub(i.paused) >= timeout:
		return fmt.Errorf("%w: the limit is %v", ErrTimeout, timeout)
	}
	return nil
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
// the next call. Nothing is allocated in a steady
// state. Its error is a [*CallError], or
// [ErrClosed].
func (i *Instance) HandleCommand(req []byte) ([]byte, error) {
	if i.closed != nil {
		return nil, i.closed
	}
	i.paused = time.Time{}
	return i.in.HandleCommand(req, i.allowed)
}

// HandleEvent passes an event request to the guest, in the way of
// HandleCommand.
func (i *Instance) HandleEvent(req []byte) ([]byte, error) {
	if i.closed != nil {
		return nil, i.closed
	}
	i.paused = time.Time{}
	return i.in.HandleEvent(req, i.allowed)
}

// Fuel is what the last call used, in instructions.
func (i *Instance) Fuel() int64 { return i.in.Used() }

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
