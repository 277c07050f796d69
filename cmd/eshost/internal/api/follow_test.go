package api_test

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/eshost/eshost/cmd/eshost/internal/api"
	"github.com/eshost/eshost/stores"
)

var entityA = stores.EntityID{Type: "counter", ID: "a"}

// live opens a live stream of entity a's events.
func (h *harness) live(query string, headers ...string) *bufio.Reader {
	h.t.Helper()
	r, err := http.NewRequest("GET", h.srv.URL+"/v1/entities/counter/a/events"+query, nil)
	if err != nil {
		h.t.Fatal(err)
	}
	r.Header.Set("Accept", "text/event-stream")
	for _, line := range headers {
		name, value, _ := strings.Cut(line, ": ")
		r.Header.Set(name, value)
	}
	resp, err := h.srv.Client().Do(r)
	if err != nil {
		h.t.Fatal(err)
	}
	h.t.Cleanup(func() { resp.Body.Close() })
	if resp.StatusCode != 200 || resp.Header.Get("Content-Type") != "text/event-stream" {
		h.t.Fatalf("%d with %v", resp.StatusCode, resp.Header)
	}
	return bufio.NewReader(resp.Body)
}

// block reads up to the next empty line.
func block(t *testing.T, in *bufio.Reader) string {
	t.Helper()
	var b strings.Builder
	for {
		line, err := in.ReadString('\n')
		if err != nil {
			t.Fatalf("read %q, %v", b.String()+line, err)
		}
		if line == "\n" {
			return b.String()
		}
		b.WriteString(line)
	}
}

func (f *fake) more(n int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.with("counter", "a", n)
}

func TestEventsAreFollowedLive(t *testing.T) {
	h := serve(t, newFake().with("counter", "a", 2), nil)
	in := h.live("")
	if got := block(t, in); got != "retry: 1000\n" {
		t.Fatalf("began with %q", got)
	}
	event := func(seq string) string {
		return "id: " + seq + "\ndata: " + `{"seq":` + seq + `,"name":"increased","version":1,"payload":{"by":1},"time":"2026-11-23T16:00:00.007Z","plugin":"` + plugin + `","position":"c-` + seq + `"}` + "\n"
	}
	for _, seq := range []string{"1", "2", "3", "4"} {
		if seq == "3" || seq == "4" {
			h.fake.more(1)
		}
		got := block(t, in)
		if got != event(seq) {
			t.Fatalf("got\n%s\nwant\n%s", got, event(seq))
		}
		_, data, _ := strings.Cut(got, "data: ")
		conformsTo(t, "Event", []byte(data))
	}
}

func TestALiveStreamGoesOnWhereItWas(t *testing.T) {
	h := serve(t, newFake().with("counter", "a", 9), nil)
	for _, test := range []struct {
		query   string
		headers []string
		first   string
	}{
		{"", nil, "id: 1\n"},
		{"?after=3", nil, "id: 4\n"},
		{"", []string{"Last-Event-ID: 5"}, "id: 6\n"},
		{"?after=3", []string{"Last-Event-ID: 5"}, "id: 6\n"},
		{"?after=3", []string{"Last-Event-ID: "}, "id: 4\n"},
	} {
		in := h.live(test.query, test.headers...)
		block(t, in)
		if got := block(t, in); !strings.HasPrefix(got, test.first) {
			t.Errorf("%s with %q began with %q, want %q", test.query, test.headers, got, test.first)
		}
	}
}

