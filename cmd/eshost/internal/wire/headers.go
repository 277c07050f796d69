package wire

import (
	"context"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"

	"github.com/eshost/eshost/stores"
)

// ETag is the entity tag of a sequence number.
func ETag(seq uint64) string { return `"` + strconv.FormatUint(seq, 10) + `"` }

// parseETag is the inverse of ETag. It takes the canonical form alone.
func parseETag(s string) (uint64, bool) {
	if len(s) < 3 || s[0] != '"' || s[len(s)-1] != '"' {
		return 0, false
	}
	return ParseSeq(s[1 : len(s)-1])
}

// ParseSeq takes a sequence number in decimal, without signs and leading zeros.
func ParseSeq(s string) (uint64, bool) {
	n, err := strconv.ParseUint(s, 10, 64)
	return n, err == nil && (len(s) == 1 || s[0] >= '1' && s[0] <= '9')
}

// One returns a header that may be given once.
func One(h http.Header, name string) (value string, given bool, p *Problem) {
	values := h[name]
	switch len(values) {
	case 0:
		return "", false, nil
	case 1:
		return values[0], true, nil
	}
	return "", false, Invalid(name + " is given more than once")
}

// Expected reads If-Match and If-None-Match of a command.
func Expected(h http.Header) (*uint64, *Problem) {
	match, hasMatch, p := One(h, "If-Match")
	if p != nil {
		return nil, p
	}
	none, hasNone, p := One(h, "If-None-Match")
	if p != nil {
		return nil, p
	}
	switch {
	case hasMatch && hasNone:
		return nil, Invalid("If-Match and If-None-Match exclude each other")
	case hasNone && none != "*":
		return nil, Invalid(fmt.Sprintf(`If-None-Match %.80q: a command takes only *, for an entity that must not exist`, none))
	case hasNone:
		return new(uint64), nil
	case !hasMatch:
		return nil, nil
	}
	seq, ok := parseETag(match)
	if !ok {
		return nil, Invalid(fmt.Sprintf(`If-Match %.80q: want one strong entity tag, the sequence number in quotes, such as "5"`, match))
	}
	return &seq, nil
}

// CommandID reads Idempotency-Key: the command id as it is, or as a string of
// structured fields (RFC 9651) between quotes.
func CommandID(h http.Header) (string, *Problem) {
	id, given, p := One(h, "Idempotency-Key")
	if p != nil || !given {
		return "", p
	}
	if strings.HasPrefix(id, `"`) {
		var ok bool
		if id, ok = unquote(id); !ok {
			return "", Invalid("Idempotency-Key: a quoted string that does not end, or goes on after its end")
		}
	}
	if err := stores.ValidateCommandID(id); err != nil {
		return "", Invalid("Idempotency-Key: " + err.Error())
	}
	return id, nil
}

// unquote undoes a quoted string in which a backslash may stand before a quote
// or a backslash alone.
func unquote(s string) (string, bool) {
	var b strings.Builder
	for i := 1; i < len(s); i++ {
		switch s[i] {
		case '"':
			return b.String(), i == len(s)-1
		case '\\':
			i++
			if i == len(s) || s[i] != '"' && s[i] != '\\' {
				return "", false
			}
		}
		b.WriteByte(s[i])
	}
	return "", false
}

const traceparent = "traceparent"

// Meta is what is recorded with a command. As the standard asks, a traceparent
// that is not valid is passed over.
func Meta(h http.Header) map[string]string {
	if h.Get(traceparent) == "" {
		return nil
	}
	var w3c propagation.TraceContext
	ctx := w3c.Extract(context.Background(), propagation.HeaderCarrier(h))
	if !trace.SpanContextFromContext(ctx).IsValid() {
		return nil
	}
	carrier := make(propagation.MapCarrier, 2)
	w3c.Inject(ctx, carrier)
	return map[string]string{traceparent: carrier[traceparent]}
}

// The time a request may take.
const (
	defaultTimeout = 30 * time.Second
	maxTimeout     = 5 * time.Minute
)

// Timeout reads Request-Timeout: seconds, perhaps with a fraction.
func Timeout(h http.Header) (time.Duration, *Problem) {
	text, given, p := One(h, "Request-Timeout")
	if p != nil || !given {
		return defaultTimeout, p
	}
	seconds, err := strconv.ParseFloat(text, 64)
	if err != nil || !(seconds > 0) {
		return 0, Invalid(fmt.Sprintf("Request-Timeout %.40q: want seconds above 0, such as 5 or 0.25", text))
	}
	if seconds >= maxTimeout.Seconds() {
		return maxTimeout, nil
	}
	return time.Duration(seconds * float64(time.Second)), nil
}
