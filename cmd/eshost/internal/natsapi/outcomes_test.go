package natsapi_test

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/eshost/eshost/abi"
	"github.com/eshost/eshost/cmd/eshost/internal/api"
	"github.com/eshost/eshost/cmd/eshost/internal/natsapi"
	"github.com/eshost/eshost/host"
	"github.com/eshost/eshost/stores"
	"github.com/eshost/eshost/stores/memstore"
	"github.com/eshost/eshost/stores/storetest"
)

// ways are the two ways to one host.
type ways struct {
	*harness
	host   *host.Host
	faults *storetest.Faults
	http   *httptest.Server
}

// limit is that of bodies.
const limit = 4096

func bothWays(t *testing.T) *ways {
	faults := &storetest.Faults{}
	store := memstore.New(&memstore.Options{Exclusive: true})
	h := newHost(t, &host.Options{Log: storetest.Faulty(store, faults), Snapshots: store, MailboxSize: 2, PayloadBytes: 2048, EventsPerCommand: 100})
	w := &ways{serve(t, h, &natsapi.Options{MaxBodyBytes: limit}), h, faults, httptest.NewServer(api.New(h, &api.Options{MaxBodyBytes: limit, Logger: logger(t)}))}
	t.Cleanup(w.http.Close)
	return w
}

// answer is what either way answers.
type answer struct {
	status, outcome, etag, retry, contentType, body string
}

// overHTTP sends a request the one way.
func (w *ways) overHTTP(r request, id string) answer {
	method, path := http.MethodPost, "/v1/entities/"+segment(r.typ)+"/"+segment(id)
	if r.command == "" && !r.noCommand {
		method = http.MethodGet
	} else {
		path += "/commands/" + segment(r.command)
	}
	hr, err := http.NewRequest(method, w.http.URL+path, strings.NewReader(r.body))
	if err != nil {
		w.Fatal(err)
	}
	if r.body != "" || method == http.MethodPost {
		hr.Header.Set("Content-Type", "application/json")
	}
	for i := 0; i < len(r.headers); i += 2 {
		if r.headers[i] == "Content-Type" && i == 0 {
			hr.Header.Del("Content-Type")
		}
		hr.Header.Add(r.headers[i], r.headers[i+1])
	}
	resp, err := w.http.Client().Do(hr)
	if err != nil {
		w.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		w.Fatal(err)
	}
	return answer{strconv.Itoa(resp.StatusCode), "", resp.Header.Get("ETag"), resp.Header.Get("Retry-After"), resp.Header.Get("Content-Type"), string(body)}
}

// segment encodes a path's segment.
func segment(s string) string {
	if strings.Trim(s, ".") == "" {
		return strings.Repeat("%2E", len(s))
	}
	return url.PathEscape(s)
}

// overNATS sends a request the other way.
func (w *ways) overNATS(r request, id string) answer {
	tokens := [][]byte{stores.AppendToken(nil, r.typ), stores.AppendToken(nil, id), stores.AppendToken(nil, r.command)}
	subject := "command."
	if r.command == "" && !r.noCommand {
		subject, tokens = "state.", tokens[:2]
	}
	m := w.ask(subject+string(bytes.Join(tokens, []byte("."))), r.body, r.headers...)
	a := answer{m.Header.Get("Nats-Service-Error-Code"), m.Header.Get("Eshost-Outcome"), m.Header.Get("ETag"), m.Header.Get("Retry-After"), m.Header.Get("Content-Type"), string(m.Data)}
	title := m.Header.Get("Nats-Service-Error")
	switch {
	case a.status == "" && a.outcome == "unchanged":
		a.status = "304"
	case a.status == "":
		a.status = "200"
	case title == "" || !strings.Contains(a.body, `"title":"`+title+`"`):
		w.Errorf("Nats-Service-Error is %q of\n%s", title, a.body)
	}
	return a
}

// request is a request that can go both ways; without a command it reads the state.
type request struct {
	typ, command, body string
	headers            []string
	noCommand          bool // it is a command, whose name is empty
}

