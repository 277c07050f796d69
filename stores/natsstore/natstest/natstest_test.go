package natstest_test

import (
	"testing"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/eshost/eshost/stores/natsstore/natstest"
)

func connect(t *testing.T, url string) (*nats.Conn, jetstream.JetStream) {
	t.Helper()
	nc, err := nats.Connect(url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(nc.Close)
	js, err := jetstream.New(nc)
	if err != nil {
		t.Fatal(err)
	}
	return nc, js
}

func TestAServerThatIsKilledComesBackWithItsStreams(t *testing.T) {
	s := natstest.Start(t, &natstest.Options{SyncAlways: true, MaxPayloadBytes: 2 << 20})
	nc, js := connect(t, s.URL())
	if n := nc.MaxPayload(); n != 2<<20 {
		t.Errorf("max_payload is %d", n)
	}
	if _, err := js.CreateStream(t.Context(), jetstream.StreamConfig{Name: "a", Subjects: []string{"a.>"}}); err != nil {
		t.Fatal(err)
	}
	if _, err := js.Publish(t.Context(), "a.1", []byte("x")); err != nil {
		t.Fatal(err)
	}
	for _, end := range []func(){s.Kill, s.Stop, s.Kill} {
		end()
		if _, err := nats.Connect(s.URL()); err == nil {
			t.Error("it still serves")
		}
		s.Restart()
		_, js := connect(t, s.URL())
		stream, err := js.Stream(t.Context(), "a")
		if err != nil {
			t.Fatal(err)
		}
		if n := stream.CachedInfo().State.Msgs; n != 1 {
			t.Errorf("%d messages", n)
		}
	}
}

func TestAClusterOutlivesItsLeader(t *testing.T) {
	c := natstest.StartCluster(t, 3, nil)
	nc, js := connect(t, c.URL())
	if nc.ConnectedClusterName() != "test" {
		t.Errorf("the cluster is %q", nc.ConnectedClusterName())
	}
	if _, err := js.CreateStream(t.Context(), jetstream.StreamConfig{Name: "a", Subjects: []string{"a.>"}, Replicas: 3}); err != nil {
		t.Fatal(err)
	}
	if _, err := js.Publish(t.Context(), "a.1", []byte("x")); err != nil {
		t.Fatal(err)
	}
	first := c.Leader(t, "a")
	first.Kill()
	if second := c.Leader(t, "a"); second == first {
		t.Error("the dead one leads")
	}
	first.Restart()
	c.Await(t)
}
