package api_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/eshost/eshost/abi"
	"github.com/eshost/eshost/cmd/eshost/internal/api"
	"github.com/eshost/eshost/host"
	"github.com/eshost/eshost/stores"
)

// decode decodes a good answer.
func (a answer) decode(v any) {
	a.t.Helper()
	if a.status != 200 {
		a.t.Fatalf("answered %d: %s", a.status, a.body)
	}
	if err := json.Unmarshal(a.body, v); err != nil {
		a.t.Fatalf("%v: %s", err, a.body)
	}
}

// only returns the one entity that has events.
func (f *fake) only(t *testing.T) stores.EntityID {
	t.Helper()
	f.mu.Lock()
	defer f.mu.Unlock()
	if len(f.entities) != 1 {
		t.Fatalf("%d entities have events, want 1", len(f.entities))
	}
	for id := range f.entities {
		return id
	}
	panic("unreachable")
}

const plugin = "0102030000000000000000000000000000000000000000000000000000000000"

func TestAStateIsRead(t *testing.T) {
	f := newFake().with("counter", "a", 2)
	f.values[stores.EntityID{Type: "counter", ID: "a"}] = 18446744073709551615
	h := serve(t, f, nil)
	a := h.get("/v1/entities/counter/a")
	a.want(200, `{"type":"counter","id":"a","seq":2,"state":18446744073709551615,"plugin":"`+plugin+
		`","state_schema":"{\"type\":\"integer\"}","time":"2026-11-23T16:00:00.007Z"}`)
	if a.header.Get("ETag") != `"2"` || a.header.Get("Cache-Control") != "no-store" {
		t.Errorf("headers are %v", a.header)
	}
	m := h.get("/v1/entities/counter/a", "Accept: application/msgpack")
	if text, err := abi.AppendJSON(nil, m.body); err != nil || !bytes.Equal(text, a.body) || m.header.Get("Content-Type") != "application/msgpack" {
		t.Errorf("msgpack is %s, %v", text, err)
	}
	h.get("/v1/entities/counter/b").wantProblem(404, "no-events")
	h.get("/v1/entities/nothing/b").wantProblem(404, "unknown-type")
	h.get("/v1/entities/counter/a", "Accept: text/html").wantProblem(406, "not-acceptable")
	h.get("/v1/entities/counter/a", "Accept: text/event-stream").wantProblem(406, "not-acceptable")
	h.get("/v1/entities/counter/a", "Request-Timeout: x").wantProblem(400, "invalid-request")
}

func TestAStateIsReadUnderConditions(t *testing.T) {
	h := serve(t, newFake().with("counter", "a", 2), nil)
	for _, test := range []struct {
		header string
		status int
	}{
		{`If-None-Match: "2"`, 304},
		{`If-None-Match: W/"2"`, 304},
		{`If-None-Match: "1", "2"`, 304},
		{`If-None-Match: *`, 304},
		{`If-None-Match: "1"`, 200},
		{`If-None-Match: 2`, 200},
		{`If-Match: "2"`, 200},
		{`If-Match: "1","2"`, 200},
		{`If-Match: *`, 200},
		{`If-Match: "1"`, 412},
		{`If-Match: W/"2"`, 412},
	} {
		a := h.get("/v1/entities/counter/a", test.header)
		if a.status != test.status || a.header.Get("ETag") != `"2"` || test.status == 304 && len(a.body) > 0 {
			t.Errorf("%s: %d with ETag %s and %q, want %d", test.header, a.status, a.header.Get("ETag"), a.body, test.status)
		}
		if test.status == 412 {
			a.wantProblem(412, "expected-seq")
		}
	}
}

func TestEventsAreReadInPages(t *testing.T) {
	h := serve(t, newFake().with("counter", "a", 250), nil)
	h.get("/v1/entities/counter/a/events?limit=1").want(200,
		`{"events":[{"seq":1,"name":"increased","version":1,"payload":{"by":1},"time":"2026-11-23T16:00:00.007Z","plugin":"`+plugin+`","position":"c-1"}],"next":1}`)
	for _, test := range []struct {
		query       string
		first, last uint64
		next        uint64
	}{
		{"", 1, 100, 100},
		{"?limit=250", 1, 250, 0},
		{"?after=100&limit=100", 101, 200, 200},
		{"?after=200", 201, 250, 0},
		{"?after=249&limit=1", 250, 250, 0},
		{"?after=250", 0, 0, 0},
		{"?after=18446744073709551615", 0, 0, 0},
	} {
		var page struct {
			Events []struct{ Seq uint64 }
			Next   uint64
		}
		a := h.get("/v1/entities/counter/a/events" + test.query)
		a.decode(&page)
		var first, last uint64
		if n := len(page.Events); n > 0 {
			first, last = page.Events[0].Seq, page.Events[n-1].Seq
		}
		if first != test.first || last != test.last || page.Next != test.next {
			t.Errorf("%q: %d to %d, next %d; want %d to %d, next %d", test.query, first, last, page.Next, test.first, test.last, test.next)
		}
	}
	h.get("/v1/entities/counter/b/events").want(200, `{"events":[]}`)
	h.get("/v1/entities/nothing/b/events").wantProblem(404, "unknown-type")
	m := h.get("/v1/entities/counter/a/events?limit=3", "Accept: application/msgpack")
	j := h.get("/v1/entities/counter/a/events?limit=3")
	if text, err := abi.AppendJSON(nil, m.body); err != nil || !bytes.Equal(text, j.body) {
		t.Errorf("msgpack is %s, %v", text, err)
	}
}

