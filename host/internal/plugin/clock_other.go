//go:build !linux && !darwin

package plugin

import "time"

func threadClock() time.Duration { return 0 }

// threadRan is the time that the thread took, of which it ran for nobody knows how long.
func threadRan(_, took time.Duration) time.Duration { return took }
