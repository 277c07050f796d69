package natsstore_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/nats-io/nats.go"

	"github.com/eshost/eshost/stores"
	"github.com/eshost/eshost/stores/natsstore/natstest"
	"github.com/eshost/eshost/stores/storetest"
)

// TestWhatAHostMayNotPublishIsRefused lets a host have no permission for one type's
// records, and none for the kinds of another.
func TestWhatAHostMayNotPublishIsRefused(t *testing.T) {
	config := `accounts: {A: {jetstream: enabled, users: [{user: host, password: x, permissions: {publish: {deny: ["*.*.*.denied.*", "*.*.kind.nokinds.>"]}}}, {user: admin, password: x}]}}` + "\n"
	server := natstest.Start(t, &natstest.Options{Config: config, Connect: []nats.Option{nats.UserInfo("admin", "x")}})
	s := connect(t, "nats://admin:x@"+server.Addr())
	for _, sync := range []string{"interval", "always"} { // each for itself, in a batch
		o := s.options(t, "timeout=20s&sync="+sync)
		o.User = "host"
		log := open(t, o)
		for place := range 3 {
			commits := make([]stores.Commit, 3)
			for i := range commits {
				commits[i] = commitOf(stores.EntityID{Type: "counter", ID: string(rune('a'+place)) + string(rune('a'+i))}, 0, "", "x")
			}
			for _, typ := range []string{"denied", "nokinds"} {
				commits[place].Entity.Type = typ
				for i, r := range log.Append(t.Context(), stores.Fence{}, commits) {
					want := stores.Applied
					if i == place {
						want = stores.Refused
					} else if typ == "nokinds" {
						want = stores.Duplicate
					}
					if r.Outcome != want || want == stores.Refused && (!errors.Is(r.Err, stores.ErrUnavailable) || !strings.Contains(strings.ToLower(r.Err.Error()), "permission")) {
						t.Errorf("sync=%s, the %s one at %d: commit %d: %+v", sync, typ, place, i, r)
					}
				}
			}
		}
		for _, typ := range []string{"denied", "nokinds"} {
			for id, err := range log.Entities(t.Context(), typ, "") {
				t.Errorf("%s is there, %v", id, err)
			}
		}
		storetest.Verify(t, log)
	}
}
