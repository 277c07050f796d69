package host_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"testing"
	"time"

	"github.com/eshost/eshost/host"
)

func TestCommandsThatAreSentTogetherKeepTheOrderOfEachEntity(t *testing.T) {
	h := serve(t, nil, mischief(t))
	const entities, commands, window = 5, 2000, 100
	p := h.Pipe(window)
	var all []host.Sending
	for i := range commands {
		c := add(1)
		c.Wait = true
		all = append(all, host.Sending{Entity: h.Entity("mischief", fmt.Sprint(i%entities)), Command: c, Ref: i})
	}
	failed := make(chan error, 1)
	go func() {
		defer p.CloseSend()
		for from, n := 0, 1; from < len(all); from, n = from+n, n%150+37 { // also more at once than the window
			n = min(n, len(all)-from)
			if sent, err := p.SendAll(t.Context(), all[from:from+n]); err != nil || sent != n {
				failed <- fmt.Errorf("sent %d of %d: %w", sent, n, err)
				return
			}
		}
		failed <- nil
	}()
	answered := make(map[int]bool)
	answers := make([]host.Answer, 30)
	for {
		n, err := p.ReceiveSome(t.Context(), answers)
		if err == io.EOF {
			break
		}
		if err != nil || n < 1 || n > len(answers) {
			t.Fatalf("received %d, %v", n, err)
		}
		for _, a := range answers[:n] {
			i := a.Ref.(int)
			if a.Err != nil || a.Reply.Seq != uint64(i/entities)+1 || answered[i] {
				t.Fatalf("command %d was the %d-th of its entity, answered before: %t, %v", i, a.Reply.Seq, answered[i], a.Err)
			}
			answered[i] = true
		}
	}
	if err := <-failed; err != nil || len(answered) != commands {
		t.Errorf("%d answers, %v", len(answered), err)
	}
}

func TestOfCommandsThatAreSentTogetherTheWrongOnesAreToldWhy(t *testing.T) {
	h := serve(t, nil, mischief(t))
	p := h.Pipe(10)
	good := h.Entity("mischief", "a")
	all := []host.Sending{
		{Entity: good, Command: add(1)},
		{Entity: h.Entity("nobody", "a"), Command: add(1), Ref: host.ErrUnknownType},
		{Entity: h.Entity("mischief", "\n"), Command: add(1), Ref: host.ErrInvalidID},
		{Entity: good, Command: host.Command{Name: "add", Payload: []byte{0xc1}}, Ref: host.ErrInvalidPayload},
		{Entity: good, Command: add(1)},
	}
	if n, err := p.SendAll(t.Context(), all); n != len(all) || err != nil {
		t.Fatalf("sent %d, %v", n, err)
	}
	for range all {
		a, err := p.Receive(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if want, _ := a.Ref.(error); !errors.Is(a.Err, want) {
			t.Errorf("answer %v, want %v", a.Err, want)
		}
	}
	stands(t, good, 2, "2")
}

func TestAnEntityOfAnotherHostIsRefused(t *testing.T) {
	wasm := mischief(t)
	h, other := serve(t, nil, wasm), serve(t, nil, wasm)
	p := h.Pipe(3)
	all := []host.Sending{{Entity: other.Entity("mischief", "a"), Command: add(1)}, {}, {Entity: h.Entity("mischief", "a"), Command: add(1)}}
	if n, err := p.SendAll(t.Context(), all); n != len(all) || err != nil {
		t.Fatalf("sent %d, %v", n, err)
	}
	p.CloseSend()
	refused := 0
	for {
		a, err := p.Receive(t.Context())
		if err == io.EOF {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		if a.Err != nil {
			refused++
		}
	}
	if refused != 2 {
		t.Errorf("%d commands were refused, want 2", refused)
	}
	stands(t, h.Entity("mischief", "a"), 1, "1")
}

func TestAFullPipeTellsHowManyWereSent(t *testing.T) {
	h := serve(t, nil, mischief(t))
	p := h.Pipe(3)
	all := make([]host.Sending, 5)
	for i := range all {
		all[i] = host.Sending{Entity: h.Entity("mischief", "a"), Command: add(1), Ref: i}
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Second) // it governs the commands, too
	defer cancel()
	sent, err := p.SendAll(ctx, all)
	if sent != 3 || !errors.Is(err, context.DeadlineExceeded) {
		t.Fatalf("sent %d, %v, want the 3 that there is room for", sent, err)
	}
	for i := range 3 {
		if a, err := p.Receive(t.Context()); err != nil || a.Ref != i || a.Err != nil {
			t.Errorf("answer %v, %v", a, err)
		}
	}
}
