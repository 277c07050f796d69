package proxy_test

import (
	"bufio"
	"errors"
	"io"
	"net"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/eshost/eshost/stores/storetest/proxy"
)

// server answers every line with the line, and remembers it.
type server struct {
	addr string
	got  chan string
}

func serve(t *testing.T) *server {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &server{addr: l.Addr().String(), got: make(chan string, 1000)}
	var running sync.WaitGroup
	running.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			running.Go(func() {
				defer c.Close()
				for r := bufio.NewReader(c); ; {
					line, err := r.ReadString('\n')
					if err != nil {
						return
					}
					s.got <- strings.TrimSpace(line)
					_, _ = io.WriteString(c, line)
				}
			})
		}
	})
	t.Cleanup(func() { _ = l.Close(); running.Wait() })
	return s
}

type client struct {
	net.Conn
	r *bufio.Reader
}

func dial(t *testing.T, p *proxy.Proxy) *client {
	t.Helper()
	c, err := net.Dial("tcp", p.Addr())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	return &client{c, bufio.NewReader(c)}
}

func (c *client) send(t *testing.T, line string) {
	t.Helper()
	if _, err := io.WriteString(c, line+"\n"); err != nil {
		t.Fatal(err)
	}
}

// answer waits for one for as long as it takes.
func (c *client) answer(t *testing.T, want string) {
	t.Helper()
	if got, err := c.r.ReadString('\n'); err != nil || got != want+"\n" {
		t.Fatalf("the answer is %q, %v, want %q", got, err, want)
	}
}

// silent fails the test if something arrives within a moment.
func (c *client) silent(t *testing.T) {
	t.Helper()
	_ = c.SetReadDeadline(time.Now().Add(50 * time.Millisecond))
	if got, err := c.r.ReadByte(); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Fatalf("%q, %v arrived", got, err)
	}
	_ = c.SetReadDeadline(time.Time{})
}

// ended fails the test unless the connection is closed.
func (c *client) ended(t *testing.T) {
	t.Helper()
	if got, err := c.r.ReadByte(); err == nil || errors.Is(err, os.ErrDeadlineExceeded) {
		t.Fatalf("%q, %v: the connection is open", got, err)
	}
}

func TestBytesPassInBothDirections(t *testing.T) {
	s := serve(t)
	p := proxy.Start(t, s.addr)
	a, b := dial(t, p), dial(t, p)
	long := strings.Repeat("x", 10<<20)
	a.send(t, "a")
	b.send(t, "b")
	b.answer(t, "b")
	a.answer(t, "a")
	go func() { _, _ = io.WriteString(b, long+"\n") }()
	b.answer(t, long)
	if n := p.Connections(); n != 2 {
		t.Errorf("%d connections", n)
	}
}

func TestWhatOneSideEndsTheOtherSees(t *testing.T) {
	s := serve(t)
	p := proxy.Start(t, s.addr)
	c := dial(t, p)
	c.send(t, "last")
	if err := c.Conn.(*net.TCPConn).CloseWrite(); err != nil {
		t.Fatal(err)
	}
	c.answer(t, "last")
	c.ended(t)
}

func TestCutEndsConnectionsAndNewOnesUntilResume(t *testing.T) {
	s := serve(t)
	p := proxy.Start(t, s.addr)
	c := dial(t, p)
	c.send(t, "a")
	c.answer(t, "a")
	p.Cut()
	c.ended(t)
	dial(t, p).ended(t)
	p.Resume()
	again := dial(t, p)
	again.send(t, "b")
	again.answer(t, "b")
	p.Break()
	again.ended(t)
	again = dial(t, p)
	again.send(t, "c")
	again.answer(t, "c")
}

func TestHangHoldsBytesBackUntilResume(t *testing.T) {
	s := serve(t)
	p := proxy.Start(t, s.addr)
	c := dial(t, p)
	c.send(t, "a")
	c.answer(t, "a")
	<-s.got
	p.Hang()
	c.send(t, "b")
	fresh := dial(t, p)
	fresh.send(t, "c")
	c.silent(t)
	fresh.silent(t)
	if len(s.got) != 0 {
		t.Errorf("the server got %q", <-s.got)
	}
	p.Resume()
	c.answer(t, "b")
	fresh.answer(t, "c")
}

func TestHeldAnswersAreOfRequestsThatArrived(t *testing.T) {
	s := serve(t)
	p := proxy.Start(t, s.addr)
	c := dial(t, p)
	c.send(t, "a")
	c.answer(t, "a")
	<-s.got
	p.HangAnswers()
	c.send(t, "b")
	if got := <-s.got; got != "b" {
		t.Errorf("the server got %q", got)
	}
	c.silent(t)
	p.Resume()
	c.answer(t, "b")
	p.HangRequests()
	c.send(t, "c")
	c.silent(t)
	if len(s.got) != 0 {
		t.Errorf("the server got %q", <-s.got)
	}
	p.Resume()
	c.answer(t, "c")
}

func TestDelayKeepsTheOrder(t *testing.T) {
	s := serve(t)
	p := proxy.Start(t, s.addr)
	p.Delay(20 * time.Millisecond)
	c := dial(t, p)
	begin := time.Now()
	for _, line := range []string{"1", "2", "3"} {
		c.send(t, line)
	}
	for _, line := range []string{"1", "2", "3"} {
		c.answer(t, line)
	}
	if took := time.Since(begin); took < 40*time.Millisecond {
		t.Errorf("there and back took %s", took)
	}
	p.Delay(0)
	c.send(t, "4")
	c.answer(t, "4")
}

func TestAProxyOfNothingClosesItsConnections(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_ = l.Close()
	dial(t, proxy.Start(t, l.Addr().String())).ended(t)
}

func TestAHungProxyEndsWithItsTest(t *testing.T) {
	s := serve(t)
	t.Run("hung", func(t *testing.T) {
		p := proxy.Start(t, s.addr)
		c := dial(t, p)
		c.send(t, "a")
		c.answer(t, "a")
		p.Hang()
		c.send(t, "b")
	})
}
