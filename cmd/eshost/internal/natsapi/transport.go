package natsapi

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/textproto"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/micro"

	"github.com/eshost/eshost/cmd/eshost/internal/wire"
)

// Transport carries requests of the HTTP API to a host over NATS: commands and
// reads of states. With it host/client is a client over NATS, whose errors and answers are the same.
type Transport struct {
	Conn   *nats.Conn
	Prefix string // empty: DefaultPrefix
}

var errNobody = errors.New("no eshost serves the subject")

// RoundTrip implements http.RoundTripper. That nobody serves the subject is an error of
// the kind of a connection that was refused. A request without a deadline has the host's, and a little more.
func (t *Transport) RoundTrip(r *http.Request) (*http.Response, error) {
	to, err := t.subject(r)
	if err != nil {
		return nil, err
	}
	m := &nats.Msg{Subject: to, Header: make(nats.Header, len(r.Header))}
	for name, values := range r.Header {
		m.Header[name] = values
	}
	if r.Body != nil {
		defer r.Body.Close()
		if m.Data, err = io.ReadAll(r.Body); err != nil {
			return nil, err
		}
	}
	timeout := patience(r.Header)
	ctx, cancel := context.WithTimeout(r.Context(), timeout)
	defer cancel()
	answer, err := t.Conn.RequestMsgWithContext(ctx, m)
	switch {
	case errors.Is(err, nats.ErrNoResponders):
		return nil, &net.OpError{Op: "dial", Net: "nats", Err: fmt.Errorf("%w %s", errNobody, to)}
	case errors.Is(err, nats.ErrMaxPayload):
		return t.tooLarge(r, len(m.Data)), nil
	case errors.Is(err, nats.ErrConnectionClosed):
		return nil, &net.OpError{Op: "dial", Net: "nats", Err: err}
	case ctx.Err() != nil && r.Context().Err() == nil:
		return nil, fmt.Errorf("no answer to %s within %s: %w", to, timeout, err)
	case err != nil:
		return nil, err
	}
	return response(r, answer), nil
}

// margin is how much longer than the host has time the caller waits for what it says then.
const margin = 2 * time.Second

// patience is how long the answer to a request may take. No connection that breaks
// would tell that the host is gone, or the answer.
func patience(h http.Header) time.Duration {
	timeout, p := wire.Timeout(h)
	if p != nil { // which is what the host will say
		timeout, _ = wire.Timeout(nil)
	}
	return timeout + margin
}

// tooLarge answers a request that the server does not take, as the host would.
func (t *Transport) tooLarge(r *http.Request, size int) *http.Response {
	o := failure(&wire.Problem{Kind: wire.TooLarge, Detail: fmt.Sprintf("the message has %d bytes, of which the NATS server takes %d (max_payload)", size, t.Conn.MaxPayload())})
	return response(r, o.message(""))
}

// subject is the subject that stands for a request's path.
func (t *Transport) subject(r *http.Request) (string, error) {
	prefix := t.Prefix
	if prefix == "" {
		prefix = DefaultPrefix
	}
	parts := strings.Split(strings.TrimPrefix(r.URL.EscapedPath(), "/v1/entities/"), "/")
	for i := range parts {
		text, err := url.PathUnescape(parts[i])
		if err != nil {
			return "", err
		}
		parts[i] = text
	}
	switch {
	case r.Method == http.MethodPost && len(parts) == 4 && parts[2] == "commands":
		return subject(prefix, commandEndpoint, parts[0], parts[1], parts[3]), nil
	case r.Method == http.MethodGet && len(parts) == 2:
		return subject(prefix, stateEndpoint, parts[0], parts[1]), nil
	}
	return "", fmt.Errorf("%s %s: over NATS there are commands and states only", r.Method, r.URL.Path)
}

// response is a message as the answer to a request.
func response(r *http.Request, m *nats.Msg) *http.Response {
	h := make(http.Header, len(m.Header))
	for name, values := range m.Header {
		h[textproto.CanonicalMIMEHeaderKey(name)] = values
	}
	status := http.StatusBadGateway // somebody else answered
	switch code, err := strconv.Atoi(h.Get(micro.ErrorCodeHeader)); {
	case h.Get(headerOutcome) == "":
	case h.Get(micro.ErrorCodeHeader) != "" && err == nil:
		status = code
	case h.Get(headerOutcome) == unchanged:
		status = http.StatusNotModified
	default:
		status = http.StatusOK
	}
	return &http.Response{Status: fmt.Sprintf("%d %s", status, http.StatusText(status)), StatusCode: status, Proto: "NATS", Header: h,
		Body: io.NopCloser(bytes.NewReader(m.Data)), ContentLength: int64(len(m.Data)), Request: r}
}
