package plugin_test

import (
	"bytes"
	"context"
	"errors"
	"testing"

	"github.com/eshost/eshost/abi"
	"github.com/eshost/eshost/host/internal/plugin"
)

func fresh(tb testing.TB, p *plugin.Plugin) *plugin.Instance {
	tb.Helper()
	in, err := p.Fresh(context.Background())
	if err != nil {
		tb.Fatal(err)
	}
	return in
}

func TestAFreshInstanceIsNoneThatWasReleasedAndNotKept(t *testing.T) {
	p := load(t, newEngine(t, nil), echo().bytes())
	used := acquire(t, p)
	p.Release(used)
	in := fresh(t, p)
	if in == used {
		t.Error("it was used before")
	}
	in.Discard()
	if s := p.Stats(); s.Live != 1 || s.Created != 2 || s.Discarded != 0 {
		t.Errorf("%+v, want the one that was released alone", s)
	}
	p.Retire()
	if _, err := p.Fresh(context.Background()); !errors.Is(err, plugin.ErrRetired) {
		t.Errorf("of a retired plugin: error %v", err)
	}
}

func TestAPluginLivesUntilItsFreshInstancesAreDiscarded(t *testing.T) {
	p := load(t, newEngine(t, nil), echo().bytes())
	in := fresh(t, p)
	p.Retire()
	if got, err := in.HandleCommand([]byte("abc"), plugin.Allowance{}); err != nil || string(got) != "abc" {
		t.Errorf("answer %q, error %v", got, err)
	}
	in.Discard()
}

func TestAnInstanceDescribesItselfAgain(t *testing.T) {
	p := load(t, newEngine(t, nil), echo().bytes())
	in := fresh(t, p)
	defer in.Discard()
	for range 2 {
		if got, err := in.Describe(); err != nil || !bytes.Equal(got, abi.AppendManifest(nil, testManifest())) {
			t.Errorf("manifest %x, error %v", got, err)
		}
	}
}

func TestRoomIsAskedForWithoutACall(t *testing.T) {
	g := echo()
	p := load(t, newEngine(t, nil), g.bytes())
	in := fresh(t, p)
	defer in.Discard()
	if err := in.Reserve(1); err != nil {
		t.Error(err)
	}
	var call *plugin.CallError
	if err := in.Reserve(memoryEnd); !errors.As(err, &call) || call.Func != abi.ExportAlloc || !errors.Is(err, plugin.ErrMalformed) {
		t.Errorf("alloc gives less than it was asked for: error %v", err)
	}
	if _, err := in.Describe(); !errors.Is(err, plugin.ErrBroken) {
		t.Errorf("after a failure: error %v", err)
	}
}
