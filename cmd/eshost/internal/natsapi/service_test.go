package natsapi_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/nats-io/nats.go/micro"

	"github.com/eshost/eshost/cmd/eshost/internal/natsapi"
	"github.com/eshost/eshost/host"
	"github.com/eshost/eshost/stores"
	"github.com/eshost/eshost/stores/memstore"
	"github.com/eshost/eshost/stores/storetest"
)

// holding is a host whose log stands still when it is told to.
func holding(t *testing.T, mailbox int) (*host.Host, *storetest.Faults) {
	faults := &storetest.Faults{}
	h := newHost(t, &host.Options{Log: storetest.Faulty(memstore.New(&memstore.Options{Exclusive: true}), faults), MailboxSize: mailbox})
	t.Cleanup(faults.Release) // before the host is closed, whatever else happens
	return h, faults
}

// holdOne sends an addition whose append is held up, and returns where its answer will be.
func (h *harness) holdOne(faults *storetest.Faults, id string) *nats.Subscription {
	h.Helper()
	h.want(h.ask("command.mischief."+id+".add", `{"by":1}`), "accepted 1")
	faults.Next(storetest.FaultHold)
	sub := h.start("command.mischief."+id+".add", `{"by":1}`)
	ctx, cancel := context.WithTimeout(h.Context(), patience)
	defer cancel()
	if err := faults.AwaitHeld(ctx, 1); err != nil {
		h.Fatal(err)
	}
	return sub
}

func TestWhatIsTakenIsAnsweredWhenTheServiceStops(t *testing.T) {
	log, faults := holding(t, 1024)
	h := serve(t, log, nil)
	subs := []*nats.Subscription{h.holdOne(faults, "a")}
	for range 100 {
		subs = append(subs, h.start("command.mischief.a.add", `{"by":1}`))
	}
	eventually(t, "all are taken", func() bool { return h.service.Count() == 101 })
	closed := make(chan error, 1)
	go func() {
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		closed <- h.service.Close(ctx)
	}()
	eventually(t, "no more are taken", func() bool {
		_, err := h.nc.RequestMsg(message("command.mischief.b.look", ""), patience)
		return errors.Is(err, nats.ErrNoResponders)
	})
	eventually(t, "the subscriptions are gone", func() bool { return h.service.Subscribed() <= 0 })
	time.Sleep(100 * time.Millisecond) // in which a service that does not wait would be closed
	select {
	case err := <-closed:
		t.Fatalf("it stopped with requests in flight: %v", err)
	default:
	}
	faults.Release()
	if err := <-closed; err != nil {
		t.Fatal(err)
	}
	for i, sub := range subs {
		h.want(h.next(sub), fmt.Sprint("accepted ", i+2))
	}
	if err := h.service.Close(t.Context()); err != nil {
		t.Errorf("closed again: %v", err)
	}
}

func TestStoppingEndsWithItsContext(t *testing.T) {
	log, faults := holding(t, 1024)
	nc := connect(t, broker(t, nil).ClientURL())
	s, err := natsapi.Serve(log, nc, nil)
	if err != nil {
		t.Fatal(err)
	}
	h := &harness{TB: t, service: s, nc: connect(t, nc.ConnectedUrl())}
	subs := []*nats.Subscription{h.holdOne(faults, "a")}
	for range 200 {
		subs = append(subs, h.start("command.mischief.a.add", `{"by":1}`))
	}
	eventually(t, "all are taken", func() bool { return s.Count() == 201 })
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := s.Close(ctx); !errors.Is(err, context.Canceled) || !strings.Contains(err.Error(), "201 requests unanswered") {
		t.Errorf("closed with %v", err)
	}
	for i, sub := range subs {
		want := "not-started"
		if i == 0 {
			want = "outcome-unknown"
		}
		h.want(h.next(sub), want)
	}
	if n := s.Count(); n != 0 {
		t.Errorf("%d requests are still in flight", n)
	}
}

