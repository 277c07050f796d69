package engine

import (
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/eshost/eshost/stores"
)

// outage is whether the log takes appends, as far as its last answers tell.
type outage struct {
	mu    sync.Mutex
	since time.Time // zero: it takes them
	last  time.Time // when it did not last
	told  time.Time
	err   error
}

const (
	outageTold = 30 * time.Second // until it is said again that the log takes no appends
	outageLast = 5 * time.Second  // for how long an answer counts, where none comes after it
)

// answered takes the log's answers to one append.
func (o *outage) answered(logger *slog.Logger, results []stores.Result) {
	err := refusal(results)
	now := time.Now()
	o.mu.Lock()
	defer o.mu.Unlock()
	switch {
	case err == nil && o.since.IsZero():
	case err == nil:
		logger.Info("the store takes appends again", "after", now.Sub(o.since).Round(time.Millisecond))
		o.since, o.err, o.told = time.Time{}, nil, time.Time{}
	default:
		if o.since.IsZero() {
			o.since = now
		}
		o.last, o.err = now, err
		if now.Sub(o.told) >= outageTold {
			o.told = now
			logger.Warn("the store takes no appends: commands are refused, or wait until it says what became of them", "for", now.Sub(o.since).Round(time.Second), "error", err)
		}
	}
}

// refusal is why none of the commits was taken for a reason that is the store's; nil: one was, or the reason is another.
func refusal(results []stores.Result) (err error) {
	for i := range results {
		switch r := &results[i]; r.Outcome {
		case stores.Unknown:
			err = r.Err
		case stores.Refused:
			if !errors.Is(r.Err, stores.ErrUnavailable) {
				return nil
			}
			err = r.Err
		default:
			return nil
		}
	}
	return err
}

// Writable says why the log takes no appends, as far as the answers of the last seconds tell; nil: it does, or nobody has tried.
func (g *Engine) Writable() error {
	o := &g.outage
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.since.IsZero() || time.Since(o.last) > outageLast {
		return nil
	}
	return fmt.Errorf("for %v: %w", o.last.Sub(o.since).Round(time.Second), o.err)
}
