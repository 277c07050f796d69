package engine

import (
	"fmt"
	"strings"
	"testing"

	"github.com/eshost/eshost/host/internal/entity"
)

// tasks makes tasks of a type, named by the type's letter and a number.
func tasks(t *Type, names ...string) (all []task) {
	for _, name := range names {
		all = append(all, task{typ: t, entity: entity.New(&t.Type, name)})
	}
	return all
}

func names(all []task) string {
	var b strings.Builder
	for _, t := range all {
		fmt.Fprintf(&b, "%s ", t.entity.ID().ID)
	}
	return strings.TrimSpace(b.String())
}

func TestTypesTakeTurnsAndKeepTheirOrder(t *testing.T) {
	a, b := &Type{}, &Type{}
	var q runQueue
	q.init()
	q.push(tasks(a, "a1", "a2", "a3", "a4", "a5")...)
	q.push(tasks(b, "b1")...)
	q.push(tasks(a, "a6")...)
	q.push(tasks(b, "b2")...)
	buf := make([]task, 0, 3)
	var got []string
	for q.length() > 0 {
		got = append(got, names(q.pop(buf, 2)))
	}
	want := "a1 a2 a3|b1 b2|a4 a5|a6"
	if strings.Join(got, "|") != want {
		t.Errorf("popped %s, want %s", strings.Join(got, "|"), want)
	}
	q.close()
	if got := q.pop(buf, 2); got != nil {
		t.Errorf("a closed queue gives %s", names(got))
	}
}

func TestARingKeepsItsOrderWhileItGrows(t *testing.T) {
	var r ring[int]
	next := 0
	for i := range 1000 {
		r.push(i)
		if i%3 == 2 {
			if got := r.pop(); got != next {
				t.Fatalf("popped %d, want %d", got, next)
			}
			next++
		}
	}
	for ; r.n > 0; next++ {
		if got := r.pop(); got != next {
			t.Fatalf("popped %d, want %d", got, next)
		}
	}
	if next != 1000 {
		t.Errorf("%d items came out, want 1000", next)
	}
}

// paced are tasks of a pace.
func paced(p entity.Pace, all []task) []task {
	for i := range all {
		all[i].pace = p
	}
	return all
}

func TestWhatIsQuickerComesFirst(t *testing.T) {
	a, b := &Type{}, &Type{}
	var q runQueue
	q.init()
	q.push(paced(entity.Spent, tasks(a, "spent1", "spent2"))...)
	q.push(paced(entity.VerySlow, tasks(a, "very1", "very2"))...)
	q.push(paced(entity.Slow, tasks(b, "slow1"))...)
	q.push(paced(entity.Slow, tasks(a, "slow2"))...)
	for p, waits := range map[entity.Pace]bool{entity.Quick: false, entity.Slow: true, entity.VerySlow: true, entity.Spent: true} {
		if q.waits(p) != waits {
			t.Errorf("something waits that is no slower than %d: %v", p, !waits)
		}
	}
	buf := make([]task, 0, 1)
	var got []string
	for q.length() > 0 {
		got = append(got, names(q.pop(buf, 1)))
	}
	if got, want := strings.Join(got, " "), "slow1 slow2 very1 very2 spent1 spent2"; got != want {
		t.Errorf("popped %s, want %s", got, want)
	}
}

func TestWhatIsVerySlowIsNotPutOffForEver(t *testing.T) {
	a, b := &Type{}, &Type{}
	var q runQueue
	q.init()
	q.push(paced(entity.VerySlow, tasks(a, "very"))...)
	buf := make([]task, 0, 1)
	for i := range 2 * patient {
		q.push(paced(entity.Slow, tasks(b, fmt.Sprint("slow", i)))...)
		if names(q.pop(buf, 1)) == "very" {
			return
		}
	}
	t.Errorf("%d that are slow came before it", 2*patient)
}
