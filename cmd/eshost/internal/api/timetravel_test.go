package api_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"reflect"
	"strings"
	"testing"

	"github.com/eshost/eshost/cmd/eshost/internal/api"
	"github.com/eshost/eshost/host"
	"github.com/eshost/eshost/host/client"
	"github.com/eshost/eshost/stores"
)

func TestAPastStateIsServed(t *testing.T) {
	h := serve(t, newFake(), nil)
	a := h.get("/v1/entities/counter/a?at=2")
	a.want(200, `{"type":"counter","id":"a","seq":2,"state":7,"plugin":"`+digest.String()+`","state_schema":"v1","time":"2026-11-23T16:00:00.007Z"}`)
	if a.header.Get("ETag") != `"2"` {
		t.Errorf("ETag %s", a.header.Get("ETag"))
	}
	sum := sha256.Sum256([]byte("wasm"))
	if a := h.send("POST", "/v1/entities/counter/a/state?at=2", "wasm", wasmType); a.status != 200 || !bytes.Contains(a.body, []byte(hex.EncodeToString(sum[:]))) {
		t.Errorf("by another plugin: %d %s", a.status, a.body)
	}
	if p := h.get("/v1/entities/counter/a?at=4").wantProblem(404, "not-reached"); p["seq"] != json.Number("3") {
		t.Errorf("%v", p)
	}
	for _, at := range []string{"0", "x", "-1", "", "18446744073709551616"} {
		h.get("/v1/entities/counter/a?at="+at).wantProblem(400, "invalid-request")
	}
	h.send("POST", "/v1/entities/counter/a/state", "wasm", wasmType).wantProblem(400, "invalid-request")
	h.post("/v1/entities/counter/a/state?at=1", "{}").wantProblem(415, "unsupported-media-type")
}

func TestADryRunIsServed(t *testing.T) {
	h := serve(t, newFake(), nil)
	h.post("/v1/entities/counter/a/commands/increase/dry-run", `{"by":5}`).want(200, `{"seq":3,"plugin":"`+digest.String()+
		`","time":"2026-11-23T16:00:00.007Z","events":[{"seq":4,"name":"increased","version":1,"payload":{"by":5}}],"reply":8,"state":8}`)
	h.post("/v1/entities/counter/a/commands/refuse/dry-run", ``).want(200, `{"seq":3,"plugin":"`+digest.String()+
		`","time":"2026-11-23T16:00:00.007Z","events":[],"reply":null,"rejection":{"code":"refused","payload":null},"state":8}`)
	h.post("/v1/entities/counter/a/commands/increase/dry-run", `{}`, `If-Match: "7"`).wantProblem(412, "expected-seq")
	h.post("/v1/entities/counter/a/commands/increase/dry-run", `{}`, `Idempotency-Key: x`).wantProblem(400, "invalid-request")
	h.post("/v1/entities/counter/a/commands/increase/dry-run", `{`).wantProblem(400, "invalid-payload")
	h.post("/v1/entities/counter/a/commands/increase/dry-run", "\x81\xa2by\x05", "Content-Type: application/msgpack").wantProblem(415, "unsupported-media-type") // two of them
	a := h.send("POST", "/v1/entities/counter/a/commands/increase/dry-run", "\x81\xa2by\x05", "Content-Type: application/msgpack")
	if a.status != 200 || a.header.Get("Content-Type") != "application/msgpack" || a.body[0] != 0x86 {
		t.Errorf("in msgpack: %d %x", a.status, a.body)
	}
}

func TestAVerificationIsServed(t *testing.T) {
	h := serve(t, newFake(), nil)
	decisions := `[{"type":"counter","id":"a","after":1,"time":"2026-11-23T16:00:00.007Z","plugin":"` + digest.String() + `","command":"decrease","payload":null,` +
		`"recorded":{"events":[{"name":"decreased","version":1,"payload":null}],"reply":7},"now":{"events":[],"reply":null,"rejected":"underflow"}}]`
	h.get("/v1/entities/counter/a/verification").want(200, `{"seq":3,"commits":3,"equal":1,"different":1,"unknown":1,"plugins":[{"plugin":"`+digest.String()+
		`","commits":3,"equal":1,"different":1,"unknown":1,"error":"not found in the store"}],"decisions":`+decisions+`}`)
	h.get("/v1/entities/counter/none/verification").wantProblem(404, "no-events")
}

