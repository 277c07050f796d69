package pgstore

import (
	"context"
	"fmt"
	"sync"

	"github.com/eshost/eshost/stores"
)

// feed is what is known of the end of the log, and wakes those who wait for more.
type feed struct {
	mu      sync.Mutex
	end     place         // of the last event that anybody told of
	moves   uint64        // how often end has changed
	changed chan struct{} // closed when end changes
	waiting int
	wake    chan struct{} // tells the watcher that somebody waits
	fresh   chan struct{} // tells the notifier that something was appended
}

func (f *feed) init() {
	f.changed, f.wake, f.fresh = make(chan struct{}), make(chan struct{}, 1), make(chan struct{}, 1)
}

// asking returns what told wants to know of the moment before the server was asked.
func (f *feed) asking() (moves uint64) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.moves
}

// told notes where the server said that the log ends. If that is before what was known already when it was asked, the
// log has lost its end, as when the database is restored.
func (f *feed) told(p place, moves uint64) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if p.compare(f.end) > 0 || p != f.end && moves == f.moves {
		f.move(p)
	}
}

func (f *feed) move(p place) {
	f.end = p
	f.moves++
	close(f.changed)
	f.changed = make(chan struct{})
}

// appended notes a place that this store's own append made.
func (f *feed) appended(p place) {
	f.grow(p)
	select {
	case f.fresh <- struct{}{}:
	default:
	}
}

func (f *feed) grow(p place) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if p.compare(f.end) > 0 {
		f.move(p)
	}
}

// next returns the end, and what is closed when it is another one.
func (f *feed) next() (place, <-chan struct{}) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.end, f.changed
}

// wait counts somebody who waits, until the function it returns is called.
func (f *feed) wait() (done func()) {
	f.count(1)
	select {
	case f.wake <- struct{}{}:
	default:
	}
	return func() { f.count(-1) }
}

func (f *feed) count(n int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.waiting += n
}

func (f *feed) waited() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.waiting > 0
}

// Head implements stores.Log.
func (s *Store) Head(ctx context.Context) (stores.Position, error) {
	head, err := s.headAfter(ctx, place{})
	if err != nil {
		return stores.Position{}, fmt.Errorf("read the log's head: %w", err)
	}
	return head.position(), nil
}

// headAfter returns the place of the log's last event. A place that is not in the log
// is ErrPosition.
func (s *Store) headAfter(ctx context.Context, after place) (head place, err error) {
	ctx, leave, err := s.look(ctx)
	if err != nil {
		return place{}, err
	}
	defer leave()
	moves := s.feed.asking()
	var group, mark, event int64
	var member int32
	var there bool
	if err := s.pool.QueryRow(ctx, s.sql.head, int64(after.group), int64(after.mark), int32(after.member), int64(after.event)).Scan(&group, &mark, &member, &event, &there); err != nil {
		return place{}, s.failure(err)
	}
	head = place{uint64(group), uint64(mark), uint32(member), uint32(event)}
	if group == 0 || member != 0 {
		s.feed.told(head, moves)
	}
	switch {
	case after.group != 0 && !there:
		return place{}, errPosition(after.position())
	case group != 0 && member == 0:
		return place{}, fmt.Errorf("%w: the commits at position %d are missing", stores.ErrCorrupt, group)
	}
	return head, nil
}

// Wait implements stores.Log.
func (s *Store) Wait(ctx context.Context, after stores.Position) error {
	if err := s.await(ctx, after); err != nil {
		return fmt.Errorf("wait for commits: %w", err)
	}
	return nil
}

func (s *Store) await(ctx context.Context, after stores.Position) error {
	at, err := placeOf(after)
	if err != nil {
		return err
	}
	if err := s.stop(ctx); err != nil {
		return err
	}
	if end, _ := s.feed.next(); at.group != 0 || end.compare(at) <= 0 {
		if _, err := s.headAfter(ctx, at); err != nil {
			return err
		}
	}
	defer s.feed.wait()()
	for {
		end, changed := s.feed.next()
		if end.compare(at) > 0 {
			return nil
		}
		if end.compare(at) < 0 { // the log has lost its end, and the position with it
			if _, err := s.headAfter(ctx, at); err != nil {
				return err
			}
			continue
		}
		select {
		case <-changed:
		case <-s.ctx.Done():
			return stores.ErrClosed
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}
