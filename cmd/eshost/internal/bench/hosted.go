package bench

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strconv"
	"time"

	"github.com/eshost/eshost/abi"
	"github.com/eshost/eshost/cmd/eshost/internal/storage"
	"github.com/eshost/eshost/cmd/eshost/internal/storeurl"
	"github.com/eshost/eshost/host"
	"github.com/eshost/eshost/stores"
)

// stopTime bounds how long a host may take to stop.
const stopTime = time.Minute

// The commands of the load, and their payload {"by": 1}.
const (
	increase = "increase"
	decrease = "decrease"
)

var byOne = []byte{0x81, 0xa2, 'b', 'y', 0x01}

// hosted is a host over a store, with the plugin deployed. It is a target.
type hosted struct {
	cfg   *Config
	dir   string // of an embedded store
	name  string // of the schema or stream on a server
	cache string // of compiled plugins, so that the second start is quick

	host     *host.Host
	stores   *storage.Stores
	removed  bool
	log      stores.Log
	entities []host.Entity
}

// start opens the store and deploys the plugin.
func (h *hosted) start(ctx context.Context) error {
	o := &host.Options{SnapshotEvery: h.cfg.Snapshots, MailboxSize: max(1024, h.cfg.Inflight), PluginCacheDir: h.cache}
	if err := h.open(ctx); err != nil {
		return err
	}
	o.Log, o.Snapshots = h.log, h.stores.Snapshots
	var err error
	if h.host, err = host.New(ctx, o); err != nil {
		return errors.Join(err, h.stores.Close())
	}
	d, err := h.host.Deploy(ctx, h.cfg.Plugin)
	if err != nil {
		return errors.Join(err, h.stop())
	}
	typ, err := counterType(d.Manifest, h.cfg.Setup)
	if err != nil {
		return errors.Join(err, h.stop())
	}
	h.entities = make([]host.Entity, h.cfg.Entities)
	for i := range h.entities {
		h.entities[i] = h.host.Entity(typ, entityID(i))
	}
	return nil
}

// open opens the store, unless it is one in memory that stays open over restarts.
func (h *hosted) open(ctx context.Context) (err error) {
	if h.stores != nil && h.cfg.store.Kind == storeurl.Memory {
		return nil
	}
	c := h.cfg.Settings
	c.URL, c.SnapshotsURL = h.cfg.Store, ""
	if h.cfg.store.Kind == storeurl.Pebble {
		c.URL = storeurl.Pebble + ":" + h.dir
	}
	if h.stores, err = storage.Open(ctx, &c, &storage.Options{Own: h.name}); err == nil {
		h.log = h.stores.Log
	}
	return err
}

// entityID is the id of the i-th entity, of 12 bytes.
func entityID(i int) string { return string(appendEntityID(nil, i)) }

func appendEntityID(dst []byte, i int) []byte { return fmt.Appendf(dst, "e%011d", i) }

// counterType finds the type that takes the load's commands.
func counterType(m *abi.Manifest, setup *Setup) (string, error) {
	needed := []string{increase, decrease}
	if setup != nil {
		needed = append(needed, setup.Command)
	}
types:
	for i := range m.Types {
		takes := make(map[string]bool)
		for _, c := range m.Types[i].Commands {
			takes[c.Name] = true
		}
		for _, name := range needed {
			if !takes[name] {
				continue types
			}
		}
		return m.Types[i].Name, nil
	}
	return "", fmt.Errorf("the plugin has no entity type with the commands %q: give a counter", needed)
}

// stop closes the host and the store. It is idempotent.
func (h *hosted) stop() error {
	if h.host == nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), stopTime)
	defer cancel()
	err := h.host.Close(ctx)
	h.host = nil
	if h.cfg.store.Kind != storeurl.Memory {
		err = errors.Join(err, h.stores.Close())
	}
	return err
}

// remove stops the host, if it runs, and deletes what it has written. It is idempotent.
func (h *hosted) remove() error {
	_ = h.stop() // what failed was told by whoever stopped it first
	if h.removed || h.stores == nil {
		return os.RemoveAll(h.dir)
	}
	h.removed = true
	return errors.Join(os.RemoveAll(h.dir), h.cfg.drop(h.name))
}

// commandOf returns the n-th command of an entity.
func (h *hosted) commandOf(entity int, n uint64) host.Command {
	c := host.Command{Payload: byOne, Wait: true}
	if h.cfg.CommandIDs {
		c.ID = strconv.FormatInt(int64(entity), 10) + "." + strconv.FormatUint(n, 10)
	}
	if h.cfg.Setup != nil {
		if n == 0 {
			c.Name, c.Payload = h.cfg.Setup.Command, h.cfg.Setup.Payload
			return c
		}
		n--
	}
	c.Name = increase
	if n%2 == 1 {
		c.Name = decrease
	}
	return c
}

// verify says what is wrong with the answer to an entity's n-th command.
func (h *hosted) verify(entity int, n uint64, reply *host.Reply, err error) error {
	switch {
	case err != nil:
		return fmt.Errorf("command %d of %s: %w", n+1, h.entities[entity].ID(), err)
	case reply.Events != 1 || reply.Seq != n+1 || reply.Repeated:
		return fmt.Errorf("command %d of %s was answered with number %d and %d events, want number %d and one event: the plugin's commands must make one event each",
			n+1, h.entities[entity].ID(), reply.Seq, reply.Events, n+1)
	}
	return nil
}

// connect implements target.
func (h *hosted) connect(window int) client {
	return &hostClient{h: h, pipe: h.host.Pipe(window), waiting: make([]*command, 0, clientBatch),
		sends: make([]host.Sending, clientBatch), answers: make([]host.Answer, clientBatch)}
}

// clientBatch is how many commands a client hands over at once at most.
const clientBatch = 64

// hostClient is a client over a pipe.
type hostClient struct {
	h       *hosted
	pipe    *host.Pipe
	waiting []*command     // the sender's, not handed over yet
	sends   []host.Sending // the sender's
	answers []host.Answer  // the receiver's
	done    []*command     // the receiver's
}

func (p *hostClient) send(ctx context.Context, c *command) error {
	p.waiting = append(p.waiting, c)
	if len(p.waiting) == cap(p.waiting) {
		return p.flush(ctx)
	}
	return nil
}

func (p *hostClient) flush(ctx context.Context) error {
	for i, c := range p.waiting {
		p.sends[i] = host.Sending{Entity: p.h.entities[c.entity], Command: p.h.commandOf(c.entity, c.n), Ref: c}
	}
	_, err := p.pipe.SendAll(ctx, p.sends[:len(p.waiting)])
	p.waiting = p.waiting[:0]
	return err
}

func (p *hostClient) receive(ctx context.Context) ([]*command, error) {
	n, err := p.pipe.ReceiveSome(ctx, p.answers)
	if err != nil {
		return nil, err
	}
	p.done = p.done[:0]
	for i := range p.answers[:n] {
		a := &p.answers[i]
		c := a.Ref.(*command)
		if err := p.h.verify(c.entity, c.n, &a.Reply, a.Err); err != nil {
			return nil, err
		}
		p.done = append(p.done, c)
	}
	return p.done, nil
}

func (p *hostClient) end() { p.pipe.CloseSend() }
