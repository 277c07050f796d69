package client

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"iter"
	"net/http"
	"net/url"
	"strconv"
	"time"
)

// DeployOptions say how a plugin is deployed. Nil, or a zero field, means the default.
type DeployOptions struct {
	PlanToken string            // of the plan that must hold still; empty: none
	States    string            // what becomes of states: keep or refold; empty: refold
	Force     bool              // deploy it although it cannot fold all that is in the log
	By        string            // who deploys it, for the history
	Progress  func(step string) // is told each step before it is taken; nil: nobody is
}

// Plan says what a deployment would change.
type Plan struct {
	Token     string     `json:"token"` // for DeployOptions.PlanToken
	Seq       uint64     `json:"seq"`   // the number of the last deployment when it was made
	Plugin    string     `json:"plugin"`
	Bytes     int        `json:"bytes"`
	Unchanged bool       `json:"unchanged"` // the plugin serves all its types already
	Types     []TypePlan `json:"types"`
	Left      []string   `json:"left"` // types that a plugin it takes over from serves on, since it does not declare them
}

// TypePlan says what a deployment would change for one type.
type TypePlan struct {
	Type             string   `json:"type"`
	Serving          string   `json:"serving,omitempty"` // the plugin that serves it; empty: none does
	Changes          []Change `json:"changes"`
	States           string   `json:"states"`                      // keep or refold
	Unlisted         []Kind   `json:"unlisted"`                    // events in the log that the new plugin does not list
	SnapshotsIgnored string   `json:"snapshots_ignored,omitempty"` // why other plugins' would be; empty: they would not
	RollbackUnsafe   string   `json:"rollback_unsafe,omitempty"`   // why a rollback would not be safe; empty: it would be
}

// Change is a difference between what two plugins declare of a type.
type Change struct {
	Op     string `json:"op"`   // added, removed or changed
	What   string `json:"what"` // type, command, event or state
	Name   string `json:"name,omitempty"`
	Detail string `json:"detail,omitempty"` // what changed
}

// Kind is a kind of events.
type Kind struct {
	Name    string `json:"name"`
	Version uint32 `json:"version"`
}

// Deployed says what serves since a deployment or a rollback.
type Deployed struct {
	Seq    uint64    `json:"seq"` // its number
	Plugin string    `json:"plugin"`
	Types  []string  `json:"types"`
	Time   time.Time `json:"time"`
	By     string    `json:"by"`
	From   string    `json:"from"`
}

// Deployment is what came of one.
type Deployment struct {
	Plan     *Plan     `json:"plan"`     // nil: it failed before there was one
	Deployed *Deployed `json:"deployed"` // nil: it was only planned, or failed
}

// Plan says what the deployment of a plugin's bytes would change.
func (c *Client) Plan(ctx context.Context, wasm []byte, o *DeployOptions) (*Plan, error) {
	d, err := c.deploy(ctx, wasm, o, true)
	return d.Plan, err
}

// Deploy deploys a plugin's bytes. When it fails, what served before serves on; the plan is there as far as it went.
func (c *Client) Deploy(ctx context.Context, wasm []byte, o *DeployOptions) (Deployment, error) {
	return c.deploy(ctx, wasm, o, false)
}

func (c *Client) deploy(ctx context.Context, wasm []byte, o *DeployOptions, plan bool) (Deployment, error) {
	if o == nil {
		o = &DeployOptions{}
	}
	q := query("states", o.States, "plan_token", o.PlanToken, "by", o.By, "force", flag(o.Force), "plan", flag(plan))
	resp, err := c.do(ctx, http.MethodPost, path("deployments")+q, bytes.NewReader(wasm),
		header{"Content-Type", "application/wasm"}, header{"Accept", "application/x-ndjson"})
	if err != nil {
		return Deployment{}, err
	}
	defer resp.Body.Close()
	for d := json.NewDecoder(resp.Body); ; {
		var line struct {
			Step    string   `json:"step"`
			Problem *Problem `json:"problem"`
			Deployment
		}
		switch err := d.Decode(&line); {
		case err == io.EOF:
			return Deployment{}, c.unanswered(io.ErrUnexpectedEOF)
		case err != nil:
			return Deployment{}, fmt.Errorf("answer of %s is not what an eshost gives: %w", c.base, err)
		case line.Problem != nil:
			return line.Deployment, line.Problem
		case line.Step == "":
			return line.Deployment, nil
		case o.Progress != nil:
			o.Progress(line.Step)
		}
	}
}