func TestEveryOutcomeIsThatOfHTTP(t *testing.T) {
	w := bothWays(t)
	by := `{"by":5}`
	msgpack := string(abi.AppendUint([]byte{0x81, 0xa2, 'b', 'y'}, 5))
	add := func(headers ...string) request {
		return request{typ: "mischief", command: "add", body: by, headers: headers}
	}
	command := func(name, body string) request { return request{typ: "mischief", command: name, body: body} }
	state := func(headers ...string) request { return request{typ: "mischief", headers: headers} }
	exists := func(id string) { w.accept(id) }
	held := func(mail int) func(string) {
		return func(id string) { w.hold(id, mail) }
	}
	for _, test := range []struct {
		name            string
		request         request
		id              string       // behind which the way's own name is put; "": the whole of it
		before          func(string) // of each way
		status, outcome string
	}{
		{"accepted", add(), "a", nil, "200", "accepted"},
		{"accepted, with an id", add("Idempotency-Key", "k"), "a", nil, "200", "accepted"},
		{"accepted before", add("Idempotency-Key", "k"), "a", nil, "200", "accepted"},
		{"a quoted id", add("Idempotency-Key", `" k\""`), "a", nil, "200", "accepted"},
		{"the id of another command", request{typ: "mischief", command: "add", body: `{"by":6}`, headers: []string{"Idempotency-Key", "k"}}, "a", nil, "422", "command-id-reused"},
		{"an id that is none", add("Idempotency-Key", strings.Repeat("k", 129)), "a", nil, "400", "invalid-request"},
		{"the number it has", add("If-Match", `"1"`), "b", exists, "200", "accepted"},
		{"another number", add("If-Match", `"7"`), "b", nil, "412", "expected-seq"},
		{"must not exist", add("If-None-Match", "*"), "b", nil, "412", "expected-seq"},
		{"a number that is none", add("If-Match", "7"), "b", nil, "400", "invalid-request"},
		{"both conditions", add("If-Match", `"7"`, "If-None-Match", "*"), "b", nil, "400", "invalid-request"},
		{"msgpack", request{"mischief", "add", msgpack, []string{"Content-Type", "application/msgpack"}, false}, "c", nil, "200", "accepted"},
		{"msgpack that is answered in JSON", request{"mischief", "add", msgpack, []string{"Content-Type", "application/msgpack", "Accept", "application/json"}, false}, "c", nil, "200", "accepted"},
		{"JSON that is answered in msgpack", add("Accept", "application/msgpack"), "c", nil, "200", "accepted"},
		{"without a payload", command("look", ""), "c", nil, "200", "accepted"},
		{"rejected", command("refuse", ""), "d", nil, "422", "rejected"},
		{"an unknown type", request{typ: "nothing", command: "add", body: by}, "d", nil, "404", "unknown-type"},
		{"a type that is none", request{typ: "Not A Type", command: "add", body: by}, "d", nil, "400", "invalid-id"},
		{"an unknown command", command("nothing", by), "d", nil, "404", "unknown-command"},
		{"a command that is none", command("No *.> Command", by), "d", nil, "404", "unknown-command"},
		{"no command", request{typ: "mischief", body: by, noCommand: true}, "d", nil, "404", "unknown-command"},
		{"an id with a control character", add(), "d\x01", nil, "400", "invalid-id"},
		{"an id that is too long", add(), strings.Repeat("d", 513), nil, "400", "invalid-id"},
		{"no id", add(), "", nil, "400", "invalid-id"},
		{"no JSON", command("add", "{"), "e", nil, "400", "invalid-payload"},
		{"no msgpack", request{"mischief", "add", "\xc1", []string{"Content-Type", "application/msgpack"}, false}, "e", nil, "400", "invalid-payload"},
		{"a payload of something else", command("add", `{"by":"x"}`), "e", nil, "400", "invalid-payload"},
		{"another media type", request{"mischief", "add", by, []string{"Content-Type", "text/plain"}, false}, "e", nil, "415", "unsupported-media-type"},
		{"two media types", request{"mischief", "add", by, []string{"Content-Type", "application/json", "Content-Type", "application/json"}, false}, "e", nil, "415", "unsupported-media-type"},
		{"an encoding", add("Content-Encoding", "gzip"), "e", nil, "415", "unsupported-media-type"},
		{"an answer in something else", add("Accept", "text/html"), "e", nil, "406", "not-acceptable"},
		{"a time that is none", add("Request-Timeout", "soon"), "e", nil, "400", "invalid-request"},
		{"a payload that is too large", command("add", `"`+strings.Repeat("x", 3000)+`"`), "e", nil, "413", "too-large"},
		{"a body that is too large", command("add", `"`+strings.Repeat("x", limit)+`"`), "e", nil, "413", "too-large"},
		{"a panic", command("panic", ""), "f", nil, "500", "plugin-failed"},
		{"a trap", command("exit", ""), "f", nil, "500", "plugin-failed"},
		{"too many events", command("many", `{"by":101}`), "f", nil, "500", "plugin-failed"},
		{"the store refuses", add(), "g", func(string) { w.faults.Next(storetest.FaultBefore) }, "503", "unavailable"},
		{"the deadline ends while it is stored", add("Request-Timeout", "0.1"), "h", func(string) { w.faults.Next(storetest.FaultHold) }, "504", "outcome-unknown"},
		{"the deadline ends in the mailbox", add("Request-Timeout", "0.1"), "i", held(0), "503", "not-started"},
		{"the mailbox is full", add(), "j", held(2), "429", "mailbox-full"},
		{"a state", state(), "k", exists, "200", "found"},
		{"a state in msgpack", state("Accept", "application/msgpack"), "k", nil, "200", "found"},
		{"a state in something else", state("Accept", "text/html"), "k", nil, "406", "not-acceptable"},
		{"a state that the caller has", state("If-None-Match", `W/"0", "1"`), "k", nil, "304", "unchanged"},
		{"a state that is another", state("If-Match", `"7"`), "k", nil, "412", "expected-seq"},
		{"a state of nothing", state(), "l", nil, "404", "no-events"},
		{"a state of an unknown type", request{typ: "nothing"}, "l", nil, "404", "unknown-type"},
		{"a state of no id", state(), "", nil, "400", "invalid-id"},
		{"the host is closed", add(), "m", func(string) { w.closeHost() }, "503", "shutting-down"},
	} {
		t.Run(test.name, func(t *testing.T) {
			var got [2]answer
			for i, way := range []func(request, string) answer{w.overHTTP, w.overNATS} {
				id := test.id
				if id != "" {
					id += []string{"-one", "-two"}[i]
				}
				if len(test.id) > 512 {
					id = test.id
				}
				if test.before != nil {
					test.before(id)
				}
				got[i] = way(test.request, id)
				w.faults.Release()
			}
			if got[1].outcome != test.outcome {
				t.Errorf("outcome over NATS is %s, want %s", got[1].outcome, test.outcome)
			}
			got[1].outcome, got[1].body = "", strings.ReplaceAll(got[1].body, "-two", "-one")
			got[0].body = withoutTime(got[0].body)
			got[1].body = withoutTime(got[1].body)
			if got[0] != got[1] || got[0].status != test.status {
				t.Errorf("over HTTP\n%q\nover NATS\n%q\nwant status %s", got[0], got[1], test.status)
			}
		})
	}
}

