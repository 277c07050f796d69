package api_test

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/eshost/eshost/cmd/eshost/internal/api"
	"github.com/eshost/eshost/host"
)

// bulk sends a whole stream and returns its answers.
func (h *harness) bulk(lines string, headers ...string) answer {
	h.t.Helper()
	return h.send("POST", "/v1/commands", lines, append([]string{"Content-Type: application/x-ndjson"}, headers...)...)
}

// stream is an open bulk stream of raw lines.
type stream struct {
	t    *testing.T
	body *io.PipeWriter
	resp *http.Response
	in   *bufio.Reader
}

// open opens a stream with the client; it ends with the test.
func (h *harness) open(client *http.Client) *stream {
	h.t.Helper()
	r, w := io.Pipe()
	req, err := http.NewRequest("POST", h.srv.URL+"/v1/commands", r)
	if err != nil {
		h.t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/x-ndjson")
	resp, err := client.Do(req)
	if err != nil {
		h.t.Fatal(err)
	}
	h.t.Cleanup(func() {
		w.Close()
		resp.Body.Close()
	})
	if resp.StatusCode != 200 {
		h.t.Fatalf("status %d", resp.StatusCode)
	}
	return &stream{h.t, w, resp, bufio.NewReader(resp.Body)}
}

func (s *stream) send(line string) {
	s.t.Helper()
	if _, err := io.WriteString(s.body, line+"\n"); err != nil {
		s.t.Fatal(err)
	}
}

// want waits for the next answer; "" is the end of the stream.
func (s *stream) want(line string) {
	s.t.Helper()
	got, err := s.in.ReadString('\n')
	if line == "" {
		if err != io.EOF {
			s.t.Fatalf("answered %q, %v; want the end", got, err)
		}
		return
	}
	if err != nil || got != line+"\n" {
		s.t.Fatalf("answered %q, %v; want %q", got, err, line)
	}
}

func TestEachLineOfAStreamIsAnswered(t *testing.T) {
	f := newFake().failing("broken", errors.New("secret")).failing("full", host.ErrMailboxFull)
	h := serve(t, f, nil)
	a := h.bulk(strings.Join([]string{
		`{"ref":"a","type":"counter","id":"a","command":"increase","payload":{"by":5},"command_id":"k"}`,
		``,
		`{"ref":2,"type":"counter","id":"a","command":"decrease","payload":{"by":7}}`,
		`not a command`,
		`{"ref":[3],"type":"counter","id":"a","command":"increase","payload":{"by":5},"expected_seq":0}`,
		"\t\r",
		`{"ref":4,"type":"counter","id":"a","command":"increase","payload":{"by":5},"command_id":"k"}` + "\r",
		`{"ref":5,"type":"counter","id":"","command":"increase"}`,
		`{"ref":6,"type":"nothing","id":"a","command":"increase"}`,
		`{"type":"counter","id":"a","command":"nothing"}`,
		`{"ref":7,"type":"counter","id":"a","command":"broken"}`,
		`{"ref":8,"type":"counter","id":"a","command":"full"}`,
		`{"ref":9,"type":"counter","id":"a","command":"echo","payload":{"x":18446744073709551615}}`,
	}, "\n"))
	if a.status != 200 || a.header.Get("Content-Type") != "application/x-ndjson" {
		t.Fatalf("%d %v", a.status, a.header)
	}
	got := make(map[string]string)
	for line := range strings.Lines(string(a.body)) {
		var answer struct {
			Ref  json.RawMessage
			Line int
		}
		if err := json.Unmarshal([]byte(line), &answer); err != nil {
			t.Fatal(err)
		}
		got[fmt.Sprintf("%s %d", answer.Ref, answer.Line)] = strings.TrimSpace(line)
	}
	for key, want := range map[string]string{
		`"a" 0`:  `{"ref":"a","status":200,"seq":1,"events":1,"reply":5,"command_id":"k"}`,
		`2 0`:    `{"ref":2,"type":"urn:eshost:problem:rejected","title":"The command was rejected","status":422,"detail":"rejected: underflow","code":"underflow","payload":5}`,
		`null 4`: `{"ref":null,"type":"urn:eshost:problem:invalid-request","title":"The request is not well-formed","status":400,"detail":"want an object (at byte 0)","line":4}`,
		`[3] 0`:  `{"ref":[3],"type":"urn:eshost:problem:expected-seq","title":"The entity is at another sequence number","status":412,"detail":"expected counter/a at 0, but it is at 1","seq":1}`,
		`4 0`:    `{"ref":4,"status":200,"seq":1,"events":1,"reply":5,"command_id":"k","repeated":true}`,
		`5 0`:    `"status":400`,
		`6 0`:    `urn:eshost:problem:unknown-type`,
		`null 0`: `urn:eshost:problem:unknown-command`,
		`7 0`:    `{"ref":7,"type":"urn:eshost:problem:internal","title":"Internal error","status":500,"detail":"the log of the host says more"}`,
		`8 0`:    `urn:eshost:problem:mailbox-full`,
		`9 0`:    `{"ref":9,"status":200,"seq":1,"events":0,"reply":{"x":18446744073709551615}}`,
	} {
		if !strings.Contains(got[key], want) {
			t.Errorf("answer %s is\n%s\nwant\n%s", key, got[key], want)
		}
	}
	if len(got) != 11 {
		t.Errorf("%d answers, want 11:\n%s", len(got), a.body)
	}
}

func TestAStreamNeedsTheRightHeaders(t *testing.T) {
	h := serve(t, newFake(), nil)
	line := `{"ref":1,"type":"counter","id":"a","command":"echo"}`
	for _, kind := range []string{"application/x-ndjson", "application/ndjson", "application/jsonl", "application/json"} {
		h.send("POST", "/v1/commands", line, "Content-Type: "+kind).want(200, `{"ref":1,"status":200,"seq":0,"events":0,"reply":{}}`+"\n")
	}
	h.send("POST", "/v1/commands", line).wantProblem(415, "unsupported-media-type")
	h.send("POST", "/v1/commands", line, "Content-Type: application/msgpack").wantProblem(415, "unsupported-media-type")
	h.bulk(line, "Accept: application/msgpack").wantProblem(406, "not-acceptable")
	for _, header := range []string{"Idempotency-Key: k", `If-Match: "1"`, "If-None-Match: *", "Request-Timeout: 1"} {
		h.bulk(line, header).wantProblem(400, "invalid-request")
	}
	h.send("POST", "/v1/commands", "").want(200, "")
	const parent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
	h.bulk(line, "traceparent: "+parent)
	if got := h.fake.lastCommand().Meta["traceparent"]; got != parent {
		t.Errorf("traceparent is %q", got)
	}
}

// Both sides talk at the same time: each answer is there before the next line is sent.
func TestAStreamIsFullDuplex(t *testing.T) {
	for _, version := range []string{"HTTP/1.1", "HTTP/2.0"} {
		t.Run(version, func(t *testing.T) {
			h := serve(t, newFake(), nil)
			client := h.srv.Client()
			if version == "HTTP/2.0" {
				client = h.restartWithHTTP2()
			}
			s := h.open(client)
			if s.resp.Proto != version {
				t.Fatalf("spoke %s", s.resp.Proto)
			}
			for i := range 100 {
				s.send(fmt.Sprintf(`{"ref":%d,"type":"counter","id":"a","command":"increase","payload":{"by":1}}`, i))
				s.want(fmt.Sprintf(`{"ref":%d,"status":200,"seq":%d,"events":1,"reply":%d}`, i, i+1, i+1))
			}
			s.body.Close()
			s.want("")
		})
	}
}

// restartWithHTTP2 serves unencrypted HTTP/2 as well, and returns a client of it.
func (h *harness) restartWithHTTP2() *http.Client {
	h.srv.Close()
	h.srv = httptest.NewUnstartedServer(h.api)
	h.srv.Config.Protocols = new(http.Protocols)
	h.srv.Config.Protocols.SetHTTP1(true)
	h.srv.Config.Protocols.SetUnencryptedHTTP2(true)
	h.srv.Start()
	h.t.Cleanup(h.srv.Close)
	transport := &http.Transport{Protocols: new(http.Protocols)}
	transport.Protocols.SetUnencryptedHTTP2(true)
	h.t.Cleanup(transport.CloseIdleConnections)
	return &http.Client{Transport: transport}
}

func TestLongLinesArePassedOver(t *testing.T) {
	h := serve(t, newFake(), &api.Options{MaxBodyBytes: 100 << 10})
	s := h.open(h.srv.Client())
	for i, size := range []int{100, 99 << 10, 101 << 10, 500 << 10, 70 << 10} {
		line := fmt.Sprintf(`{"ref":%d,"type":"counter","id":"a","command":"increase","payload":{"by":1,"x":"`, i)
		s.send(line + strings.Repeat("x", size-len(line)-3) + `"}}`)
		if size > 100<<10 {
			s.want(fmt.Sprintf(`{"ref":null,"type":"urn:eshost:problem:too-large","title":"Too large","status":413,"detail":"the line is longer than 102400 bytes","line":%d}`, i+1))
		} else if got, err := s.in.ReadString('\n'); err != nil || !strings.HasPrefix(got, fmt.Sprintf(`{"ref":%d,"status":200,`, i)) {
			t.Errorf("answered %.300q, %v", got, err)
		}
	}
}

// A client that sends 10,000 commands and does not read makes the host stop
// reading, and gets every answer when it reads at last.
func TestASlowReaderHoldsTheStreamUp(t *testing.T) {
	const commands, window = 10_000, 64
	h := serve(t, newFake(), &api.Options{StreamWindow: window})
	c, err := net.Dial("tcp", h.srv.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if err := c.(*net.TCPConn).SetReadBuffer(16 << 10); err != nil {
		t.Fatal(err)
	}
	fill := strings.Repeat("x", 1500)
	sent := make(chan error, 1)
	go func() {
		w := bufio.NewWriter(c)
		fmt.Fprint(w, "POST /v1/commands HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/x-ndjson\r\nTransfer-Encoding: chunked\r\n\r\n")
		for i := range commands {
			line := fmt.Sprintf(`{"ref":%d,"type":"counter","id":"%d","command":"echo","payload":%q}`+"\n", i, i%10, fill)
			fmt.Fprintf(w, "%x\r\n%s\r\n", len(line), line)
		}
		fmt.Fprint(w, "0\r\n\r\n")
		sent <- w.Flush()
	}()

	taken := func() int64 { return h.fake.taken.Load() }
	for last, still := int64(-1), 0; still < 5; time.Sleep(20 * time.Millisecond) {
		if n := taken(); n == last && n > 0 {
			still++
		} else {
			last, still = n, 0
		}
	}
	if n := taken(); n >= commands {
		t.Errorf("the host took all %d commands while nobody read its answers", n)
	}
	if n := h.fake.mostInFlight.Load(); n > window {
		t.Errorf("%d commands were in flight, want at most %d", n, window)
	}
	runtime.GC()
	var memory runtime.MemStats
	runtime.ReadMemStats(&memory)
	if memory.HeapAlloc > 32<<20 {
		t.Errorf("%d MiB are held", memory.HeapAlloc>>20)
	}

	resp, err := http.ReadResponse(bufio.NewReader(c), nil)
	if err != nil {
		t.Fatal(err)
	}
	seen := make([]bool, commands)
	n := 0
	for d := json.NewDecoder(resp.Body); ; n++ {
		var a struct{ Ref, Status int }
		if err := d.Decode(&a); err == io.EOF {
			break
		} else if err != nil {
			t.Fatal(err)
		}
		if a.Status != 200 || seen[a.Ref] {
			t.Fatalf("answer %+v", a)
		}
		seen[a.Ref] = true
	}
	if err := <-sent; err != nil || n != commands {
		t.Errorf("%d of %d commands were answered, %v", n, commands, err)
	}
}

func TestLargeCommandsAreFewInFlight(t *testing.T) {
	h := serve(t, newFake(), &api.Options{StreamBytes: 10 << 10})
	var lines strings.Builder
	for i := range 200 {
		fmt.Fprintf(&lines, `{"ref":%d,"type":"counter","id":"a","command":"echo","payload":"%s"}`+"\n", i, strings.Repeat("x", 4<<10))
	}
	// One that is larger than all that may be in flight is let through alone.
	fmt.Fprintf(&lines, `{"ref":200,"type":"counter","id":"a","command":"echo","payload":"%s"}`+"\n", strings.Repeat("x", 40<<10))
	a := h.bulk(lines.String())
	if n := strings.Count(string(a.body), `"status":200`); n != 201 {
		t.Errorf("%d of 201 were accepted", n)
	}
	if n := h.fake.mostInFlight.Load(); n > 3 {
		t.Errorf("%d commands of 4 KiB were in flight, want at most 3", n)
	}
}

func TestAStreamEndsWhenTheHostShutsDown(t *testing.T) {
	h := serve(t, newFake(), nil)
	s := h.open(h.srv.Client())
	s.send(`{"ref":1,"type":"counter","id":"a","command":"increase","payload":{"by":1}}`)
	s.want(`{"ref":1,"status":200,"seq":1,"events":1,"reply":1}`)
	h.api.Drain()
	s.want(`{"ref":null,"type":"urn:eshost:problem:shutting-down","title":"The host is shutting down","status":503,"detail":"the host is shutting down: this line and those behind it were not read","line":2}`)
	s.want("")
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	if err := h.srv.Config.Shutdown(ctx); err != nil {
		t.Errorf("shutdown: %v", err)
	}
}

func TestAStreamEndsWithTheServersContext(t *testing.T) {
	h := serve(t, newFake(), nil)
	h.srv.Close()
	base, end := context.WithCancel(context.Background())
	h.srv = httptest.NewUnstartedServer(h.api)
	h.srv.Config.BaseContext = func(net.Listener) context.Context { return base }
	h.srv.Start()
	defer h.srv.Close()
	s := h.open(h.srv.Client())
	s.send(`{"ref":1,"type":"counter","id":"a","command":"increase","payload":{"by":1}}`)
	s.want(`{"ref":1,"status":200,"seq":1,"events":1,"reply":1}`)
	s.send(`{"ref":1,"type":"counter","id":"a","command":"wait"}`)
	end()
	if rest, err := io.ReadAll(s.in); err == nil {
		t.Errorf("the stream ended as if it were whole, with %q", rest)
	}
}

func TestAClientThatLeavesEndsItsStream(t *testing.T) {
	h := serve(t, newFake(), nil)
	s := h.open(h.srv.Client())
	s.send(`{"ref":1,"type":"counter","id":"a","command":"increase","payload":{"by":1}}`)
	s.want(`{"ref":1,"status":200,"seq":1,"events":1,"reply":1}`)
	s.body.CloseWithError(errors.New("gone"))
	s.resp.Body.Close()
	h.srv.Close() // waits for the handler
	if n := h.fake.inFlight.Load(); n != 0 {
		t.Errorf("%d commands were left unanswered", n)
	}
}

func TestABodyThatBreaksOffIsSaid(t *testing.T) {
	h := serve(t, newFake(), nil)
	c, err := net.Dial("tcp", h.srv.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	line := `{"ref":1,"type":"counter","id":"a","command":"increase","payload":{"by":1}}` + "\n"
	fmt.Fprintf(c, "POST /v1/commands HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/x-ndjson\r\nTransfer-Encoding: chunked\r\n\r\n%x\r\n%s\r\nnonsense\r\n", len(line), line)
	resp, err := http.ReadResponse(bufio.NewReader(c), nil)
	if err != nil {
		t.Fatal(err)
	}
	body, _ := io.ReadAll(resp.Body)
	if !strings.Contains(string(body), `{"ref":1,"status":200,`) || !strings.Contains(string(body), `"line":2}`) {
		t.Errorf("answered %s", body)
	}
}
