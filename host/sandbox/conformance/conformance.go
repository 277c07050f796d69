// Package conformance runs the conformance kit, package abi/abitest, over
// eshost's own WebAssembly engine.
package conformance

import (
	"context"
	"errors"
	"math"
	"time"

	"github.com/eshost/eshost/abi/abitest"
	"github.com/eshost/eshost/host/sandbox"
)

// Check puts every law of the ABI to work on a plugin. o may be nil. Whether
// the plugin holds them is in the report; the error is that of ctx, if it ended
// before the check did, or of an engine that does not start.
func Check(ctx context.Context, wasm []byte, o *abitest.Options) (report *abitest.Report, err error) {
	var p *sandbox.Plugin
	defer func() {
		if p != nil {
			err = errors.Join(err, p.Close(context.WithoutCancel(ctx)))
		}
	}()
	var failure error
	options := sandbox.Options{Fuel: math.MaxInt64, CallTimeout: 10 * time.Second, Vary: true} // what ends a call is its time
	if o != nil && o.CallTimeout != 0 {
		options.CallTimeout = o.CallTimeout
	}
	report = abitest.Check(ctx, func(wasm []byte) (abitest.Guest, error) {
		var err error
		if p == nil {
			p, err = sandbox.Open(ctx, wasm, &options)
		}
		var in *sandbox.Instance
		if err == nil {
			in, err = p.Instance(ctx)
		}
		if err != nil {
			err = translated(err)
			if !guilty(err) {
				failure = err
			}
			return nil, err
		}
		return &guest{in}, nil
	}, wasm, o)
	if failure == nil {
		failure = ctx.Err()
	}
	if report.Aborted == "" {
		failure = nil
	}
	return report, failure
}

// guest is an instance as the kit wants it.
type guest struct{ in *sandbox.Instance }

func (g *guest) Describe() ([]byte, error) {
	b, err := g.in.Describe()
	return b, translated(err)
}

func (g *guest) HandleCommand(request []byte) ([]byte, error) {
	b, err := g.in.HandleCommand(request)
	return b, translated(err)
}

func (g *guest) HandleEvent(request []byte) ([]byte, error) {
	b, err := g.in.HandleEvent(request)
	return b, translated(err)
}

func (g *guest) Reserve(size uint32) error { return translated(g.in.Reserve(size)) }
func (g *guest) MemoryBytes() int64        { return g.in.MemoryBytes() }
func (g *guest) Close()                    { g.in.Close() }

// translated gives the errors of a plugin the types that the kit knows.
func translated(err error) error {
	var load *sandbox.LoadError
	var call *sandbox.CallError
	switch {
	case errors.As(err, &load):
		problems := make([]string, len(load.Problems))
		for i, problem := range load.Problems {
			problems[i] = sandbox.PanicText(problem)
		}
		return &abitest.LoadError{Problems: problems, Err: load.Err}
	case errors.As(err, &call):
		return &abitest.CallError{Func: call.Func, Cause: call.Err.Error(), Message: sandbox.PanicText(call.Message),
			Trapped: errors.Is(call, sandbox.ErrTrapped), NoRoom: errors.Is(call, sandbox.ErrOverLimit), Endless: errors.Is(call, sandbox.ErrTimeout) || errors.Is(call, sandbox.ErrOutOfFuel)}
	}
	return err
}

// guilty reports whether an error is the plugin's.
func guilty(err error) bool {
	var load *abitest.LoadError
	var call *abitest.CallError
	return errors.As(err, &load) || errors.As(err, &call)
}
