package cli

import (
	"fmt"
	"io"
	"time"

	"github.com/eshost/eshost/stores/transfer"
)

// pace is a progress that also tells how fast something goes, and when it will be over.
type pace struct {
	*progress
	phase string
	began time.Time
	from  int64 // what was done when the phase began
}

func newPace(w io.Writer) *pace { return &pace{progress: newProgress(w)} }

// transfer shows how far a transfer is.
func (p *pace) transfer(at transfer.Progress) {
	if at.Phase != p.phase {
		p.phase, p.began, p.from = at.Phase, time.Now(), at.Done
	}
	p.note = paceNote(at, p.from, time.Since(p.began), time.Now())
	p.show(at.Phase, at.Done, at.Total)
}

// paceNote is how fast it goes, and when it is over if that is known.
func paceNote(at transfer.Progress, from int64, took time.Duration, now time.Time) string {
	rate := float64(at.Done-from) / took.Seconds()
	if took < 100*time.Millisecond || rate <= 0 {
		return ""
	}
	note := fmt.Sprintf("%.0f %s/s", rate, at.Unit)
	if at.Total <= at.Done {
		return note
	}
	left := time.Duration(float64(at.Total-at.Done) / rate * float64(time.Second)).Round(time.Second)
	return fmt.Sprintf("%s, %v left, until %s", note, left, now.Add(left).Format("15:04:05"))
}