// withoutTime blanks the time of a state, in JSON or msgpack, which is all that may differ.
func withoutTime(body string) string {
	const form = "2006-01-02T15:04:05.000Z"
	for i := 0; i+len(form) <= len(body); i++ {
		if _, err := time.Parse(form, body[i:i+len(form)]); err == nil {
			return body[:i] + form + body[i+len(form):]
		}
	}
	return body
}

// accept has an entity accept an addition.
func (w *ways) accept(id string) {
	w.Helper()
	if _, err := w.host.Entity("mischief", id).Handle(w.Context(), addition(1)); err != nil {
		w.Fatal(err)
	}
}

func addition(by uint64) host.Command {
	return host.Command{Name: "add", Payload: abi.AppendUint([]byte{0x81, 0xa2, 'b', 'y'}, by)}
}

// hold holds up the append of an addition, and puts more into the mailbox behind it.
func (w *ways) hold(id string, mail int) {
	w.Helper()
	w.accept(id) // it is in memory then
	w.faults.Next(storetest.FaultHold)
	for i := range mail + 1 {
		if _, err := w.host.Entity("mischief", id).Begin(w.Context(), addition(1)); err != nil {
			w.Fatal(err)
		}
		if i == 0 {
			ctx, cancel := context.WithTimeout(w.Context(), patience)
			if err := w.faults.AwaitHeld(ctx, 1); err != nil {
				w.Fatal(err)
			}
			cancel()
		}
	}
}

func (w *ways) closeHost() {
	w.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	if err := w.host.Close(ctx); err != nil {
		w.Error(err)
	}
}
