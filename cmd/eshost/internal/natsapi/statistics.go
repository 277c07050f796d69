package natsapi

import (
	"maps"
	"sync"
	"time"

	"github.com/nats-io/nats.go/micro"
)

// statistics are what micro's own numbers do not tell: those end when a request is taken
// up, which is before it is decided.
type statistics struct {
	mu sync.Mutex
	of map[string]*Figures
}

// Figures are an endpoint's, as "data" in the service's statistics.
type Figures struct {
	Outcomes map[string]uint64 `json:"outcomes"`        // by Eshost-Outcome
	Unheard  uint64            `json:"unheard"`         // of them those nobody was told: they had no reply subject
	Time     time.Duration     `json:"processing_time"` // from taking up to answering, of all together, in nanoseconds
	InFlight int64             `json:"in_flight"`       // of both endpoints together
}

// count counts a request that was answered.
func (st *statistics) count(r *request, outcome string) {
	elapsed := time.Since(r.taken)
	st.mu.Lock()
	defer st.mu.Unlock()
	f := st.figures(r.endpoint)
	f.Outcomes[outcome]++
	f.Time += elapsed
	if r.reply == "" {
		f.Unheard++
	}
}

// correct counts a request by another outcome than it was.
func (st *statistics) correct(r *request, was, is string) {
	st.mu.Lock()
	defer st.mu.Unlock()
	f := st.figures(r.endpoint)
	f.Outcomes[was]--
	f.Outcomes[is]++
}

// figures returns an endpoint's figures. The lock is held.
func (st *statistics) figures(endpoint string) *Figures {
	if st.of == nil {
		st.of = make(map[string]*Figures)
	}
	f := st.of[endpoint]
	if f == nil {
		f = &Figures{Outcomes: make(map[string]uint64)}
		st.of[endpoint] = f
	}
	return f
}

// statistics is micro's StatsHandler.
func (s *Service) statistics(e *micro.Endpoint) any {
	s.stats.mu.Lock()
	defer s.stats.mu.Unlock()
	f := *s.stats.figures(e.Name)
	f.Outcomes = maps.Clone(f.Outcomes)
	f.InFlight = s.inFlight.count()
	return f
}
