// Package natsapi serves a host over NATS, as a service of nats.go's micro: one
// command or read of a state a message. It is package api in another
// transport: bodies, headers and outcomes are those of HTTP, from the same package wire.
//
// The subjects are
//
//	<prefix>.command.<type>.<id>.<command>
//	<prefix>.state.<type>.<id>
//
// with type, id and command as stores.AppendToken writes them. The commands of one
// connection to one entity are decided in the order they were published, as long as one host serves the queue group.
package natsapi

import (
	"container/list"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"regexp"
	"strings"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/micro"
	"golang.org/x/time/rate"

	"github.com/eshost/eshost/host"
	"github.com/eshost/eshost/stores"
)

// Options configure a Service. Nil, or a zero field, means the default.
type Options struct {
	Prefix string // what the subjects begin with; empty: DefaultPrefix
	Queue  string // the group of hosts of which each message goes to one; empty: DefaultQueue

	// Requests that are in flight at most: one more is refused at once, as mailbox-full. NATS
	// drops what a client does not take up, so nothing may be kept waiting unread.
	InFlight      int   // 0: 16,384
	InFlightBytes int64 // of their messages, with subjects and headers; 0: 64 MiB
	MaxBodyBytes  int   // of one command's body; 0: 2 MiB

	Logger  *slog.Logger // nil: discards
	Version string       // of the program; empty: "unknown"
}

// What the options are by default. A stream that holds an eshost's log takes all
// subjects that begin with "eshost", so these begin with another word.
const (
	DefaultPrefix = "api.eshost"
	DefaultQueue  = "eshost"
)

// Service serves a host over one connection.
type Service struct {
	o      Options
	host   backend
	nc     *nats.Conn
	micro  micro.Service
	others int             // subscriptions of the connection that are not the service's
	ctx    context.Context // ends with Close
	cancel context.CancelFunc

	lines    lines
	inFlight load
	stats    statistics
	reads    chan struct{} // holds one for each read of a state that is under way
	unheard  *rate.Limiter // of the log of failures that nobody is told
}

// Serve begins to serve the host over the connection, which Close closes.
func Serve(h *host.Host, nc *nats.Conn, o *Options) (*Service, error) {
	return serve(live{h}, nc, o)
}

func serve(h backend, nc *nats.Conn, o *Options) (*Service, error) {
	if o == nil {
		o = &Options{}
	}
	s := &Service{o: *o, host: h, nc: nc, unheard: rate.NewLimiter(1, 10), reads: make(chan struct{}, readsAtOnce)}
	s.defaults()
	s.ctx, s.cancel = context.WithCancel(context.Background())
	s.lines.of = make(map[stores.EntityID]*list.List)
	if err := s.subscribe(); err != nil {
		err = fmt.Errorf("serve over NATS at %s: %w", nc.ConnectedUrlRedacted(), err)
		if s.micro != nil {
			err = errors.Join(err, s.micro.Stop())
		}
		s.cancel()
		return nil, err
	}
	return s, nil
}

// subscribe begins to take requests, unless somebody else would get them too.
func (s *Service) subscribe() error {
	connected := s.nc.IsConnected()
	if !connected {
		s.o.Logger.Warn("the connection to NATS is lost: it is served when it is back, and whether streams or other hosts take the same subjects is not known")
	} else if err := s.checkStreams(); err != nil {
		return err
	}
	s.others = s.nc.NumSubscriptions()
	var err error
	s.micro, err = micro.AddService(s.nc, micro.Config{
		Name: serviceName, Version: semantic(s.o.Version), QueueGroup: s.o.Queue,
		Description: "commands to event-sourced entities, and their states",
		Metadata:    s.metadata(), StatsHandler: s.statistics, ErrorHandler: s.failed,
	})
	if err != nil {
		return err
	}
	if connected {
		if err := s.checkMates(); err != nil {
			return err
		}
	}
	group := s.micro.AddGroup(s.o.Prefix)
	for _, e := range []struct {
		name  string
		serve func(micro.Request)
	}{{commandEndpoint, s.command}, {stateEndpoint, s.state}} {
		// The subject takes what is too long or too short as well, so that its sender is told.
		if err := group.AddEndpoint(e.name, micro.HandlerFunc(e.serve), micro.WithEndpointSubject(e.name+".>")); err != nil {
			return fmt.Errorf("%s.%s: %w", s.o.Prefix, e.name, err)
		}
	}
	if !connected {
		return nil
	}
	return s.settle()
}

func (s *Service) defaults() {
	if s.o.Prefix == "" {
		s.o.Prefix = DefaultPrefix
	}
	if s.o.Queue == "" {
		s.o.Queue = DefaultQueue
	}
	if s.o.InFlight == 0 {
		s.o.InFlight = 16384
	}
	if s.o.InFlightBytes == 0 {
		s.o.InFlightBytes = 64 << 20
	}
	if s.o.MaxBodyBytes == 0 {
		s.o.MaxBodyBytes = 2 << 20
	}
	if s.o.Logger == nil {
		s.o.Logger = slog.New(slog.DiscardHandler)
	}
	if s.o.Version == "" {
		s.o.Version = "unknown"
	}
}

// failed reports what goes wrong with the subscriptions. That of a slow consumer means
// that messages were dropped.
func (s *Service) failed(_ micro.Service, err *micro.NATSError) {
	if errors.Is(err, nats.ErrSlowConsumer) {
		s.o.Logger.Error("requests over NATS came faster than they could be refused, and were dropped: their senders get no answer", "subject", err.Subject)
		return
	}
	s.o.Logger.Error("subscription over NATS failed", "subject", err.Subject, "error", err.Description)
}

var semanticVersion = regexp.MustCompile(`^\d+\.\d+\.\d+(-[0-9A-Za-z.-]+)?$`)

// semantic is a version as micro takes it; the service's metadata have it as it is.
func semantic(version string) string {
	if v := strings.TrimPrefix(version, "v"); semanticVersion.MatchString(v) {
		return v
	}
	return "0.0.0"
}
