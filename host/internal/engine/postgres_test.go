package engine_test

import (
	"net"
	"testing"
	"time"

	"github.com/eshost/eshost/stores"
	"github.com/eshost/eshost/stores/pgstore"
	"github.com/eshost/eshost/stores/pgstore/pgtest"
	"github.com/eshost/eshost/stores/storetest/proxy"
)

// TestEveryHistoryOnPostgresIsLinearizable runs clients on two engines over
// two stores in the same tables: with all that can go wrong on the way to a log, with
// connections that are cut and hung, and with a server that is killed.
func TestEveryHistoryOnPostgresIsLinearizable(t *testing.T) {
	for _, test := range []struct {
		name   string
		faults bool
		harm   func(*testing.T, *pgtest.Server, *proxy.Proxy)
	}{
		{"no faults", false, nil},
		{"all faults", true, nil},
		{"a bad network", false, func(_ *testing.T, _ *pgtest.Server, p *proxy.Proxy) {
			for _, harm := range []func(){p.HangAnswers, p.Break, p.HangRequests, p.Cut, p.Hang} {
				harm()
				time.Sleep(150 * time.Millisecond)
				p.Resume()
				time.Sleep(100 * time.Millisecond)
			}
		}},
		{"a server that is killed", false, func(t *testing.T, s *pgtest.Server, _ *proxy.Proxy) {
			time.Sleep(100 * time.Millisecond)
			if err := s.Kill(); err != nil {
				t.Error(err)
			}
			s.Restart(t)
		}},
	} {
		t.Run(name(test.name), func(t *testing.T) {
			t.Parallel()
			server := pgtest.Start(t, nil)
			p := proxy.Start(t, server.Addr)
			o := server.Options(t)
			near := open(t, o)
			far := *o
			far.ConnectTimeout = 500 * time.Millisecond
			var err error
			if far.Host, far.Port, err = net.SplitHostPort(p.Addr()); err != nil {
				t.Fatal(err)
			}
			runLinear(t, linear{logs: []stores.Log{near, open(t, &far)}, snapshots: near, faults: test.faults, truth: near, during: func(<-chan struct{}) {
				if test.harm != nil {
					test.harm(t, server, p)
				}
			}})
		})
	}
}

func name(s string) string { return "two engines on Postgres, " + s }

func open(t *testing.T, o *pgstore.Options) *pgstore.Store {
	t.Helper()
	s, err := pgstore.Open(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	})
	return s
}