// RollbackOptions say how a type goes back to its former plugin. Nil, or a zero field, means the default.
type RollbackOptions struct {
	States string // what becomes of states: keep or refold; empty: refold
	Force  bool   // go back although the former plugin cannot fold all that is in the log
	By     string // who does it, for the history
}

// Rollback has the plugin serve a type that served it before the present one.
func (c *Client) Rollback(ctx context.Context, typ string, o *RollbackOptions) (Deployed, error) {
	if o == nil {
		o = &RollbackOptions{}
	}
	q := query("states", o.States, "by", o.By, "force", flag(o.Force))
	resp, err := c.do(ctx, http.MethodPost, path("types", typ, "rollback")+q, nil, header{"Accept", "application/json"})
	if err != nil {
		return Deployed{}, err
	}
	defer resp.Body.Close()
	var d Deployment
	err = c.decode(resp.Body, &d)
	if err == nil && d.Deployed == nil {
		err = fmt.Errorf("answer of %s is not what an eshost gives", c.base)
	}
	if err != nil {
		return Deployed{}, err
	}
	return *d.Deployed, nil
}

// HistoryEntry is a deployment or a rollback that happened.
type HistoryEntry struct {
	Seq      uint64         `json:"seq"`
	Time     time.Time      `json:"time"`
	Rollback bool           `json:"rollback,omitempty"`
	Plugin   string         `json:"plugin"` // that serves from then on
	Bytes    int            `json:"bytes"`  // 0: of a rollback
	Types    []DeployedType `json:"types"`
	By       string         `json:"by"`
	From     string         `json:"from"`
	Forced   bool           `json:"forced,omitempty"` // although the plugin could not fold all that was in the log
}

// DeployedType is a type that a deployment concerns.
type DeployedType struct {
	Type   string `json:"type"`
	States string `json:"states"` // keep or refold
}

// History yields the deployments after the number, the oldest first. An error is the last thing it yields.
func (c *Client) History(ctx context.Context, after uint64) iter.Seq2[HistoryEntry, error] {
	return func(yield func(HistoryEntry, error) bool) {
		for {
			var page struct {
				Deployments []HistoryEntry `json:"deployments"`
				Next        *uint64        `json:"next"`
			}
			if err := c.get(ctx, path("deployments")+"?limit=1000&after="+strconv.FormatUint(after, 10), &page); err != nil {
				yield(HistoryEntry{}, err)
				return
			}
			for _, e := range page.Deployments {
				if !yield(e, nil) {
					return
				}
			}
			if page.Next == nil {
				return
			}
			after = *page.Next
		}
	}
}

// PluginInfo is what is known of a plugin that was deployed.
type PluginInfo struct {
	Plugin      string          `json:"plugin"`
	Bytes       int             `json:"bytes"`
	Serves      []string        `json:"serves"`    // types
	FormerOf    []string        `json:"former_of"` // types that would go back to it
	Deployments []HistoryEntry  `json:"deployments"`
	Manifest    json.RawMessage `json:"manifest"` // as the ABI has it, in its JSON form
}

// Plugin returns what is known of the plugin whose digest begins so, in hexadecimal.
func (c *Client) Plugin(ctx context.Context, digest string) (PluginInfo, error) {
	var p PluginInfo
	err := c.get(ctx, path("plugins", digest), &p)
	return p, err
}

// query is a query of those parameters that have a value.
func query(pairs ...string) string {
	v := make(url.Values)
	for i := 0; i < len(pairs); i += 2 {
		if pairs[i+1] != "" {
			v.Set(pairs[i], pairs[i+1])
		}
	}
	if len(v) == 0 {
		return ""
	}
	return "?" + v.Encode()
}

func flag(set bool) string {
	if set {
		return "true"
	}
	return ""
}
