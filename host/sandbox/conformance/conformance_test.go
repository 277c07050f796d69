package conformance_test

import (
	"context"
	"errors"
	"os"
	"testing"

	"github.com/eshost/eshost/abi/abitest"
	"github.com/eshost/eshost/host/hosttest"
	"github.com/eshost/eshost/host/sandbox/conformance"
)

func TestThePluginInGoIsConformant(t *testing.T) {
	r, err := conformance.Check(context.Background(), hosttest.BuildGo(t, "../../../plugins/counter/go"), &abitest.Options{Calls: 1000})
	if err != nil {
		t.Fatal(err)
	}
	if r.Failed() {
		t.Error("it is not:")
	}
	if err := r.WriteText(t.Output()); err != nil {
		t.Fatal(err)
	}
}

func TestACheckEndsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	r, err := conformance.Check(ctx, hosttest.BuildGo(t, "../../../plugins/counter/go"), &abitest.Options{Progress: func(law string, _, _ int) {
		if law == "repeatable" {
			cancel()
		}
	}})
	if !errors.Is(err, context.Canceled) || r == nil || !r.Failed() {
		t.Errorf("report %+v, error %v", r, err)
	}
}

func TestAPluginThatDoesNotLoadIsReported(t *testing.T) {
	r, err := conformance.Check(context.Background(), []byte("\x00asm\x01\x00\x00\x00"), nil)
	if err != nil {
		t.Fatal(err)
	}
	if l := r.Law("loads"); l == nil || l.Status != abitest.Failed || l.Failures < 6 {
		_ = r.WriteText(os.Stderr)
		t.Errorf("law %+v", l)
	}
}
