package natsstore

import (
	"errors"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/nats-io/nats.go"
)

// errDisconnected ends calls whose answer can no longer come.
var errDisconnected = errors.New("the connection was lost before the answer came")

// answers brings what servers answer to the calls that wait for it: all of a
// store's requests share one subscription. A request's reply subject is the
// prefix, the number of its call and its own number in the call.
type answers struct {
	prefix string
	sub    *nats.Subscription

	mu    sync.Mutex
	next  uint64
	calls map[uint64]*call
}

// call is one or more requests that are waited for together.
type call struct {
	id     uint64
	prefix string // of its requests' reply subjects
	answer func(i int, m *nats.Msg) (complete bool)

	mu   sync.Mutex
	over bool
	err  error
	done chan struct{} // closed when it is complete or can no longer be

	progress chan struct{} // an answer has come

	// Set before anything is sent, and nil or empty where they do not matter:
	denied  func(subject string, err error) (complete bool) // a server lets nobody publish to it
	subject string                                          // of the one request; without permission the call ends
}

func (a *answers) open(nc *nats.Conn) (err error) {
	a.prefix = nc.NewInbox() + "."
	a.calls = make(map[uint64]*call)
	a.sub, err = nc.Subscribe(a.prefix+"*.*", a.deliver)
	if err != nil {
		return err
	}
	return a.sub.SetPendingLimits(-1, -1)
}

// begin registers a call. Its answer is called with each answer and the number of
// its request, one at a time and never once the call has ended; it reports
// whether nothing more is to come.
func (a *answers) begin(c *call) *call {
	c.done, c.progress = make(chan struct{}), make(chan struct{}, 1)
	a.mu.Lock()
	defer a.mu.Unlock()
	a.next++
	c.id = a.next
	c.prefix = a.prefix + strconv.FormatUint(c.id, 36) + "."
	a.calls[c.id] = c
	return c
}

// reply is the reply subject of the call's i-th request.
func (c *call) reply(i int) string { return c.prefix + strconv.Itoa(i) }

// end takes no more answers. It must be called once for each begin.
func (a *answers) end(c *call) {
	a.mu.Lock()
	delete(a.calls, c.id)
	a.mu.Unlock()
	c.finish(nil)
}

// finish ends the call unless it has ended.
func (c *call) finish(err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.over {
		c.over, c.err = true, err
		close(c.done)
	}
}

func (a *answers) deliver(m *nats.Msg) {
	id, number, ok := strings.Cut(m.Subject[min(len(a.prefix), len(m.Subject)):], ".")
	if !ok {
		return
	}
	key, err := strconv.ParseUint(id, 36, 64)
	i, also := strconv.Atoi(number)
	if err != nil || also != nil {
		return
	}
	a.mu.Lock()
	c := a.calls[key]
	a.mu.Unlock()
	if c == nil {
		return
	}
	c.mu.Lock()
	complete := !c.over && c.answer(i, m)
	c.mu.Unlock()
	if complete {
		c.finish(nil)
		return
	}
	select {
	case c.progress <- struct{}{}:
	default:
	}
}

// deniedPublish is how a server says that a message was not taken.
var deniedPublish = regexp.MustCompile(`Publish to "(\S+)"`)

// rejected tells calls of a permission that is missing: nothing else answers them.
func (a *answers) rejected(err error) {
	match := deniedPublish.FindStringSubmatch(err.Error())
	if match == nil || !errors.Is(err, nats.ErrPermissionViolation) {
		return
	}
	for _, c := range a.all() {
		c.mu.Lock()
		complete := !c.over && c.denied != nil && c.denied(match[1], err)
		c.mu.Unlock()
		switch {
		case complete:
			c.finish(nil)
		case c.subject == match[1]:
			c.finish(err)
		}
	}
}

func (a *answers) all() []*call {
	a.mu.Lock()
	defer a.mu.Unlock()
	return slices.Collect(maps.Values(a.calls))
}

// disconnected ends every call: what was asked through a connection is not
// answered through another.
func (a *answers) disconnected() {
	for _, c := range a.all() {
		c.finish(errDisconnected)
	}
}
