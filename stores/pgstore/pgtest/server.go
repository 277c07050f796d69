package pgtest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/eshost/eshost/stores/pgstore"
)

// URL is the server's URL, with the parameters given as name=value.
func (s *Server) URL(params ...string) string {
	u := s.url(Database)
	for _, p := range params {
		name, value, _ := strings.Cut(p, "=")
		u += "&" + name + "=" + url.QueryEscape(value)
	}
	return u
}

func (s *Server) url(database string) string {
	u := url.URL{Scheme: "postgres", User: url.UserPassword(User, Password), Host: s.Addr, Path: "/" + database, RawQuery: "sslmode=disable"}
	return u.String()
}

// Schema is the name of a schema that nobody has used yet. A store with a schema of its
// own is independent of all others, and quicker made than a database.
func (s *Server) Schema() string { return fmt.Sprintf("s%d_%d", os.Getpid(), s.schemas.Add(1)) }

// Options are those of a store in a schema of its own.
func (s *Server) Options(t testing.TB) *pgstore.Options {
	t.Helper()
	o, err := pgstore.ParseURL(s.URL("schema=" + s.Schema()))
	if err != nil {
		t.Fatal(err)
	}
	return o
}

// Connect returns a connection of a bare client, which is closed when the test ends.
func (s *Server) Connect(t testing.TB) *pgx.Conn {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), s.URL())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close(context.Background()) })
	return conn
}

// start starts the server and waits until it takes connections.
func (s *Server) start(ctx context.Context) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.process != nil {
		return errors.New("the server runs already")
	}
	for {
		p, err := s.try(ctx)
		if err == nil {
			s.process = p
			return nil
		}
		// After a kill the server's own processes may hold its memory for a moment.
		if ctx.Err() != nil || p == nil || !strings.Contains(err.Error(), "pre-existing shared memory") && !strings.Contains(err.Error(), "lock file") {
			return err
		}
		time.Sleep(20 * time.Millisecond)
	}
}

// try starts the server. It returns the process also if that has ended.
func (s *Server) try(ctx context.Context) (*process, error) {
	cmd := command(filepath.Join(s.bin, "postgres"), "-D", s.data())
	var log bytes.Buffer
	f, err := os.OpenFile(filepath.Join(s.dir, "log"), os.O_CREATE|os.O_TRUNC|os.O_RDWR, 0o600)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	cmd.Dir, cmd.Stdout, cmd.Stderr = s.dir, f, f
	p, err := run(cmd)
	if err != nil {
		return nil, err
	}
	for {
		err := s.ready(ctx)
		if err == nil {
			return p, nil
		}
		select {
		case <-p.ended:
		case <-ctx.Done():
			p.kill()
		case <-time.After(10 * time.Millisecond):
			continue
		}
		if _, seek := f.Seek(0, 0); seek == nil {
			_, _ = log.ReadFrom(f)
		}
		return p, fmt.Errorf("postgres does not start: %w\n%s", err, log.Bytes())
	}
}

// ready says whether the server takes connections.
func (s *Server) ready(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	if conn, err := new(net.Dialer).DialContext(ctx, "tcp", s.Addr); err != nil {
		return err
	} else if err := conn.Close(); err != nil {
		return err
	}
	conn, err := pgx.Connect(ctx, s.url("postgres"))
	if err != nil {
		return err
	}
	return conn.Close(ctx)
}

// Kill ends all of the server's processes as kill -9 does. It is no error if it does not run.
func (s *Server) Kill() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.process != nil {
		s.process.kill()
		s.process = nil
	}
	return nil
}

// Restart starts a server that was killed or stopped, in the same folder and on the same port.
func (s *Server) Restart(t testing.TB) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), startTime)
	defer cancel()
	if err := s.start(ctx); err != nil {
		t.Fatal(err)
	}
}

// Stop shuts the server down: it ends its clients' connections and exits.
func (s *Server) Stop(t testing.TB) {
	t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.process == nil {
		return
	}
	if err := s.process.stop(startTime); err != nil {
		t.Fatal(err)
	}
	s.process = nil
}

// Close ends the server and removes its folder.
func (s *Server) Close() error { return errors.Join(s.Kill(), os.RemoveAll(s.dir)) }

// Demote stops the server and starts it again as a standby, which has no primary and takes no writes.
func (s *Server) Demote(t testing.TB) {
	t.Helper()
	s.Stop(t)
	signal := filepath.Join(s.data(), "standby.signal")
	if err := os.WriteFile(signal, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	s.Restart(t)
}
