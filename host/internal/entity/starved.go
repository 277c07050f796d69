package entity

import "time"

// Long notes whether the entity's last batch took long.
func (e *Entity) Long(long bool) {
	if long {
		e.unusual().slow = true
	} else if e.rare != nil {
		e.rare.slow = false
	}
}

// Slow reports whether the entity's next turn may take long, as its last one did.
func (e *Entity) Slow() bool { return e.rare != nil && e.rare.slow }

// Starved notes whether a command of the batch ran out of fuel.
func (e *Entity) Starved(starved bool) {
	if starved {
		e.unusual().starved++
	} else if e.rare != nil {
		e.rare.starved = 0
	}
}

// Pauses of an entity that runs out of fuel: they double each time.
const (
	firstPause = 20 * time.Millisecond
	mostPauses = 11 // then they stay as long, 41 s
)

// Pause is how long the entity must wait until its next turn; 0: not at all.
func (e *Entity) Pause() time.Duration {
	if e.rare == nil || e.rare.starved == 0 {
		return 0
	}
	return firstPause << min(e.rare.starved-1, mostPauses)
}
