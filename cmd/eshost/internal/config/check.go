package config

import (
	"fmt"
	"net"
	"net/netip"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/eshost/eshost/cmd/eshost/internal/storeurl"
)

// check returns what is wrong with values that are well-formed. named are stores that are used besides those of the configuration.
func (c *Config) check(named []string) []string {
	var problems []string
	wrong := func(key, format string, a ...any) {
		problems = append(problems, fmt.Sprintf("%s: %s (%s)", dots(key), fmt.Sprintf(format, a...), c.values[key].source))
	}
	for key, v := range c.values {
		if n := reflect.ValueOf(v.any); n.CanInt() && n.Int() < 0 && key != "host/idle_timeout" && key != "host/memory_bytes" {
			wrong(key, "%v is negative", v.any)
		}
	}
	for _, key := range []string{"http/token", "http/admin_token", "store/postgres/password", "store/nats/password", "store/nats/token"} {
		if c.values[key].any == redacted {
			wrong(key, "%q is what `eshost config` prints in the place of a secret: put the secret there", redacted)
		}
	}
	if _, port, err := net.SplitHostPort(c.HTTP.Listen); err != nil {
		wrong("http/listen", "%q is not an address and a port such as 127.0.0.1:8080", c.HTTP.Listen)
	} else if _, err := strconv.ParseUint(port, 10, 16); err != nil {
		wrong("http/listen", "%q is not a port", port)
	}
	c.checkNATS(wrong)
	c.checkStores(named, wrong)
	if !slices.Contains([]string{"debug", "info", "warn", "error"}, c.Log.Level) {
		wrong("log/level", "%q is none of debug, info, warn, error", c.Log.Level)
	}
	if !slices.Contains([]string{"auto", "json", "text"}, c.Log.Format) {
		wrong("log/format", "%q is none of auto, json, text", c.Log.Format)
	}
	if c.Host.AuditShare < 0 || c.Host.AuditShare > 1 {
		wrong("host/audit_share", "%v is not between 0 and 1", c.Host.AuditShare)
	}
	if c.Tracing.SampleRatio < 0 || c.Tracing.SampleRatio > 1 {
		wrong("tracing/sample_ratio", "%v is not between 0 and 1", c.Tracing.SampleRatio)
	}
	slices.Sort(problems)
	return problems
}

// checkStores looks at the URLs of stores, and for settings of a store that no URL names: who sets them takes it for the one in use.
func (c *Config) checkStores(named []string, wrong func(key, format string, a ...any)) {
	used := make(map[string]bool)
	for _, text := range named {
		if u, err := storeurl.Parse(text); err == nil { // else whoever uses it says so
			used[u.Kind] = true
		}
	}
	for key, text := range map[string]string{"store/url": c.Store.URL, "store/snapshots_url": c.Store.SnapshotsURL, "bench/store": c.Bench.Store} {
		if key == "store/snapshots_url" && text == "" {
			continue
		}
		u, err := storeurl.Parse(text)
		if err != nil {
			wrong(key, "%v", err)
			continue
		}
		if used[u.Kind] = true; u.Kind == storeurl.Pebble && u.Folder == "" && key != "bench/store" {
			wrong(key, "names no folder: want pebble:FOLDER")
		}
	}
	for key, v := range c.values {
		kind, setting, _ := strings.Cut(strings.TrimPrefix(key, "store/"), slash)
		if setting == "" || !strings.HasPrefix(key, "store/") || v.source == SourceDefault || strings.HasPrefix(v.source, fromEnvironment) || used[kind] || secretOf(key) { // an environment may be for several stores
			continue
		}
		wrong(key, "is set, but no store's URL begins with %s: set store.url", kind)
	}
}

// secretOf reports whether a key is a secret, which may be in the environment for more than one program.
func secretOf(key string) bool {
	s, _ := find(known(), key)
	return s.secret != ""
}

// Loopback reports whether the API listens for this machine alone.
func (h *HTTP) Loopback() bool {
	host, _, err := net.SplitHostPort(h.Listen)
	if err != nil {
		return false
	}
	if host == "localhost" {
		return true
	}
	ip, err := netip.ParseAddr(host)
	return err == nil && ip.IsLoopback()
}
