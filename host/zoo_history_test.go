package host_test

import (
	"bytes"
	"fmt"
	"sync"
	"testing"

	"github.com/eshost/eshost/host"
)

func TestAStateThatGrowsForEverEndsAtTheLimit(t *testing.T) {
	z := openZoo(t, zooGuest(t, "HONEST"))
	beside := z.beside("counter", "zoo")
	beside.while(func() {
		var wg sync.WaitGroup
		for i := range attackers {
			e := z.Entity("zoo", fmt.Sprint("hoarder ", i))
			wg.Go(func() {
				const fits = zooState/(128<<10) - 1 // the rest is what else there is in the state
				for n := range 3 * fits {
					_, err := z.send(e, "hoard", nil)
					if n < fits && err != nil {
						t.Errorf("hoarding for the %d. time: %v", n+1, err)
					}
					if n >= fits {
						if err := guilty(err, host.Malformed, "state"); err != nil {
							t.Errorf("hoarding for the %d. time: %v", n+1, err)
						}
					}
				}
				if r, err := z.send(e, "increase", by(1)); err != nil || r.Seq != fits+1 {
					t.Errorf("after it: %+v, %v", r, err)
				}
			})
		}
		wg.Wait()
	})
	beside.end()
}

func TestAGuestThatRemembersIsFoundByTheAudit(t *testing.T) {
	const calls = 250 // some are made again on an instance that remembers nothing
	for _, test := range []struct{ name, guest, command string }{
		{"a hidden counter", "HIDDEN_COUNTER", "increase"},
		{"what the call before was", "CALL_ORDER", "increase"},
		{"a trap at the nth call", "HONEST", "nth_trap"},
	} {
		t.Run(test.name, func(t *testing.T) {
			z := openAudited(t, 1, zooGuest(t, test.guest))
			beside := z.beside("counter")
			beside.while(func() {
				var wg sync.WaitGroup
				for i := range attackers {
					e := z.Entity("zoo", fmt.Sprint("remembered ", i))
					wg.Go(func() {
						for range calls {
							if _, err := z.send(e, test.command, by(1)); err != nil {
								if err := guilty(err, host.Trapped, "unreachable"); err != nil || test.command != "nth_trap" {
									t.Errorf("%s: %v", test.command, err)
								}
							}
						}
					})
				}
				wg.Wait()
			})
			beside.end()
			for i, a := range z.Audits() {
				switch {
				case i == 0 && a.Differences > 0: // it was deployed first
					t.Errorf("the good plugin is marked for %d of %d calls: %+v", a.Differences, a.Audited, a.Examples[0])
				case i == 1 && a.Differences == 0:
					t.Errorf("the plugin is not marked after %d calls", a.Audited)
				case i == 1:
					for _, d := range a.Examples {
						if d.Entity.Type != "zoo" || len(d.Request) == 0 || len(d.First) == 0 || d.Err == nil && bytes.Equal(d.First, d.Second) {
							t.Errorf("no difference is kept: %+v", d)
						}
					}
					t.Logf("%d of %d calls were answered differently", a.Differences, a.Audited)
				}
			}
		})
	}
}
