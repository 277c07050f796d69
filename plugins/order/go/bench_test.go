package main

import (
	"encoding/binary"
	"fmt"
	"testing"

	eshost "github.com/eshost/eshost/guest-sdk/go"
)

// bin is a payload as messages have it.
func bin(payload []byte) []byte {
	return append(binary.BigEndian.AppendUint16([]byte{0xc5}, uint16(len(payload))), payload...)
}

func str(s string) []byte { return append([]byte{0xd9, byte(len(s))}, s...) }

// twoKilobytes is the state of an order of twelve lines, two addresses and some notes.
func twoKilobytes(tb testing.TB) []byte {
	tb.Helper()
	var events [][]byte
	for _, role := range []string{"shipping", "billing"} {
		e := append([]byte{0x82}, str("role")...)
		e = append(append(e, str(role)...), str("address")...)
		events = append(events, event("address_set", 1, append(e, address()...)))
	}
	for i := range 12 {
		events = append(events, event("line_added", 2, line(i)))
	}
	for _, key := range []string{"door", "gift", "campaign"} {
		note := append(append([]byte{0x82}, str("key")...), str(key)...)
		note = append(append(note, str("value")...), str("a note of some forty characters in length")...)
		events = append(events, event("note_set", 1, note))
	}
	request := append([]byte{0x95}, str("order")...)
	request = append(append(request, str("a")...), 0x00, 0xc0, 0xdc, 0, byte(len(events)))
	for _, e := range events {
		request = append(request, e...)
	}
	answer := eshost.NewPlugin(Orders).HandleEvent(request)
	if len(answer) < 5 || answer[0] != 0x92 || answer[1] != 0 || answer[2] != 0xc5 {
		tb.Fatalf("the events are not folded: %q", answer)
	}
	return append([]byte(nil), answer[5:]...)
}

func event(name string, version byte, payload []byte) []byte {
	return append(append(append([]byte{0x93}, str(name)...), version), bin(payload)...)
}

func address() []byte {
	a := append([]byte{0x85}, str("name")...)
	a = append(append(a, str("Ada Augusta Byron")...), str("lines")...)
	a = append(append(append(a, 0x92), str("12 St James's Square")...), str("second floor")...)
	for _, field := range [][2]string{{"postal_code", "SW1Y 4JH"}, {"city", "London"}, {"country", "GB"}} {
		a = append(append(a, str(field[0])...), str(field[1])...)
	}
	return a
}

func line(i int) []byte {
	l := append([]byte{0x85}, str("sku")...)
	l = append(append(l, str(fmt.Sprintf("article-%04d", i))...), str("title")...)
	l = append(append(l, str("Assam, second flush 2025, a tin of 250 g with a lid that closes")...), str("quantity")...)
	l = append(append(append(l, 0x02), str("unit_cents")...), 0xcd, 0x05, 0x0a)
	return append(append(l, str("weight_kg")...), 0xcb, 0x3f, 0xd1, 0x47, 0xae, 0x14, 0x7a, 0xe1, 0x48)
}

// quantities makes a command request that changes one quantity to and fro, n times in all.
func quantities(tb testing.TB, n int) []byte {
	request := append([]byte{0x96}, str("order")...)
	request = append(append(request, str("a")...), 17)
	request = append(request, bin(twoKilobytes(tb))...)
	request = append(request, 0xcf, 0, 0, 0x01, 0x9a, 0xb0, 0x27, 0xf5, 0, 0xdc, byte(n>>8), byte(n))
	for i := range n {
		c := append(append([]byte{0x82}, str("sku")...), str("article-0007")...)
		c = append(append(c, str("quantity")...), byte(3+i%2))
		request = append(append(append(request, 0x92), str("change_quantity")...), bin(c)...)
	}
	return request
}

func TestTheBenchmarksStateIsOfTheSizeThatItSays(t *testing.T) {
	if n := len(twoKilobytes(t)); n < 1900 || n > 2300 {
		t.Errorf("the state has %d bytes", n)
	}
	answer := eshost.NewPlugin(Orders).HandleCommand(quantities(t, 64))
	if len(answer) < 6 || answer[0] != 0x93 || answer[1] != 0 || answer[5] != 0x93 || answer[6] != 0 {
		t.Errorf("the commands are not accepted: %q", answer[:40])
	}
}

func BenchmarkCommandAloneWith2KB(b *testing.B) { benchmarkCommands(b, 1) }

func BenchmarkCommandInABatchOf64With2KB(b *testing.B) { benchmarkCommands(b, 64) }

func benchmarkCommands(b *testing.B, batch int) {
	plugin, request := eshost.NewPlugin(Orders), quantities(b, batch)
	b.ReportAllocs()
	for b.Loop() {
		plugin.HandleCommand(request)
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*batch), "ns/command")
}
