package natsstore_test

import (
	"regexp"
	"strings"
	"testing"

	"github.com/eshost/eshost/stores"
	"github.com/eshost/eshost/stores/natsstore"
)

var safe = regexp.MustCompile(`^[A-Za-z0-9_=-]+$`)

func TestSubjectsAreFrozen(t *testing.T) {
	for want, id := range map[string]stores.EntityID{
		"log.1000.counter.a":                      {Type: "counter", ID: "a"},
		"log.0318.order=2Ex.a=2Eb=20=2A=3E=2F=3D": {Type: "order.x", ID: "a.b *>/="},
		"log.0702._deployments.=F0=9F=92=A5":      {Type: "_deployments", ID: "💥"},
	} {
		got := natsstore.Subject("log", id)
		if got != want {
			t.Errorf("the subject of %s is %s, want %s", id, got, want)
		}
		if back, err := natsstore.EntityOf("log", got); err != nil || back != id {
			t.Errorf("%s: %v, %v", got, back, err)
		}
	}
}

func TestASubjectThatIsNoEntitysIsRefused(t *testing.T) {
	for _, subject := range []string{"", "log", "log.1000.counter", "log.1001.counter.a", "log.01000.counter.a", "other.0742.counter.a", "log.1000.counter.=61", "log.1000.counter.a=", "log.1000.counter.=2e", "log.1000.Counter.a", "log.1000.counter.=00", "log.1000.counter.a.b"} {
		if id, err := natsstore.EntityOf("log", subject); err == nil {
			t.Errorf("%s is the subject of %s", subject, id)
		}
	}
}

func FuzzToken(f *testing.F) {
	for _, s := range []string{"", "a", "a.b", "=", "=3D", "*", ">", " ", "\x00", "💥", strings.Repeat("x", 600)} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		token := natsstore.Token(s)
		if !safe.MatchString(token) {
			t.Errorf("%q becomes %q", s, token)
		}
		if back, ok := natsstore.ParseToken(token); !ok || back != s {
			t.Errorf("%q becomes %q and then %q", s, token, back)
		}
		if back, ok := natsstore.ParseToken(s); ok && natsstore.Token(back) != s {
			t.Errorf("%q is read as %q, which is written as %q", s, back, natsstore.Token(back))
		}
	})
}
