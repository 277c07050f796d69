package natsstore_test

import (
	"testing"

	"github.com/eshost/eshost/stores"
	"github.com/eshost/eshost/stores/natsstore"
)

const token = "0a1b2c3d"

func TestSubjectsAreFrozen(t *testing.T) {
	if got := natsstore.LogToken(stores.LogID{0x0a, 0x1b, 0x2c, 0x3d, 0x4e}); got != token {
		t.Errorf("the log's token is %s, want %s", got, token)
	}
	for want, id := range map[string]stores.EntityID{
		"log.0a1b2c3d.1000.counter.a":                      {Type: "counter", ID: "a"},
		"log.0a1b2c3d.0318.order=2Ex.a=2Eb=20=2A=3E=2F=3D": {Type: "order.x", ID: "a.b *>/="},
		"log.0a1b2c3d.0702._deployments.=F0=9F=92=A5":      {Type: "_deployments", ID: "💥"},
	} {
		got := natsstore.Subject("log", token, id)
		if got != want {
			t.Errorf("the subject of %s is %s, want %s", id, got, want)
		}
		if back, err := natsstore.EntityOf("log", token, got); err != nil || back != id {
			t.Errorf("%s: %v, %v", got, back, err)
		}
	}
}

func TestASubjectThatIsNoEntitysIsRefused(t *testing.T) {
	for _, subject := range []string{"", "log", "log.0a1b2c3d.1000.counter", "log.0a1b2c3d.1001.counter.a", "log.0a1b2c3d.01000.counter.a", "other.0a1b2c3d.1000.counter.a", "log.0a1b2c3e.1000.counter.a", "log.1000.counter.a",
		"log.0a1b2c3d.1000.counter.=61", "log.0a1b2c3d.1000.counter.a=", "log.0a1b2c3d.1000.counter.=2e", "log.0a1b2c3d.1000.Counter.a", "log.0a1b2c3d.1000.counter.=00", "log.0a1b2c3d.1000.counter.a.b"} {
		if id, err := natsstore.EntityOf("log", token, subject); err == nil {
			t.Errorf("%s is the subject of %s", subject, id)
		}
	}
}
