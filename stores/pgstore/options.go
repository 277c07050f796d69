package pgstore

import (
	"cmp"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
)

// Options say how to reach the database and what to use in it. Nil stands for
// all defaults. What Host, User, Password and SSLMode leave empty comes from
// libpq's environment (PGHOST, PGUSER, PGPASSWORD, PGSSLMODE, PGPASSFILE, ...).
type Options struct {
	Host     string // a name, an address, a folder of sockets, or several separated by commas; empty: PGHOST, else a local socket
	Port     string // one, or as many as there are hosts, separated by commas; empty: PGPORT, else 5432
	User     string
	Password string
	DBName   string // empty: PGDATABASE, else the user's name
	SSLMode  string // disable, allow, prefer, require, verify-ca or verify-full; empty: prefer

	Schema      string // made if it is not there; empty: the first that exists of the connection's search path
	TablePrefix string // of all tables; empty: eshost_
	NoSetup     bool   // make and change no tables, and fail where they are not as this version needs them

	MaxConns         int           // connections at once, one more listens for commits of others; 0: 12
	ConnectTimeout   time.Duration // of one connection; 0: 10 s
	StatementTimeout time.Duration // the server ends what takes longer; 0: 30 s

	// Params are further parameters of the connection, by the names that
	// ParseURL takes: TLS files, pool settings, settings of the server.
	Params map[string]string

	Logger *slog.Logger // nil: discards
}

// DefaultTablePrefix begins the names of all tables unless told otherwise.
const DefaultTablePrefix = "eshost_"

func (o *Options) defaults() {
	o.TablePrefix = cmp.Or(o.TablePrefix, DefaultTablePrefix)
	o.MaxConns = cmp.Or(o.MaxConns, 12)
	o.ConnectTimeout = cmp.Or(o.ConnectTimeout, 10*time.Second)
	o.StatementTimeout = cmp.Or(o.StatementTimeout, 30*time.Second)
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
}

// settings are what the store needs of its sessions. Every statement has an index made for it, and the plans
// must not depend on how full the tables were when a connection was made.
var settings = map[string]string{
	"default_transaction_isolation": "read committed", // each statement of an append must see what the one before waited for
	"plan_cache_mode":               "force_generic_plan",
	"enable_seqscan":                "off",
	"enable_bitmapscan":             "off",
	"enable_hashjoin":               "off",
	"enable_mergejoin":              "off",
	"jit":                           "off",
	"client_encoding":               "UTF8",
	"tcp_keepalives_idle":           "10", // a host that is gone holds the log's lock no longer than this takes
	"tcp_keepalives_interval":       "5",
	"tcp_keepalives_count":          "3",
}

// pool returns the configuration of the pool. Its errors hold no part of the
// password.
func (o *Options) pool() (*pgxpool.Config, error) {
	for name := range o.Params {
		if !known(name) {
			return nil, unknownParam(name)
		}
	}
	var conn strings.Builder
	set := func(name, value string) {
		if value != "" {
			fmt.Fprintf(&conn, "%s='%s' ", name, strings.NewReplacer(`\`, `\\`, `'`, `\'`).Replace(value))
		}
	}
	set("host", o.Host)
	set("port", o.Port)
	set("user", o.User)
	set("dbname", o.DBName)
	set("sslmode", o.SSLMode)
	for _, name := range slices.Sorted(maps.Keys(o.Params)) {
		set(name, o.Params[name])
	}
	c, err := pgxpool.ParseConfig(conn.String())
	if err != nil {
		return nil, parseError(err)
	}
	if o.Password != "" { // never in the text that a parser may quote
		c.ConnConfig.Password = o.Password
	}
	c.MaxConns = int32(o.MaxConns)
	c.ConnConfig.ConnectTimeout = o.ConnectTimeout
	c.PingTimeout = cmp.Or(c.PingTimeout, 5*time.Second)
	params := c.ConnConfig.RuntimeParams
	maps.Copy(params, settings)
	params["statement_timeout"] = strconv.FormatInt(o.StatementTimeout.Milliseconds(), 10)
	params["application_name"] = cmp.Or(params["application_name"], "eshost")
	if c.ConnConfig.ValidateConnect == nil { // a standby would show old heads
		c.ConnConfig.ValidateConnect = pgconn.ValidateConnectTargetSessionAttrsPrimary
	}
	return c, nil
}

// parseError is the reason why a connection's parameters cannot be used. The
// error of the parser quotes all of them.
func parseError(err error) error {
	var parse *pgconn.ParseConfigError
	if !errors.As(err, &parse) {
		return errors.New("the connection's parameters cannot be parsed")
	}
	text := parse.Error()
	if i := strings.LastIndex(text, "`: "); i >= 0 {
		text = text[i+3:]
	}
	return fmt.Errorf("the connection's parameters: %s", text)
}
