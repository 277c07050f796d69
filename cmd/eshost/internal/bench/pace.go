package bench

import (
	"context"
	"errors"
	"io"
	"sync"
	"time"
)

// open sends at a steady rate, whatever the answers do. A command counts from
// the moment it should have been sent, so that a stall counts for all that it held up.
func (s *sender) open(ctx context.Context, cancel context.CancelCauseFunc, rate float64) error {
	free := sync.Pool{New: func() any { return new(command) }}
	var wg sync.WaitGroup
	defer wg.Wait()
	wg.Go(func() {
		if err := s.pace(ctx, rate, &free); err != nil {
			cancel(err)
		}
		s.client.end()
	})
	for {
		done, err := s.client.receive(ctx)
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			cancel(err) // pace stops too
			return err
		}
		now := time.Since(s.begin)
		for _, c := range done {
			s.record(now - c.start)
			free.Put(c)
		}
	}
}

// pace sends each command when it is due.
func (s *sender) pace(ctx context.Context, rate float64, free *sync.Pool) error {
	for i := 0; ; i++ {
		due := time.Duration(float64(i) / rate * float64(time.Second))
		if now := time.Since(s.begin); now < due {
			if err := s.client.flush(ctx); err != nil {
				return err
			}
			if err := sleep(ctx, due-now); err != nil {
				return err
			}
		}
		c := free.Get().(*command)
		if s.limit > 0 && due > s.limit || !s.source.next(c) {
			return s.client.flush(ctx)
		}
		c.start = due
		if err := s.client.send(ctx, c); err != nil {
			return err
		}
	}
}

// longSleep is the longest time slept without looking at the context.
const longSleep = 50 * time.Millisecond

// sleep sleeps. It is more precise than the runtime's timers where the system allows.
func sleep(ctx context.Context, d time.Duration) error {
	for end := time.Now().Add(d); d > 0; d = time.Until(end) {
		if err := ctx.Err(); err != nil {
			return err
		}
		nap(min(d, longSleep))
	}
	return ctx.Err()
}
