package natsstore

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/eshost/eshost/stores"
)

const (
	// hintPause is the time after an append in which others are told of it, and
	// of all in between.
	hintPause = 2 * time.Millisecond
	// pollPause is the time between two looks at the head while somebody waits
	// and no hint comes: hints may be lost.
	pollPause = time.Second
)

// changes knows the last record that is surely in the log, and wakes those who
// wait for a later one.
type changes struct {
	mu      sync.Mutex
	seq     uint64 // its stream sequence
	events  int
	changed chan struct{} // closed, and a new one made, when it is another one

	waiting atomic.Int64
	hinting atomic.Bool
	hints   chan struct{} // somebody has appended
}

func (c *changes) init() {
	c.changed = make(chan struct{})
	c.hints = make(chan struct{}, 1)
}

func (c *changes) raise(seq uint64, events int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if seq > c.seq {
		c.seq, c.events = seq, events
		close(c.changed)
		c.changed = make(chan struct{})
	}
}

// after reports whether there are events after the one given, else what is
// closed when that may have changed.
func (c *changes) after(seq uint64, event uint32) (more bool, changed <-chan struct{}) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.seq > seq || c.seq == seq && seq > 0 && int(event) < c.events-1, c.changed
}

// known is the stream sequence of the last record that is surely in the log.
func (c *changes) known() uint64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.seq
}

// Wait implements stores.Log. All who wait share one look at the log's head, taken when
// this process or a hint from another says that something was appended.
func (s *Store) Wait(ctx context.Context, after stores.Position) error {
	if err := s.waitFor(ctx, after); err != nil {
		return fmt.Errorf("wait for records: %w", err)
	}
	return nil
}

func (s *Store) waitFor(ctx context.Context, after stores.Position) error {
	leave, err := s.enter(ctx, UseLog)
	if err != nil {
		return err
	}
	leave() // Close ends those who wait, and does not wait for them
	seq, err := s.parsePlace(after)
	if err != nil {
		return err
	}
	s.changes.waiting.Add(1)
	defer s.changes.waiting.Add(-1)
	for looked := false; ; looked = true {
		more, changed := s.changes.after(seq, after.Event())
		if more {
			return nil
		}
		if !looked {
			if err := s.look(ctx); err != nil {
				return err
			}
			continue
		}
		select {
		case <-changed:
		case <-s.failure.ch:
			return s.failed()
		case <-ctx.Done():
			return ctx.Err()
		case <-s.closing:
			return stores.ErrClosed
		}
	}
}

// look looks at the log's head.
func (s *Store) look(ctx context.Context) error {
	leave, err := s.enter(ctx, UseLog)
	if err != nil {
		return err
	}
	defer leave()
	_, err = s.end(ctx)
	return err
}

// watch looks at the log's head for those who wait, and now and then whether it
// still is the log that was opened, until the store closes or it is not.
func (s *Store) watch() {
	tick := time.NewTicker(s.o.poll)
	defer tick.Stop()
	for {
		same := true
		select {
		case <-s.changes.hints:
		case <-s.connected:
			same = false
		case <-tick.C:
			same = false
		case <-s.failure.ch:
			return
		case <-s.closing:
			return
		}
		if !same {
			if err := s.verify(s.base); err != nil && !s.isClosing() {
				s.o.Logger.Debug("the log cannot be read", "stream", s.o.Stream, "error", err)
				continue
			}
		}
		if s.changes.waiting.Load() == 0 {
			continue
		}
		if err := s.look(s.base); err != nil && !s.isClosing() {
			s.o.Logger.Debug("the head of the log cannot be read", "stream", s.o.Stream, "error", err)
		}
	}
}

// hintSubject is where hosts tell each other that there may be something new. It is
// not one of the stream's.
func (s *Store) hintSubject() string { return "_eshost.changed." + s.o.Stream }

func (s *Store) listen() error {
	_, err := s.nc.Subscribe(s.hintSubject(), func(*nats.Msg) {
		select {
		case s.changes.hints <- struct{}{}:
		default:
		}
	})
	return err
}

// appended tells this process and others what an append has put into the log, or
// an earlier try of it.
func (s *Store) appended(a *appending) {
	var last uint64
	events := 0
	for i := range a.results {
		if r := &a.results[i]; r.Outcome == stores.Applied || r.Outcome == stores.Duplicate {
			if seq, _, _ := s.parseHead(r.Head); seq > last {
				last, events = seq, len(a.commits[i].Events)
			}
		}
	}
	if last == 0 {
		return
	}
	s.changes.raise(last, events)
	if s.changes.hinting.CompareAndSwap(false, true) {
		time.AfterFunc(hintPause, func() {
			s.changes.hinting.Store(false)
			_ = s.nc.Publish(s.hintSubject(), nil) // those who wait look for themselves as well
		})
	}
}
