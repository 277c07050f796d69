package api_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/eshost/eshost/cmd/eshost/internal/api"
	"github.com/eshost/eshost/host"
	"github.com/eshost/eshost/host/client"
	"github.com/eshost/eshost/stores"
)

const wasmType = "Content-Type: application/wasm"

func TestADeploymentIsAnsweredWithItsPlan(t *testing.T) {
	h := serve(t, newFake(), nil)
	a := h.send("POST", "/v1/deployments?by=ada%40example.com&states=keep&force=true&plan_token=3-abc", "wasm", wasmType)
	var answer struct {
		Plan     client.Plan
		Deployed client.Deployed
	}
	if err := json.Unmarshal(a.body, &answer); err != nil || a.status != 200 || answer.Plan.Token != "3-abc" || answer.Deployed.Seq != 4 || answer.Deployed.By != "ada@example.com" || answer.Deployed.From != "127.0.0.1" {
		t.Errorf("%d %s, %v", a.status, a.body, err)
	}
	if o := h.fake.deployed; o.By != "ada@example.com" || o.From != "127.0.0.1" || o.States != host.KeepStates || !o.Force || o.PlanToken != "3-abc" {
		t.Errorf("asked for %+v", o)
	}
	a = h.send("POST", "/v1/deployments?plan=true", "wasm", wasmType)
	if a.status != 200 || strings.Contains(string(a.body), "deployed") || h.fake.deployed.Force {
		t.Errorf("a plan: %d %s", a.status, a.body)
	}
}

func TestTheProgressOfADeploymentIsStreamed(t *testing.T) {
	h := serve(t, newFake(), nil)
	a := h.send("POST", "/v1/deployments", "wasm", wasmType, "Accept: application/x-ndjson")
	lines := strings.Split(strings.TrimSpace(string(a.body)), "\n")
	if a.status != 200 || len(lines) != 3 || lines[0] != `{"step":"load"}` || !strings.Contains(lines[2], `"deployed":{"seq":4`) {
		t.Errorf("%d %s", a.status, a.body)
	}
	h.fake.deployErr = fmt.Errorf("told to: %w", host.ErrDeploymentRace)
	a = h.send("POST", "/v1/deployments", "wasm", wasmType, "Accept: application/x-ndjson")
	lines = strings.Split(strings.TrimSpace(string(a.body)), "\n")
	if last := lines[len(lines)-1]; !strings.Contains(last, `"problem":{"type":"urn:eshost:problem:deployment-race"`) || !strings.Contains(last, `"plan":{`) {
		t.Errorf("it ends with %s", last)
	}
}

func TestDeploymentsThatFailSayWhy(t *testing.T) {
	for _, test := range []struct {
		err    error
		status int
		name   string
	}{
		{&host.PlanError{Seq: 1, Now: 2}, 412, "plan-outdated"},
		{&host.RaceError{Seq: 3, Winner: entries[0]}, 412, "deployment-race"},
		{&host.CoverageError{Types: []host.UncoveredType{{Type: "counter", Kinds: []stores.Kind{{Name: "reset", Version: 2}}}}}, 422, "uncovered-events"},
		{&host.LoadError{Problems: []string{"it is a text"}}, 422, "plugin-refused"},
		{fmt.Errorf("states: %w", host.ErrIncompatible), 422, "plugin-refused"},
		{fmt.Errorf("back: %w", host.ErrNoFormer), 404, "no-former-plugin"},
		{fmt.Errorf("%w: lost", host.ErrUnavailable), 503, "unavailable"},
		{fmt.Errorf("%w: look at the history", host.ErrOutcomeUnknown), 504, "outcome-unknown"},
		{errors.New("boom"), 500, "internal"},
	} {
		h := serve(t, newFake(), nil)
		h.fake.deployErr = test.err
		for _, path := range []string{"/v1/deployments", "/v1/deployments?plan=true", "/v1/types/counter/rollback"} {
			members := h.send("POST", path, "wasm", wasmType).wantProblem(test.status, test.name)
			if strings.Contains(members["detail"].(string), "Idempotency-Key") {
				t.Errorf("%s: %v", path, members)
			}
		}
	}
	h := serve(t, newFake(), &api.Options{MaxPluginBytes: 3})
	h.send("POST", "/v1/deployments", "wasm", wasmType).wantProblem(413, "too-large")
	h.post("/v1/deployments", "{}").wantProblem(415, "unsupported-media-type")
	for _, query := range []string{"force=1", "states=halve", "plan=yes", "x=1"} {
		h.send("POST", "/v1/deployments?"+query, "wa", wasmType).wantProblem(400, "invalid-request")
	}
	h.send("POST", "/v1/types/counter/rollback?states=halve", "").wantProblem(400, "invalid-request")
	h.send("DELETE", "/v1/deployments", "").wantProblem(405, "method-not-allowed")
	if a := h.send("DELETE", "/v1/deployments", ""); a.header.Get("Allow") != "GET, HEAD, POST" {
		t.Errorf("Allow: %s", a.header.Get("Allow"))
	}
}

func TestATypeIsRolledBack(t *testing.T) {
	h := serve(t, newFake(), nil)
	a := h.send("POST", "/v1/types/counter/rollback?by=ada%40example.com&force=true&states=keep", "")
	a.want(200, `{"deployed":{"seq":5,"plugin":"`+digest.String()+`","types":["counter"],"time":"2026-11-23T16:00:00.007Z","by":"ada@example.com","from":"127.0.0.1"}}`)
	if o := h.fake.rolledBack; o.By != "ada@example.com" || o.From != "127.0.0.1" || o.States != host.KeepStates || !o.Force {
		t.Errorf("asked for %+v", o)
	}
}

