package storage

import (
	"cmp"
	"context"
	"fmt"
	"strings"

	"github.com/eshost/eshost/cmd/eshost/internal/config"
	"github.com/eshost/eshost/cmd/eshost/internal/storeurl"
	"github.com/eshost/eshost/stores/natsstore"
	"github.com/eshost/eshost/stores/pgstore"
)

// Postgres returns the options that the URL and the configuration give.
func Postgres(u storeurl.URL, c *config.Postgres) (*pgstore.Options, error) {
	o, err := pgstore.ParseURL(authority(u, "postgres://"))
	if err != nil {
		return nil, err
	}
	o.Host, o.Port = cmp.Or(o.Host, c.Host), cmp.Or(o.Port, c.Port)
	o.User, o.Password = cmp.Or(o.User, c.User), cmp.Or(o.Password, c.Password)
	o.DBName, o.SSLMode = cmp.Or(o.DBName, c.DBName), cmp.Or(o.SSLMode, c.SSLMode)
	return o, nil
}

// NATS returns the options that the URL and the configuration give.
func NATS(u storeurl.URL, c *config.NATS) (*natsstore.Options, error) {
	o, err := natsstore.ParseURL(authority(u, "nats://127.0.0.1:4222"))
	if err != nil {
		return nil, err
	}
	if o.User == "" && o.Password == "" && o.Token == "" && o.CredentialsFile == "" {
		o.User, o.Password, o.Token, o.CredentialsFile = c.User, c.Password, c.Token, c.Credentials
	} else if o.Token != "" && c.Password != "" && c.User == "" {
		return nil, fmt.Errorf("store %s: NATS takes a name alone before the @ for a token, and store.nats.password is set as well: name the user in store.nats.user", u)
	}
	return o, nil
}

// authority is the URL; one that says no more than the kind of store stands for another.
func authority(u storeurl.URL, bare string) string {
	if _, rest, _ := strings.Cut(u.Secret(), ":"); rest == "" {
		return bare
	}
	return u.Secret()
}

func openPostgres(ctx context.Context, u storeurl.URL, c *config.Store, o *Options) (engine, error) {
	p, err := Postgres(u, &c.Postgres)
	if err != nil {
		return nil, err
	}
	p.Schema = cmp.Or(o.Own, p.Schema)
	p.Logger, p.NoSetup = o.Logger, p.NoSetup || o.Existing
	s, err := pgstore.Open(ctx, p)
	if err != nil {
		return nil, err
	}
	return s, nil
}

func openNATS(ctx context.Context, u storeurl.URL, c *config.Store, o *Options, use natsstore.Parts) (engine, error) {
	n, err := NATS(u, &c.NATS)
	if err != nil {
		return nil, err
	}
	if n.Logger = o.Logger; o.Own != "" {
		n.Stream, n.Snapshots, n.Checkpoints, n.Blobs = o.Own, "", "", ""
	}
	if o.Existing && !n.NoSetup {
		look := *n
		look.Use, look.NoSetup = natsstore.UseLog, true
		s, err := natsstore.Open(ctx, &look)
		if err != nil {
			return nil, err
		}
		if err := s.Close(); err != nil {
			return nil, err
		}
	}
	n.Use = use
	s, err := natsstore.Open(ctx, n)
	if err != nil {
		return nil, err
	}
	return s, nil
}
