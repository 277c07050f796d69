package plugin

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"
	"github.com/tetratelabs/wazero/experimental"

	"github.com/eshost/eshost/abi"
	"github.com/eshost/eshost/host/internal/meter"
)

// Instance is a plugin with a memory of its own. It is used by one goroutine
// at a time, from Acquire to Release. After any error other than that of a
// context before a call it is broken: its memory is in an unknown state, all further calls
// fail, and Release closes it.
type Instance struct {
	plugin *Plugin
	module api.Module
	mem    api.Memory
	linear experimental.LinearMemory // behind mem; freed with the module
	ctx    guestContext
	tank   tank

	alloc, command, event api.Function

	stack  [2]uint64 // parameters and results
	answer []byte
	said   speech
	around surroundings
	naps   int   // in this call; see wasiPoll
	memory int64 // as of the last call
	calls  int   // so far
	born   time.Time
	broken bool
	free   bool // not acquired
}

// instanceKey is the key under which host functions find the instance that
// calls them.
type instanceKey struct{}

// guestContext is the context of all calls into one instance. It carries the
// instance and nothing of any caller's: what stops a guest call is its fuel.
type guestContext struct {
	context.Context
	in *Instance
}

func (c *guestContext) Value(key any) any {
	if _, ok := key.(instanceKey); ok {
		return c.in
	}
	return nil
}

// callStart is what errors call a module's own start function.
const callStart = "start"

var anonymous = wazero.NewModuleConfig().WithName("").WithStartFunctions()

// newInstance makes an instance and runs its start-up code.
func newInstance(p *Plugin) (*Instance, error) {
	in := &Instance{plugin: p, said: speech{limit: p.engine.opts.MaxLogBytes}, tank: tank{slice: firstSlice}, born: time.Now()}
	in.around = surroundingsOf(p.count.created.Load(), p.engine.opts.Vary)
	in.ctx = guestContext{Context: context.Background(), in: in}
	in.begin(p.starting())
	module, err := in.instantiate()
	if err != nil {
		if in.linear != nil {
			in.linear.Free() // the engine leaves it where instantiation fails
		}
		return nil, in.fail(callStart, trapped(err))
	}
	in.module, in.mem = module, module.Memory()
	in.tank.counter = module.ExportedGlobal(meter.FuelGlobal).(api.MutableGlobal)
	in.end()
	startUsed := in.Used()
	in.alloc = module.ExportedFunction(abi.ExportAlloc)
	in.command = module.ExportedFunction(abi.ExportHandleCommand)
	in.event = module.ExportedFunction(abi.ExportHandleEvent)
	for _, c := range []*counters{&p.count, &p.engine.count} {
		c.live.Add(1)
		c.created.Add(1)
	}
	if init := module.ExportedFunction(abi.ExportInitialize); init != nil {
		in.begin(p.starting())
		if err := init.CallWithStack(&in.ctx, nil); err != nil {
			err = in.fail(abi.ExportInitialize, trapped(err))
			in.close(true)
			return nil, err
		}
		in.end()
		startUsed = max(startUsed, in.Used())
	}
	p.started(startUsed)
	return in, nil
}

// starting is what a start may use: at first as much as any call, then a few times what the first one
// took, since a start is waited for by somebody's command.
func (p *Plugin) starting() *Allowance {
	fuel := p.engine.opts.Fuel
	if first := p.startFuel.Load(); first > 0 {
		fuel = min(fuel, 4*first+firstSlice)
	}
	return &Allowance{Fuel: fuel}
}

// started notes what a start took.
func (p *Plugin) started(used int64) {
	if p.startFuel.Load() == 0 {
		p.startFuel.CompareAndSwap(0, max(used, 1))
	}
}

// instantiate runs the module's own start function, if it has one. The engine
// is not trusted to survive every module.
func (in *Instance) instantiate() (module api.Module, err error) {
	defer func() {
		if r := recover(); r != nil {
			module, err = nil, fmt.Errorf("the module cannot be instantiated: %v", r)
		}
	}()
	ctx := experimental.WithMemoryAllocator(&in.ctx, experimental.MemoryAllocatorFunc(func(capacity, most uint64) experimental.LinearMemory {
		in.linear = reserve(capacity, min(most, in.plugin.memoryBytes))
		return in.linear
	}))
	return in.plugin.engine.runtime.InstantiateModule(ctx, in.plugin.compiled, anonymous)
}

// begin begins a guest call.
func (in *Instance) begin(a *Allowance) {
	if !in.said.quiet() {
		in.said.reset()
	}
	in.naps = 0
	in.calls++
	in.tank.begin(a)
}

// end ends a guest call that went well.
func (in *Instance) end() {
	in.tank.end()
	if len(in.said.out)+len(in.said.err) > 0 {
		in.said.finish()
	}
	in.measure()
}

// measure keeps the count of memory right.
func (in *Instance) measure() {
	if now := int64(in.mem.Size()); now != in.memory {
		in.plugin.count.memory.Add(now - in.memory)
		in.plugin.engine.count.memory.Add(now - in.memory)
		in.memory = now
	}
}

// HandleCommand passes a command request to the guest and returns its answer,
// neither of which it looks into. req is not kept. The answer is a buffer of
// the instance's and valid until the next call of it or its release.
//
// # Errors
//
//   - [*CallError]: the call failed and the instance is broken
func (in *Instance) HandleCommand(req []byte, a Allowance) (answer []byte, err error) {
	return in.handle(abi.ExportHandleCommand, in.command, req, &a)
}