func TestTheHistoryComesInPages(t *testing.T) {
	h := serve(t, newFake(), nil)
	for _, test := range []struct{ query, first, next string }{
		{"", `"seq":1,`, ""}, {"?limit=1", `"seq":1,`, `"next":1}`}, {"?after=1&limit=1", `"seq":2,`, `"next":2}`}, {"?after=2", `"rollback":true`, ""}, {"?after=9", `"deployments":[]`, ""},
	} {
		a := h.get("/v1/deployments" + test.query)
		if a.status != 200 || !strings.Contains(string(a.body), test.first) || strings.HasSuffix(string(a.body), test.next) == (test.next == "" && strings.Contains(string(a.body), "next")) {
			t.Errorf("%s: %d %s", test.query, a.status, a.body)
		}
	}
	h.get("/v1/deployments", "Accept: application/msgpack")
}

func TestAPluginIsShownByTheBeginningOfItsDigest(t *testing.T) {
	h := serve(t, newFake(), nil)
	if a := h.get("/v1/plugins/" + digest.String()[:8]); a.status != 200 || !strings.Contains(string(a.body), `"manifest":{"abi":[`) || !strings.Contains(string(a.body), `"serves":["counter"],"former_of":[]`) {
		t.Errorf("%d %s", a.status, a.body)
	}
	h.get("/v1/plugins/"+digest.String(), "Accept: application/msgpack")
	h.get("/v1/plugins/ff").wantProblem(404, "unknown-plugin")
}

func TestWhatChangesWhatServesTakesTheAdminToken(t *testing.T) {
	for _, token := range []string{"", "t"} {
		h := serve(t, newFake(), &api.Options{Token: token, AdminToken: "a"})
		for _, path := range []string{"/v1/deployments", "/v1/types/counter/rollback"} {
			h.send("POST", path, "wasm", wasmType).wantProblem(403, "admin-only")
			h.send("POST", path, "wasm", wasmType, "Authorization: Bearer t").wantProblem(403, "admin-only")
			if a := h.send("POST", path, "wasm", wasmType, "Authorization: Bearer a"); a.status != 200 {
				t.Errorf("%s with the admin token: %d %s", path, a.status, a.body)
			}
		}
		if a := h.get("/v1/deployments", "Authorization: Bearer a"); a.status != 200 {
			t.Errorf("a read with the admin token: %d %s", a.status, a.body)
		}
		if a := h.get("/v1/deployments", "Authorization: Bearer t"); a.status != 200 {
			t.Errorf("a read with the token: %d %s", a.status, a.body)
		}
		if a := h.get("/v1/deployments"); (a.status == 200) != (token == "") {
			t.Errorf("a read without a token: %d %s", a.status, a.body)
		}
	}
	h := serve(t, newFake(), &api.Options{Token: "t"})
	if a := h.send("POST", "/v1/deployments", "wasm", wasmType, "Authorization: Bearer t"); a.status != 200 {
		t.Errorf("without an admin token the token is enough: %d %s", a.status, a.body)
	}
	h.send("POST", "/v1/deployments", "wasm", wasmType).wantProblem(401, "unauthorized")
}

func TestTheClientDeploysRollsBackAndLooks(t *testing.T) {
	h := serve(t, newFake(), nil)
	c, err := client.New(h.srv.URL, nil)
	if err != nil {
		t.Fatal(err)
	}
	ctx := t.Context()
	var steps []string
	d, err := c.Deploy(ctx, []byte("wasm"), &client.DeployOptions{By: "ada@example.com", Progress: func(s string) { steps = append(steps, s) }})
	if err != nil || d.Deployed.Seq != 4 || d.Plan.Types[0].RollbackUnsafe != "of late" || strings.Join(steps, " ") != "load planned" {
		t.Errorf("%+v, %v, steps %v", d, err, steps)
	}
	if p, err := c.Plan(ctx, []byte("wasm"), &client.DeployOptions{States: "keep"}); err != nil || p.Token != "3-abc" || h.fake.deployed.States != host.KeepStates {
		t.Errorf("%+v, %v", p, err)
	}
	if d, err := c.Rollback(ctx, "counter", &client.RollbackOptions{Force: true}); err != nil || d.Seq != 5 || !h.fake.rolledBack.Force {
		t.Errorf("%+v, %v", d, err)
	}
	n := 0
	for e, err := range c.History(ctx, 1) {
		if n++; err != nil || e.Seq != uint64(n+1) {
			t.Errorf("%+v, %v", e, err)
		}
	}
	if p, err := c.Plugin(ctx, digest.String()[:6]); n != 2 || err != nil || p.Bytes != 1234 || len(p.Manifest) == 0 || len(p.Deployments) != 2 {
		t.Errorf("%+v, %v, %d entries", p, err, n)
	}
	h.fake.deployErr = host.ErrUncovered
	var p *client.Problem
	if d, err := c.Deploy(ctx, []byte("wasm"), nil); !errors.As(err, &p) || p.Type != client.TypeUncovered || d.Plan == nil || client.Retryable(err) {
		t.Errorf("%+v, %v", d, err)
	}
}