func TestAReplayIsStreamed(t *testing.T) {
	h := serve(t, newFake(), nil)
	a := h.send("POST", "/v1/types/counter/replay?id=a&sample=0.5&at=7&keep=true&decide=true&examples=3", "wasm", wasmType)
	lines := strings.Split(strings.TrimSpace(string(a.body)), "\n")
	if a.status != 200 || len(lines) != 2 || !strings.HasPrefix(lines[0], `{"done":false,"until":"7-1","entities":1,"events":3,"total_entities":2,"total_events":6,"elapsed_ms":1000,"events_per_second":3,"ends":"2026-`) {
		t.Fatalf("%d %s", a.status, a.body)
	}
	for _, want := range []string{`"done":true`, `"verdicts":{"equal":1,"different":1,"faulty":1,"mended":0,"broken":0,"unreadable":0}`,
		`"kept":1,"seq":2,"event":{"name":"increased","version":1,"payload":1},"old":3,"new":4,"difference":[{"value":3,"op":"test","path":""},{"value":4,"op":"replace","path":""}]`,
		`"verdict":"faulty","events":3,"seq":3,"event":{"name":"increased","version":1,"payload":1},"error":"cannot fold"`, `"decisions":[{"type":"counter"`} {
		if !strings.Contains(lines[1], want) {
			t.Errorf("%s\nhas no %s", lines[1], want)
		}
	}
	if want := (host.ReplayQuery{Type: "counter", IDs: []string{"a"}, Sample: 0.5, Seq: 7, Keep: true, Decide: true, Examples: 3}); !reflect.DeepEqual(h.fake.replayed, want) {
		t.Errorf("asked for %+v", h.fake.replayed)
	}
	for _, query := range []string{"sample=0", "sample=1.5", "sample=x", "at=0", "keep=yes", "decide=1", "examples=0", "examples=1001", "ids=a"} {
		h.send("POST", "/v1/types/counter/replay?"+query, "wasm", wasmType).wantProblem(400, "invalid-request")
	}
	h.fake.replayErr = host.ErrUnknownType
	h.send("POST", "/v1/types/counter/replay", "wasm", wasmType).wantProblem(404, "unknown-type")
	h.fake.replayErr, h.fake.replayLate = stores.ErrUnavailable, true
	a = h.send("POST", "/v1/types/counter/replay", "wasm", wasmType)
	if lines := strings.Split(strings.TrimSpace(string(a.body)), "\n"); len(lines) != 2 || !strings.HasPrefix(lines[1], `{"problem":{"type":"urn:eshost:problem:unavailable"`) {
		t.Errorf("it ends with %s", a.body)
	}
}

func TestPluginsThatAreSentAreForAdministrators(t *testing.T) {
	h := serve(t, newFake(), &api.Options{Token: "t", AdminToken: "a"})
	for _, path := range []string{"/v1/types/counter/replay", "/v1/entities/counter/a/state?at=1"} {
		h.send("POST", path, "wasm", wasmType, "Authorization: Bearer t").wantProblem(403, "admin-only")
		if a := h.send("POST", path, "wasm", wasmType, "Authorization: Bearer a"); a.status != 200 {
			t.Errorf("%s: %d %s", path, a.status, a.body)
		}
	}
	for _, path := range []string{"/v1/entities/counter/a?at=1", "/v1/entities/counter/a/verification"} {
		if a := h.get(path, "Authorization: Bearer t"); a.status != 200 {
			t.Errorf("%s: %d %s", path, a.status, a.body)
		}
	}
}

func TestTheClientTravelsInTime(t *testing.T) {
	h := serve(t, newFake(), nil)
	c, err := client.New(h.srv.URL, nil)
	if err != nil {
		t.Fatal(err)
	}
	ctx := t.Context()
	for _, wasm := range [][]byte{nil, []byte("wasm")} {
		if s, err := c.StateAt(ctx, "counter", "a", 2, wasm); err != nil || s.Seq != 2 || string(s.Payload) != "7" || (s.Plugin == digest.String()) != (wasm == nil) {
			t.Errorf("%+v, %v", s, err)
		}
	}
	var p *client.Problem
	if _, err := c.StateAt(ctx, "counter", "a", 4, nil); !errors.As(err, &p) || p.Type != client.TypeNotReached || *p.Seq != 3 {
		t.Errorf("%v", err)
	}
	if d, err := c.DryRun(ctx, client.Command{Type: "counter", ID: "a", Name: "increase", Payload: []byte(`{"by":5}`)}); err != nil || d.Seq != 3 || d.Events[0].Seq != 4 || string(d.State) != "8" || d.Rejection != nil {
		t.Errorf("%+v, %v", d, err)
	}
	if d, err := c.DryRun(ctx, client.Command{Type: "counter", ID: "a", Name: "refuse"}); err != nil || d.Rejection.Code != "refused" {
		t.Errorf("%+v, %v", d, err)
	}
	if v, err := c.Verify(ctx, "counter", "a"); err != nil || v.Commits != 3 || v.Plugins[0].Unknown != 1 || v.Decisions[0].Now.Rejected != "underflow" {
		t.Errorf("%+v, %v", v, err)
	}
	n := 0
	for r, err := range c.Replay(ctx, client.ReplayQuery{Type: "counter", ID: "a", Sample: 0.5, At: 7, Keep: true, Decide: true, Examples: 3}, []byte("wasm")) {
		if n++; err != nil || r.Done != (n == 2) || r.Done && (len(r.Findings) != 2 || r.Verdicts["different"] != 1 || r.Decided.Different != 1) {
			t.Errorf("%+v, %v", r, err)
		}
	}
	if want := (host.ReplayQuery{Type: "counter", IDs: []string{"a"}, Sample: 0.5, Seq: 7, Keep: true, Decide: true, Examples: 3}); n != 2 || !reflect.DeepEqual(h.fake.replayed, want) {
		t.Errorf("%d lines; asked for %+v", n, h.fake.replayed)
	}
	h.fake.replayErr, h.fake.replayLate = stores.ErrUnavailable, true
	var last error
	for _, err := range c.Replay(ctx, client.ReplayQuery{Type: "counter"}, []byte("wasm")) {
		last = err
	}
	if !errors.As(last, &p) || p.Type != api.URN+"unavailable" {
		t.Errorf("%v", last)
	}
}
