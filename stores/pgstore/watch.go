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
	// listenFor is how long the store listens for commits of others when nobody waits any more.
	listenFor = time.Second
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
	away := false
	for s.ctx.Err() == nil {
		if !s.feed.waited() {
			conn = s.idle(conn)
			continue
		}
		if conn == nil || conn.IsClosed() {
			conn = s.listen()
		}
		_, err := s.headAfter(s.ctx, place{})
		switch {
		case err == nil:
			away = false
		case !away && s.ctx.Err() == nil:
			away = true
			s.o.Logger.Warn("the log's head cannot be read, and feeds stand still until it can", "error", err)
		}
		s.rest(conn)
	}
}

// idle returns when somebody waits again, with the connection to listen by. A session that listens and is not read from
// keeps what the server has to tell it, and all that is newer: so it ends if nobody waits for a while.
func (s *Store) idle(conn *pgx.Conn) *pgx.Conn {
	after := time.After(listenFor)
	for {
		select {
		case <-s.feed.wake:
			return conn
		case <-s.ctx.Done():
			return conn
		case <-after:
			s.unlisten(conn)
			conn = nil
		}
	}
}

// rest returns when there may be more in the log: soon after a notification, but once for all that come within
// a moment.
func (s *Store) rest(conn *pgx.Conn) {
	ctx, cancel := context.WithTimeout(s.ctx, pollEvery)
	defer cancel()
	if conn == nil {
		<-ctx.Done()
		return
	}
	moment, done := context.WithTimeout(ctx, notifyEvery)
	defer done()
	told := false
	for {
		if _, err := conn.WaitForNotification(moment); err != nil {
			break
		}
		told = true
	}
	if told && moment.Err() != nil {
		return
	}
	if _, err := conn.WaitForNotification(ctx); err != nil && ctx.Err() == nil {
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
