// Package client speaks the HTTP API of an eshost. It depends on nothing else of eshost.
//
// Payloads are JSON texts, in which integers are exact up to 64 bits, or
// msgpack values. What the host refuses is a [*Problem]; [MayHaveHappened] and
// [Retryable] say what to do about any error.
package client

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// Errors of the way to the host, for errors.Is. They also wrap their cause.
var (
	// ErrUnreachable: no connection was made. Nothing happened.
	ErrUnreachable = errors.New("no eshost answers")
	// ErrInterrupted: the connection, or the context, ended before the whole answer
	// was there. What was sent may have happened.
	ErrInterrupted = errors.New("interrupted before the answer")
)

// Options configure a Client. Nil, or a zero field, means the default.
type Options struct {
	Token      string       // the host's bearer token; empty: none is sent
	HTTPClient *http.Client // nil: one of the client's own, without an overall time limit. Redirects are not followed
}

// Client sends requests to one host. It may be used by many goroutines at
// once. A context's deadline is passed on, so that the host gives up first and
// can say what became of a command; without one the host's own holds.
type Client struct {
	base  string
	token string
	http  *http.Client
}

// New returns a client of the host at a URL such as http://127.0.0.1:8080. Other
// schemes are for an HTTPClient whose Transport knows them. It does not connect.
func New(baseURL string, o *Options) (*Client, error) {
	u, err := url.Parse(baseURL)
	if o == nil {
		o = &Options{}
	}
	other := o.HTTPClient != nil && o.HTTPClient.Transport != nil
	if err != nil || u.Scheme != "http" && u.Scheme != "https" && !other || u.Host == "" || u.RawQuery != "" || u.Fragment != "" || u.User != nil {
		return nil, notAURL(baseURL)
	}
	c := &Client{base: strings.TrimRight(baseURL, "/"), token: o.Token}
	own := http.Client{Transport: &http.Transport{
		Proxy:                 http.ProxyFromEnvironment,
		DialContext:           (&net.Dialer{Timeout: 10 * time.Second, KeepAlive: 15 * time.Second}).DialContext,
		ForceAttemptHTTP2:     true,
		MaxIdleConnsPerHost:   256,
		IdleConnTimeout:       90 * time.Second,
		TLSHandshakeTimeout:   10 * time.Second,
		ExpectContinueTimeout: time.Second,
	}}
	if o.HTTPClient != nil {
		own = *o.HTTPClient
	}
	own.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	c.http = &own
	return c, nil
}

// notAURL refuses an address. One that lacks no more than http:// is told so.
func notAURL(address string) error {
	meant := "http://127.0.0.1:8080"
	if u, err := url.Parse("http://" + address); err == nil && u.Host == address && u.Hostname() != "" {
		meant = "http://" + address
	}
	return fmt.Errorf("address of the host %q: want a URL such as %s", address, meant)
}

// path is the path of a resource. Segments are encoded so that nobody on the
// way takes a dot or a slash for his own.
func path(segments ...string) string {
	var b strings.Builder
	b.WriteString("/v1")
	for _, s := range segments {
		b.WriteByte('/')
		if strings.Trim(s, ".") == "" {
			b.WriteString(strings.Repeat("%2E", len(s)))
			continue
		}
		b.WriteString(url.PathEscape(s))
	}
	return b.String()
}

// header is a name and a value.
type header struct{ name, value string }

// do sends a request and returns its answer if the status is 200; otherwise
// the error is a *Problem.
func (c *Client) do(ctx context.Context, method, path string, body io.Reader, headers ...header) (*http.Response, error) {
	r, err := http.NewRequestWithContext(ctx, method, c.base+path, body)
	if err != nil {
		return nil, fmt.Errorf("%s %s: %w", method, path, err)
	}
	if c.token != "" {
		r.Header.Set("Authorization", "Bearer "+c.token)
	}
	for _, h := range headers {
		r.Header.Set(h.name, h.value)
	}
	resp, err := c.http.Do(r)
	if err != nil {
		return nil, c.unanswered(err)
	}
	if resp.StatusCode != http.StatusOK {
		defer resp.Body.Close()
		return nil, readProblem(resp)
	}
	return resp, nil
}

// unanswered classifies an error of the connection.
func (c *Client) unanswered(err error) error {
	var wrapper *url.Error
	if errors.As(err, &wrapper) {
		err = wrapper.Err // the URL is long, and does not help
	}
	var op *net.OpError
	if errors.As(err, &op) && op.Op == "dial" {
		return fmt.Errorf("%w at %s, is it running there? %w", ErrUnreachable, c.base, err)
	}
	return fmt.Errorf("%w of %s: %w", ErrInterrupted, c.base, err)
}

// deadline passes the context's deadline on, a little earlier.
func deadline(ctx context.Context, headers []header) []header {
	end, ok := ctx.Deadline()
	if !ok {
		return headers
	}
	left := time.Until(end)
	left -= min(left/10, 200*time.Millisecond)
	return append(headers, header{"Request-Timeout", strconv.FormatFloat(max(left, time.Millisecond).Seconds(), 'f', 3, 64)})
}

// get reads a JSON document into v.
func (c *Client) get(ctx context.Context, path string, v any) error {
	resp, err := c.do(ctx, http.MethodGet, path, nil, deadline(ctx, []header{{"Accept", "application/json"}})...)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	return c.decode(resp.Body, v)
}

func (c *Client) decode(body io.Reader, v any) error {
	b, err := io.ReadAll(body)
	if err != nil {
		return c.unanswered(err)
	}
	if err := json.NewDecoder(bytes.NewReader(b)).Decode(v); err != nil {
		return fmt.Errorf("answer of %s is not what an eshost gives: %w", c.base, err)
	}
	return nil
}
