package entity

import "time"

// Pace is how long a turn, or the folding of a chunk, may take: as long as the last one did.
type Pace uint8

const (
	// Quick is at most [QuickTime].
	Quick Pace = iota
	// Slow is at most [SlowTime].
	Slow
	// VerySlow is longer.
	VerySlow
	// Spent is that of an entity that ran out of fuel of late, and takes long again.
	Spent
	// Paces is how many there are.
	Paces
)

// Times that a guest runs for one turn. A batch is made to take half of the first.
const (
	QuickTime = 2 * LongTime
	SlowTime  = 50 * time.Millisecond
)

// PaceOf is the pace of what ran for so long.
func PaceOf(ran time.Duration) Pace {
	switch {
	case ran <= QuickTime:
		return Quick
	case ran <= SlowTime:
		return Slow
	default:
		return VerySlow
	}
}
