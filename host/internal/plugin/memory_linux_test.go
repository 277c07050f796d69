package plugin_test

import (
	"context"
	"os"
	"strings"
	"testing"

	"github.com/eshost/eshost/host/internal/plugin"
)

// mappings counts the mappings of the size of an instance's memory.
func mappings(t *testing.T, size uint64) (n int) {
	b, err := os.ReadFile("/proc/self/smaps")
	if err != nil {
		t.Fatal(err)
	}
	for _, line := range strings.Split(string(b), "\n") {
		if f := strings.Fields(line); len(f) == 3 && f[0] == "Size:" {
			var kb uint64
			for _, c := range f[1] {
				kb = kb*10 + uint64(c-'0')
			}
			if kb<<10 >= size {
				n += int(kb << 10 / size)
			}
		}
	}
	return n
}

func TestAStartThatFailsLeavesNoMemory(t *testing.T) {
	e := newEngine(t, &plugin.Options{MemoryLimitPages: 4096})
	g := echo()
	g.funcs = append(g.funcs, guestFunc{body: code(unreachable)})
	g.start = len(g.funcs)
	before := mappings(t, 256<<20)
	for range 50 {
		if _, err := e.Load(context.Background(), g.bytes()); err == nil {
			t.Fatal("loaded")
		}
	}
	if after := mappings(t, 256<<20); after > before+5 {
		t.Errorf("%d mappings of 256 MiB before, %d after 50 failed starts", before, after)
	}
	g = echo()
	g.data = append(g.data, guestData{memoryEnd - 1, []byte("ab")})
	before = mappings(t, 256<<20)
	for range 50 {
		if _, err := e.Load(context.Background(), g.bytes()); err == nil {
			t.Fatal("loaded")
		}
	}
	if after := mappings(t, 256<<20); after > before+5 {
		t.Errorf("data out of bounds: %d mappings of 256 MiB before, %d after 50 failed starts", before, after)
	}
}
