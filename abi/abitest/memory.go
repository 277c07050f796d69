package abitest

import (
	"bytes"
	"fmt"
)

// memory repeats the requests of the exploration on one instance, each at
// least a few times. What a collector or a pool takes, it takes in the first half of the calls or
// in one more step; a leak goes on through both quarters of the second half.
func (k *kit) memory() {
	if len(k.corpus) == 0 {
		return
	}
	s := k.session()
	defer s.close()
	calls := max(k.opts.Calls, 8*len(k.corpus))
	start, half, quarter := s.guest().MemoryBytes(), int64(0), int64(0)
	for i := range calls {
		switch i {
		case calls / 2:
			half = s.guest().MemoryBytes()
		case calls - calls/4:
			quarter = s.guest().MemoryBytes()
		}
		if i%1024 == 0 {
			k.opts.Progress(lawMemory, i, calls)
		}
		if !k.ordinary(s, k.corpus[i%len(k.corpus)], i) {
			return
		}
	}
	if end := s.guest().MemoryBytes(); end > quarter && quarter > half {
		k.fail(lawMemory, Finding{
			What: fmt.Sprintf("memory grows: %d bytes at first, %d after %d calls, %d after %d, %d after %d", start, half, calls/2, quarter, calls-calls/4, end, calls),
			Want: "no growth that goes on in the second half of the calls",
			Do:   "give up what a call needed when the next one begins: reset the arena in alloc, or let the collector run between calls",
		})
		return
	}
	k.held(lawMemory)
}

// ordinary makes one of very many calls, whose answer is known.
func (k *kit) ordinary(s *session, e *exchange, n int) bool {
	g := s.guest()
	call := g.HandleEvent
	if e.command {
		call = g.HandleCommand
	}
	got, err := call(e.request)
	k.report.GuestCalls++
	if err == nil && bytes.Equal(got, e.answer) {
		return true
	}
	if err != nil {
		_, failed := s.call(func(Guest) ([]byte, error) { return nil, err }, e.describe)
		f := e.unlike(nil, failed, "")
		f.What = fmt.Sprintf("call %d of an instance fails, one before did not: %v", n+1, failed)
		f.Do = "see that nothing runs out over many calls"
		k.fail(lawMemory, f)
		return false
	}
	k.fail(lawRepeat, e.unlike(got, nil, fmt.Sprintf("after %d calls", n)))
	return false
}
