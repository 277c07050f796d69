package main

import (
	"bytes"
	"testing"

	eshost "github.com/eshost/eshost/guest-sdk/go"
)

// request makes a command request of n times the same increase.
func increases(tb testing.TB, n int) []byte {
	request := unhex(tb, "96 a7 636f756e746572 a1 61 05 c4 01 07 cf 0000019ab027f500 dc")
	request = append(request, byte(n>>8), byte(n))
	return append(request, bytes.Repeat(unhex(tb, "92 a8 696e637265617365 c4 05 81 a2 6279 05"), n)...)
}

func BenchmarkCommandAlone(b *testing.B) { benchmarkCommands(b, 1) }

func BenchmarkCommandInABatchOf64(b *testing.B) { benchmarkCommands(b, 64) }

func benchmarkCommands(b *testing.B, batch int) {
	plugin, request := eshost.NewPlugin(Counter), increases(b, batch)
	b.ReportAllocs()
	for b.Loop() {
		plugin.HandleCommand(request)
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*batch), "ns/command")
}

func BenchmarkEventInAChunkOf1000(b *testing.B) {
	request := append(unhex(b, "95 a7 636f756e746572 a1 61 05 c4 01 07 dc 03e8"),
		bytes.Repeat(unhex(b, "93 a9 696e63726561736564 01 c4 05 81 a2 6279 05"), 1000)...)
	plugin := eshost.NewPlugin(Counter)
	b.ReportAllocs()
	for b.Loop() {
		plugin.HandleEvent(request)
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*1000), "ns/event")
}
