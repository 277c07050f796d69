package abitest

import "bytes"

const (
	reorders       = 3  // random orders of all requests
	freshInstances = 24 // that get one request each
)

// repeats gives all requests of the exploration again: twice in a row, in the
// same order to a fresh instance, in other orders, and some to an instance of
// their own. Every answer must be the one that was given first.
func (k *kit) repeats() {
	total := len(k.corpus)*(3+reorders) + freshInstances
	done := 0
	progress := func() {
		if done++; done%64 == 0 {
			k.opts.Progress(lawRepeat, done, total)
		}
	}
	for _, e := range k.corpus {
		k.repeat(k.main, e, "on the same instance, after other calls")
		k.repeat(k.main, e, "on the same instance, twice in a row")
		progress()
		progress()
	}
	again := k.session()
	for _, e := range k.corpus {
		k.repeat(again, e, "on a fresh instance, in the same order")
		progress()
	}
	again.close()
	for range reorders {
		s := k.session()
		for _, i := range k.rand.Perm(len(k.corpus)) {
			k.repeat(s, k.corpus[i], "on another instance, in another order")
			progress()
		}
		s.close()
	}
	for i := range min(freshInstances, len(k.corpus)) {
		s := k.session()
		k.repeat(s, k.corpus[i*len(k.corpus)/min(freshInstances, len(k.corpus))], "on an instance of its own")
		s.close()
		progress()
	}
	k.describe(k.main)
}

// repeat makes one request again.
func (k *kit) repeat(s *session, e *exchange, where string) {
	call := s.event
	if e.command {
		call = s.command
	}
	got, failed := call(e.request, e.describe)
	if failed == nil && bytes.Equal(got, e.answer) {
		k.held(lawRepeat)
		return
	}
	k.fail(lawRepeat, e.unlike(got, failed, where))
}

// unlike words that a request was answered otherwise than at first.
func (e *exchange) unlike(got []byte, failed *CallError, where string) Finding {
	f := e.describe()
	f.What = "the same request gets another answer " + where
	f.Want = f.Answer.Text + " (" + f.Answer.Hex + ")"
	f.Answer = Message{Hex: shortHex(got)}
	if failed != nil {
		f.Answer.Text = failed.Error()
	}
	f.Do = "keep nothing between calls that changes an answer: no counters, no leftovers of the last state; sort what a hash map gives; " +
		"take time and random numbers from what a handler is given, not from the language's own clock and generator"
	return f
}
