package meter_test

import (
	"context"
	"errors"
	"testing"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"
	"github.com/tetratelabs/wazero/imports/wasi_snapshot_preview1"

	"github.com/eshost/eshost/abi"
	"github.com/eshost/eshost/host/hosttest"
	"github.com/eshost/eshost/host/internal/meter"
	"github.com/eshost/eshost/host/internal/module"
)

var languages = []string{"go", "rust", "assemblyscript", "c"}

var errNoFuel = errors.New("out of fuel")

// tank is the host's side of the fuel of one guest.
type tank struct {
	slice   int64 // what a refill gives
	limit   int64 // of all that is given; 0 for none
	granted int64
	refills int
	worst   int64 // what was drawn at most beyond what there was
}

type tankKey struct{}

// refuel is the function that metered modules import.
func refuel(ctx context.Context, _ api.Module, stack []uint64) {
	t := ctx.Value(tankKey{}).(*tank)
	t.refills++
	t.worst = max(t.worst, -int64(stack[0]))
	t.granted += t.slice - int64(stack[0])
	if t.limit > 0 && t.granted > t.limit {
		panic(errNoFuel)
	}
	stack[0] = uint64(t.slice)
}

// runtime runs guests, also metered ones.
type runtime struct{ wazero.Runtime }

func newRuntime(tb testing.TB, config wazero.RuntimeConfig) *runtime {
	tb.Helper()
	ctx := context.Background()
	r := wazero.NewRuntimeWithConfig(ctx, config.WithCoreFeatures(api.CoreFeaturesV2).WithMemoryLimitPages(4096))
	tb.Cleanup(func() { r.Close(ctx) })
	nothing := api.GoModuleFunc(func(context.Context, api.Module, []uint64) {})
	i32, i64 := api.ValueTypeI32, api.ValueTypeI64
	for _, b := range []wazero.HostModuleBuilder{
		r.NewHostModuleBuilder(meter.ImportModule).
			NewFunctionBuilder().WithGoModuleFunction(api.GoModuleFunc(refuel), []api.ValueType{i64}, []api.ValueType{i64}).Export(meter.ImportRefuel),
		r.NewHostModuleBuilder(abi.ImportModule).
			NewFunctionBuilder().WithGoModuleFunction(nothing, []api.ValueType{i32, i32, i32}, nil).Export("log").
			NewFunctionBuilder().WithGoModuleFunction(nothing, []api.ValueType{i32, i32}, nil).Export("panic"),
	} {
		if _, err := b.Instantiate(ctx); err != nil {
			tb.Fatal(err)
		}
	}
	wasi_snapshot_preview1.MustInstantiate(ctx, r)
	return &runtime{r}
}

// guest is an instance, metered or not.
type guest struct {
	api.Module
	tank tank
	ctx  context.Context

	alloc, command, event api.Function
	stack                 [2]uint64
}

// start makes an instance. Its start function and its _initialize have run.
func (r *runtime) start(tb testing.TB, wasm []byte) *guest {
	tb.Helper()
	g, err := r.try(wasm, 0)
	if err != nil {
		tb.Fatal(err)
	}
	return g
}

// try makes an instance with a limit of fuel.
func (r *runtime) try(wasm []byte, limit int64) (*guest, error) {
	compiled, err := r.CompileModule(context.Background(), wasm)
	if err != nil {
		return nil, err
	}
	return r.instance(compiled, limit)
}

// instance makes one of many instances.
func (r *runtime) instance(compiled wazero.CompiledModule, limit int64) (*guest, error) {
	g := &guest{tank: tank{slice: 1_000_000, limit: limit}}
	g.ctx = context.WithValue(context.Background(), tankKey{}, &g.tank)
	var err error
	g.Module, err = r.InstantiateModule(g.ctx, compiled, wazero.NewModuleConfig().WithName("").WithStartFunctions(abi.ExportInitialize))
	if err != nil {
		return nil, err
	}
	g.alloc, g.command, g.event = g.ExportedFunction(abi.ExportAlloc), g.ExportedFunction(abi.ExportHandleCommand), g.ExportedFunction(abi.ExportHandleEvent)
	return g, nil
}

// used is the fuel that the guest has taken so far.
func (g *guest) used() int64 { return g.tank.granted - int64(g.ExportedGlobal(meter.FuelGlobal).Get()) }

// call calls an exported function and returns its result, if it has one.
func (g *guest) call(name string, params ...uint64) (uint64, error) {
	results, err := g.ExportedFunction(name).Call(g.ctx, params...)
	if err != nil || len(results) == 0 {
		return 0, err
	}
	return results[0], nil
}

// costs calls a function and returns the fuel that it took.
func (g *guest) costs(tb testing.TB, name string, params ...uint64) int64 {
	tb.Helper()
	before := g.used()
	if _, err := g.call(name, params...); err != nil {
		tb.Fatalf("%s%v: %v", name, params, err)
	}
	return g.used() - before
}

// handle passes a request to a handler and returns the answer, in the guest's memory.
func (g *guest) handle(f api.Function, request []byte) ([]byte, error) {
	g.stack[0] = uint64(max(1, len(request)))
	if err := g.alloc.CallWithStack(g.ctx, g.stack[:]); err != nil {
		return nil, err
	}
	at := uint32(g.stack[0])
	if !g.Memory().Write(at, request) {
		return nil, errors.New("alloc gave what is not there")
	}
	g.stack[0], g.stack[1] = uint64(at), uint64(len(request))
	if err := f.CallWithStack(g.ctx, g.stack[:]); err != nil {
		return nil, err
	}
	return g.packed(g.stack[0])
}

// packed is the part of the guest's memory that a result names.
func (g *guest) packed(result uint64) ([]byte, error) {
	b, ok := g.Memory().Read(uint32(result>>32), uint32(result))
	if !ok {
		return nil, errors.New("the answer is outside of memory")
	}
	return b, nil
}

// built is a reference plugin as the rewriter gets it.
func built(tb testing.TB, name string) []byte {
	tb.Helper()
	return scanned(tb, hosttest.Built(tb, name))
}

// scanned is a module as the rewriter gets it.
func scanned(tb testing.TB, wasm []byte) []byte {
	tb.Helper()
	clean, _, err := module.Scan(wasm, 100_000)
	if err != nil {
		tb.Fatal(err)
	}
	return clean
}

func rewrite(tb testing.TB, wasm []byte) []byte {
	tb.Helper()
	out, err := meter.Rewrite(wasm)
	if err != nil {
		tb.Fatal(err)
	}
	return out
}
