package replay

import (
	"time"

	"github.com/eshost/eshost/stores"
)

// Report is how far a job is, and what it found so far.
type Report struct {
	Until    stores.Position // where in the log it ends; see Job
	Entities int64           // done
	Events   int64           // of these
	// TotalEntities is how many there are to do; 0: they are still being counted. TotalEvents is
	// estimated from that and from those done; 0: nothing is known.
	TotalEntities, TotalEvents int64

	Elapsed time.Duration
	Rate    float64   // events a second, of late
	Ends    time.Time // about; zero: nothing is known. Of a report that is Done, when it ended

	Verdicts  [Verdicts]int64 // entities
	Decided   Decided
	Findings  []*Finding    // the first ones that are not Equal
	Decisions []*Redecision // the first ones
	Done      bool
}

// Settled reports whether all entities have the same state under both plugins.
func (r *Report) Settled() bool { return r.Done && r.Verdicts[Equal] == r.Entities }

// page is what a worker found of some entities.
type page struct {
	entities, events int64
	verdicts         [Verdicts]int64
	decided          Decided
	findings         []*Finding
	decisions        []*Redecision
}

// tracker makes reports of what workers find.
type tracker struct {
	Report
	examples int
	began    time.Time
	mark     time.Time // when the rate was looked at last
	marked   int64     // events then
}

// rateAfter is how long the rate is measured for.
const rateAfter = time.Second

func newTracker(j *Job) *tracker {
	t := &tracker{examples: j.Examples, began: time.Now()}
	if t.examples == 0 {
		t.examples = 10
	}
	t.Until, t.mark = j.Until, t.began
	return t
}

func (t *tracker) add(p *page) {
	t.Entities += p.entities
	t.Events += p.events
	for v, n := range p.verdicts {
		t.Verdicts[v] += n
	}
	t.Decided.add(p.decided)
	t.Findings = first(t.Findings, p.findings, t.examples)
	t.Decisions = first(t.Decisions, p.decisions, t.examples)
}

// first appends to the first of some things, as long as there are no more than limit.
func first[T any](have, more []T, limit int) []T {
	return append(have, more[:min(len(more), limit-len(have))]...)
}

// report returns how far the job is. Nobody changes it any more.
func (t *tracker) report(done bool) *Report {
	now := time.Now()
	r := &t.Report
	r.Elapsed = now.Sub(t.began)
	if took := now.Sub(t.mark); took >= rateAfter {
		r.Rate = float64(r.Events-t.marked) / took.Seconds()
		t.mark, t.marked = now, r.Events
	} else if t.marked == 0 || done {
		r.Rate = float64(r.Events) / max(r.Elapsed, time.Microsecond).Seconds()
	}
	if done {
		r.Done, r.TotalEntities, r.TotalEvents, r.Ends = true, r.Entities, r.Events, now
	} else if r.TotalEntities > 0 && r.Entities > 0 {
		r.TotalEntities = max(r.TotalEntities, r.Entities)
		r.TotalEvents = r.Events * r.TotalEntities / r.Entities
		if r.Rate > 0 {
			r.Ends = now.Add(time.Duration(float64(r.TotalEvents-r.Events) / r.Rate * float64(time.Second)))
		}
	}
	c := *r
	c.Findings = c.Findings[:len(c.Findings):len(c.Findings)]
	c.Decisions = c.Decisions[:len(c.Decisions):len(c.Decisions)]
	return &c
}
