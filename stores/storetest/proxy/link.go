package proxy

import (
	"net"
	"sync"
	"time"
)

// link is one client's connection and its counterpart at the server.
type link struct {
	p      *Proxy
	client *net.TCPConn
	done   chan struct{}

	mu     sync.Mutex
	server *net.TCPConn // nil until it is connected
	closed bool
}

// join adds the server's side. It reports false, and closes it, when the link
// was closed meanwhile.
func (l *link) join(server *net.TCPConn) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		_ = server.Close()
		return false
	}
	l.server = server
	return true
}

// close closes both sides. What is on its way is lost.
func (l *link) close() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return
	}
	l.closed = true
	close(l.done)
	_ = l.client.Close()
	if l.server != nil {
		_ = l.server.Close()
	}
}

// chunk is what was read at once, and when.
type chunk struct {
	bytes []byte
	at    time.Time
}

// queued is how many chunks one direction holds back before its sender feels it.
const queued = 256

// pump passes on what from sends, in order. When from has said all, so has to;
// when either fails, the link ends.
func (l *link) pump(d direction, to, from *net.TCPConn) {
	chunks := make(chan chunk, queued)
	var reading sync.WaitGroup
	reading.Go(func() {
		defer close(chunks)
		for buf := make([]byte, 64<<10); ; {
			n, err := from.Read(buf)
			if n > 0 {
				select {
				case chunks <- chunk{append([]byte(nil), buf[:n]...), time.Now()}:
				case <-l.done:
					return
				}
			}
			if err != nil {
				return
			}
		}
	})
	for c := range chunks {
		if !l.due(c.at) || !l.pass(d) {
			break
		}
		if _, err := to.Write(c.bytes); err != nil {
			l.close()
			break
		}
	}
	if l.pass(d) {
		_ = to.CloseWrite()
	}
	reading.Wait()
}

// due waits until the delay is over of what arrived at the time. It reports
// false when the link was closed before.
func (l *link) due(at time.Time) bool {
	l.p.mu.Lock()
	wait := l.p.delay - time.Since(at)
	l.p.mu.Unlock()
	if wait <= 0 {
		return true
	}
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-l.done:
		return false
	}
}

// pass waits until bytes may go in the direction. It reports false when the
// link was closed before.
func (l *link) pass(d direction) bool {
	for {
		l.p.mu.Lock()
		hung, changed := l.p.hung[d], l.p.changed
		l.p.mu.Unlock()
		select {
		case <-l.done:
			return false
		default:
		}
		if !hung {
			return true
		}
		select {
		case <-changed:
		case <-l.done:
			return false
		}
	}
}
