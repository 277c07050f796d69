package natsapi

import (
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/url"
	"strings"
	"time"

	"github.com/nats-io/nats.go"
)

// Server says where a NATS server is, and who we are there.
type Server struct {
	URL         string // of one or more servers, with commas between them
	Credentials string // a .creds file; empty: none
	User        string
	Password    string
	Token       string
	CA          string // a PEM file of the authorities that are trusted; empty: the system's
	Certificate string // a PEM file, with Key, to be known by; empty: none
	Key         string
}

// connectTimeout is how long one server may take to answer at first.
const connectTimeout = 5 * time.Second

// reconnectWait is from one try to reach a server again to the next, and a little more at random.
const reconnectWait = 500 * time.Millisecond

// CheckURL returns why a URL cannot be that of servers; nil if it can. Secrets in it would be shown.
func CheckURL(text string) error {
	for one := range strings.SplitSeq(text, ",") {
		u, err := url.Parse(strings.TrimSpace(one))
		switch {
		case err != nil, u.Host == "", u.Scheme != "nats" && u.Scheme != "tls" && u.Scheme != "ws" && u.Scheme != "wss":
			return errors.New("want a URL such as nats://127.0.0.1:4222")
		case u.User != nil:
			return errors.New("the URL has a user, a password or a token in it, which others can see: set nats.user and nats.password, nats.token or nats.credentials (in the environment ESHOST__NATS__PASSWORD and so on)")
		}
	}
	return nil
}

// Connect connects to a server. When it is lost later, the connection comes
// back by itself, however long that takes, and says so in the log.
func Connect(s *Server, logger *slog.Logger) (*nats.Conn, error) {
	if err := CheckURL(s.URL); err != nil {
		return nil, fmt.Errorf("connect to NATS: %w", err)
	}
	options := append(s.options(),
		nats.Name("eshost"), nats.Timeout(connectTimeout), nats.MaxReconnects(-1), nats.ReconnectWait(reconnectWait), nats.IgnoreAuthErrorAbort(),
		nats.DisconnectErrHandler(func(nc *nats.Conn, err error) {
			if !nc.IsClosed() && err != nil {
				logger.Warn("the connection to NATS is lost, and is tried again", "error", err)
			}
		}),
		nats.ReconnectHandler(func(nc *nats.Conn) {
			logger.Info("the connection to NATS is back", "url", nc.ConnectedUrlRedacted())
		}),
		nats.ReconnectErrHandler(func(_ *nats.Conn, err error) {
			logger.Debug("the connection to NATS is not back yet", "error", err)
		}),
		nats.ErrorHandler(func(_ *nats.Conn, sub *nats.Subscription, err error) {
			if sub == nil { // else the service says it
				logger.Error("the connection to NATS", "error", err)
			}
		}))
	nc, err := nats.Connect(s.URL, options...)
	if err != nil {
		return nil, &ConnectError{URL: s.URL, Err: err}
	}
	return nc, nil
}

// ConnectError says that there was no connection: nothing was sent.
type ConnectError struct {
	URL string
	Err error
}

func (e *ConnectError) Error() string {
	switch {
	case errors.Is(e.Err, nats.ErrAuthorization) || errors.Is(e.Err, nats.ErrAuthExpired):
		return fmt.Sprintf("connect to NATS at %s: %v: look at nats.user and nats.password, nats.token or nats.credentials", e.URL, e.Err)
	case e.Unreachable():
		return fmt.Sprintf("connect to NATS at %s, is a server running there? %v", e.URL, e.Err)
	}
	return fmt.Sprintf("connect to NATS at %s: %v", e.URL, e.Err)
}

// Unreachable reports whether no server answered, which may be otherwise later. What a
// server refuses, or is wrong with our own files, stays so.
func (e *ConnectError) Unreachable() bool {
	var op *net.OpError
	return errors.Is(e.Err, nats.ErrNoServers) || errors.Is(e.Err, nats.ErrTimeout) || errors.As(e.Err, &op) && op.Op == "dial"
}

// Unwrap returns the cause.
func (e *ConnectError) Unwrap() error { return e.Err }

func (s *Server) options() []nats.Option {
	var all []nats.Option
	if s.Credentials != "" {
		all = append(all, nats.UserCredentials(s.Credentials))
	}
	if s.User != "" || s.Password != "" {
		all = append(all, nats.UserInfo(s.User, s.Password))
	}
	if s.Token != "" {
		all = append(all, nats.Token(s.Token))
	}
	if s.CA != "" {
		all = append(all, nats.RootCAs(s.CA))
	}
	if s.Certificate != "" || s.Key != "" {
		all = append(all, nats.ClientCert(s.Certificate, s.Key))
	}
	return all
}
