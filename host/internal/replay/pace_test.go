package replay_test

import (
	"context"
	"fmt"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/eshost/eshost/host/internal/entity"
	"github.com/eshost/eshost/host/internal/replay"
)

// naps takes 4 ms for each fold, and counts how many there are at the same time.
type naps struct {
	entity.Behavior
	now, most *atomic.Int64
}

func (b naps) Fold(in *entity.FoldInput, dst []byte) ([]byte, error) {
	n := b.now.Add(1)
	for m := b.most.Load(); n > m && !b.most.CompareAndSwap(m, n); m = b.most.Load() {
	}
	time.Sleep(4 * time.Millisecond)
	b.now.Add(-1)
	return counter().Fold(in, dst)
}

// took runs a job of 8 entities, whose comparison takes 8 ms each, and returns how long it took and how
// many folds there were at the same time.
func took(t *testing.T, busy func() bool) (d time.Duration, most int64) {
	w := newWorld(t)
	w.Pace = replay.NewPace(4, busy)
	for i := range 8 {
		w.add(fmt.Sprint(i), 1)
	}
	b := naps{now: new(atomic.Int64), most: new(atomic.Int64)}
	start := time.Now()
	done := make(chan struct{})
	for i := range 8 {
		go func() {
			if _, err := w.Compare(context.Background(), &replay.Pair{Old: plugin("old", b), New: plugin("new", b)}, id(fmt.Sprint(i)), 0); err != nil {
				t.Error(err)
			}
			done <- struct{}{}
		}()
	}
	for range 8 {
		<-done
	}
	return time.Since(start), b.most.Load()
}

func TestAllWorkersFoldWhileNobodyIsServed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		if d, most := took(t, nil); d != 16*time.Millisecond || most != 4 {
			t.Errorf("%v, %d at the same time", d, most)
		}
	})
}

func TestWhileCommandsAreServedOneFoldsAndRestsThreeTimesAsLong(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		// The rest after 8 ms would be 24; it is 20 at most.
		if d, most := took(t, func() bool { return true }); d != 8*28*time.Millisecond || most != 1 {
			t.Errorf("%v, %d at the same time", d, most)
		}
	})
}

func TestCommandsThatWereServedAMomentAgoCount(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var asked atomic.Int64
		if d, most := took(t, func() bool { return asked.Add(1) == 1 }); most != 1 { // all of them begin in that moment
			t.Errorf("%v, %d at the same time", d, most)
		}
	})
}
