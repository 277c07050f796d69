package abitest_test

import (
	"bytes"
	"context"
	"encoding/hex"
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/eshost/eshost/abi"
	"github.com/eshost/eshost/abi/abitest"
	"github.com/eshost/eshost/host/hosttest"
	"github.com/eshost/eshost/host/sandbox"
)

func goCounter(tb testing.TB) []byte { return hosttest.BuildGo(tb, "../../plugins/counter/go") }

func TestAGuestWrittenFromTheSpecificationAloneIsConformant(t *testing.T) {
	conformant(t, check(t, buildC(t, "counter.c"), &abitest.Options{Calls: fewCalls}))
}

func TestTheCounterInGoIsConformant(t *testing.T) {
	conformant(t, check(t, goCounter(t), &abitest.Options{Calls: fewCalls}))
}

func instance(tb testing.TB, wasm []byte) *sandbox.Instance {
	tb.Helper()
	p, err := sandbox.Open(context.Background(), wasm, nil)
	if err != nil {
		tb.Fatal(err)
	}
	in, err := p.Instance(context.Background())
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		in.Close()
		if err := p.Close(context.Background()); err != nil {
			tb.Error(err)
		}
	})
	return in
}

func TestItAnswersTheWorkedExampleByteForByte(t *testing.T) {
	in := instance(t, buildC(t, "counter.c"))
	for _, example := range []struct {
		call            func([]byte) ([]byte, error)
		request, answer string
	}{
		{in.HandleCommand, "96 a7 636f756e746572 a1 61 00 c0 cf 0000019ab027f500 92 92 a8 696e637265617365 c4 05 81 a2 6279 05 92 a8 6465637265617365 c4 05 81 a2 6279 07",
			"93 00 92 93 00 c4 01 05 91 93 a9 696e63726561736564 01 c4 05 81 a2 6279 05 93 01 a9 756e646572666c6f77 c0 c4 01 05"},
		{in.HandleEvent, "95 a7 636f756e746572 a1 61 00 c0 91 93 a9 696e63726561736564 01 c4 05 81 a2 6279 05", "92 00 c4 01 05"},
	} {
		request, err := hex.DecodeString(strings.ReplaceAll(example.request, " ", ""))
		if err != nil {
			t.Fatal(err)
		}
		if got, err := example.call(request); err != nil || hex.EncodeToString(got) != strings.ReplaceAll(example.answer, " ", "") {
			t.Errorf("%s: answer %x, error %v", example.request, got, err)
		}
	}
}

// TestItGivesTheBytesOfTheCounterInGo runs both through the same entities: what
// one of them decides goes on in the other.
func TestItGivesTheBytesOfTheCounterInGo(t *testing.T) {
	guests := []*sandbox.Instance{instance(t, buildC(t, "counter.c")), instance(t, goCounter(t))}
	random := rand.New(rand.NewPCG(7, 7))
	amounts := []uint64{0, 1, 5, 127, 128, 255, 256, 65535, 65536, math.MaxUint32, math.MaxUint32 + 1, math.MaxInt64, math.MaxUint64 - 1, math.MaxUint64}
	payload := func() []byte {
		return abi.AppendUint(abi.AppendString(abi.AppendMap(nil, 1), "by"), amounts[random.IntN(len(amounts))])
	}
	var state []byte
	seq := uint64(0)
	for round := range 400 {
		r := abi.CommandRequest{Type: "counter", ID: "both", Seq: seq, State: state, Now: int64(round)}
		for range random.IntN(9) {
			r.Commands = append(r.Commands, abi.Command{Name: []string{"increase", "decrease"}[random.IntN(2)], Payload: payload()})
		}
		answers := both(t, guests, (*sandbox.Instance).HandleCommand, abi.AppendCommandRequest(nil, &r))
		var a abi.CommandAnswer
		if err := a.Decode(answers, nil); err != nil {
			t.Fatal(err)
		}
		if a.State == nil {
			continue
		}
		fold := abi.EventRequest{Type: "counter", ID: "both", Seq: seq, State: state}
		for _, e := range a.Events {
			fold.Events = append(fold.Events, abi.Event{Name: string(e.Name), Version: e.Version, Payload: e.Payload})
		}
		both(t, guests, (*sandbox.Instance).HandleEvent, abi.AppendEventRequest(nil, &fold))
		state, seq = a.State, seq+uint64(len(a.Events))
	}
	if seq < 400 {
		t.Errorf("%d events", seq)
	}
}

// both makes one call into each guest, whose answers must be the same, but for
// the words of faults, which are not asked for here.
func both(t *testing.T, guests []*sandbox.Instance, call func(*sandbox.Instance, []byte) ([]byte, error), request []byte) []byte {
	t.Helper()
	var first []byte
	for i, g := range guests {
		got, err := call(g, request)
		switch {
		case err != nil:
			t.Fatalf("guest %d: request %x: %v", i, request, err)
		case i == 0:
			first = bytes.Clone(got)
		case !bytes.Equal(got, first):
			t.Fatalf("request %x\n  %x\n  %x", request, first, got)
		}
	}
	return first
}
