package natsapi_test

import (
	"context"
	"fmt"
	"sync/atomic"
	"testing"

	"github.com/nats-io/nats.go"

	"github.com/eshost/eshost/cmd/eshost/internal/natsapi"
	"github.com/eshost/eshost/host"
	"github.com/eshost/eshost/stores"
)

func TestCommandsWaitForRoomInTheirOrderAndHoldUpNoOtherEntity(t *testing.T) {
	log, faults := holding(t, 2)
	h := serve(t, log, nil)
	subs := []*nats.Subscription{h.holdOne(faults, "a")}
	for range 20 {
		subs = append(subs, h.start("command.mischief.a.add", `{"by":1}`, "Eshost-Wait", "true"))
	}
	// Who does not wait is refused, behind those who do as well.
	h.want(h.ask("command.mischief.a.add", `{"by":1}`), "mailbox-full")
	h.want(h.ask("command.mischief.a.add", `{"by":1}`, "Eshost-Wait", "false"), "mailbox-full")
	// The log stands still, but an answer that needs none does not.
	h.want(h.ask("command.mischief.b.refuse", ""), "rejected")
	// A deadline ends in the line too, for one in the middle of it.
	h.want(h.ask("command.mischief.a.add", `{"by":1}`, "Eshost-Wait", "true", "Request-Timeout", "0.05"), "not-started")
	subs = append(subs, h.start("command.mischief.a.add", `{"by":1}`, "Eshost-Wait", "true"))
	faults.Release()
	for i, sub := range subs {
		h.want(h.next(sub), fmt.Sprint("accepted ", i+2))
	}
	h.want(h.ask("command.mischief.a.add", `{"by":1}`), fmt.Sprint("accepted ", len(subs)+2))
}

func TestWhetherToWaitIsTrueOrFalse(t *testing.T) {
	h := serve(t, newHost(t, nil), nil)
	h.want(h.ask("command.mischief.a.add", `{"by":1}`, "Eshost-Wait", "maybe"), "invalid-request")
	h.want(h.ask("command.mischief.a.add", `{"by":1}`, "Eshost-Wait", "true", "Eshost-Wait", "true"), "invalid-request")
	h.want(h.ask("command.mischief.a.add", `{"by":1}`, "eshost-wait", "true"), "accepted 1")
}

// brittle has a full mailbox at first, then panics, and then is as it should be.
type brittle struct {
	fake
	calls atomic.Int32
}

func (b *brittle) Begin(ctx context.Context, id stores.EntityID, c host.Command) (natsapi.Pending, error) {
	switch b.calls.Add(1) {
	case 1:
		return nil, host.ErrMailboxFull
	case 2:
		panic("told to")
	}
	return b.fake.Begin(ctx, id, c)
}

func TestAPanicOfACommandThatWaitedIsAnsweredAndTheLineGoesOn(t *testing.T) {
	h := serveFake(t, &brittle{}, broker(t, nil).ClientURL(), nil)
	h.want(h.ask("command.counter.a.x", "", "Eshost-Wait", "true"), "internal")
	h.want(h.ask("command.counter.a.x", "", "Eshost-Wait", "true"), "accepted 7")
	h.want(h.ask("command.counter.a.x", ""), "accepted 7")
}
