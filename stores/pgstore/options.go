package pgstore

import (
	"cmp"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"math"
	"slices"
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

// needed are the settings that the store needs of its sessions. Every statement has an index made for it, and the plans
// must not depend on how full the tables were when a connection was made.
var needed = map[string]string{
	"default_transaction_isolation": "read committed", // each statement of an append must see what the one before waited for
	"plan_cache_mode":               "force_generic_plan",
	"enable_seqscan":                "off",
	"enable_bitmapscan":             "off",
	"enable_hashjoin":               "off",
	"enable_mergejoin":              "off",
	"enable_sort":                   "off", // of more than what an index leaves unordered
	"join_collapse_limit":           "1",
	"jit":                           "off",
	"work_mem":                      "32MB", // an append of appendBytes goes through no file
	"tcp_keepalives_idle":           "10",   // a host that is gone holds the log's lock no longer than this takes
	"tcp_keepalives_interval":       "5",
	"tcp_keepalives_count":          "3",
}

// settings is the statement that begins a session. The parameters of the connection would do the same, and a pooler
// between refuses those that it does not know.
func (o *Options) settings() string {
	var text strings.Builder
	for _, name := range slices.Sorted(maps.Keys(needed)) {
		if _, chosen := o.Params[name]; !chosen {
			fmt.Fprintf(&text, "SET %s = '%s'; ", name, needed[name])
		}
	}
	fmt.Fprintf(&text, "SET statement_timeout = %d", max(1, o.StatementTimeout.Milliseconds())) // 0 would be none
	return text.String()
}

// check says what is wrong with the options.
func (o *Options) check() error {
	for name := range o.Params {
		if !passes(name) {
			return unknownParam(name)
		}
	}
	if o.MaxConns < 1 || o.MaxConns > math.MaxInt32 {
		return fmt.Errorf("at most %d connections: a number from 1 to %d is wanted", o.MaxConns, math.MaxInt32)
	}
	if o.ConnectTimeout < 0 || o.StatementTimeout < 0 || o.StatementTimeout.Milliseconds() > math.MaxInt32 {
		return fmt.Errorf("time-outs of %v to connect and %v for a statement: positive ones of at most %v are wanted", o.ConnectTimeout, o.StatementTimeout, math.MaxInt32*time.Millisecond)
	}
	switch o.Params["target_session_attrs"] {
	case "", "primary", "read-write":
		return nil
	default: // a standby would show old heads
		return fmt.Errorf("target_session_attrs=%.20q: the store needs the primary: primary or read-write is wanted", o.Params["target_session_attrs"])
	}
}

// pool returns the configuration of the pool. Its errors hold no part of the
// password.
func (o *Options) pool() (*pgxpool.Config, error) {
	if err := o.check(); err != nil {
		return nil, err
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
	params["client_encoding"] = "UTF8"
	params["application_name"] = cmp.Or(params["application_name"], "eshost")
	if o.Params["target_session_attrs"] != "read-write" {
		c.ConnConfig.ValidateConnect = pgconn.ValidateConnectTargetSessionAttrsPrimary
	}
	c.ConnConfig.DialFunc = dialer.DialContext
	c.ConnConfig.OnNotice = func(conn *pgconn.PgConn, n *pgconn.Notice) {
		if n.SeverityUnlocalized == "WARNING" {
			conn.CustomData()[warned] = true
		}
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