func TestStoppingWithoutAServerWaitsForWhatIsInFlightOnly(t *testing.T) {
	log, faults := holding(t, 1024)
	b := broker(t, nil)
	nc := connect(t, b.ClientURL())
	s, err := natsapi.Serve(log, nc, nil)
	if err != nil {
		t.Fatal(err)
	}
	h := &harness{TB: t, service: s, nc: connect(t, nc.ConnectedUrl())}
	h.holdOne(faults, "a")
	b.Shutdown()
	b.WaitForShutdown()
	eventually(t, "the connection is lost", func() bool { return !nc.IsConnected() })
	closed := make(chan error, 1)
	go func() { closed <- s.Close(t.Context()) }()
	time.Sleep(50 * time.Millisecond) // in which one that does not wait would be closed
	if nc.IsClosed() {
		t.Error("it stopped with a request in flight")
	}
	faults.Release()
	if err := <-closed; err != nil {
		t.Fatal(err)
	}
	if n := s.Subscribed(); n == 0 {
		t.Error("it waited for subscriptions to leave a server that is not there")
	}
}

func TestMoreThanThereMayBeInFlightIsRefusedAtOnce(t *testing.T) {
	log, faults := holding(t, 1024)
	h := serve(t, log, &natsapi.Options{InFlight: 10})
	subs := []*nats.Subscription{h.holdOne(faults, "a")}
	for range 49 {
		subs = append(subs, h.start("command.mischief.a.add", `{"by":1}`))
	}
	for _, sub := range subs[10:] {
		h.want(h.next(sub), "mailbox-full")
	}
	refused := h.ask("state.mischief.b", "")
	h.want(refused, "mailbox-full")
	if !strings.Contains(string(refused.Data), "10 requests over NATS in flight") || refused.Header.Get("Retry-After") != "1" {
		t.Errorf("it is refused with %v\n%s", refused.Header, refused.Data)
	}
	faults.Release()
	for i, sub := range subs[:10] {
		h.want(h.next(sub), fmt.Sprint("accepted ", i+2))
	}
	h.want(h.ask("command.mischief.a.add", `{"by":1}`), "accepted 12")
}

func TestBytesInFlightAreBoundedToo(t *testing.T) {
	log, faults := holding(t, 1024)
	h := serve(t, log, &natsapi.Options{InFlightBytes: 200})
	first := h.holdOne(faults, "a")
	long := `{"by":1` + strings.Repeat(" ", 200) + `}`
	h.want(h.ask("command.mischief.a.add", long), "mailbox-full")
	h.want(h.ask("state.mischief.a", "", "Any", long), "mailbox-full")
	faults.Release()
	h.want(h.next(first), "accepted 2")
	eventually(t, "nothing is in flight", func() bool { return h.service.Count() == 0 })
	h.want(h.ask("command.mischief.a.add", long), "accepted 3") // one alone always fits
}

func TestASubjectThatIsNoneIsTold(t *testing.T) {
	h := serve(t, newHost(t, nil), nil)
	for _, subject := range []string{
		"command.x", "command.mischief.a", "command.mischief.a.add.more", "command.mischief.a=2eb.add", "command.mischief.=61.add", "command.mischief.a=.add", "command.mischief.é.add",
		"command.mischief.a.ad%64", "state.x", "state.mischief.a.b", "state.mischief.==",
	} {
		m := h.ask(subject, `{"by":1}`)
		h.want(m, "invalid-request")
		if !strings.Contains(string(m.Data), "subject") {
			t.Errorf("%s: %s", subject, m.Data)
		}
	}
	if _, err := h.nc.RequestMsg(message("commands.mischief.a.add", ""), patience); !errors.Is(err, nats.ErrNoResponders) {
		t.Errorf("another subject is answered: %v", err)
	}
}

func TestACommandWithoutAReplySubjectIsDone(t *testing.T) {
	h := serve(t, newHost(t, nil), nil)
	for _, body := range []string{`{"by":1}`, `{"by":"x"}`, `{"by":1}`} {
		if err := h.nc.PublishMsg(message("command.mischief.a.add", body)); err != nil {
			t.Fatal(err)
		}
	}
	eventually(t, "all are counted", func() bool { return h.figures("command").Unheard == 3 })
	if got := h.figures("command").Outcomes; got["accepted"] != 2 || got["invalid-payload"] != 1 {
		t.Errorf("outcomes are %v", got)
	}
	h.want(h.ask("command.mischief.a.look", ""), "accepted 2")
}

