package abitest

import (
	"slices"
	"strconv"

	"github.com/eshost/eshost/abi"
)

// How far a type is explored.
const (
	shuffles     = 4    // random orders, beside the declared and the reversed one
	fewestSteps  = 24   // of one entity
	mostSteps    = 240  // of one entity
	mostPlaces   = 256  // different states that are kept
	fewestTries  = 200  // of examples in known states
	mostTries    = 1000 // of examples in known states, if something was not seen
	mostExchange = 2000 // requests that are repeated later
)

// firstMoment is the time of the first request: 2025-11-23.
const firstMoment = 1_763_892_000_000

// exchange is a request and the answer it got, which every instance must give
// again.
type exchange struct {
	command  bool
	request  []byte
	answer   []byte
	describe func() Finding
}

// exercise has the commands decided: round after round of all examples, for
// entities that take them in different orders, so that states develop.
func (k *kit) exercise() {
	for _, s := range k.subjects {
		k.checkSchemas(s)
		k.begin(s)
		begin := &place{id: "kit-0", now: firstMoment}
		s.places, s.byText[""] = []*place{begin}, begin
		examples := s.examples()
		if len(examples) > 0 {
			k.entity(s, examples)
			reversed := slices.Clone(examples)
			slices.Reverse(reversed)
			k.entity(s, reversed)
			for range shuffles {
				shuffled := slices.Clone(examples)
				k.rand.Shuffle(len(shuffled), func(i, j int) { shuffled[i], shuffled[j] = shuffled[j], shuffled[i] })
				k.entity(s, shuffled)
			}
			k.search(s, examples, 0)
			if known := len(s.places); !s.seen() {
				k.wait(s, examples)
				k.insist(s, examples)
				k.search(s, examples, known)
			}
		}
		k.foldMade(s)
		k.exercised(s)
	}
}

// runID is the id of the entity that was made last.
func (s *subject) runID() string { return "kit-" + strconv.Itoa(s.runs) }

// entity gives a new entity the examples in that order, again and again.
func (k *kit) entity(s *subject, order []*example) {
	s.runs++
	at := &place{id: s.runID(), now: firstMoment}
	for step := range min(mostSteps, max(fewestSteps, 3*len(order))) {
		at = k.step(s, at, order[step%len(order)], moment)
	}
}

// search tries the examples in all the states that are known, from the from-th
// on, and so finds more of them: a while in any case, and longer as long as
// something that the manifest lists was not seen.
func (k *kit) search(s *subject, examples []*example, from int) {
	tries := 0
	for i := from; i < len(s.places); i++ {
		for _, e := range examples {
			if tries++; tries > mostTries || tries > fewestTries && s.seen() {
				return
			}
			k.step(s, s.places[i], e, moment)
		}
	}
}

// seen reports whether every command was accepted, every event emitted and
// every rejection given.
func (s *subject) seen() bool {
	for _, c := range s.commands {
		if len(c.examples) > 0 && c.accepted == 0 || len(c.codes) < len(c.spec.Rejections) {
			return false
		}
	}
	for _, e := range s.events {
		if e.emitted == 0 {
			return false
		}
	}
	return true
}

// moment is the usual time between two commands, in milliseconds.
const moment = 1000

// step gives one command, so many milliseconds after the one before it, and
// returns where the entity is then.
func (k *kit) step(s *subject, at *place, e *example, after int64) *place {
	c := e.command
	d := k.decide(k.main, s.request(at, at.now+after, e.call()))
	o := d.outcome()
	switch {
	case d.failed != nil:
		c.faulted++
		e.trapped = e.trapped || d.failed.Trapped
		return at
	case o == nil:
		c.faulted++
		if d.err == nil {
			k.fail(lawExercised, d.finding("an example is not decided, nor is anything else"))
		}
		return at
	}
	k.remember(&exchange{command: true, request: d.message, answer: d.bytes, describe: func() Finding { return d.finding("") }})
	k.observe(s, c, d)
	k.shows(s, c, at, d)
	switch o.Status {
	case abi.Rejected:
		c.rejected++
		c.codes[string(o.Code)] = true
		return at
	case abi.Faulted:
		c.faulted++
		if o.Kind != abi.KindPanic && o.Kind != abi.KindFold {
			e.refused = true
			f := d.finding("example %d is refused", e.index)
			f.Want, f.Do = "accepted, or rejected by the author's rules", "mend the example, or what decodes it"
			k.fail(lawExercised, f)
		}
		return at
	}
	c.accepted++
	next := s.after(at, d)
	if next == at {
		return at
	}
	s.reach(next)
	f := k.fold(k.main, s.folding(at, next.events[len(at.events):]...))
	if f.folded() {
		k.remember(&exchange{request: f.message, answer: f.bytes, describe: func() Finding { return f.finding("") }})
	}
	return next
}

func (k *kit) remember(e *exchange) {
	if len(k.corpus) < mostExchange {
		k.corpus = append(k.corpus, e)
	}
}