func TestAPageOfLargeEventsEndsEarly(t *testing.T) {
	f := newFake()
	id := stores.EntityID{Type: "counter", ID: "a"}
	for range 30 {
		f.append(id, "increased", 1)
		e := &f.entities[id][len(f.entities[id])-1]
		e.Payload = abi.AppendBin(nil, make([]byte, 300<<10))
	}
	f.entities[id][7].Payload = nil
	h := serve(t, f, nil)
	var seqs []uint64
	pages := 0
	for after := uint64(0); ; pages++ {
		var page struct {
			Events []struct {
				Seq     uint64
				Payload json.RawMessage
			}
			Next *uint64
		}
		a := h.get(fmt.Sprintf("/v1/entities/counter/a/events?limit=1000&after=%d", after))
		if a.decode(&page); len(a.body) > 8<<20 {
			t.Fatalf("a page of %d bytes", len(a.body))
		}
		for _, e := range page.Events {
			if seqs = append(seqs, e.Seq); e.Seq == 8 && string(e.Payload) != "null" {
				t.Errorf("no payload is shown as %.20s", e.Payload)
			}
		}
		if page.Next == nil {
			break
		}
		after = *page.Next
	}
	for i, seq := range seqs {
		if seq != uint64(i+1) {
			t.Fatalf("events %v", seqs)
		}
	}
	if len(seqs) != 30 || pages == 0 {
		t.Errorf("events %v in %d pages", seqs, pages+1)
	}
}

func TestEntitiesAreListedInPages(t *testing.T) {
	f := newFake().with("other", "z", 1)
	for i := range 30 {
		f.with("counter", fmt.Sprintf("%02d", i), 1)
	}
	f.with("counter", `"quoted" é`, 1)
	h := serve(t, f, nil)
	h.get("/v1/entities/counter?limit=2").want(200, `{"entities":["\"quoted\" é","00"],"next":"00"}`)
	h.get("/v1/entities/counter?after=27").want(200, `{"entities":["28","29"]}`)
	h.get("/v1/entities/counter?after=%22quoted%22%20%C3%A9&limit=1").want(200, `{"entities":["00"],"next":"00"}`)
	h.get("/v1/entities/counter?after=zz").want(200, `{"entities":[]}`)
	h.get("/v1/entities/other").want(200, `{"entities":["z"]}`)
	h.get("/v1/entities/nothing").wantProblem(404, "unknown-type")
	h.get("/v1/entities/Nothing").wantProblem(400, "invalid-id")
	h.get("/v1/entities/counter?limit=1", "Accept: application/msgpack").want(200, "\x82\xa8entities\x91\xab\"quoted\" é\xa4next\xab\"quoted\" é")
}

func TestReadsFailAsCommandsDo(t *testing.T) {
	f := newFake().with("counter", "a", 1)
	h := serve(t, f, nil)
	for _, test := range []struct {
		err    error
		status int
		name   string
	}{
		{fmt.Errorf("%w: pebble", stores.ErrUnavailable), 503, "unavailable"},
		{&host.QuarantineError{Err: &host.Fault{Kind: host.BadEvent, Seq: 7}}, 503, "quarantined"},
		{stores.ErrCorrupt, 500, "store-corrupt"},
		{stores.ErrClosed, 503, "shutting-down"},
	} {
		f.mu.Lock()
		f.readErr = test.err
		f.mu.Unlock()
		for _, path := range []string{"/v1/entities/counter/a", "/v1/entities/counter/a/events", "/v1/entities/counter"} {
			h.get(path).wantProblem(test.status, test.name)
		}
	}
}