func TestALiveStreamOfNothingIsRefusedOrEmpty(t *testing.T) {
	f := newFake().with("retired", "x", 1)
	h := serve(t, f, nil)
	sse := "Accept: text/event-stream"
	h.get("/v1/entities/nothing/a/events", sse).wantProblem(404, "unknown-type")
	h.get("/v1/entities/counter/a/events?limit=5", sse).wantProblem(400, "invalid-request")
	h.get("/v1/entities/counter/a/events", sse, "Last-Event-ID: x").wantProblem(400, "invalid-request")
	h.get("/v1/entities/counter/a/events", sse, "Last-Event-ID: 1", "Last-Event-ID: 2").wantProblem(400, "invalid-request")
	f.readErr = stores.ErrUnavailable
	h.get("/v1/entities/nothing/a/events", sse).wantProblem(503, "unavailable")
	f.readErr = nil
	f.followed = errors.New("end of the test")
	if a := h.get("/v1/entities/retired/x/events", sse); a.status != 200 || !strings.Contains(string(a.body), "id: 1\n") {
		t.Errorf("events of a type that is not served any more: %d %s", a.status, a.body)
	}
	if a := h.send("HEAD", "/v1/entities/counter/a/events", "", sse); a.status != 200 || a.header.Get("Content-Type") != "text/event-stream" {
		t.Errorf("HEAD: %d %v", a.status, a.header)
	}
}

func TestAnIdleLiveStreamIsKeptAlive(t *testing.T) {
	h := serve(t, newFake(), &api.Options{Heartbeat: time.Millisecond})
	in := h.live("")
	block(t, in)
	for range 3 {
		if got := block(t, in); got != ": still here\n" {
			t.Fatalf("got %q", got)
		}
	}
	h.fake.more(1)
	for {
		got := block(t, in)
		if strings.HasPrefix(got, "id: 1\n") {
			return
		}
		if got != ": still here\n" {
			t.Fatalf("got %q", got)
		}
	}
}

func TestALiveStreamThatCannotGoOnSaysWhy(t *testing.T) {
	f := newFake().with("counter", "a", 1)
	f.followed = stores.ErrCorrupt
	logger, logged := recording()
	h := serve(t, f, &api.Options{Logger: logger})
	in := h.live("")
	block(t, in)
	block(t, in)
	name, data, _ := strings.Cut(block(t, in), "\ndata: ")
	if name != "event: problem" || !strings.Contains(data, "urn:eshost:problem:store-corrupt") {
		t.Errorf("got %q %q", name, data)
	}
	conformsTo(t, "Problem", []byte(data))
	if rest, err := io.ReadAll(in); err != nil || len(rest) > 0 {
		t.Errorf("then came %q, %v", rest, err)
	}
	if n := strings.Count(logged(), "level=ERROR"); n != 1 {
		t.Errorf("logged %d errors: %s", n, logged())
	}
}

func TestLiveStreamsEndWithTheHost(t *testing.T) {
	h := serve(t, newFake().with("counter", "a", 1), nil)
	in := h.live("")
	block(t, in)
	block(t, in)
	h.api.Drain()
	if rest, err := io.ReadAll(in); err != nil || len(rest) > 0 {
		t.Errorf("then came %q, %v", rest, err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	if err := h.srv.Config.Shutdown(ctx); err != nil {
		t.Errorf("shutdown: %v", err)
	}
}

// A reader that falls behind holds its own stream up, and nothing else.
func TestALiveStreamWaitsForItsReader(t *testing.T) {
	f := newFake()
	for range 3000 {
		f.append(entityA, "increased", 1)
		f.entities[entityA][len(f.entities[entityA])-1].Payload = append([]byte{0xc5, 0x20, 0x00}, make([]byte, 8192)...)
	}
	h := serve(t, f, nil)
	in := h.live("")
	h.post(increase, `{"by":1}`).want(200, `{"seq":3001,"events":1,"reply":1}`)
	block(t, in)
	for seq := range 3001 {
		if got := block(t, in); !strings.HasPrefix(got, "id: "+strconv.Itoa(seq+1)+"\n") {
			t.Fatalf("event %d is %.60q", seq+1, got)
		}
	}
}

func TestAReaderThatLeavesEndsItsLiveStream(t *testing.T) {
	h := serve(t, newFake().with("counter", "a", 1), &api.Options{Heartbeat: time.Millisecond})
	ctx, cancel := context.WithCancel(context.Background())
	r, err := http.NewRequestWithContext(ctx, "GET", h.srv.URL+"/v1/entities/counter/a/events", nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Accept", "text/event-stream")
	resp, err := h.srv.Client().Do(r)
	if err != nil {
		t.Fatal(err)
	}
	cancel()
	resp.Body.Close()
	h.srv.Close() // waits for the handler
}
