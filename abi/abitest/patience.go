package abitest

import (
	"time"

	"github.com/eshost/eshost/abi"
)

// leaps are how far time moves on for commands that wait for something.
var leaps = []time.Duration{time.Minute, time.Hour, 24 * time.Hour, 30 * 24 * time.Hour, 366 * 24 * time.Hour, 10 * 366 * 24 * time.Hour}

// How much history there is for commands that need some.
const (
	placesForLeaps = 8
	historySteps   = 512      // of one entity
	mostHistory    = 4096     // steps of all entities of a type
	historyPause   = 64       // steps, after which all examples are tried
	historyBytes   = 64 << 10 // of the state that is reached
)

// wait tries the examples a while after what came before, as long as something
// that the manifest lists was not seen.
func (k *kit) wait(s *subject, examples []*example) {
	for _, leap := range leaps {
		for _, at := range s.some(placesForLeaps) {
			for _, e := range examples {
				if s.seen() {
					return
				}
				k.step(s, at, e, leap.Milliseconds())
			}
		}
	}
}

// insist gives entities a long history: of each example that is accepted alone,
// and of all of them in turns.
func (k *kit) insist(s *subject, examples []*example) {
	steps := 0
	var all []*example
	for _, e := range examples {
		if e.command.accepted > 0 {
			all = append(all, e)
			steps += k.repeatedly(s, []*example{e}, examples, mostHistory-steps)
		}
	}
	if len(all) > 1 {
		k.repeatedly(s, all, examples, historySteps)
	}
}

// repeatedly gives a new entity the same commands again and again, and tries
// the examples now and then. It returns how many commands it gave.
func (k *kit) repeatedly(s *subject, order, examples []*example, most int) (steps int) {
	s.runs++
	at := &place{id: s.runID(), now: firstMoment}
	for idle := 0; steps < min(historySteps, most) && idle < len(order) && len(at.state) < historyBytes && !s.seen(); steps++ {
		e := order[steps%len(order)]
		d := k.decide(k.main, s.request(at, at.now+moment, e.call()))
		if o := d.outcome(); o == nil || o.Status != abi.Accepted || d.answer.State == nil {
			idle++
			continue
		}
		idle = 0
		at = s.after(at, d)
		if steps%historyPause == historyPause-1 {
			for _, e := range examples {
				k.step(s, at, e, moment)
			}
		}
	}
	if at.seq > 0 {
		s.reach(at)
		for _, e := range examples {
			k.step(s, at, e, moment)
		}
	}
	return steps
}
