package natsstore

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/eshost/eshost/stores"
)

// errReplaced: what is in the stream is not what was there when the log was opened.
var errReplaced = fmt.Errorf("%w: the stream was deleted and made again, or has lost what it had acknowledged: open the store anew", stores.ErrCorrupt)

// failure is why a log cannot be used any more, once that is so.
type failure struct {
	once sync.Once
	err  error
	ch   chan struct{} // closed when it has failed
}

// fail ends the use of the log for good. The first reason stays.
func (s *Store) fail(err error) {
	s.failure.once.Do(func() {
		s.failure.err = fmt.Errorf("stream %s: %w", s.o.Stream, err)
		close(s.failure.ch)
		s.o.Logger.Error("the log cannot be used any more", "stream", s.o.Stream, "error", err)
	})
}

// failed is the reason given to fail; nil: none.
func (s *Store) failed() error {
	select {
	case <-s.failure.ch:
		return s.failure.err
	default:
		return nil
	}
}

// verify makes sure that the stream still holds the log that was opened. That
// nothing says so is believed when it is said for as long as an answer may take: a
// server that is ending has no messages any more.
func (s *Store) verify(ctx context.Context) error {
	err := s.retry(ctx, func() error {
		m, err := s.fromLeader(ctx, s.o.Stream, get{Last: s.subjects.store()})
		if errors.Is(err, errNoMessage) {
			return fmt.Errorf("%w: %w", stores.ErrUnavailable, err)
		}
		if err != nil {
			return err
		}
		if id, err := readAbout(m.Data); err != nil || id != s.info.ID {
			return errReplaced
		}
		return nil
	})
	if errors.Is(err, errNoMessage) && ctx.Err() == nil {
		err = errReplaced
	}
	if errors.Is(err, errReplaced) {
		s.fail(err)
	}
	return err
}
