// Package proxy stands between a client and a server in tests, and cuts, hangs
// and delays their TCP connections.
package proxy

import (
	"net"
	"sync"
	"testing"
	"time"
)

// dialTimeout bounds how long the target may take to accept a connection.
const dialTimeout = 5 * time.Second

// Proxy passes bytes between clients and one server until it is told
// otherwise. Its methods may be called by many goroutines at once.
type Proxy struct {
	listener net.Listener
	target   string
	running  sync.WaitGroup

	mu      sync.Mutex
	changed chan struct{} // closed, and a new one made, when something below has changed
	links   map[*link]struct{}
	cut     bool
	closed  bool
	hung    [directions]bool
	delay   time.Duration
}

// direction is one of the two ways bytes go.
type direction int

const (
	requests direction = iota // from the client to the server
	answers                   // from the server to the client
	directions
)

// Start starts a proxy on a loopback port of its own that passes everything on
// to the target ("host:port"), which need not be there yet. It ends with the
// test, and its connections with it.
func Start(t testing.TB, target string) *Proxy {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatalf("start a proxy for %s: %v", target, err)
	}
	p := &Proxy{listener: l, target: target, changed: make(chan struct{}), links: make(map[*link]struct{})}
	p.running.Go(p.accept)
	t.Cleanup(p.close)
	return p
}

// Addr is what clients connect to: "127.0.0.1:port".
func (p *Proxy) Addr() string { return p.listener.Addr().String() }

// Cut closes all connections, with what is on its way in them, and every new
// one at once, until Resume.
func (p *Proxy) Cut() { p.change(func() { p.cut = true }); p.Break() }

// Break closes the connections there are. New ones are passed on.
func (p *Proxy) Break() {
	for _, l := range p.present() {
		l.close()
	}
}

// Hang holds back everything in both directions, and keeps connections open
// and accepts new ones, until Resume: a network that has swallowed the packets.
func (p *Proxy) Hang() { p.change(func() { p.hung = [directions]bool{true, true} }) }

// HangRequests holds back what clients send, until Resume: a write that lands
// after its caller gave up.
func (p *Proxy) HangRequests() { p.change(func() { p.hung[requests] = true }) }

// HangAnswers holds back what the server sends, until Resume: a write that
// landed, and whose caller is not told.
func (p *Proxy) HangAnswers() { p.change(func() { p.hung[answers] = true }) }

// Delay lets bytes arrive that much later, in each direction and in order. It
// does not bound the rate. 0: no delay.
func (p *Proxy) Delay(d time.Duration) { p.change(func() { p.delay = d }) }

// Resume ends Cut and all kinds of Hang. What was held back in connections that
// are still open goes on its way.
func (p *Proxy) Resume() {
	p.change(func() { p.cut, p.hung = false, [directions]bool{} })
}

// Connections is the number of clients' connections that are open.
func (p *Proxy) Connections() int { return len(p.present()) }

func (p *Proxy) change(f func()) {
	p.mu.Lock()
	defer p.mu.Unlock()
	f()
	close(p.changed)
	p.changed = make(chan struct{})
}

func (p *Proxy) present() []*link {
	p.mu.Lock()
	defer p.mu.Unlock()
	all := make([]*link, 0, len(p.links))
	for l := range p.links {
		all = append(all, l)
	}
	return all
}

func (p *Proxy) close() {
	p.change(func() { p.closed, p.cut = true, true })
	_ = p.listener.Close()
	p.Break()
	p.running.Wait()
}

func (p *Proxy) accept() {
	for {
		client, err := p.listener.Accept()
		if err != nil {
			return
		}
		p.running.Go(func() { p.serve(client.(*net.TCPConn)) })
	}
}

// serve passes one client's bytes on until one side closes, or the proxy does.
func (p *Proxy) serve(client *net.TCPConn) {
	l := &link{p: p, client: client, done: make(chan struct{})}
	defer l.close()
	p.mu.Lock()
	cut := p.cut
	if !cut {
		p.links[l] = struct{}{}
	}
	p.mu.Unlock()
	if cut {
		return
	}
	defer func() {
		p.mu.Lock()
		delete(p.links, l)
		p.mu.Unlock()
	}()
	if !l.pass(requests) {
		return
	}
	server, err := net.DialTimeout("tcp", p.target, dialTimeout)
	if err != nil {
		return
	}
	if !l.join(server.(*net.TCPConn)) {
		return
	}
	var both sync.WaitGroup
	both.Go(func() { l.pump(requests, l.server, l.client) })
	both.Go(func() { l.pump(answers, l.client, l.server) })
	both.Wait()
}
