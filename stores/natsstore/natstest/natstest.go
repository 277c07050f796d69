// Package natstest starts nats-server processes for tests: the version that
// go.mod names, with JetStream, on loopback, in folders that end with the test.
// They are processes of their own, so that a test can kill them and start them
// again over the same files.
package natstest

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// patience bounds how long a server may take to answer.
const patience = 30 * time.Second

// Options configure servers; nil stands for all defaults.
type Options struct {
	SyncAlways      bool   // sync_interval: always; false: the server's default, every 2 minutes
	MaxPayloadBytes int    // of one message; 0: the server's default, 1 MiB
	Config          string // further lines of the configuration file, such as accounts and TLS
	// Connect is what the test's own probe needs to connect to a server that
	// asks for more: a user, TLS.
	Connect []nats.Option
}

// Server is one nats-server.
type Server struct {
	t       testing.TB
	name    string
	dir     string
	port    int
	cluster string // its lines of the configuration
	o       Options
	probe   func(*Server) error // says why it does not serve yet

	mu      sync.Mutex
	process *exec.Cmd
	exited  chan struct{}
}

// Start starts one server. It is stopped, and its files are gone, when the
// test ends.
func Start(t testing.TB, o *Options) *Server {
	t.Helper()
	s := newServer(t, "one", freePorts(t, 1)[0], o)
	s.Restart()
	return s
}

func newServer(t testing.TB, name string, port int, o *Options) *Server {
	t.Helper()
	s := &Server{t: t, name: name, port: port, dir: t.TempDir(), probe: (*Server).serves}
	if o != nil {
		s.o = *o
	}
	t.Cleanup(s.Kill)
	return s
}

// Addr is the server's "127.0.0.1:port", the same after Restart.
func (s *Server) Addr() string { return fmt.Sprintf("127.0.0.1:%d", s.port) }

// URL is where clients connect, without user and password.
func (s *Server) URL() string { return "nats://" + s.Addr() }

// Kill ends the process at once, as kill -9 does. One that does not run: nothing.
func (s *Server) Kill() { s.end(os.Kill) }

// Stop lets the process end in order.
func (s *Server) Stop() { s.end(os.Interrupt) }

func (s *Server) end(signal os.Signal) {
	s.mu.Lock()
	process, exited := s.process, s.exited
	s.process = nil
	s.mu.Unlock()
	if process == nil {
		return
	}
	_ = process.Process.Signal(signal)
	<-exited
}

// Restart starts the process over its files, kills it before if it still runs,
// and returns when it serves.
func (s *Server) Restart() {
	s.t.Helper()
	s.Launch()
	s.Await()
}

// Launch is Restart that does not wait.
func (s *Server) Launch() {
	s.t.Helper()
	path := Binary(s.t)
	s.Kill()
	config := filepath.Join(s.dir, "server.conf")
	if err := os.WriteFile(config, []byte(s.config()), 0o600); err != nil {
		s.t.Fatal(err)
	}
	log, err := os.OpenFile(s.log(), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		s.t.Fatal(err)
	}
	defer log.Close()
	cmd := exec.Command(path, "-c", config)
	cmd.Stdout, cmd.Stderr, cmd.SysProcAttr = log, log, endWithParent()
	if err := cmd.Start(); err != nil {
		s.t.Fatalf("start nats-server: %v", err)
	}
	exited := make(chan struct{})
	go func() {
		_ = cmd.Wait()
		close(exited)
	}()
	s.mu.Lock()
	s.process, s.exited = cmd, exited
	s.mu.Unlock()
}

// Await returns when the server and its JetStream answer, and fails the test
// when they do not.
func (s *Server) Await() {
	s.t.Helper()
	s.mu.Lock()
	exited := s.exited
	s.mu.Unlock()
	var err error
	for start := time.Now(); time.Since(start) < patience; time.Sleep(10 * time.Millisecond) {
		select {
		case <-exited:
			s.t.Fatalf("nats-server %s ended:\n%s", s.name, s.logTail())
		default:
		}
		if err = s.probe(s); err == nil {
			return
		}
	}
	s.t.Fatalf("nats-server %s does not serve after %s: %v\n%s", s.name, patience, err, s.logTail())
}

// serves asks for the account's JetStream, which answers when all is loaded.
func (s *Server) serves() error {
	nc, err := nats.Connect(s.URL(), append([]nats.Option{nats.NoReconnect(), nats.IgnoreDiscoveredServers()}, s.o.Connect...)...)
	if err != nil {
		return err
	}
	defer nc.Close()
	js, err := jetstream.New(nc, jetstream.WithDefaultTimeout(time.Second))
	if err != nil {
		return err
	}
	_, err = js.AccountInfo(s.t.Context())
	return err
}

func (s *Server) config() string {
	var b strings.Builder
	fmt.Fprintf(&b, "server_name: %s\nlisten: \"127.0.0.1:%d\"\n", s.name, s.port)
	if s.o.MaxPayloadBytes != 0 {
		fmt.Fprintf(&b, "max_payload: %d\n", s.o.MaxPayloadBytes)
	}
	sync := ""
	if s.o.SyncAlways {
		sync = ", sync_interval: always"
	}
	fmt.Fprintf(&b, "jetstream: {store_dir: %q%s}\n", filepath.ToSlash(filepath.Join(s.dir, "data")), sync)
	b.WriteString(s.cluster)
	b.WriteString(s.o.Config)
	return b.String()
}

func (s *Server) log() string { return filepath.Join(s.dir, "server.log") }

// logTail is the end of what the server said.
func (s *Server) logTail() string {
	b, _ := os.ReadFile(s.log())
	return string(b[max(0, len(b)-4000):])
}

// freePorts returns ports that nothing listens on.
func freePorts(t testing.TB, n int) []int {
	t.Helper()
	var ports []int
	for range n {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		defer l.Close() // when all are known: else one may come twice
		ports = append(ports, l.Addr().(*net.TCPAddr).Port)
	}
	return ports
}
