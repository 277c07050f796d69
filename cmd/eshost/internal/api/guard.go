package api

import (
	"crypto/sha256"
	"crypto/subtle"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"

	"github.com/eshost/eshost/cmd/eshost/internal/wire"
)

// guard decides who is served. Without a token only those who name this
// machine as they reach it are: a web page that resolves its own name to
// 127.0.0.1 gives itself away by its Host, and one that sends a form by its Origin.
type guard struct {
	token   *[sha256.Size]byte // nil: none is asked for
	admin   *[sha256.Size]byte // of those who change what serves; nil: none is asked for beyond token
	local   bool               // Host and Origin must be this machine's
	allowed map[string]bool    // further names, with or without a port, in lower case
}

func newGuard(o *Options) *guard {
	g := &guard{local: o.Loopback || o.Token == "", allowed: make(map[string]bool)}
	g.token, g.admin = sumOf(o.Token), sumOf(o.AdminToken)
	for _, name := range o.AllowedHosts {
		g.allowed[strings.ToLower(name)] = true
	}
	return g
}

// sumOf is what is kept of a token; nil: there is none.
func sumOf(token string) *[sha256.Size]byte {
	if token == "" {
		return nil
	}
	sum := sha256.Sum256([]byte(token))
	return &sum
}

// admit returns nil if the request may be served. admin says that it changes what serves, or runs a plugin that is sent.
func (g *guard) admit(r *http.Request, admin bool) *wire.Problem {
	if g.local {
		if !g.here(r.Host) {
			return &wire.Problem{Kind: wire.ForeignHost,
				Detail: fmt.Sprintf("Host %.80q: use 127.0.0.1 or localhost, or allow the name in the configuration", r.Host)}
		}
		if p := g.origin(r); p != nil {
			return p
		}
	}
	credentials := r.Header.Values("Authorization")
	if known(credentials, g.admin) {
		return nil
	}
	if admin && g.admin != nil {
		return &wire.Problem{Kind: wire.AdminOnly, Detail: "this changes what serves, or runs a plugin that you send: send the header Authorization: Bearer <token>, with the admin token of the host's configuration"}
	}
	if g.token != nil && !known(credentials, g.token) {
		return &wire.Problem{Kind: wire.Unauthorized, Detail: "send the header Authorization: Bearer <token>, with the token of the host's configuration"}
	}
	return nil
}

// known reports whether the credentials are the token; no token is known by none. How long it takes does not
// depend on how much of it is right, nor on its length.
func known(credentials []string, want *[sha256.Size]byte) bool {
	if len(credentials) != 1 || want == nil {
		return false
	}
	scheme, token, _ := strings.Cut(credentials[0], " ")
	sum := sha256.Sum256([]byte(strings.TrimLeft(token, " ")))
	return strings.EqualFold(scheme, "Bearer") && subtle.ConstantTimeCompare(sum[:], want[:]) == 1
}

// here reports whether a host, perhaps with a port, is this machine or allowed.
func (g *guard) here(hostport string) bool {
	hostport = strings.ToLower(hostport)
	name, _, err := net.SplitHostPort(hostport)
	if err != nil {
		name = strings.TrimSuffix(strings.TrimPrefix(hostport, "["), "]")
	}
	if name == "localhost" || g.allowed[hostport] || g.allowed[name] {
		return true
	}
	ip, err := netip.ParseAddr(name)
	return err == nil && ip.Unmap().IsLoopback()
}

// origin checks that a request which comes from a web page comes from one that
// this server, or an allowed host, has served.
func (g *guard) origin(r *http.Request) *wire.Problem {
	for _, origin := range r.Header.Values("Origin") {
		u, err := url.Parse(origin)
		if err != nil || u.Host == "" || (!strings.EqualFold(u.Host, r.Host) && !g.allowed[strings.ToLower(u.Host)] && !g.allowed[strings.ToLower(u.Hostname())]) {
			return &wire.Problem{Kind: wire.ForeignOrigin, Detail: fmt.Sprintf("Origin %.80q: allow it in the configuration if it is yours", origin)}
		}
	}
	return nil
}
