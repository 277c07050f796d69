// Package storeurl reads the URLs that say which store, and shows them without
// what they hold of secrets.
package storeurl

import (
	"fmt"
	"net/url"
	"slices"
	"strings"
)

// The kinds of stores.
const (
	Pebble   = "pebble"   // pebble:FOLDER
	Memory   = "memory"   // memory:
	NATS     = "nats"     // nats://HOST:PORT, or tls:// for one that encrypts
	Postgres = "postgres" // postgres://USER@HOST:PORT/DATABASE
)

// Forms are the URLs there are, for messages.
const Forms = "pebble:FOLDER, nats://HOST:4222, postgres://USER@HOST:5432/DATABASE or memory:"

// URL says which store.
type URL struct {
	Kind   string // one of the kinds above
	Folder string // of Pebble; empty: none was named
	text   string
}

var kinds = map[string]string{"pebble": Pebble, "memory": Memory, "nats": NATS, "tls": NATS, "postgres": Postgres, "postgresql": Postgres}

// Parse reads a URL as far as it says which kind of store it is; what is behind that is
// the store's own to read. Errors never show what may be a secret.
func Parse(text string) (URL, error) {
	scheme, rest, ok := strings.Cut(text, ":")
	kind := kinds[scheme]
	switch {
	case text == "":
		return URL{}, fmt.Errorf("no store is named: want %s", Forms)
	case !ok && !strings.ContainsAny(text, "@?"):
		return URL{}, fmt.Errorf("%q does not say which store: want %s; the folder of an embedded store is pebble:%[1]s", text, Forms)
	case kind == "":
		return URL{}, fmt.Errorf("%q is no store: want %s", Redact(text), Forms)
	case strings.Contains(text, ":"+redacted+"@") || strings.Contains(text, "="+redacted):
		return URL{}, fmt.Errorf("%q has %s in the place of a secret: put the secret there", text, redacted)
	case kind == Memory && rest != "":
		return URL{}, fmt.Errorf("%q: a store in memory has no name, it is memory: and no more", Redact(text))
	}
	u := URL{Kind: kind, text: text}
	if kind == Pebble {
		if u.Folder = rest; strings.HasPrefix(rest, "//") {
			u.Folder = rest[2:]
		}
	}
	return u, nil
}

// Secret returns the URL with all it holds, for the store that it names.
func (u URL) Secret() string { return u.text }

// String returns the URL without secrets.
func (u URL) String() string {
	if u.Kind == Pebble {
		return "pebble:" + u.Folder
	}
	return Redact(u.text)
}

// redacted stands where a secret was.
const redacted = "(redacted)"

// Redact returns a URL without passwords, tokens and the like. What it cannot read it does not show.
func Redact(text string) string {
	scheme, rest, ok := strings.Cut(text, "://")
	if !ok {
		if strings.ContainsAny(text, "@?=") && !strings.HasPrefix(text, "pebble:") {
			return redacted
		}
		return text
	}
	path, query, asked := strings.Cut(rest, "?")
	if asked {
		path += "?" + redactQuery(query)
	}
	at := strings.LastIndex(path, "@")
	if at < 0 {
		return scheme + "://" + path
	}
	user, password, has := strings.Cut(path[:at], ":")
	switch _, err := url.ParseQuery(user); {
	case !has && kinds[scheme] == Postgres && err == nil && !strings.ContainsAny(user, "@/"):
		return scheme + "://" + path // a name alone
	case !has || password == "" || strings.ContainsAny(user, "@/") || err != nil:
		return scheme + "://" + redacted + path[at:] // NATS takes a name alone for a token
	}
	return scheme + "://" + user + ":" + redacted + path[at:]
}

// secretWords are in the names of parameters that are secrets.
var secretWords = []string{"pass", "token", "secret", "seed", "nkey", "jwt", "key"}

func redactQuery(query string) string {
	pairs := strings.Split(query, "&")
	for i, pair := range pairs {
		name, value, _ := strings.Cut(pair, "=")
		plain, err := url.QueryUnescape(name)
		secret := func(word string) bool { return strings.Contains(strings.ToLower(plain), word) }
		if value != "" && (err != nil || slices.ContainsFunc(secretWords, secret)) {
			pairs[i] = name + "=" + redacted
		}
	}
	return strings.Join(pairs, "&")
}
