package host_test

import (
	"testing"

	"github.com/eshost/eshost/host"
)

// TestTrapsLeaveNothing lets guests trap in a row, 10,000 times if ESHOST_SOAK is set.
func TestTrapsLeaveNothing(t *testing.T) {
	traps, warm := 600, 200
	if soak() {
		traps, warm = 10_000, 1000
	}
	z := openZoo(t, zooGuest(t, "HONEST"))
	ways := []struct {
		command string
		text    string
	}{{"trap", "unreachable"}, {"panic_and_trap", "says nothing"}, {"divide_by_zero", "divide by zero"}, {"read_outside", "out of bounds"}, {"call_nothing", "table access"}, {"exit_quietly", "exit code 0"}}
	e := z.Entity("zoo", "a")
	trap := func(n int) {
		for i := range n {
			w := ways[i%len(ways)]
			_, err := z.send(e, w.command, nil)
			if err := guilty(err, host.Trapped, w.text); err != nil {
				t.Fatalf("%s: %v", w.command, err)
			}
		}
	}
	trap(warm)
	before := footprintNow()
	trap(traps)
	after := footprintNow()
	for range 10 { // a collection may leave something for the next one
		if after.heap <= before.heap {
			break
		}
		after = footprintNow()
	}
	t.Logf("before %+v, after %d traps %+v", before, traps, after)
	if after.heap > before.heap+before.heap/10 || after.resident > before.resident+before.resident/10 {
		t.Errorf("memory grew from %+v to %+v in %d traps", before, after, traps)
	}
	if after.goroutines > before.goroutines || after.files > before.files {
		t.Errorf("something is left: %+v, before %+v", after, before)
	}
	if _, err := z.send(e, "increase", by(1)); err != nil {
		t.Error(err)
	}
}