func TestACommandWithoutAReplySubjectWaitsForRoom(t *testing.T) {
	log, faults := holding(t, 2)
	h := serve(t, log, nil)
	held := h.holdOne(faults, "a")
	const commands = 20
	for range commands {
		if err := h.nc.PublishMsg(message("command.mischief.a.add", `{"by":1}`)); err != nil {
			t.Fatal(err)
		}
	}
	if err := h.nc.PublishMsg(message("command.mischief.a.add", `{"by":1}`, "Eshost-Wait", "false")); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the one that does not wait is refused", func() bool { return h.figures("command").Outcomes["mailbox-full"] == 1 })
	faults.Release()
	h.want(h.next(held), "accepted 2")
	eventually(t, "all are counted", func() bool { return h.figures("command").Unheard == commands+1 })
	if got := h.figures("command").Outcomes; got["accepted"] != commands+2 || got["mailbox-full"] != 1 {
		t.Errorf("outcomes are %v", got)
	}
}

// figures asks the service for its statistics, as any tool of NATS does.
func (h *harness) figures(endpoint string) natsapi.Figures {
	h.Helper()
	m, err := h.nc.Request("$SRV.STATS.eshost", nil, patience)
	if err != nil {
		h.Fatal(err)
	}
	var stats micro.Stats
	if err := json.Unmarshal(m.Data, &stats); err != nil {
		h.Fatal(err)
	}
	for _, e := range stats.Endpoints {
		if e.Name == endpoint {
			var f natsapi.Figures
			if err := json.Unmarshal(e.Data, &f); err != nil {
				h.Fatalf("%v: %s", err, e.Data)
			}
			return f
		}
	}
	h.Fatalf("there is no endpoint %s in %s", endpoint, m.Data)
	return natsapi.Figures{}
}

func TestTheServiceTellsWhatItDid(t *testing.T) {
	h := serve(t, newHost(t, nil), &natsapi.Options{Version: "v1.2.3-rc.1", Queue: "some"})
	h.ask("command.mischief.a.add", `{"by":1}`)
	h.ask("command.mischief.a.add", `{"by":1}`)
	h.ask("command.mischief.a.refuse", "")
	h.ask("command.mischief", "")
	h.ask("state.mischief.a", "")
	h.ask("state.mischief.b", "")
	eventually(t, "nothing is in flight", func() bool { return h.figures("command").InFlight == 0 })
	f := h.figures("command")
	if got := fmt.Sprint(f.Outcomes); got != "map[accepted:2 invalid-request:1 rejected:1]" || f.Time <= 0 || f.Unheard != 0 {
		t.Errorf("commands: %+v", f)
	}
	if got := fmt.Sprint(h.figures("state").Outcomes); got != "map[found:1 no-events:1]" {
		t.Errorf("states: %s", got)
	}
	m, err := h.nc.Request("$SRV.INFO.eshost", nil, patience)
	if err != nil {
		t.Fatal(err)
	}
	var info micro.Info
	if err := json.Unmarshal(m.Data, &info); err != nil {
		t.Fatal(err)
	}
	if info.Version != "1.2.3-rc.1" || info.Metadata["version"] != "v1.2.3-rc.1" || len(info.Endpoints) != 2 || info.Endpoints[0].Subject != "api.eshost.command.>" || info.Endpoints[0].QueueGroup != "some" {
		t.Errorf("info: %s", m.Data)
	}
}

func TestAServerThatComesBackIsServedAgain(t *testing.T) {
	b := broker(t, nil)
	log, faults := holding(t, 1024)
	h := serveAt(t, log, b.ClientURL(), nil)
	held := h.holdOne(faults, "a")
	port := b.Addr().String()
	b.Shutdown()
	b.WaitForShutdown()
	broker(t, func(o *server.Options) { _, _ = fmt.Sscanf(port, "127.0.0.1:%d", &o.Port) })
	answered := func(subject string) func() bool {
		return func() bool {
			m, err := h.nc.RequestMsg(message(subject, ""), time.Second)
			return err == nil && outcome(m) == "accepted 0"
		}
	}
	eventually(t, "the service answers again", answered("command.mischief.b.look"))
	faults.Release()
	h.want(h.next(held), "accepted 2") // what was in flight meanwhile
}

func TestSubjectsThatAStreamTakesAreNotServed(t *testing.T) {
	b := broker(t, func(o *server.Options) { o.JetStream, o.StoreDir = true, t.TempDir() })
	nc := connect(t, b.ClientURL())
	js, err := jetstream.New(nc)
	if err != nil {
		t.Fatal(err)
	}
	log := newHost(t, nil)
	serveAt(t, log, b.ClientURL(), nil)
	if _, err := js.CreateStream(t.Context(), jetstream.StreamConfig{Name: "taker", Subjects: []string{"taken.>"}, Storage: jetstream.MemoryStorage}); err != nil {
		t.Fatal(err)
	}
	_, err = natsapi.Serve(log, connect(t, b.ClientURL()), &natsapi.Options{Prefix: "taken"})
	if err == nil || !strings.Contains(err.Error(), "stream taker takes taken.command.>") {
		t.Errorf("served with %v", err)
	}
}

