package natsapi_test

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"os"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"

	"github.com/eshost/eshost/cmd/eshost/internal/natsapi"
	"github.com/eshost/eshost/host"
	"github.com/eshost/eshost/host/hosttest"
)

// compiled is where plugins are kept compiled, for all tests.
var compiled string

func TestMain(m *testing.M) {
	var err error
	if compiled, err = os.MkdirTemp("", "natsapi-*"); err != nil {
		panic(err)
	}
	code := m.Run()
	_ = os.RemoveAll(compiled)
	os.Exit(code)
}

// patience is how long a test waits for what must come.
const patience = time.Minute

// broker starts a NATS server in this process. It ends with the test.
func broker(t testing.TB, change func(*server.Options)) *server.Server {
	t.Helper()
	o := &server.Options{Host: "127.0.0.1", Port: -1, NoLog: true, NoSigs: true}
	if change != nil {
		change(o)
	}
	s, err := server.NewServer(o)
	if err != nil {
		t.Fatal(err)
	}
	s.Start()
	t.Cleanup(func() {
		s.Shutdown()
		s.WaitForShutdown()
	})
	if !s.ReadyForConnections(patience) {
		t.Fatal("the NATS server does not become ready")
	}
	return s
}

// connect connects as the program does; the connection ends with the test.
func connect(t testing.TB, url string) *nats.Conn {
	t.Helper()
	nc, err := natsapi.Connect(&natsapi.Server{URL: url}, logger(t))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(nc.Close)
	return nc
}

func logger(t testing.TB) *slog.Logger {
	return slog.New(slog.NewTextHandler(t.Output(), &slog.HandlerOptions{Level: slog.LevelDebug}))
}

// mischief is the plugin that fails in every way.
func mischief(t testing.TB) []byte { return hosttest.BuildGo(t, "../../../../host/testdata/mischief") }

// newHost starts a host with the plugin.
func newHost(t testing.TB, o *host.Options) *host.Host {
	t.Helper()
	var own host.Options
	if o != nil {
		own = *o
	}
	own.PluginCacheDir = compiled
	return hosttest.New(t, &own, mischief(t))
}

// harness is a service, and a connection of a caller.
type harness struct {
	testing.TB
	service *natsapi.Service
	nc      *nats.Conn
}

// serve serves the host over a server of its own.
func serve(t testing.TB, h *host.Host, o *natsapi.Options) *harness {
	t.Helper()
	return serveAt(t, h, broker(t, nil).ClientURL(), o)
}

func serveAt(t testing.TB, h *host.Host, url string, o *natsapi.Options) *harness {
	t.Helper()
	if o == nil {
		o = &natsapi.Options{}
	}
	if o.Logger == nil {
		o.Logger = logger(t)
	}
	s, err := natsapi.Serve(h, connect(t, url), o)
	return harnessOf(t, s, err, url)
}

// serveFake serves a backend that is no host.
func serveFake(t testing.TB, b natsapi.Backend, url string, o *natsapi.Options) *harness {
	t.Helper()
	s, err := natsapi.ServeOver(b, connect(t, url), o)
	return harnessOf(t, s, err, url)
}

func harnessOf(t testing.TB, s *natsapi.Service, err error, url string) *harness {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		if err := s.Close(ctx); err != nil {
			t.Error(err)
		}
		if n := s.Count(); n != 0 {
			t.Errorf("%d requests are still in flight", n)
		}
	})
	return &harness{TB: t, service: s, nc: connect(t, url)}
}

// message is a message of a subject behind the prefix; headers are names and values.
func message(subject, body string, headers ...string) *nats.Msg {
	m := &nats.Msg{Subject: natsapi.DefaultPrefix + "." + subject, Data: []byte(body), Header: nats.Header{}}
	for i := 0; i < len(headers); i += 2 {
		m.Header.Add(headers[i], headers[i+1])
	}
	return m
}

// ask sends a request and waits for the answer.
func (h *harness) ask(subject, body string, headers ...string) *nats.Msg {
	h.Helper()
	answer, err := h.nc.RequestMsg(message(subject, body, headers...), patience)
	if err != nil {
		h.Fatalf("%s: %v", subject, err)
	}
	return answer
}

// start sends a request and returns where the answer will be.
func (h *harness) start(subject, body string, headers ...string) *nats.Subscription {
	h.Helper()
	m := message(subject, body, headers...)
	m.Reply = nats.NewInbox()
	sub, err := h.nc.SubscribeSync(m.Reply)
	if err != nil {
		h.Fatal(err)
	}
	if err := h.nc.PublishMsg(m); err != nil {
		h.Fatal(err)
	}
	return sub
}

// next waits for an answer.
func (h *harness) next(sub *nats.Subscription) *nats.Msg {
	h.Helper()
	m, err := sub.NextMsg(patience)
	if err != nil {
		h.Fatalf("no answer: %v", err)
	}
	return m
}

// outcome is an answer's outcome; of a command that was accepted its number stands behind it.
func outcome(m *nats.Msg) string {
	o := m.Header.Get("Eshost-Outcome")
	if o == "accepted" {
		var reply struct{ Seq uint64 }
		if json.Unmarshal(m.Data, &reply) == nil {
			o += fmt.Sprint(" ", reply.Seq)
		}
	}
	return o
}

// want checks an answer's outcome.
func (h *harness) want(m *nats.Msg, want string) {
	h.Helper()
	if got := outcome(m); got != want {
		h.Errorf("outcome %s, want %s\n%v\n%.1000s", got, want, m.Header, m.Data)
	}
}

// eventually waits until something holds.
func eventually(t testing.TB, what string, holds func() bool) {
	t.Helper()
	for end := time.Now().Add(patience); !holds(); time.Sleep(2 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("it does not come to be that %s", what)
		}
	}
}
