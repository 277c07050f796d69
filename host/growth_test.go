package host_test

import (
	"bytes"
	"fmt"
	"testing"

	"github.com/eshost/eshost/abi"
	"github.com/eshost/eshost/host"
	"github.com/eshost/eshost/host/hosttest"
)

// paddedSource is a counter whose state can be made larger, and whose type has
// a name that can be replaced in the compiled file.
const (
	paddedSource = "../cmd/eshost/internal/bench/testdata/padded"
	paddedType   = "padded-counter-00000"
)

// BenchmarkGrowth is the cost of a command with 1, 10 and 100 times the entities, history, plugins and state.
func BenchmarkGrowth(b *testing.B) {
	for _, times := range []int{1, 10, 100} {
		b.Run(fmt.Sprint("entities=", 1000*times), func(b *testing.B) {
			h := grown(b, 1)
			of := inTurn(h, paddedType, 1000*times)
			pour(b, h, 1000*times, 1000, of)
			cost(b, h, of)
		})
	}
	for _, times := range []int{1, 10, 100} {
		b.Run(fmt.Sprint("history=", 10*times), func(b *testing.B) {
			h := grown(b, 1)
			of := inTurn(h, paddedType, 1000)
			pour(b, h, 1000*10*times, 1000, of)
			cost(b, h, of)
		})
	}
	plugins := []int{1, 10}
	if full() {
		plugins = append(plugins, 100)
	}
	for _, n := range plugins {
		b.Run(fmt.Sprint("plugins=", n), func(b *testing.B) {
			h := grown(b, n)
			types := make([]func(int) host.Entity, n)
			for i := range types {
				types[i] = inTurn(h, typeName(i), 1000)
			}
			of := func(i int) host.Entity { return types[i%n](i) }
			pour(b, h, 1000*n, 1000, of)
			cost(b, h, of)
		})
	}
	for _, size := range []int{1_000, 10_000, 100_000} {
		b.Run(fmt.Sprint("state=", size), func(b *testing.B) {
			h := grown(b, 1)
			of := inTurn(h, paddedType, 100)
			pad := host.Command{Name: "pad", Payload: abi.AppendUint([]byte{0x81, 0xa5, 'b', 'y', 't', 'e', 's'}, uint64(size))}
			for i := range 100 {
				if _, err := of(i).Handle(b.Context(), pad); err != nil {
					b.Fatal(err)
				}
			}
			cost(b, h, of)
		})
	}
}

// typeName is the name of the i-th plugin's type.
func typeName(i int) string { return fmt.Sprintf("%s%05d", paddedType[:len(paddedType)-5], i) }

// grown starts a host over a store on disk, with so many plugins of a type each.
func grown(b *testing.B, plugins int) *host.Host {
	b.Helper()
	store := openStore(b, nil)
	h := hosttest.New(b, &host.Options{Log: store, Snapshots: store})
	wasm := hosttest.BuildGo(b, paddedSource)
	for i := range plugins {
		d, err := h.Deploy(b.Context(), bytes.ReplaceAll(wasm, []byte(paddedType), []byte(typeName(i))))
		if err != nil {
			b.Fatal(err)
		}
		if name := d.Manifest.Types[0].Name; name != typeName(i) {
			b.Fatalf("the plugin serves %q, want %q", name, typeName(i))
		}
	}
	return h
}

// cost reports what a command costs.
func cost(b *testing.B, h *host.Host, of func(int) host.Entity) {
	const commands = 10_000
	next := 0
	for b.Loop() {
		first := next
		pour(b, h, commands, 1000, func(i int) host.Entity { return of(first + i) })
		next += commands
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*commands), "ns/command")
}