func TestStoredBytesThatAreNoPayloadAreShownAsBytes(t *testing.T) {
	f := newFake().with("counter", "a", 1)
	id := stores.EntityID{Type: "counter", ID: "a"}
	f.entities[id][0].Payload = []byte{0xc1}
	h := serve(t, f, nil)
	if a := h.get("/v1/entities/counter/a/events"); !strings.Contains(string(a.body), `"payload":{"$bin":"wQ=="}`) {
		t.Errorf("answered %s", a.body)
	}
}

func TestWhatIsServedIsDescribed(t *testing.T) {
	f := newFake()
	f.quarantined = []*host.QuarantineError{
		{Entity: stores.EntityID{Type: "counter", ID: "a"}, Err: &host.Fault{Kind: host.BadEvent, Plugin: digest, Func: "handle_event", Seq: 7, Message: "no"}},
		{Entity: stores.EntityID{Type: "counter", ID: "b"}, Err: stores.ErrCorrupt},
	}
	f.audits = []host.Audit{{Plugin: digest, Audited: 7, Differences: 2, Examples: []host.Difference{
		{Time: moment, Func: "handle_command", Entity: stores.EntityID{Type: "counter", ID: "a"}, Seq: 3, Request: []byte{0x91, 1}, First: []byte{0x91, 2}, Second: []byte{0x91, 3}},
		{Time: moment, Func: "handle_event", Entity: stores.EntityID{Type: "counter", ID: "b"}, Seq: 4, Fresh: true, Request: []byte{1}, First: []byte{2}, Err: errors.New("trapped")},
	}}}
	h := serve(t, f, nil)
	for path, want := range map[string]string{
		"/v1/audits": `{"audits":[{"plugin":"` + plugin + `","audited":7,"differences":2,"examples":[` +
			`{"time":"2026-11-23T16:00:00.007Z","func":"handle_command","type":"counter","id":"a","seq":3,"fresh":false,"request":[1],"first":[2],"second":[3]},` +
			`{"time":"2026-11-23T16:00:00.007Z","func":"handle_event","type":"counter","id":"b","seq":4,"fresh":true,"request":1,"first":2,"second":null,"error":"trapped"}]}]}`,
		"/v1/types": `{"types":[{"type":"counter","plugin":"` + plugin + `","former":"` + stores.Digest{9}.String() + `","deployment":3,"state_schema":"counter state 1","resident":3,"commands":[` +
			`{"name":"increase","schema":{"type":"object","properties":{"by":{"type":"integer","maximum":18446744073709551615}}},"reply":"not a schema","rejections":["overflow"],"examples":[{"by":5}]},` +
			`{"name":"reset","schema":null,"reply":null,"rejections":[],"examples":[]}],` +
			`"events":[{"name":"increased","version":1,"schema":true},{"name":"reset","version":2,"schema":null}]}]}`,
		"/v1/plugins": `{"plugins":[{"seq":1,"plugin":"` + plugin + `","types":["counter"],"abi":"1.0","sdk":"go 1","bytes":1234,"time":"2026-11-23T16:00:00.007Z","by":"ada@example.com","from":"192.0.2.7"}]}`,
		"/v1/quarantine": `{"entities":[{"type":"counter","id":"a","reason":"event cannot be folded in handle_event of plugin 010203000000 at event 7: no","plugin":"` + plugin + `","seq":7},` +
			`{"type":"counter","id":"b","reason":"store is corrupt"}]}`,
	} {
		h.get(path).want(200, want)
		m := h.get(path, "Accept: application/msgpack")
		if text, err := abi.AppendJSON(nil, m.body); err != nil || string(text) != want {
			t.Errorf("%s as msgpack is %s, %v", path, text, err)
		}
		h.get(path, "Accept: text/html").wantProblem(406, "not-acceptable")
	}
}

func TestProbes(t *testing.T) {
	var failure error
	h := serve(t, newFake(), &api.Options{Version: "1.2.3", Ready: readiness(&failure)})
	h.get("/healthz").want(200, `{"status":"ok","version":"1.2.3"}`)
	h.get("/readyz").want(200, `{"status":"ready","version":"1.2.3"}`)
	failure = fmt.Errorf("the log is being opened")
	if members := h.get("/readyz").wantProblem(503, "not-ready"); members["detail"] != "the log is being opened" {
		t.Errorf("detail is %v", members["detail"])
	}
	failure = nil
	h.api.Drain()
	h.get("/readyz").wantProblem(503, "shutting-down")
	h.get("/healthz").want(200, `{"status":"ok","version":"1.2.3"}`)
	h.post(increase, `{"by":1}`).want(200, `{"seq":1,"events":1,"reply":1}`)
}
