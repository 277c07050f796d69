package bench_test

import (
	"context"
	"strings"
	"testing"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/eshost/eshost/cmd/eshost/internal/bench"
	"github.com/eshost/eshost/host/hosttest"
	"github.com/eshost/eshost/stores/natsstore/natstest"
	"github.com/eshost/eshost/stores/pgstore/pgtest"
)

func TestAServerIsMeasuredBesideItsBareClientAndLeftAsItWas(t *testing.T) {
	plugin := hosttest.BuildGo(t, counterFolder)
	server := natstest.Start(t, nil)
	postgres := pgtest.Start(t, nil)
	for name, url := range map[string]string{"bare NATS": server.URL(), "bare NATS, synced": server.URL() + "?sync=always", "bare NATS, not batched": server.URL() + "?sync=interval", "bare Postgres": postgres.URL()} {
		for load, c := range map[string]bench.Config{
			"one in flight for each entity": {Entities: 5, Events: 21},
			"many in flight over all":       {Entities: 100, Events: 5, Concurrency: 64},
			"one command after the other":   {Entities: 1, Events: 30},
		} {
			t.Run(name+", "+load, func(t *testing.T) {
				in(t, &c)
				c.Plugin, c.Store = plugin, url
				r, err := bench.Run(t.Context(), &c, nil)
				if err != nil {
					t.Fatal(err)
				}
				if r.BarePerSecond <= 0 || r.RatioToBare <= 0 || r.RecoveredEvents != uint64(c.Entities*c.Events) || r.RawDiskPerSecond != 0 || r.Durability == "" {
					t.Errorf("%+v", r)
				}
				var text strings.Builder
				if err := r.Text(&text); err != nil || !strings.Contains(text.String(), strings.Split(name, ",")[0]) {
					t.Errorf("%s\n%v", text.String(), err)
				}
			})
		}
	}
	left := 0
	conn := postgres.Connect(t)
	if err := conn.QueryRow(t.Context(), "SELECT count(*) FROM pg_namespace WHERE nspname LIKE 'eshost_bench%'").Scan(&left); err != nil || left != 0 {
		t.Errorf("%d schemas are left, %v", left, err)
	}
	nc, err := nats.Connect(server.URL())
	if err != nil {
		t.Fatal(err)
	}
	defer nc.Close()
	js, err := jetstream.New(nc)
	if err != nil {
		t.Fatal(err)
	}
	names := js.StreamNames(context.Background())
	for name := range names.Name() {
		t.Errorf("stream %s is left", name)
	}
	if err := names.Err(); err != nil {
		t.Error(err)
	}
}
