// Package pgtest starts Postgres servers for tests, from the binaries of the
// system: in a temporary folder, on a loopback port, as an unprivileged user. They
// can be killed and started again, and end with the test.
//
//	server := pgtest.Start(t, nil)
//	store, err := pgstore.Open(ctx, server.Options(t))
//
// One server serves all tests of a package:
//
//	var server *pgtest.Server
//
//	func TestMain(m *testing.M) { os.Exit(pgtest.Main(m, &server, nil)) }
package pgtest

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

// Who may connect, and to what. Server.URL has them all.
const (
	User     = "eshost"
	Password = "a secret: /?@%"
	Database = "eshost"
)

// Options change a server; nil stands for all defaults.
type Options struct {
	// Settings go into postgresql.conf, as they stand there.
	Settings map[string]string
	// CheckPassword makes the server ask for User's password, which costs some
	// milliseconds a connection.
	CheckPassword bool
}

// Server is a running server.
type Server struct {
	Addr string // host:port, on the loopback interface

	o       Options
	dir     string
	bin     string
	schemas atomic.Uint64

	mu      sync.Mutex
	process *process // nil while it does not run
}

// startTime is how long a server may take to start, on a machine that does a lot else.
const startTime = time.Minute

// Start starts a server that ends with the test. A missing Postgres fails the test.
func Start(t testing.TB, o *Options) *Server {
	t.Helper()
	s, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Errorf("end the Postgres server: %v", err)
		}
	})
	return s
}

// Main runs a package's tests with one server, and returns what TestMain must exit with.
func Main(m *testing.M, server **Server, o *Options) (code int) {
	s, err := New(o)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer func() {
		if err := s.Close(); err != nil {
			fmt.Fprintln(os.Stderr, "end the Postgres server:", err)
			code = 1
		}
	}()
	*server = s
	return m.Run()
}

// New starts a server that the caller closes.
func New(o *Options) (*Server, error) {
	s := &Server{}
	if o != nil {
		s.o = *o
	}
	var err error
	if s.bin, err = findBinaries(); err != nil {
		return nil, err
	}
	if s.dir, err = os.MkdirTemp("", "pgtest-"); err != nil {
		return nil, err
	}
	if err := s.create(); err != nil {
		return nil, errors.Join(fmt.Errorf("start a Postgres server with the binaries in %s: %w", s.bin, err), os.RemoveAll(s.dir))
	}
	return s, nil
}

// findBinaries finds the folder of initdb and postgres.
func findBinaries() (string, error) {
	var folders []string
	if path, err := exec.LookPath("postgres"); err == nil {
		if path, err = filepath.EvalSymlinks(path); err == nil {
			folders = append(folders, filepath.Dir(path))
		}
	}
	for _, pattern := range []string{"/usr/lib/postgresql/*/bin", "/usr/pgsql-*/bin", "/opt/homebrew/opt/postgresql*/bin", "/usr/local/opt/postgresql*/bin"} {
		found, _ := filepath.Glob(pattern)
		for i := range found { // the newest is the last
			folders = append(folders, found[len(found)-1-i])
		}
	}
	for _, f := range folders {
		if isFile(filepath.Join(f, "postgres")) && isFile(filepath.Join(f, "initdb")) {
			return f, nil
		}
	}
	return "", errors.New("this test starts a Postgres server, and there are no binaries of one (postgres, initdb) in PATH or /usr/lib/postgresql/*/bin: " +
		"install Postgres 14 or later (Debian and Ubuntu: apt-get install postgresql; macOS: brew install postgresql)")
}

func isFile(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.Mode().IsRegular()
}

func (s *Server) create() error {
	if err := own(s.dir); err != nil {
		return err
	}
	password := filepath.Join(s.dir, "password")
	if err := os.WriteFile(password, []byte(Password+"\n"), 0o644); err != nil {
		return err
	}
	method := "trust"
	if s.o.CheckPassword {
		method = "scram-sha-256"
	}
	initdb := command(filepath.Join(s.bin, "initdb"), "-D", s.data(), "-U", User, "--pwfile", password, "-A", method, "-E", "UTF8", "--locale=C", "--no-sync")
	initdb.Dir = s.dir
	if out, err := initdb.CombinedOutput(); err != nil {
		return fmt.Errorf("initdb: %w\n%s", err, out)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	s.Addr = listener.Addr().String()
	if err := listener.Close(); err != nil {
		return err
	}
	if err := s.configure(); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(context.Background(), startTime)
	defer cancel()
	if err := s.start(ctx); err != nil {
		return err
	}
	err = s.exec(ctx, "postgres", "CREATE DATABASE "+Database)
	if err != nil {
		return errors.Join(err, s.Kill())
	}
	return nil
}

func (s *Server) data() string { return filepath.Join(s.dir, "data") }

// configure writes what differs from a server as it is installed: it syncs what it commits.
func (s *Server) configure() error {
	_, port, err := net.SplitHostPort(s.Addr)
	if err != nil {
		return err
	}
	f, err := os.OpenFile(filepath.Join(s.data(), "postgresql.conf"), os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	fmt.Fprintf(f, "\nlisten_addresses = '127.0.0.1'\nport = %s\nunix_socket_directories = ''\nmax_connections = 200\nlogging_collector = off\n", port)
	for name, value := range s.o.Settings {
		fmt.Fprintf(f, "%s = %s\n", name, value)
	}
	return f.Close()
}

// exec runs statements in a database.
func (s *Server) exec(ctx context.Context, database string, statements ...string) error {
	c, err := pgx.ParseConfig(s.url(database))
	if err != nil {
		return err
	}
	conn, err := pgx.ConnectConfig(ctx, c)
	if err != nil {
		return err
	}
	defer conn.Close(ctx)
	for _, text := range statements {
		if _, err := conn.Exec(ctx, text); err != nil {
			return fmt.Errorf("%s: %w", text, err)
		}
	}
	return nil
}
