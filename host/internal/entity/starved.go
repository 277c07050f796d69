package entity

import "time"

// Went notes the pace of the entity's last batch.
func (e *Entity) Went(p Pace) {
	if p > Quick || e.rare != nil {
		e.unusual().pace = p
	}
}

// Pace is that of the entity's next turn under the binding, as far as the last ones tell.
func (e *Entity) Pace(b *Binding) Pace {
	switch {
	case e.rare == nil:
		return Quick
	case e.rare.pace > Quick && e.rare.starved > 0 && e.rare.starvedUnder == b:
		return Spent
	}
	return e.rare.pace
}

// Pauses of an entity that runs out of fuel: they are four times as long each time.
const (
	firstPause = 20 * time.Millisecond
	mostPauses = 7  // then they stay as long, 82 s
	forgotten  = 10 // times its last pause an entity must do without running out of fuel for the next one to be the first again
)

// pause is how long the entity rests after it ran out of fuel.
func (r *rare) pause() time.Duration { return firstPause << (2 * (min(r.starved, mostPauses) - 1)) }

// Starved notes that a command of the batch ran out of fuel under the binding. The
// next one is decided alone, since it may do the same.
func (e *Entity) Starved(b *Binding, now time.Time) {
	r := e.unusual()
	if r.starved > 0 && (r.starvedUnder != b || now.Sub(r.rested) > forgotten*r.pause()) {
		r.starved = 0
	}
	r.starved++
	r.rested, r.starvedUnder, r.limit = now.Add(r.pause()), b, 1
}

// Pause is how long the entity must wait from now on until its next turn under the
// binding; 0: not at all.
func (e *Entity) Pause(b *Binding, now time.Time) time.Duration {
	if e.rare == nil || e.rare.starved == 0 || e.rare.starvedUnder != b {
		return 0
	}
	return max(0, e.rare.rested.Sub(now))
}

// HasStarved reports whether the entity ever ran out of fuel, which is quick to ask.
func (e *Entity) HasStarved() bool { return e.rare != nil && e.rare.starved > 0 }
