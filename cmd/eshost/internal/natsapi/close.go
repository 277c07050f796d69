package natsapi

import (
	"context"
	"fmt"
	"time"
)

// lastWords is how long those whose requests are given up may take to be told so.
const lastWords = time.Second

// Close takes no more requests, answers those it has, and closes the connection. When ctx
// ends, those that are left are answered at once, as if their deadlines had ended, and that is the error. It is idempotent.
func (s *Service) Close(ctx context.Context) error {
	if s.nc.IsClosed() {
		return nil
	}
	err := s.drain(ctx)
	unanswered := s.inFlight.count() // before they are given up
	s.cancel()
	if err != nil {
		s.giveUp()
	}
	s.nc.Close()
	if err != nil {
		return fmt.Errorf("stop serving over NATS, with %d requests unanswered: %w", unanswered, err)
	}
	return nil
}

func (s *Service) drain(ctx context.Context) error {
	if err := s.micro.Stop(); err != nil {
		return err
	}
	if err := s.idle(ctx); err != nil {
		return err
	}
	return s.flush(ctx, connectTimeout)
}

// giveUp lets what is in flight be answered, now that its context has ended.
func (s *Service) giveUp() {
	ctx, cancel := context.WithTimeout(context.Background(), lastWords)
	defer cancel()
	if err := s.idle(ctx); err != nil {
		s.o.Logger.Warn("requests over NATS are left without an answer", "requests", s.inFlight.count(), "error", err)
	}
	if err := s.flush(context.Background(), lastWords); err != nil {
		s.o.Logger.Warn("the last answers over NATS may not have been sent", "error", err)
	}
}

// idle waits until nothing is in flight, nor on the way to us.
func (s *Service) idle(ctx context.Context) error {
	// A subscription that drains leaves when its last message was handed over, and by then that is in flight.
	// Without a server it leaves much later, though nothing comes.
	for s.nc.IsConnected() && s.nc.NumSubscriptions() > s.others || s.inFlight.count() > 0 {
		select {
		case <-time.After(5 * time.Millisecond):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return nil
}

// flush waits until the server has the answers.
func (s *Service) flush(ctx context.Context, most time.Duration) error {
	if !s.nc.IsConnected() {
		return nil // who waits for an answer is on another connection, or will ask again
	}
	ctx, cancel := context.WithTimeout(ctx, most)
	defer cancel()
	return s.nc.FlushWithContext(ctx)
}
