package eshost_test

import (
	"os"
	"runtime"
	"strconv"
	"testing"

	eshost "github.com/eshost/eshost/guest-sdk/go"
)

// TestMemoryStaysFlat makes many calls, 200,000 unless ESHOST_SOAK_CALLS says how many, of every kind: good ones, rejected,
// faulted and panicking ones, with a state that shares memory.
func TestMemoryStaysFlat(t *testing.T) {
	calls := 200_000
	if text := os.Getenv("ESHOST_SOAK_CALLS"); text != "" {
		var err error
		if calls, err = strconv.Atoi(text); err != nil {
			t.Fatalf("ESHOST_SOAK_CALLS: %v", err)
		}
	}
	owners := map[string]uint64{"anna": 1, "bert": 2, "carl": 3}
	state := payloadBytes(t, account{Owners: owners, Notes: []string{"a", "b"}, Limit: new(uint64)})
	m := message{typeName: "account", id: "a", seq: 4, state: state, commands: []part{
		{name: "deposit", payload: deposit{"anna", 1}}, {name: "spoil", payload: spoil{"reject"}}, {name: "look"},
		{name: "spoil", payload: spoil{"panic"}}, {name: "deposit", payload: deposit{"zoe", 1}}, {name: "unknown"},
	}, events: []part{{name: "deposited", version: 1, payload: depositedV1{3}}, {name: "noted", version: 1, payload: noted{[]string{"n"}}}}}
	commands, events := m.commandRequest(t), m.eventRequest(t)
	small := message{typeName: "counter", id: "a", commands: []part{{name: "increase", payload: increase{1}}}}.commandRequest(t)

	plugin := eshost.NewPlugin(counter, accounts)
	heap := func(calls int) uint64 {
		for i := range calls {
			switch i % 8 {
			case 0:
				plugin.HandleCommand(commands)
			case 1:
				plugin.HandleEvent(events)
			default:
				plugin.HandleCommand(small)
			}
		}
		runtime.GC()
		var stats runtime.MemStats
		runtime.ReadMemStats(&stats)
		return stats.HeapAlloc
	}
	before := heap(calls / 10)
	after := heap(calls)
	if after > before+256<<10 {
		t.Errorf("the heap grew from %d to %d bytes in %d calls", before, after, calls)
	}
}

func TestAFlatCommandAllocatesOnlyItsEvent(t *testing.T) {
	plugin := eshost.NewPlugin(counter)
	request := message{typeName: "counter", id: "a", seq: 1, state: []byte{5}, commands: []part{{name: "increase", payload: increase{1000}}}}.commandRequest(t)
	plugin.HandleCommand(request)
	if n := testing.AllocsPerRun(100, func() { plugin.HandleCommand(request) }); n > 1 {
		t.Errorf("%v allocations", n)
	}
}

func BenchmarkCommandWithAWatchedState(b *testing.B) {
	benchmarkShared(b, eshost.NewPlugin(accounts))
}

func BenchmarkCommandWithATrustedState(b *testing.B) {
	benchmarkShared(b, eshost.NewTrustingPlugin(careful))
}

func benchmarkShared(b *testing.B, plugin *eshost.Plugin) {
	owners := map[string]uint64{}
	for i := range 32 {
		owners["owner"+strconv.Itoa(i)] = uint64(i)
	}
	m := message{typeName: "account", id: "a", seq: 4, state: payloadBytes(b, account{Owners: owners, Notes: []string{"a"}})}
	for range 64 {
		m.commands = append(m.commands, part{name: "deposit", payload: deposit{"owner1", 1}})
	}
	request := m.commandRequest(b)
	b.ReportAllocs()
	for b.Loop() {
		plugin.HandleCommand(request)
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*64), "ns/command")
}
