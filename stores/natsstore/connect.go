package natsstore

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strings"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/eshost/eshost/stores"
)

// A connection that says nothing is given up after pingInterval*(pingsOut+1).
const (
	pingInterval = 3 * time.Second
	pingsOut     = 2
)

// reconnectPause is how long the client waits before it tries the servers
// again, at the n-th try.
func reconnectPause(n int) time.Duration {
	pause := min(50*time.Millisecond<<min(n, 5), time.Second)
	return pause/2 + rand.N(pause/2)
}

// connect connects to the servers. From then on the client reconnects for ever.
func (s *Store) connect(ctx context.Context) error {
	o := &s.o
	options := []nats.Option{
		nats.Name(o.ClientName),
		nats.MaxReconnects(-1),
		nats.CustomReconnectDelay(reconnectPause),
		nats.IgnoreAuthErrorAbort(),
		// What is published while there is no connection is refused rather than
		// sent later, when nobody waits for it any more.
		nats.ReconnectBufSize(-1),
		nats.PingInterval(pingInterval),
		nats.MaxPingsOutstanding(pingsOut),
		nats.FlusherTimeout(o.AnswerTimeout),
		nats.Timeout(o.AnswerTimeout),
		nats.DisconnectErrHandler(func(_ *nats.Conn, err error) {
			s.answers.disconnected()
			if err != nil {
				o.Logger.Warn("the connection to NATS is lost: trying to connect again", "error", err)
			}
		}),
		nats.ReconnectHandler(func(nc *nats.Conn) {
			o.Logger.Info("connected to NATS again", "server", nc.ConnectedServerName())
			select {
			case s.connected <- struct{}{}: // is it still the same log?
			default:
			}
		}),
		nats.ErrorHandler(func(_ *nats.Conn, _ *nats.Subscription, err error) {
			s.answers.rejected(err)
			o.Logger.Error("NATS reports an error", "error", err)
		}),
	}
	switch {
	case o.CredentialsFile != "":
		options = append(options, nats.UserCredentials(o.CredentialsFile))
	case o.Token != "":
		options = append(options, nats.Token(o.Token))
	case o.User != "" || o.Password != "":
		options = append(options, nats.UserInfo(o.User, o.Password))
	}
	if o.TLSCAFile != "" {
		options = append(options, nats.RootCAs(o.TLSCAFile))
	}
	if o.TLSCertFile != "" {
		options = append(options, nats.ClientCert(o.TLSCertFile, o.TLSKeyFile))
	}
	type connected struct {
		nc  *nats.Conn
		err error
	}
	done := make(chan connected, 1)
	go func() {
		nc, err := nats.Connect(strings.Join(o.Servers, ","), options...)
		done <- connected{nc, err}
	}()
	select {
	case c := <-done:
		if c.err != nil {
			return fmt.Errorf("%w: connect to %v: %w", stores.ErrUnavailable, o.Servers, c.err)
		}
		s.nc = c.nc
		return nil
	case <-ctx.Done():
		go func() {
			if c := <-done; c.nc != nil {
				c.nc.Close()
			}
		}()
		return fmt.Errorf("%w: connect to %v: %w", stores.ErrUnavailable, o.Servers, ctx.Err())
	}
}
