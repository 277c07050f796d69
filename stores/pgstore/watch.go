package pgstore

import (
	"context"
	"encoding/hex"
	"time"

	"github.com/jackc/pgx/v5"
)

const (
	// pollEvery is how often the log is asked for its head while somebody waits. It is what a
	// feed lags at most where notifications do not get through.
	pollEvery = 250 * time.Millisecond
	// notifyEvery is how often other hosts are told of appends: each time the server takes a lock
	// that all its databases share.
	notifyEvery = 20 * time.Millisecond
	// asideTimeout bounds each step of what is done aside.
	asideTimeout = 5 * time.Second
)

// channel is what this log's notifications are sent under.
func (s *Store) channel() string { return "eshost_" + hex.EncodeToString(s.info.ID[:]) }

// notify tells other hosts that something was appended, not more often than
// they need it. It is no part of an append, and may fail: they poll as well.
func (s *Store) notify() {
	for {
		select {
		case <-s.feed.fresh:
		case <-s.ctx.Done():
			return
		}
		if err := s.notifyOnce(); err != nil && s.ctx.Err() == nil {
			s.o.Logger.Debug("other hosts were not notified of commits and will poll", "error", err)
		}
		select {
		case <-time.After(notifyEvery):
		case <-s.ctx.Done():
			return
		}
	}
}

func (s *Store) notifyOnce() error {
	ctx, cancel := context.WithTimeout(s.ctx, asideTimeout)
	defer cancel()
	// To lose a notification does no harm: no sync for its sake.
	b := &pgx.Batch{}
	b.Queue(`SELECT set_config('synchronous_commit', 'off', true)`)
	b.Queue(`SELECT pg_notify($1, '')`, s.channel())
	return s.pool.SendBatch(ctx, b).Close()
}

// watch keeps the feed's end up to date while somebody waits for it: it asks
// when it is notified, and now and then.
func (s *Store) watch() {
	var conn *pgx.Conn
	defer func() { s.unlisten(conn) }()
	for s.ctx.Err() == nil {
		if !s.feed.waited() {
			select {
			case <-s.feed.wake:
			case <-s.ctx.Done():
			}
			continue
		}
		if conn == nil || conn.IsClosed() {
			conn = s.listen()
		}
		if _, err := s.headAfter(s.ctx, place{}); err != nil && s.ctx.Err() == nil {
			s.o.Logger.Debug("the log's head cannot be read, feeds stand still", "error", err)
		}
		s.rest(conn)
	}
}

// rest returns when there may be more in the log.
func (s *Store) rest(conn *pgx.Conn) {
	ctx, cancel := context.WithTimeout(s.ctx, pollEvery)
	defer cancel()
	if conn == nil {
		<-ctx.Done()
		return
	}
	if err := conn.PgConn().WaitForNotification(ctx); err != nil && ctx.Err() == nil {
		s.unlisten(conn)
		<-ctx.Done()
	}
}

// listen makes the connection that notifications come by; nil where there can
// be none. It is not one of the pool's.
func (s *Store) listen() *pgx.Conn {
	ctx, cancel := context.WithTimeout(s.ctx, asideTimeout)
	defer cancel()
	conn, err := pgx.ConnectConfig(ctx, s.pool.Config().ConnConfig)
	if err == nil {
		if _, err = conn.Exec(ctx, "LISTEN "+pgx.Identifier{s.channel()}.Sanitize()); err == nil {
			return conn
		}
		s.unlisten(conn)
	}
	if s.ctx.Err() == nil {
		s.o.Logger.Debug("there are no notifications of commits, feeds poll", "error", err)
	}
	return nil
}

func (s *Store) unlisten(conn *pgx.Conn) {
	if conn == nil {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), asideTimeout)
	defer cancel()
	_ = conn.Close(ctx)
}