func TestTwoHostsShareTheLoad(t *testing.T) {
	b := broker(t, nil)
	store := memstore.New(nil)
	var hosts []*harness
	for range 2 {
		hosts = append(hosts, serveAt(t, newHost(t, &host.Options{Log: store, Snapshots: store}), b.ClientURL(), nil))
	}
	const entities, commands = 8, 50
	accepted := make(chan int, entities)
	for e := range entities {
		go func() {
			n := 0
			for range commands {
				for n < commands {
					m, err := hosts[0].nc.RequestMsg(message(fmt.Sprintf("command.mischief.e%d.add", e), `{"by":1}`), patience)
					if err != nil {
						t.Error(err)
						break
					}
					if outcome(m) == "conflict" {
						continue // nothing happened
					}
					if n++; outcome(m) != fmt.Sprint("accepted ", n) {
						t.Errorf("entity %d: outcome %s, want accepted %d: %s", e, outcome(m), n, m.Data)
					}
					break
				}
			}
			accepted <- n
		}()
	}
	for range entities {
		if n := <-accepted; n != commands {
			t.Errorf("%d commands of an entity were accepted", n)
		}
	}
	inbox, err := hosts[0].nc.SubscribeSync(nats.NewInbox())
	if err != nil {
		t.Fatal(err)
	}
	if err := hosts[0].nc.PublishRequest("$SRV.STATS.eshost", inbox.Subject, nil); err != nil {
		t.Fatal(err)
	}
	total := 0
	for range 2 {
		var stats micro.Stats
		if err := json.Unmarshal(hosts[0].next(inbox).Data, &stats); err != nil {
			t.Fatal(err)
		}
		if n := stats.Endpoints[0].NumRequests; n == 0 {
			t.Error("a host got nothing")
		} else {
			total += n
		}
	}
	if total < entities*commands {
		t.Errorf("the hosts got %d requests", total)
	}
}

func TestIdsOfEveryByteComeThrough(t *testing.T) {
	h := newHost(t, nil)
	w := serve(t, h, nil)
	ids := []string{".", "..", "a.b", "*", ">", "a b", "=", "=2E", "%2E", "é", "🙂", strings.Repeat("x", 512), strings.Repeat(".", 512), "$SYS", "_INBOX.x", " ", "\u00a0\u2028"}
	for c := byte(0x20); c < 0x7f; c++ {
		ids = append(ids, "byte "+string(rune(c)))
	}
	for _, id := range ids {
		m := w.ask("command.mischief."+string(stores.AppendToken(nil, id))+".add", `{"by":1}`)
		w.want(m, "accepted 1")
		if s, err := h.Entity("mischief", id).State(t.Context()); err != nil || s.Seq != 1 {
			t.Errorf("id %q: %v, %v", id, s, err)
		}
	}
}

func TestOrderIsKeptWithManyInFlight(t *testing.T) {
	const entities, commands = 10, 10_000
	for _, test := range []struct {
		name    string
		mailbox int
	}{{"in large mailboxes", 1024}, {"in small mailboxes", 16}} {
		t.Run(test.name, func(t *testing.T) {
			h := serve(t, newHost(t, &host.Options{MailboxSize: test.mailbox}), nil)
			inbox := nats.NewInbox()
			sub, err := h.nc.SubscribeSync(inbox + ".*")
			if err != nil {
				t.Fatal(err)
			}
			for i := range commands {
				m := message(fmt.Sprintf("command.mischief.e%d.add", i%entities), `{"by":1}`, "Eshost-Wait", "true")
				m.Reply = fmt.Sprint(inbox, ".", i)
				if err := h.nc.PublishMsg(m); err != nil {
					t.Fatal(err)
				}
			}
			for range commands {
				m := h.next(sub)
				var i int
				if _, err := fmt.Sscanf(m.Subject[len(inbox)+1:], "%d", &i); err != nil {
					t.Fatal(err)
				}
				if want := fmt.Sprint("accepted ", i/entities+1); outcome(m) != want {
					t.Fatalf("command %d: outcome %s, want %s\n%s", i, outcome(m), want, m.Data)
				}
			}
		})
	}
}
