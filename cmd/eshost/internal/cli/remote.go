package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/eshost/eshost/host/client"
)

// remote are the flags of the commands that talk to a running host.
type remote struct {
	p       *Program
	url     string
	nats    string // URL of a NATS server in the place of url; empty: none
	timeout time.Duration
	json    bool
	admin   bool // it changes what serves
}

const defaultURL = "http://127.0.0.1:8080"

func (p *Program) remote(c *cobra.Command) *remote {
	r := &remote{p: p}
	c.Flags().StringVar(&r.url, "url", "", "address of the host (default $ESHOST_URL, or "+defaultURL+")")
	c.Flags().DurationVar(&r.timeout, "timeout", 30*time.Second, "how long to wait for an answer")
	c.Flags().BoolVar(&r.json, "json", false, "print JSON, failures too")
	return r
}

// client connects as the flags and the environment say. closed
// ends what it needs.
func (r *remote) client() (c *client.Client, closed func(), err error) {
	if r.nats != "" {
		return r.overNATS()
	}
	url := r.url
	if url == "" {
		url = r.p.variable("ESHOST_URL")
	}
	if url == "" {
		url = defaultURL
	}
	token := r.p.variable("ESHOST_TOKEN")
	if own := r.p.variable("ESHOST_ADMIN_TOKEN"); r.admin && own != "" {
		token = own
	}
	c, err = client.New(url, &client.Options{Token: token})
	return c, func() {}, err
}

// run calls f with a client, and reports its error as the flags say.
func (r *remote) run(ctx context.Context, f func(context.Context, *client.Client) error) error {
	c, closed, err := r.client()
	if err == nil {
		defer closed()
		if r.timeout > 0 {
			var cancel context.CancelFunc
			ctx, cancel = context.WithTimeout(ctx, r.timeout)
			defer cancel()
		}
		err = f(ctx, c)
	}
	var reported *reportedError
	if err == nil || errors.As(err, &reported) {
		return err
	}
	if errors.Is(err, client.ErrUnreachable) && !r.json && r.nats != "" {
		return fmt.Errorf("%w (start a host with nats.url in its configuration, and the same nats.prefix)", err)
	}
	if errors.Is(err, client.ErrUnreachable) && !r.json {
		return fmt.Errorf("%w (start one with `eshost dev`, or name another with --url or ESHOST_URL)", err)
	}
	var p *client.Problem
	switch errors.As(err, &p); {
	case p == nil || r.json:
	case p.Type == client.TypeUnauthorized:
		err = fmt.Errorf("%w (set ESHOST_TOKEN to the host's token)", err)
	case p.Type == client.TypeAdminOnly:
		err = fmt.Errorf("%w (set ESHOST_ADMIN_TOKEN to the host's admin token)", err)
	case p.Type == client.TypeUncovered:
		err = fmt.Errorf("%w (--force does)", err)
	case p.Type == client.TypeUnknownType || p.Type == client.TypeUnknownCommand:
		p.Detail = strings.Replace(p.Detail, "GET /v1/types", "`eshost types`", 1)
	}
	if r.json {
		if err := printJSON(r.p.Out, problemOf(err)); err != nil {
			return err
		}
		return &reportedError{err}
	}
	return err
}

// problem is a failure as --json prints it: an RFC 9457 problem.
type problem struct {
	Type    string          `json:"type"`
	Title   string          `json:"title"`
	Status  int             `json:"status,omitempty"` // missing: the host did not answer
	Detail  string          `json:"detail,omitempty"`
	Code    string          `json:"code,omitempty"`
	Payload json.RawMessage `json:"payload,omitempty"`
	Seq     *uint64         `json:"seq,omitempty"`
	Fault   string          `json:"fault,omitempty"`
	Plugin  string          `json:"plugin,omitempty"`
	// MayHaveHappened: send it again with the same command id to know.
	MayHaveHappened bool `json:"may_have_happened"`
	Retryable       bool `json:"retryable"` // nothing happened, and the same may succeed later by itself
	// AwaitsDeployment: nothing happened, and the same succeeds once a plugin is deployed that can fold the events.
	AwaitsDeployment bool `json:"awaits_deployment,omitempty"`
}

func problemOf(err error) problem {
	out := problem{Type: "about:blank", Title: err.Error(), MayHaveHappened: client.MayHaveHappened(err),
		Retryable: client.Retryable(err), AwaitsDeployment: client.AwaitsDeployment(err)}
	var p *client.Problem
	if errors.As(err, &p) {
		out.Type, out.Title, out.Status, out.Detail = p.Type, p.Title, p.Status, p.Detail
		out.Code, out.Payload, out.Seq, out.Fault, out.Plugin = p.Code, p.Payload, p.Seq, p.Fault, p.Plugin
	}
	return out
}

// rejectionLine says what the plugin's rules refused.
func rejectionLine(p *client.Problem) string {
	line := "rejected: " + p.Code
	if len(p.Payload) > 0 && string(p.Payload) != "null" {
		line += " " + string(p.Payload)
	}
	return line
}
