package abi_test

import (
	"testing"

	"github.com/eshost/eshost/abi"
)

func BenchmarkAppendCommandRequest(b *testing.B) {
	by5 := []byte{0x81, 0xa2, 'b', 'y', 5}
	r := abi.CommandRequest{
		Type: "counter", ID: "a", Seq: 7, State: []byte{5}, Now: 1763892000000,
		Commands: []abi.Command{{Name: "increase", Payload: by5}, {Name: "decrease", Payload: by5}},
	}
	b.ReportAllocs()
	var buf []byte
	for b.Loop() {
		buf = abi.AppendCommandRequest(buf[:0], &r)
	}
}

func benchmarkDecodeCommandAnswer(b *testing.B, outcomes int) {
	reply := []byte{5}
	by5 := []byte{0x81, 0xa2, 'b', 'y', 5}
	a := abi.CommandAnswer{State: []byte{5}}
	for range outcomes {
		a.Accept(reply, abi.EmittedEvent{Name: []byte("increased"), Version: 1, Payload: by5})
	}
	message := abi.AppendCommandAnswer(nil, &a)
	limits := abi.Limits{Outcomes: outcomes, Events: 100, PayloadBytes: 1 << 20, StateBytes: 1 << 20}
	var got abi.CommandAnswer
	b.ReportAllocs()
	for b.Loop() {
		if err := got.Decode(message, &limits); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(outcomes), "ns/outcome")
}

func BenchmarkDecodeCommandAnswerOfOne(b *testing.B)      { benchmarkDecodeCommandAnswer(b, 1) }
func BenchmarkDecodeCommandAnswerOfThousand(b *testing.B) { benchmarkDecodeCommandAnswer(b, 1000) }

func BenchmarkDecodeEventAnswer(b *testing.B) {
	message := abi.AppendEventAnswer(nil, &abi.EventAnswer{State: []byte{5}})
	var got abi.EventAnswer
	b.ReportAllocs()
	for b.Loop() {
		if err := got.Decode(message, nil); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkAppendEventRequestOfThousand(b *testing.B) {
	by5 := []byte{0x81, 0xa2, 'b', 'y', 5}
	r := abi.EventRequest{Type: "counter", ID: "a", Seq: 7, State: []byte{5}}
	for range 1000 {
		r.Events = append(r.Events, abi.Event{Name: "increased", Version: 1, Payload: by5})
	}
	b.ReportAllocs()
	var buf []byte
	for b.Loop() {
		buf = abi.AppendEventRequest(buf[:0], &r)
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/1000, "ns/event")
}

func BenchmarkCheckPayload(b *testing.B) {
	for _, c := range []struct {
		name    string
		payload []byte
	}{
		{"integer", []byte{5}},
		{"struct", []byte{0x81, 0xa2, 'b', 'y', 5}},
		{"nested", []byte{0x82, 0xa1, 'a', 0x93, 1, 2, 3, 0xa1, 'b', 0x81, 0xa1, 'c', 0xa3, 'x', 'y', 'z'}},
	} {
		b.Run(c.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if err := abi.CheckPayload(c.payload); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkJSON(b *testing.B) {
	text := []byte(`{"by":5,"note":"a few words","tags":["x","y"],"at":1763892000000,"ratio":0.5}`)
	payload, err := abi.AppendFromJSON(nil, text)
	if err != nil {
		b.Fatal(err)
	}
	b.Run("to payload", func(b *testing.B) {
		b.ReportAllocs()
		var buf []byte
		for b.Loop() {
			if buf, err = abi.AppendFromJSON(buf[:0], text); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("from payload", func(b *testing.B) {
		b.ReportAllocs()
		var buf []byte
		for b.Loop() {
			if buf, err = abi.AppendJSON(buf[:0], payload); err != nil {
				b.Fatal(err)
			}
		}
	})
}
