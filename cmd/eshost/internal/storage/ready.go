package storage

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/eshost/eshost/stores/transfer"
)

// How long a store may take to say that it is there, and how long that is believed: anybody may ask.
const (
	readyTime = 2 * time.Second
	readyFor  = 500 * time.Millisecond
)

// probe is what a store said last.
type probe struct {
	mu    sync.Mutex
	asked time.Time
	err   error
}

// Ready says why commands cannot be stored at the moment: a store is away, or its disk is full. It takes no longer than 2 seconds.
func (s *Stores) Ready(ctx context.Context) error {
	s.probe.mu.Lock()
	defer s.probe.mu.Unlock()
	if time.Since(s.probe.asked) > readyFor {
		// Whoever asks first may be gone before the answer, which is for the others too.
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), readyTime)
		defer cancel()
		s.probe.err = s.ask(ctx)
		s.probe.asked = time.Now()
	}
	return s.probe.err
}

// Finished says that the store is a copy that is not complete, so that what is decided on it would be decided on
// too little; nil: it is none.
func (s *Stores) Finished(ctx context.Context) error {
	unfinished, err := transfer.Unfinished(ctx, s.Checkpoints)
	if err != nil {
		return fmt.Errorf("ask the store %s whether it is whole: %w", s.url, err)
	}
	if unfinished {
		return fmt.Errorf("store %s: %w", s.url, transfer.ErrUnfinished)
	}
	return nil
}

func (s *Stores) ask(ctx context.Context) error {
	if p, _, ok := s.Pebble(); ok {
		return p.Ready(ctx)
	}
	if _, err := s.Log.Head(ctx); err != nil {
		return fmt.Errorf("ask the store %s for its head: %w", s.url, err)
	}
	return nil
}
