package abitest

import (
	"bytes"
	"fmt"
)

// memory repeats the requests of the exploration on one instance. What a
// collector or a pool takes, it takes in the first half of the calls; a leak
// goes on in the second one.
func (k *kit) memory() {
	if len(k.corpus) == 0 {
		return
	}
	s := k.session()
	defer s.close()
	calls, half := k.opts.Calls, int64(0)
	start := s.guest().MemoryBytes()
	for i := range calls {
		if i == calls/2 {
			half = s.guest().MemoryBytes()
		}
		if i%1024 == 0 {
			k.opts.Progress(lawMemory, i, calls)
		}
		if !k.ordinary(s, k.corpus[i%len(k.corpus)], i) {
			return
		}
	}
	end := s.guest().MemoryBytes()
	if end > half {
		k.fail(lawMemory, Finding{
			What: fmt.Sprintf("memory grows: %d bytes at first, %d after %d calls, %d after %d", start, half, calls/2, end, calls),
			Want: "no growth in the second half of the calls",
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
		_, failed := s.call(func(Guest) ([]byte, error) { return nil, err })
		f := e.unlike(nil, failed, "")
		f.What = fmt.Sprintf("call %d of an instance fails, one before did not: %v", n+1, failed)
		f.Do = "see that nothing runs out over many calls"
		k.fail(lawMemory, f)
		return false
	}
	k.fail(lawRepeat, e.unlike(got, nil, fmt.Sprintf("after %d calls", n)))
	return false
}