// HandleEvent passes an event request to the guest, in the way of
// HandleCommand.
func (in *Instance) HandleEvent(req []byte, a Allowance) (answer []byte, err error) {
	return in.handle(abi.ExportHandleEvent, in.event, req, &a)
}

func (in *Instance) handle(name string, f api.Function, req []byte, a *Allowance) ([]byte, error) {
	if in.broken || in.free {
		return nil, &CallError{Plugin: in.plugin.digest, Func: name, Err: ErrBroken}
	}
	if a.Fuel == 0 {
		a.Fuel = in.plugin.engine.opts.Fuel
	}
	in.begin(a)
	if cause := in.send(req); cause != nil {
		return nil, in.fail(name, cause)
	}
	if err := f.CallWithStack(&in.ctx, in.stack[:]); err != nil {
		return nil, in.fail(name, trapped(err))
	}
	view, cause := in.view(in.stack[0])
	if cause != nil {
		return nil, in.fail(name, cause)
	}
	in.answer = append(in.answer[:0], view...)
	in.end()
	return in.answer, nil
}

// Used is the fuel that the last call used.
func (in *Instance) Used() int64 { return in.tank.used }

// send puts a request into the guest's memory and leaves its place in stack.
func (in *Instance) send(req []byte) error {
	if uint64(len(req)) > in.plugin.memoryBytes {
		return fmt.Errorf("%w: request of %d bytes, an instance has %d bytes of memory at most", ErrOverLimit, len(req), in.plugin.memoryBytes)
	}
	size := max(1, uint64(len(req)))
	in.stack[0] = size
	if err := in.alloc.CallWithStack(&in.ctx, in.stack[:1]); err != nil {
		return trapped(err)
	}
	ptr := uint32(in.stack[0])
	if ptr == 0 {
		return fmt.Errorf("%w: alloc refused %d bytes for the request", ErrOverLimit, size)
	}
	if !in.mem.Write(ptr, req) { // it counts in 64 bits
		return fmt.Errorf("%w: alloc gave %d bytes at %d, memory ends at %d", ErrMalformed, size, ptr, in.mem.Size())
	}
	in.stack[0], in.stack[1] = uint64(ptr), uint64(len(req))
	return nil
}

// view gives the bytes that a guest returned the place of. They change with
// the next call.
func (in *Instance) view(place uint64) ([]byte, error) {
	ptr, size := uint32(place>>32), uint32(place)
	if size == 0 {
		return nil, fmt.Errorf("%w: it is empty", ErrMalformed)
	}
	if limit := in.plugin.engine.opts.MaxAnswerBytes; uint64(size) > uint64(limit) {
		return nil, fmt.Errorf("%w: answer of %d bytes, the limit is %d", ErrOverLimit, size, limit)
	}
	b, ok := in.mem.Read(ptr, size) // it counts in 64 bits
	if !ok {
		return nil, fmt.Errorf("%w: %d bytes at %d, memory ends at %d", ErrMalformed, size, ptr, in.mem.Size())
	}
	return b, nil
}

// fail ends a guest call that failed and breaks the instance.
func (in *Instance) fail(name string, cause error) error {
	in.broken = true
	in.said.finish()
	if in.mem != nil {
		in.tank.end()
		in.measure()
	}
	e := &CallError{Plugin: in.plugin.digest, Func: name, Err: cause, Fuel: in.tank.used, Message: in.said.cause()}
	var t *trapError
	if errors.As(cause, &t) {
		e.Trace = t.trace
	}
	return e
}

// trapError is a trap without the engine's own words around it.
type trapError struct {
	what    string
	trace   string
	err     error
	stopped bool // by the host
}

func (e *trapError) Error() string {
	if e.stopped {
		return e.what
	}
	return ErrTrapped.Error() + ": " + e.what
}

func (e *trapError) Unwrap() []error {
	if e.stopped {
		return []error{e.err}
	}
	return []error{ErrTrapped, e.err}
}

// trapped takes apart what the engine says of a trap: the cause, and below it
// the functions on the stack. A guest that was stopped did not trap by itself.
func trapped(err error) error {
	what, trace, _ := strings.Cut(err.Error(), "\nwasm stack trace:\n")
	what = strings.TrimSuffix(what, " (recovered by wazero)")
	what = strings.TrimPrefix(what, "wasm error: ")
	trace, _, _ = strings.Cut(trace, "\n\n")
	lines := strings.Split(trace, "\n")
	for i := range lines {
		lines[i] = strings.TrimSpace(lines[i])
	}
	return &trapError{what: what, trace: strings.Join(lines, "\n"), err: err, stopped: errors.Is(err, ErrOutOfFuel) || errors.Is(err, ErrStopped)}
}

// Logs gives what the guest logged in the last call, and how many lines beyond
// the limits were dropped. It is valid until the next call.
func (in *Instance) Logs() (lines []LogLine, dropped int) { return in.said.lines, in.said.dropped }

// Broken reports whether a call failed.
func (in *Instance) Broken() bool { return in.broken }

// trim gives up buffers that one large call made.
func (in *Instance) trim() {
	const keep = 1 << 20
	if cap(in.answer) > keep {
		in.answer = nil
	}
}

// close frees the instance.
func (in *Instance) close(discard bool) {
	p := in.plugin
	if err := in.module.Close(&in.ctx); err != nil {
		p.engine.opts.Logger.Warn("plugin instance not freed", "plugin", shortDigest(p.digest), "error", err)
	}
	for _, c := range []*counters{&p.count, &p.engine.count} {
		c.live.Add(-1)
		c.memory.Add(-in.memory)
		if discard {
			c.discarded.Add(1)
		}
	}
}
