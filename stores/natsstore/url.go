package natsstore

import (
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/url"
	"sort"
	"strconv"
	"strings"
	"time"
)

// ParseURL makes options of a URL:
//
//	nats://[user:password@|token@]host[:port][,host[:port]...][/STREAM][?parameter=value&...]
//
// The scheme tls is nats over TLS. What is special in the user, password or
// token is percent-encoded. The parameters, each at most once:
//
//	credentials=FILE              JWT and key
//	tls_ca, tls_cert, tls_key     files in PEM
//	snapshots, checkpoints, blobs names of the buckets
//	domain                        JetStream's domain
//	replicas                      1 to 5
//	max_bytes                     of the log's stream, in bytes
//	setup=false                   make and change nothing
//	sync                          always, or interval: the servers' sync_interval
//	timeout                       how long to wait for an answer, such as 5s
//	name                          of this client, as servers show it
//
// An unknown parameter is an error. Errors show nothing of the URL but names of
// parameters: a password that is not encoded may be anywhere.
func ParseURL(s string) (*Options, error) {
	o, err := parseURL(s)
	if err != nil {
		return nil, fmt.Errorf("parse the URL of a NATS store: %w", err)
	}
	check := *o
	if err := check.defaults(); err != nil {
		return nil, fmt.Errorf("parse the URL of a NATS store: %w", err)
	}
	return o, nil
}

func parseURL(s string) (*Options, error) {
	scheme, rest, ok := strings.Cut(s, "://")
	if !ok || scheme != "nats" && scheme != "tls" {
		return nil, errors.New("it does not begin with nats:// or tls://")
	}
	rest, query, _ := strings.Cut(rest, "?")
	authority, path, _ := strings.Cut(rest, "/")
	if strings.Contains(path, "@") || strings.Contains(query, "@") {
		return nil, errors.New("there is an @ behind the host: in a user, password or token write / as %2F and ? as %3F, and an @ that belongs where it is as %40")
	}
	o := &Options{}
	hosts := authority
	if at := strings.LastIndexByte(authority, '@'); at >= 0 {
		hosts = authority[at+1:]
		if err := o.login(authority[:at]); err != nil {
			return nil, err
		}
	}
	for i, host := range strings.Split(hosts, ",") {
		if err := checkHost(host); err != nil {
			return nil, fmt.Errorf("server number %d: %w", i+1, err)
		}
		if scheme == "tls" {
			host = "tls://" + host
		}
		o.Servers = append(o.Servers, host)
	}
	var err error
	if o.Stream, err = url.PathUnescape(strings.TrimSuffix(path, "/")); err != nil {
		return nil, errors.New("the stream's name is not well encoded")
	}
	values, err := url.ParseQuery(query)
	if err != nil {
		return nil, errors.New("the parameters behind ? are not well encoded")
	}
	return o, o.parameters(values)
}

// login takes what is before the @.
func (o *Options) login(text string) error {
	user, password, both := strings.Cut(text, ":")
	user, err := url.PathUnescape(user)
	password, also := url.PathUnescape(password)
	if err != nil || also != nil {
		return errors.New("what is before the @ is not well encoded: write % as %25, @ as %40, / as %2F")
	}
	if both {
		o.User, o.Password = user, password
	} else {
		o.Token = user
	}
	return nil
}

// checkHost does not show what it refuses: it may be a password in a wrong place.
func checkHost(s string) error {
	host, port := s, ""
	if strings.Contains(s, ":") {
		var err error
		if host, port, err = net.SplitHostPort(s); err != nil {
			return errors.New("it is not host:port")
		}
		if n, err := strconv.ParseUint(port, 10, 16); err != nil || n == 0 {
			return errors.New("its port is not a number from 1 to 65535")
		}
	}
	if host == "" || strings.ContainsAny(host, " @/\\") {
		return errors.New("it has no host")
	}
	return nil
}

// texts are the parameters that are taken as they are.
func (o *Options) texts() map[string]*string {
	return map[string]*string{
		"credentials": &o.CredentialsFile, "tls_ca": &o.TLSCAFile, "tls_cert": &o.TLSCertFile, "tls_key": &o.TLSKeyFile,
		"snapshots": &o.Snapshots, "checkpoints": &o.Checkpoints, "blobs": &o.Blobs, "domain": &o.Domain, "name": &o.ClientName,
	}
}

func (o *Options) parameters(values url.Values) error {
	texts := o.texts()
	for name, all := range values {
		if len(all) != 1 {
			return fmt.Errorf("the parameter %s is there %d times", name, len(all))
		}
		value := all[0]
		if text, ok := texts[name]; ok {
			*text = value
			continue
		}
		var err error
		must := ""
		switch name {
		case "replicas":
			o.Replicas, err = strconv.Atoi(value)
			must = "a number from 1 to 5"
		case "max_bytes":
			o.MaxBytes, err = strconv.ParseInt(value, 10, 64)
			must = "a number of bytes"
		case "setup":
			var setup bool
			setup, err = strconv.ParseBool(value)
			must = "true or false"
			o.NoSetup = !setup
		case "sync":
			o.Sync, err = ParseSync(value)
			must = "always, interval or unknown"
		case "timeout":
			o.AnswerTimeout, err = time.ParseDuration(value)
			must = "a time such as 5s"
		default:
			return fmt.Errorf("it has no parameter %q: there are max_bytes, replicas, setup, sync, timeout, %s", name, strings.Join(sortedKeys(texts), ", "))
		}
		if err != nil {
			return fmt.Errorf("the parameter %s must be %s", name, must)
		}
	}
	return nil
}

// ParseSync is the inverse of Sync.String.
func ParseSync(s string) (Sync, error) {
	for _, sync := range []Sync{SyncUnknown, SyncInterval, SyncAlways} {
		if s == sync.String() {
			return sync, nil
		}
	}
	return 0, errors.New("it is none of always, interval, unknown")
}

func sortedKeys(m map[string]*string) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	sort.Strings(keys)
	return keys
}

// String returns the options as a URL that shows no password, token or what is
// in a file, for messages.
func (o Options) String() string {
	p := o
	if err := p.defaults(); err != nil {
		p = o
	}
	var b strings.Builder
	b.WriteString("nats://")
	switch {
	case o.Token != "":
		b.WriteString("xxxxx@")
	case o.User != "" || o.Password != "":
		b.WriteString(url.PathEscape(o.User) + ":xxxxx@")
	}
	b.WriteString(strings.Join(p.Servers, ",") + "/" + p.Stream)
	q := url.Values{}
	for name, text := range o.texts() {
		if *text != "" {
			q.Set(name, *text)
		}
	}
	if o.Replicas != 0 {
		q.Set("replicas", strconv.Itoa(o.Replicas))
	}
	if o.MaxBytes != 0 {
		q.Set("max_bytes", strconv.FormatInt(o.MaxBytes, 10))
	}
	if o.NoSetup {
		q.Set("setup", "false")
	}
	if o.Sync != SyncUnknown {
		q.Set("sync", o.Sync.String())
	}
	if o.AnswerTimeout != 0 {
		q.Set("timeout", o.AnswerTimeout.String())
	}
	if len(q) > 0 {
		b.WriteString("?" + q.Encode())
	}
	return b.String()
}

// GoString is String, for %#v.
func (o Options) GoString() string { return o.String() }

// LogValue implements slog.LogValuer by String.
func (o Options) LogValue() slog.Value { return slog.StringValue(o.String()) }
