package natsstore

import "testing"

func TestTheConditionOfAStoredMessage(t *testing.T) {
	for header, want := range map[string]struct {
		seq uint64
		ok  bool
	}{
		"NATS/1.0\r\nNats-Expected-Last-Subject-Sequence: 41\r\n\r\n":                  {41, true},
		"NATS/1.0\r\nNats-Batch-Id:x\r\nNats-Expected-Last-Subject-Sequence:0\r\n\r\n": {0, true},
		"NATS/1.0\r\nNats-Expected-Last-Subject-Sequence-Subject: 41\r\n\r\n":          {},
		"NATS/1.0\r\nNats-Expected-Last-Subject-Sequence: 41":                          {},
		"NATS/1.0\r\nNats-Expected-Last-Subject-Sequence: -1\r\n\r\n":                  {},
		"NATS/1.0\r\n\r\n": {},
		"":                 {},
	} {
		if seq, ok := conditionOf([]byte(header)); seq != want.seq || ok != want.ok {
			t.Errorf("%q: %d, %v, want %v", header, seq, ok, want)
		}
	}
}
