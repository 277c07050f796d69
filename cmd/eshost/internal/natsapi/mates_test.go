package natsapi_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"

	"github.com/eshost/eshost/cmd/eshost/internal/natsapi"
	"github.com/eshost/eshost/stores"
)

func TestHostsOfDifferentLogsAreNoQueueGroup(t *testing.T) {
	url := broker(t, nil).ClientURL()
	serveFake(t, &fake{log: stores.LogID{1}}, url, nil)
	for _, test := range []struct {
		name    string
		log     stores.LogID
		options natsapi.Options
		refused bool
	}{
		{"the same log", stores.LogID{1}, natsapi.Options{}, false},
		{"another log", stores.LogID{2}, natsapi.Options{}, true},
		{"another log with another prefix", stores.LogID{2}, natsapi.Options{Prefix: "other"}, false},
		{"another log with another queue", stores.LogID{2}, natsapi.Options{Queue: "other"}, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			nc := connect(t, url)
			s, err := natsapi.ServeOver(&fake{log: test.log}, nc, &test.options)
			switch {
			case err == nil && test.refused:
				t.Error("it is served")
			case err != nil && (!test.refused || !strings.Contains(err.Error(), "choose another nats.prefix") || !strings.Contains(err.Error(), "0200")):
				t.Error(err)
			}
			if err != nil {
				eventually(t, "it subscribes to nothing", func() bool { return nc.NumSubscriptions() <= 1 })
				return
			}
			if err := s.Close(t.Context()); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestSubjectsThatTheUserMayNotSubscribeToAreTold(t *testing.T) {
	for _, denied := range []string{"api.eshost.command.>", "api.eshost.state.>", "api.>"} {
		b := broker(t, func(o *server.Options) {
			o.Users = []*server.User{{Username: "me", Password: "x", Permissions: &server.Permissions{Subscribe: &server.SubjectPermission{Deny: []string{denied}}}}}
		})
		nc, err := natsapi.Connect(&natsapi.Server{URL: b.ClientURL(), User: "me", Password: "x"}, logger(t))
		if err != nil {
			t.Fatal(err)
		}
		defer nc.Close()
		if _, err := natsapi.ServeOver(&fake{}, nc, nil); !errors.Is(err, nats.ErrPermissionViolation) || !strings.Contains(err.Error(), "api.eshost.") {
			t.Errorf("%s: served with %v", denied, err)
		}
	}
}

func TestAConnectionThatIsLostIsServedWhenItIsBack(t *testing.T) {
	b := broker(t, nil)
	url, address := b.ClientURL(), b.Addr().String()
	nc := connect(t, url)
	b.Shutdown()
	b.WaitForShutdown()
	eventually(t, "the connection is lost", func() bool { return !nc.IsConnected() })
	s, err := natsapi.ServeOver(&fake{}, nc, nil)
	if err != nil {
		t.Fatal(err)
	}
	broker(t, func(o *server.Options) { _, _ = fmt.Sscanf(address, "127.0.0.1:%d", &o.Port) })
	h := harnessOf(t, s, nil, url)
	eventually(t, "it is served", func() bool {
		m, err := h.nc.RequestMsg(message("command.counter.a.x", ""), patience)
		return err == nil && outcome(m) == "accepted 7"
	})
}
