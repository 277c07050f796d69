package pgstore

import (
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// passed are the parameters that go to the client and the server as they are.
var passed = []string{
	// of the connection
	"sslrootcert", "sslcert", "sslkey", "sslpassword", "sslsni", "sslnegotiation", "sslcertmode", "channel_binding", "require_auth",
	"passfile", "service", "servicefile", "krbsrvname", "krbspn", "target_session_attrs", "min_protocol_version", "max_protocol_version",
	// of the pool
	"pool_min_conns", "pool_min_idle_conns", "pool_max_conn_lifetime", "pool_max_conn_lifetime_jitter", "pool_max_conn_idle_time", "pool_health_check_period", "pool_ping_timeout",
	// of the server
	"application_name", "search_path", "synchronous_commit", "lock_timeout", "idle_in_transaction_session_timeout", "options", "role", "timezone", "work_mem",
}

// own are the parameters that become fields of Options.
var own = []string{"host", "port", "user", "password", "dbname", "sslmode", "schema", "table_prefix", "setup", "pool_max_conns", "connect_timeout", "statement_timeout"}

func passes(name string) bool { return slices.Contains(passed, name) }

func unknownParam(name string) error {
	return fmt.Errorf("there is no parameter %.80q: %s", name, knownParams())
}

func knownParams() string {
	return fmt.Sprintf("there are %s, and passed on as they are %s; any other setting of the server goes into options=-c name=value",
		strings.Join(own, ", "), strings.Join(passed, ", "))
}

// ParseURL returns the options that a URL stands for:
//
//	postgres://user:password@host:port/dbname?parameter=value&...
//
// (or postgresql://). Every part may be left out. There may be several
// host:port, separated by commas: the first that is a primary is used. User,
// password and database are percent-decoded. Parameters:
//
//	host, port, user, password, dbname   the same as in the URL's front, which they override
//	sslmode                              as in Options, as are
//	schema, table_prefix
//	setup                                false: NoSetup
//	pool_max_conns                       MaxConns
//	connect_timeout, statement_timeout   a duration such as 500ms; a number alone is seconds and milliseconds, as Postgres has it
//
// Others of libpq, of the pool and of the server go on as Options.Params; one
// that nobody knows is an error. No error has a part of the password in it.
func ParseURL(text string) (*Options, error) {
	rest, ok := cutScheme(text)
	if !ok {
		return nil, errors.New("parse postgres URL: it begins with neither postgres:// nor postgresql://")
	}
	o := &Options{}
	rest, query, _ := strings.Cut(rest, "?")
	front, path, _ := strings.Cut(rest, "/")
	var err error
	if i := strings.LastIndexByte(front, '@'); i >= 0 {
		user, password, _ := strings.Cut(front[:i], ":")
		front = front[i+1:]
		if o.User, err = url.PathUnescape(user); err != nil {
			return nil, errors.New("parse postgres URL: the user is not percent-encoded")
		}
		if o.Password, err = url.PathUnescape(password); err != nil {
			return nil, errors.New("parse postgres URL: the password is not percent-encoded: write % as %25, @ as %40, / as %2F, ? as %3F")
		}
	}
	if o.Host, o.Port, err = hosts(front); err != nil {
		return nil, fmt.Errorf("parse postgres URL: %w", err)
	}
	if o.DBName, err = url.PathUnescape(path); err != nil || strings.Contains(path, "/") || strings.Contains(path, "@") {
		return nil, errors.New("parse postgres URL: what is between / and ? is not the percent-encoded name of a database; if / belongs to the password, write it as %2F")
	}
	values, err := url.ParseQuery(query)
	if err != nil {
		return nil, errors.New("parse postgres URL: what is behind ? is not a list of percent-encoded parameters")
	}
	for name, all := range values {
		if !slices.Contains(own, name) && !passes(name) { // no name: it may be a part of a password
			return nil, fmt.Errorf("parse postgres URL: one of the parameters behind ? is unknown: %s; if it belongs to the password, write ? as %%3F and & as %%26", knownParams())
		}
		if err := o.set(name, all[len(all)-1]); err != nil {
			return nil, fmt.Errorf("parse postgres URL: %w", err)
		}
	}
	return o, nil
}

func cutScheme(text string) (rest string, ok bool) {
	for _, scheme := range []string{"postgres://", "postgresql://"} {
		if rest, ok = strings.CutPrefix(text, scheme); ok {
			return rest, true
		}
	}
	return "", false
}

// hosts splits host:port,host:port. Its errors quote nothing: what is not a
// host or a port may be a part of a password.
func hosts(text string) (host, port string, err error) {
	if text == "" {
		return "", "", nil
	}
	var names, ports []string
	any := false
	for one := range strings.SplitSeq(text, ",") {
		name, number := one, ""
		if i := strings.LastIndexByte(one, ':'); i > strings.LastIndexByte(one, ']') {
			name, number = one[:i], one[i+1:]
			if _, err := strconv.ParseUint(number, 10, 16); err != nil {
				return "", "", errors.New("what is behind the : of a host is not a port; if it belongs to the password, write @ and : in that as %40 and %3A")
			}
		}
		name = strings.TrimSuffix(strings.TrimPrefix(name, "["), "]")
		if name, err = url.PathUnescape(name); err != nil {
			return "", "", errors.New("a host is not percent-encoded")
		}
		names, ports, any = append(names, name), append(ports, number), any || number != ""
	}
	if any {
		port = strings.Join(ports, ",")
	}
	return strings.Join(names, ","), port, nil
}

// set sets the option that a parameter stands for.
func (o *Options) set(name, value string) (err error) {
	switch name {
	case "host":
		o.Host = value
	case "port":
		o.Port = value
	case "user":
		o.User = value
	case "password":
		o.Password = value
	case "dbname":
		o.DBName = value
	case "sslmode":
		o.SSLMode = value
	case "schema":
		o.Schema = value
	case "table_prefix":
		o.TablePrefix = value
	case "setup":
		setup, err := strconv.ParseBool(value)
		if err != nil {
			return fmt.Errorf("setup=%.20q: true or false is wanted", value)
		}
		o.NoSetup = !setup
	case "pool_max_conns":
		if o.MaxConns, err = strconv.Atoi(value); err != nil || o.MaxConns < 1 {
			return fmt.Errorf("pool_max_conns=%.20q: a number from 1 is wanted", value)
		}
	case "connect_timeout":
		o.ConnectTimeout, err = duration(name, value, time.Second)
	case "statement_timeout":
		o.StatementTimeout, err = duration(name, value, time.Millisecond)
	default:
		if o.Params == nil {
			o.Params = make(map[string]string)
		}
		o.Params[name] = value
	}
	return err
}

// duration parses a duration, or a number of the unit.
func duration(name, value string, unit time.Duration) (time.Duration, error) {
	d, err := time.ParseDuration(value)
	if n, numeric := strconv.Atoi(value); numeric == nil {
		d, err = time.Duration(n)*unit, nil
	}
	if err != nil || d <= 0 {
		return 0, fmt.Errorf("%s=%.20q: a duration such as 500ms or 10s is wanted", name, value)
	}
	return d, nil
}
