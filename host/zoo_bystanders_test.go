package host_test

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/eshost/eshost/abi"
	"github.com/eshost/eshost/host"
)

// bystanders are callers of good entities, who send commands and ask what there is all the time.
type bystanders struct {
	z    *zoo
	stop chan struct{}
	wg   sync.WaitGroup
	all  []*bystander
}

type bystander struct {
	entity host.Entity
	count  atomic.Int64
	took   []time.Duration
}

// beside starts bystanders: two of each of the types.
func (z *zoo) beside(types ...string) *bystanders {
	b := &bystanders{z: z, stop: make(chan struct{})}
	for _, typ := range types {
		for i := range 2 {
			one := &bystander{entity: z.Entity(typ, fmt.Sprint("bystander ", i))}
			b.all = append(b.all, one)
			b.wg.Go(func() { b.run(one) })
		}
	}
	return b
}

func (b *bystanders) run(one *bystander) {
	for first := true; ; first = false {
		select {
		case <-b.stop:
			if !first {
				return
			}
		case <-time.After(time.Millisecond):
		}
		start := time.Now()
		r, err := b.z.send(one.entity, "increase", by(1))
		one.took = append(one.took, time.Since(start))
		n := uint64(one.count.Load() + 1)
		if err != nil || r.Seq != n || string(r.Payload) != string(abi.AppendUint(nil, n)) {
			b.z.t.Errorf("command %d of bystander %s: %+v, %v", n, one.entity.ID(), r, err)
			return
		}
		if _, err := b.z.send(one.entity, "unheard", nil); guilty(err, host.UnknownCommand, "there is no command") != nil {
			b.z.t.Errorf("a command that there is not, to bystander %s: %v", one.entity.ID(), err)
		}
		b.z.Types()
		one.count.Store(int64(n))
	}
}

// while runs an attack. Whoever stands beside must be served meanwhile.
func (b *bystanders) while(attack func()) {
	before := make([]int64, len(b.all))
	for i, one := range b.all {
		before[i] = one.count.Load()
	}
	start := time.Now()
	attack()
	if took := time.Since(start); took > 2*time.Second {
		for i, one := range b.all {
			if one.count.Load() == before[i] {
				b.z.t.Errorf("bystander %s was not served for %v", one.entity.ID(), took)
			}
		}
	}
}

// end ends it, and logs how long commands took. The entities must stand where their callers think.
func (b *bystanders) end() {
	close(b.stop)
	b.wg.Wait()
	var took []time.Duration
	for _, one := range b.all {
		took = append(took, one.took...)
		s, err := one.entity.State(context.Background())
		if n := one.count.Load(); err != nil || s.Seq != uint64(n) {
			b.z.t.Errorf("bystander %s is at %d, want %d: %v", one.entity.ID(), s.Seq, n, err)
		}
	}
	slices.Sort(took)
	b.z.t.Logf("beside it %d commands: p50 %v, p99 %v, longest %v", len(took), took[len(took)/2], took[len(took)*99/100], took[len(took)-1])
}
