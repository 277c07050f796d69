package config

import (
	"fmt"
	"net"
	"net/netip"
	"reflect"
	"slices"
	"strconv"
)

// check returns what is wrong with values that are well-formed.
func (c *Config) check() []string {
	var problems []string
	wrong := func(key, format string, a ...any) {
		problems = append(problems, fmt.Sprintf("%s: %s (%s)", dots(key), fmt.Sprintf(format, a...), c.values[key].source))
	}
	for key, v := range c.values {
		if n := reflect.ValueOf(v.any); n.CanInt() && n.Int() < 0 && key != "host/idle_timeout" && key != "host/memory_bytes" {
			wrong(key, "%v is negative", v.any)
		}
	}
	if c.HTTP.Token == redacted {
		wrong("http/token", "%q is what `eshost config` prints in the place of a secret: put the secret there", redacted)
	}
	if _, port, err := net.SplitHostPort(c.HTTP.Listen); err != nil {
		wrong("http/listen", "%q is not an address and a port such as 127.0.0.1:8080", c.HTTP.Listen)
	} else if _, err := strconv.ParseUint(port, 10, 16); err != nil {
		wrong("http/listen", "%q is not a port", port)
	}
	if c.Store.Dir == "" {
		wrong("store/dir", "is empty, name a folder")
	}
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
