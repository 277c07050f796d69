package natsstore_test

import (
	"testing"
	"time"

	"github.com/eshost/eshost/stores/natsstore"
)

func TestBatchesAreMadeWhereTheyAreFasterOrSaidToBe(t *testing.T) {
	const appends = 1000
	for _, test := range []struct {
		name          string
		sync          natsstore.Sync
		replicas, n   int
		single, batch time.Duration
		least, most   int
	}{
		{"always, as said", natsstore.SyncAlways, 1, 2, time.Microsecond, time.Second, appends, appends},
		{"by interval, as said", natsstore.SyncInterval, 1, 1000, time.Second, time.Microsecond, 0, 0},
		{"replicas", natsstore.SyncAlways, 3, 1000, time.Second, time.Microsecond, 0, 0},
		{"not said, singles are fast", natsstore.SyncUnknown, 1, 100, 10 * time.Microsecond, 5 * time.Millisecond, 1, appends / 50},
		{"not said, singles are slow", natsstore.SyncUnknown, 1, 100, 150 * time.Microsecond, 5 * time.Millisecond, appends * 98 / 100, appends - 1},
		{"not said, and a large batch is fast", natsstore.SyncUnknown, 1, 1000, 10 * time.Microsecond, 7 * time.Millisecond, appends * 98 / 100, appends - 1},
		{"not said, and too few to tell", natsstore.SyncUnknown, 1, 10, time.Second, time.Microsecond, 0, 0},
		{"one commit", natsstore.SyncAlways, 1, 1, time.Second, time.Microsecond, 0, 0},
	} {
		if got := natsstore.BatchedOf(test.sync, test.replicas, appends, test.n, test.single, test.batch); got < test.least || got > test.most {
			t.Errorf("%s: %d of %d appends are batches, want %d to %d", test.name, got, appends, test.least, test.most)
		}
	}
}
